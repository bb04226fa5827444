"""Any address that takes JSON: the standard message, signed as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
The id is the same at each try, the time and the signature are of the try. Only 2xx means taken;
410 means that nobody wants any more; everything else is tried again, as a receiver may be repaired,
at 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, or as often as the options say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import BeforeValidator, Field, SecretStr

from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, Reason, TryLater
from tocsin.model.message import Outgoing
from tocsin.notify.channel import Limits, Rate, Reach, Receipt
from tocsin.notify.platforms.answers import MAX_TEXT_CHARS, wait_s
from tocsin.notify.platforms.own_headers import check_header
from tocsin.notify.platforms.webhook_signature import check_secret, signed_headers
from tocsin.settings.schema import Secret

# A receiver may take more than the 20 KB that the spec has in mind; few take more than this.
MAX_BODY_BYTES = 1_048_576
DEFAULT_TIMEOUT_S = 30
DEFAULT_INTERVAL_S = 5
LIMITS = Limits(
    max_size=MAX_BODY_BYTES, concurrency=8, can_fold=False, timeout_s=float(DEFAULT_TIMEOUT_S)
)
HAS_MESSAGE = False
EXAMPLE: Mapping[str, Any] = {"url": "https://hooks.example.com/releases"}
STANDARD_PAUSES_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
MAX_HEADERS = 50

_CONTENT_TYPE = "Content-Type"
_NO_SECRET = SecretStr("")


def _upper(value: Any) -> Any:
    return (value.strip().upper() or "POST") if isinstance(value, str) else value or "POST"


def _given(value: Any) -> Any:
    """None for what a program's empty fields hold."""
    return None if value in ("", 0) and not isinstance(value, bool) else value


def _seconds(default: int) -> BeforeValidator:
    return BeforeValidator(lambda value: default if _given(value) is None else value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """An address, and how it is to be called."""

    url: Annotated[Secret, Field(title="Address", description="Where the message is sent.")]
    method: Annotated[
        Literal["POST", "PUT"],
        BeforeValidator(_upper),
        Field(title="Method", description="As the receiver wants it; POST as a rule."),
    ] = "POST"
    headers: Annotated[
        Mapping[str, Secret],
        BeforeValidator(lambda value: value or {}),
        Field(
            title="Headers",
            description="Sent along, such as Authorization.",
            examples=[{"X-Team": "shop"}],
            max_length=MAX_HEADERS,
        ),
    ] = field(default_factory=dict)
    timeout: Annotated[
        int,
        _seconds(DEFAULT_TIMEOUT_S),
        Field(title="Time-out in seconds", description="For the whole call.", ge=1, le=120),
    ] = DEFAULT_TIMEOUT_S
    retry_count: Annotated[
        Annotated[int, Field(ge=0, le=100)] | None,
        BeforeValidator(lambda value: None if value == "" else value),
        Field(
            title="Retries",
            description="Without a number: for three days, at growing intervals.",
            examples=[3],
        ),
    ] = None
    retry_interval: Annotated[
        int,
        _seconds(DEFAULT_INTERVAL_S),
        Field(
            title="Seconds between retries",
            description="If the number of retries is set.",
            ge=1,
            le=86_400,
        ),
    ] = DEFAULT_INTERVAL_S
    sign_secret: Annotated[
        Secret,
        Field(
            title="Signing secret",
            description="whsec_… or whsk_…: Standard Webhooks. Any other: X-Hub-Signature-256.",
        ),
    ] = _NO_SECRET
    previous_sign_secret: Annotated[
        Secret,
        Field(
            title="Former signing secret",
            description="Signs as well, until all receivers know the new one.",
        ),
    ] = _NO_SECRET
    rate_per_minute: Annotated[
        Annotated[int, Field(ge=1, le=6_000)] | None,
        BeforeValidator(_given),
        Field(
            title="Calls a minute", description="At most so many; further ones wait.", examples=[60]
        ),
    ] = None


def check(options: Options) -> None:
    """Refuse what could not be called or would not be understood."""
    _check_address(options.url.get_secret_value())
    for name, value in options.headers.items():
        check_header(name, value.get_secret_value())
    for name in ("sign_secret", "previous_sign_secret"):
        try:
            check_secret(getattr(options, name).get_secret_value())
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        parts, is_one = urlsplit(""), False
    # Of an address with a line's end urlsplit sees one without.
    if not is_one or not address.isprintable() or " " in address:
        raise ValueError("url: expected an address with https")
    if "@" in parts.netloc:
        raise ValueError("url: a name and a password belong into the header Authorization")


def destination(options: Options) -> str:
    """The address, whoever calls it and however."""
    return options.url.get_secret_value().partition("#")[0]


def label(options: Options) -> str:
    """The host: what is behind it may be a secret."""
    return urlsplit(options.url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    return (options.url.get_secret_value(),)


def limits(options: Options) -> Limits:
    rates = (Rate(options.rate_per_minute, 60.0),) if options.rate_per_minute else ()
    return Limits(
        max_size=LIMITS.max_size,
        rates=rates,
        concurrency=LIMITS.concurrency,
        can_fold=LIMITS.can_fold,
        timeout_s=float(options.timeout),
    )


def pauses_s(options: Options) -> Sequence[float]:
    """The pauses between tries: the spec's example, or all alike."""
    if options.retry_count is None:
        return STANDARD_PAUSES_S
    return (float(options.retry_interval),) * options.retry_count


def has_exact_pauses(options: Options) -> bool:
    return options.retry_count is not None


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send the standard message; what it is signed over are the bytes that are sent."""
    body, note = _body(outgoing)
    secrets = [
        secret
        for one in (options.sign_secret, options.previous_sign_secret)
        if (secret := one.get_secret_value())
    ]
    signed = signed_headers(secrets, outgoing.id, reach.now(), body)
    for name in ("webhook-signature", "X-Hub-Signature-256"):
        reach.hide(signed.get(name, ""))
    given = {name: value.get_secret_value() for name, value in options.headers.items()}
    has_type = any(name.lower() == _CONTENT_TYPE.lower() for name in given)
    own = {} if has_type else {_CONTENT_TYPE: "application/json"}
    answer = await reach.call(
        options.method,
        options.url.get_secret_value(),
        json=orjson.Fragment(body),
        headers={**own, **given, **signed},
        timeout_s=float(options.timeout),
    )
    if not 200 <= answer.status < 300:
        raise _failure(answer, reach)
    return Receipt(note=note)


def _body(outgoing: Outgoing) -> tuple[bytes, str]:
    """The message; of an event that is too large without its data, which can be read here."""
    body = orjson.dumps(outgoing.standard)
    event = outgoing.standard.get("event")
    if len(body) <= MAX_BODY_BYTES or not isinstance(event, Mapping):
        return body, ""
    short = {key: value for key, value in event.items() if key != "data"}
    note = f"The event's data was left out: with it the message has {len(body)} bytes."
    return orjson.dumps({**outgoing.standard, "event": {**short, "data_left_out": True}}), note


def _failure(answer: Answer, reach: Reach) -> DeliveryFailed:
    said = f"The receiver answers {answer.status}"
    if answer.status == 410:
        return Disable(f"{said}: it wants no more calls.", reason=Reason.GONE)
    if 300 <= answer.status < 400:
        return TryLater(f"{said}, a redirect, which is not followed.", reason=Reason.REFUSED)
    text = " ".join(answer.body[: 4 * MAX_TEXT_CHARS].decode(errors="replace").split())
    message = f"{said}: {text[:MAX_TEXT_CHARS].rstrip('.')}." if text else f"{said}."
    after_s = wait_s(answer.headers.get("retry-after"), reach.now())
    return TryLater(message, reason=_reason(answer.status, after_s), after_s=after_s)


def _reason(status: int, after_s: float | None) -> Reason:
    match status:
        case 401:
            return Reason.BAD_CREDENTIALS
        case 403:
            return Reason.NOT_ALLOWED
        case 404 | 405:
            return Reason.NOT_FOUND
        case 408:
            return Reason.TIMED_OUT
        case 413:
            return Reason.TOO_LARGE
        case 429:
            # One that does not say for how long fails as others do: by the schedule, to its end.
            return Reason.BUSY if after_s is None else Reason.RATE_LIMITED
        case _:
            return Reason.BUSY if status >= 500 else Reason.REFUSED
