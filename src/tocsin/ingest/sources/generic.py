"""Any other sender: how it signs, and where in a call things stand, is said in the settings.

A signature is HMAC in a header, of the body or of a template with a signed time; or the secret is
shown in a header. `project`, `subject`, `type`, `time` and `id` are each found by an expression: a
JSONPath such as `$.body.repository.name`, or CEL such as `headers["x-event"] + "." + body.action`.
Bodies may be JSON objects, forms and texts.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, SecretStr

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.ingest.body import (
    is_form,
    keepable,
    read_form,
    read_json_object,
    unreadable,
)
from tocsin.ingest.expression import (
    MAX_LOOKED_THROUGH_BYTES,
    Told,
    TooLargeToLookThrough,
    expression_of,
)
from tocsin.ingest.fields import MAX_NAME_CHARS, bad_fields
from tocsin.ingest.signature import (
    TOLERANCE_S,
    Algorithm,
    Encoding,
    bad_signature,
    check_fresh,
    decoded,
    encoded,
    hmac_holds,
    is_same,
    texts,
)
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.logline import clean_text
from tocsin.model.times import parse_instant
from tocsin.settings.schema import HeaderName, Network, Seconds, Secret

SOURCE = "generic"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
_TIME, _BODY = "{timestamp}", "{body}"


def _expression(value: str) -> str:
    if value:
        expression_of(value)
    return value


def _template(value: str) -> str:
    if value.count(_BODY) != 1:
        raise ValueError("expected a text with {body} in it, such as {timestamp}.{body}")
    return value


Where = Annotated[str, AfterValidator(_expression)]
Template = Annotated[str, AfterValidator(_template)]
Found = Literal["project", "subject", "type", "time", "id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`signature_header` has `signature_prefix` and the HMAC of `template` in it.

    With `timestamp_header` the time in there, in seconds since 1970, is signed along, which
    `template` has to say, and may be `tolerance_s` from now. `token_header` is one in which the
    secret is shown as it stands. Of what is found by expressions, a call that lacks what is named
    in `required` is refused; otherwise the type is `default_type` then, and the rest empty.
    """

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()
    signature_header: HeaderName = ""
    signature_prefix: str = ""
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    timestamp_header: HeaderName = ""
    template: Template = _BODY
    tolerance_s: Seconds = TOLERANCE_S
    token_header: HeaderName = ""
    project: Where = ""
    subject: Where = ""
    type: Where = ""
    time: Where = ""
    id: Where = ""
    default_type: Annotated[str, AfterValidator(lambda value: _name(value) or "message")] = (
        "message"
    )
    required: tuple[Found, ...] = ()

    def __post_init__(self) -> None:
        """See that a time is signed where there is one, and that what is required can be found."""
        if lost := [name for name in self.required if not getattr(self, name)]:
            raise ValueError(
                f"required names {lost[0]}, and {lost[0]} does not say where it stands"
            )
        if (_TIME in self.template) != bool(self.timestamp_header):
            raise ValueError(
                "timestamp_header and {timestamp} in template go together: "
                "a time that is not signed says nothing"
            )


def verify(call: InboundCall, options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature, or the token, in the headers that are set for them."""
    if not secrets:
        return Verdict.NOT_SIGNED
    shown = call.headers.get(options.signature_header.lower())
    if shown is not None:
        _check_signature(call, options, shown, secrets)
        return Verdict.VERIFIED
    token = call.headers.get(options.token_header.lower())
    if token is None:
        return Verdict.NOT_SIGNED
    if not any(is_same(token, one) for one in secrets):
        raise bad_signature(f"{options.token_header} is none of this source's secrets.")
    return Verdict.VERIFIED


def _check_signature(
    call: InboundCall, options: Options, shown: str, secrets: tuple[str, ...]
) -> None:
    at = _time_said(call, options)
    if options.timestamp_header:
        check_fresh(options.timestamp_header, at, call.received_at, options.tolerance_s)
    prefix = options.signature_prefix
    said = [one.removeprefix(prefix) for one in _signatures(shown) if one.startswith(prefix)]
    signatures = [decoded(one, options.encoding) for one in said]
    message = _message(options, at, call.body)
    if not hmac_holds(signatures, message, texts(secrets), options.algorithm):
        raise bad_signature(f"{options.signature_header} is not this body's signature.")


def _signatures(shown: str) -> list[str]:
    """What may be a signature in a header that may have several."""
    return [shown.strip(), *shown.replace(",", " ").split()]


def _time_said(call: InboundCall, options: Options) -> str:
    return call.headers.get(options.timestamp_header.lower(), "")


def _message(options: Options, at: str, body: bytes) -> bytes:
    """The bytes that are signed."""
    before, _, after = options.template.replace(_TIME, at).partition(_BODY)
    return before.encode() + body + after.encode()


def read(call: InboundCall, options: Options) -> list[NewEvent]:
    """The one event of a call."""
    body = _body(call)
    told = Told(call.headers, call.query, body, len(call.body))
    names = {name: _name(_value(options, name, told)) for name in ("project", "subject", "type")}
    own_id = _name(_value(options, "id", told))
    said_at = _value(options, "time", told)
    at = _instant(said_at)
    missing = {name for name, found in {**names, "id": own_id}.items() if not found}
    missing |= {"time"} if at is None else set()
    if lacking := sorted(missing & {*options.required}):
        faults = [
            FieldFault(one, "expected something where it is said to stand") for one in lacking
        ]
        raise bad_fields(faults)
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=names["type"] or options.default_type,
            project=names["project"],
            subject=names["subject"],
            occurred_at=at or call.received_at,
            received_at=call.received_at,
            data=body,
            dedupe=dedupe_key(SOURCE, call, names["project"], own_id or _signed(call, options)),
            occurred_text=None if at is not None else _name(said_at) or None,
        )
    ]


def _signed(call: InboundCall, options: Options) -> str:
    """What is signed with a time, in place of an id of the delivery; else ""."""
    if not options.timestamp_header or options.signature_header.lower() not in call.headers:
        return ""
    message = _message(options, _time_said(call, options), call.body)
    return hashlib.sha256(message).hexdigest()


def _value(options: Options, name: Found, told: Told) -> Any:
    source = getattr(options, name)
    if not source:
        return None
    try:
        return expression_of(source).value(told)
    except TooLargeToLookThrough as error:
        message = f"{name} is looked for in bodies of up to {MAX_LOOKED_THROUGH_BYTES} bytes"
        fault = FieldFault(name, message)
        raise Rejected(413, Reason.TOO_LARGE, message, fields=(fault,)) from error


def _name(value: Any) -> str:
    """What was found as an id, a name or a word; "" for what cannot be one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        value = str(value)
    if not isinstance(value, str):
        return ""
    found = value.strip()
    return found if len(found) <= MAX_NAME_CHARS and clean_text(found) == found else ""


def _instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return parse_instant(value.astimezone(UTC).isoformat())
    return parse_instant(value)


def _body(call: InboundCall) -> Any:
    if is_form(call.headers):
        fields = {
            clean_text(name): [clean_text(one.decode(errors="replace")) for one in values]
            for name, values in read_form(call.body).items()
        }
        return {name: all_[0] if len(all_) == 1 else all_ for name, all_ in fields.items()}
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("", "application/json", "text/json") or kind.endswith("+json"):
        return keepable(read_json_object(call.body, call.limits), call.body)
    if not kind.startswith("text/") and not kind.endswith("xml"):
        message = f"expected JSON, a form or a text, not {clean_text(kind[:100])}"
        fault = FieldFault("Content-Type", message)
        raise Rejected(415, Reason.WRONG_CONTENT_TYPE, message, fields=(fault,))
    if not call.body.strip():
        raise unreadable("The body is empty.")
    return clean_text(call.body.decode("utf-8-sig", "replace"))


def sample(options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """A short message, signed as the settings say."""
    body = orjson.dumps({"text": "A test of this source", "id": new_event_id()})
    at = str(int(now.timestamp()))
    headers = {"Content-Type": "application/json"}
    if options.timestamp_header:
        headers[options.timestamp_header] = at
    if secrets and options.signature_header:
        message = _message(options, at, body)
        digest = hmac.digest(secrets[0].encode(), message, options.algorithm)
        signature = encoded(digest, options.encoding)
        headers[options.signature_header] = f"{options.signature_prefix}{signature}"
    elif secrets:
        headers[options.token_header or "X-Webhook-Token"] = secrets[0]
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {"type": "object"},
    "application/x-www-form-urlencoded": {"type": "object"},
    "text/plain": {"type": "string"},
}
