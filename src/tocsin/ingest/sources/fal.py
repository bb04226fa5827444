"""FAL's calls about trainings: signed with a published key, or with a secret shown.

https://docs.fal.ai/model-apis/model-endpoints/webhooks
Ed25519 over request id, user id, timestamp and the hex SHA-256 of the body, one a line, all four
in headers; any of FAL's keys may have signed. FAL calls when a training has ended and repeats the
call for hours; each time the body is the same and the timestamp another. Other programs may call
in the same form with the secret, and tell of the progress too. `docs/trainings.md` has the rest.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from tocsin.errors import FieldFault
from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.fields import Name, bad_fields, faults_of
from tocsin.ingest.parts import text
from tocsin.ingest.signature import bad_signature, shows_secret
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.logline import clean_text
from tocsin.model.times import to_us
from tocsin.model.training import TrainingChange, TrainingStatus, training_status
from tocsin.model.training_news import (
    PORTRAIT,
    SOURCE,
    STYLE,
    error_text,
    files_of,
    missing_of,
    training_event,
)
from tocsin.settings.schema import Network, Secret

TEST = "/api/v1/avatar/test_webhook"
ENTRANCES: tuple[str, ...] = ("/api/v1/avatar/status_update", TEST)
ENVELOPE = Envelope.AVATAR
# FAL's own figure; either way, as clocks differ.
TOLERANCE_S = 300

_REQUEST_ID, _USER_ID = "x-fal-webhook-request-id", "x-fal-webhook-user-id"
_TIMESTAMP, _SIGNATURE = "x-fal-webhook-timestamp", "x-fal-webhook-signature"
_SIGNED = (_REQUEST_ID, _USER_ID, _TIMESTAMP, _SIGNATURE)
_SIGNATURE_CHARS = 128
_TYPES = (PORTRAIT, STYLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`verify` = auto checks a call's signature if it carries one, and asks for the secret else.

    signature takes no secret for one, secret looks at no signature. `jwks_url` is where FAL
    publishes its keys. Keys and files are fetched from public addresses only, and from those
    in `allowed_networks`; files from `allowed_hosts` only, where `*.fal.media` is fal.media and
    what is below it. With `api_key`, trainings that were not heard of are asked after at
    `api_url`; those that nobody registered as the `…_endpoint` of their type.
    """

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()
    verify: Literal["auto", "signature", "secret"] = "auto"
    jwks_url: Annotated[str, Field(pattern=r"^https?://")] = (
        "https://rest.fal.ai/.well-known/jwks.json"
    )
    allowed_networks: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ("*.fal.media",)
    api_key: Secret = field(default_factory=lambda: SecretStr(""))
    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://queue.fal.run"
    portrait_endpoint: str = "fal-ai/flux-lora-portrait-trainer"
    style_endpoint: str = "fal-ai/flux-pro-trainer"


# --- who calls


def verify(call: InboundCall, options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature with the keys known now; what needs another key says so."""
    if options.verify == "secret":
        return Verdict.NOT_SIGNED
    if not any(name in call.headers for name in _SIGNED):
        if options.verify == "signature" and shows_secret(call, secrets):
            raise bad_signature("This source takes signed calls; its secret is not enough.")
        return Verdict.NOT_SIGNED
    missing = [name for name in _SIGNED if name not in call.headers]
    if missing:
        raise bad_signature(f"The call is signed, but has no {missing[0]}.")
    _check_time(call.headers[_TIMESTAMP], call.received_at)
    signature = _signature(call.headers[_SIGNATURE])
    message = _message(call)
    if not any(_is_by(key, signature, message) for key in call.keys):
        return Verdict.NEEDS_KEYS
    _check_is_about(call)
    return Verdict.VERIFIED


def _check_time(said: str, now: datetime) -> None:
    is_number = said.isascii() and said.isdecimal() and len(said) <= 12
    if not is_number or abs(now.timestamp() - int(said)) > TOLERANCE_S:
        message = f"X-Fal-Webhook-Timestamp is not within {TOLERANCE_S} s of the time here."
        raise bad_signature(message)


def _signature(said: str) -> bytes:
    try:
        signature = bytes.fromhex(said) if len(said) == _SIGNATURE_CHARS else b""
    except ValueError:
        signature = b""
    if not signature:
        raise bad_signature("X-Fal-Webhook-Signature is not 64 bytes in hexadecimal.")
    return signature


def _message(call: InboundCall) -> bytes:
    digest = hashlib.sha256(call.body).hexdigest()
    parts = (call.headers[_REQUEST_ID], call.headers[_USER_ID], call.headers[_TIMESTAMP], digest)
    return "\n".join(parts).encode("latin-1", "replace")


def _is_by(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check_is_about(call: InboundCall) -> None:
    """Hold the body's id against the header's: both are signed, and have to mean one request."""
    try:
        said = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return  # refused when it is read
    names = ("request_id", "gateway_request_id")
    if isinstance(said, dict) and call.headers[_REQUEST_ID] not in [said.get(n) for n in names]:
        raise bad_signature("X-Fal-Webhook-Request-Id is not the request_id of the body.")


# --- what is told


class _Said(BaseModel):
    """The fields that matter; everything else is kept and shown as it came."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    request_id: Name = None
    finetune_id: Name = None
    id: Name = None
    status: Name = None
    training_type: Name = None

    @property
    def training_id(self) -> str:
        return self.request_id or self.finetune_id or self.id or ""


def read(call: InboundCall, options: Options) -> list[NewEvent]:
    """The one event of a call, and what it says of its training."""
    check_is_json(call.headers)
    raw = read_json_object(call.body, call.limits)
    said, data = _said(raw), keepable(raw, call.body)
    training_type = _training_type(call, said)
    if training_type:
        data = {"training_type": training_type, **data}
    change = _change(said, data, training_type, to_us(call.received_at))
    # A repeat of FAL's has the same body; its timestamp, and so its signature, is another.
    is_signed = options.verify != "secret" and _SIGNATURE in call.headers
    own_id = f"{said.training_id}\n{hashlib.sha256(call.body).hexdigest()}" if is_signed else ""
    dedupe = dedupe_key(SOURCE, call, "", own_id)
    return [training_event(change, data, call.received_at, dedupe)]


def _said(data: Mapping[str, Any]) -> _Said:
    try:
        said = _Said.model_validate(data)
    except ValidationError as error:
        raise bad_fields(faults_of(error), status=422) from None
    if not said.training_id:
        raise bad_fields([FieldFault("request_id", "expected the id of the request")], status=422)
    return said


def _training_type(call: InboundCall, said: _Said) -> str:
    word = call.query.get("training_type") or said.training_type or ""
    if word not in (*_TYPES, ""):
        raise bad_fields([FieldFault("training_type", "expected portrait or style")], status=422)
    return word


def _change(said: _Said, data: Mapping[str, Any], training_type: str, at: int) -> TrainingChange:
    payload = data.get("payload")
    result = payload if isinstance(payload, dict) else None
    finetune_id = said.finetune_id or text((result or {}).get("finetune_id"))
    status = training_status(said.status or "")
    if data.get("payload_error"):
        status = TrainingStatus.ERROR
    error = ""
    if status is TrainingStatus.ERROR:
        error = error_text(data.get("error"), data.get("payload_error"), payload)
    elif status is TrainingStatus.COMPLETED:
        error = missing_of(training_type, result, finetune_id)
        status = TrainingStatus.ERROR if error else status
    is_complete = status is TrainingStatus.COMPLETED
    facts = {
        "request_id": said.request_id or "",
        "finetune_id": finetune_id,
        "training_type": training_type,
    }
    return TrainingChange(
        training_id=said.training_id,
        at=at,
        facts=facts,
        status=status,
        word=said.status or "",
        progress=_whole(data.get("progress"), 100),
        queue_position=_whole(data.get("queue_position"), 1_000_000),
        error=error,
        result=result if is_complete else None,
        files=files_of(result) if is_complete and result else (),
    )


def _whole(said: Any, largest: int) -> int | None:
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return int(said) if is_number and 0 <= said <= largest else None


def answer_at_once(call: InboundCall, _options: Options) -> Mapping[str, Any] | None:
    """A call of the test address is answered and not stored, whatever it holds."""
    if call.path.rstrip("/") != TEST:
        return None
    try:
        said = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        said = None
    request_id = said.get("request_id") if isinstance(said, dict) else None
    shown = {"request_id": clean_text(request_id[:200])} if isinstance(request_id, str) else {}
    return {"status": "received", **shown, "message": "A test; nothing was stored."}


def sample(_options: Options, secrets: tuple[str, ...], _now: datetime) -> Sample:
    """A training that has ended, told with the secret: FAL's own key is at FAL."""
    shown = {"X-Webhook-Secret": secrets[0]} if secrets else {}
    body = orjson.dumps({"request_id": f"test-{new_event_id()}", "status": "completed"})
    return Sample({"Content-Type": "application/json", **shown}, body)


PARAMETERS: Sequence[Mapping[str, Any]] = (
    {
        "name": "training_type",
        "in": "query",
        "schema": {"enum": [*_TYPES, ""]},
        "description": "What the training has to bring when it ends well.",
    },
)
OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "description": "FAL's callback, or a message of the same form.",
        "properties": {
            "request_id": {"type": ["string", "null"], "maxLength": 200},
            "gateway_request_id": {"type": ["string", "null"]},
            "finetune_id": {"type": ["string", "null"], "maxLength": 200},
            "id": {"type": ["string", "null"], "maxLength": 200},
            "status": {"type": ["string", "null"], "maxLength": 200},
            "training_type": {"enum": [*_TYPES, "", None]},
            "progress": {},
            "queue_position": {},
            "payload": {},
            "error": {},
            "payload_error": {},
        },
    }
}
