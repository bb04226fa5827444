"""CloudEvents 1.0 over HTTP: structured, binary and batched.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
An event's identity is its `source` and `id` together, so a repeat of both is stored once.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import orjson
from pydantic import SecretStr

from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.ingest.body import keepable, read_json, unreadable
from tocsin.ingest.fields import MAX_NAME_CHARS, bad_fields
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, bounded_key
from tocsin.model.cloudevent import OWN_CLOUD_SOURCE, SPEC_VERSION
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.logline import clean_text
from tocsin.model.times import parse_instant, rfc3339
from tocsin.settings.schema import Network, Secret

SOURCE = "cloudevents"
ENTRANCES = ("/api/v1/events",)
ENVELOPE = Envelope.OBJECT
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MAX_SOURCE_CHARS = 1_000
MAX_BATCH_EVENTS = 10_000
_LIMITS = (
    ("id", MAX_NAME_CHARS),
    ("source", MAX_SOURCE_CHARS),
    ("type", MAX_NAME_CHARS),
    ("subject", MAX_NAME_CHARS),
)
_ATTRIBUTE_NAME = re.compile(r"[a-z0-9]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is one that senders may show instead of a token."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(_call: InboundCall, _options: Options, _secrets: tuple[str, ...]) -> Verdict:
    """CloudEvents carry no signature."""
    return Verdict.NOT_SIGNED


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """One event in the structured mode."""
    said = {
        "specversion": SPEC_VERSION,
        "id": new_event_id(),
        "source": "/tocsin/test",
        "type": "test",
        "time": rfc3339(now),
    }
    shown = {"Authorization": f"Bearer {secrets[0]}"} if secrets else {}
    return Sample({"Content-Type": STRUCTURED, **shown}, orjson.dumps(said))


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """All events of the call, or none: one that is wrong refuses the whole batch."""
    content_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if "ce-specversion" in call.headers or "ce-id" in call.headers:
        return [_event(_binary(call, content_type), call, "")]
    if content_type not in (STRUCTURED, BATCH, "application/json", ""):
        message = f"expected {STRUCTURED}, {BATCH}, or ce- headers; "
        message += f"not {clean_text(content_type[:100])}"
        fault = FieldFault("Content-Type", message)
        raise Rejected(415, Reason.WRONG_CONTENT_TYPE, message, fields=(fault,))
    said = read_json(call.body, call.limits)
    if content_type != BATCH:
        if not isinstance(said, dict):
            raise unreadable("expected a JSON object")
        return [_event(said, call, "")]
    if not isinstance(said, list):
        raise unreadable("expected a JSON array of events")
    if len(said) > MAX_BATCH_EVENTS:
        raise _wrong("", f"expected an array of at most {MAX_BATCH_EVENTS} events")
    return [_event(_object(one, f"{at}"), call, f"{at}.") for at, one in enumerate(said)]


def _wrong(name: str, message: str) -> Rejected:
    return bad_fields([FieldFault(name, message)], status=422)


def _object(said: Any, name: str) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise _wrong(name, "expected a JSON object")
    return said


def _binary(call: InboundCall, content_type: str) -> dict[str, Any]:
    """The attributes out of the `ce-` headers, whose values are percent-encoded, and the data."""
    said: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value)
        for name, value in call.headers.items()
        if name.startswith("ce-")
    }
    if content_type:
        said["datacontenttype"] = call.headers["content-type"]
    if not call.body:
        return said
    if content_type in ("", "application/json") or content_type.endswith("+json"):
        said["data"] = read_json(call.body, call.limits)
    else:
        try:
            said["data"] = clean_text(call.body.decode())
        except UnicodeDecodeError:
            said["data_base64"] = base64.b64encode(call.body).decode()
    return said


def _event(said: dict[str, Any], call: InboundCall, prefix: str) -> NewEvent:
    if said.get("specversion") != SPEC_VERSION:
        raise _wrong(f"{prefix}specversion", f'expected "{SPEC_VERSION}"')
    texts = {
        name: _attribute(said, name, prefix, limit, is_needed=name != "subject")
        for name, limit in _LIMITS
    }
    if texts["source"] == OWN_CLOUD_SOURCE:
        raise _wrong(f"{prefix}source", "expected a source of your own, this one is Tocsin's")
    project = _attribute(said, "project", prefix, MAX_NAME_CHARS, is_needed=False)
    attributes = {
        name: _extension(name, value, prefix)
        for name, value in said.items()
        if name not in ("data", "project") and value is not None
    }
    return NewEvent(
        id=texts["id"] or new_event_id(),
        source=SOURCE,
        type=texts["type"],
        project=project,
        subject=texts["subject"],
        occurred_at=_time(said, prefix) or call.received_at,
        received_at=call.received_at,
        data=keepable(said.get("data"), call.body),
        dedupe=bounded_key("\n".join((SOURCE, texts["source"], texts["id"]))),
        attributes=attributes,
    )


def _attribute(
    said: Mapping[str, Any], name: str, prefix: str, limit: int, *, is_needed: bool
) -> str:
    value = said.get(name)
    if value is None and not is_needed:
        return ""
    if not isinstance(value, str) or (is_needed and not value):
        raise _wrong(prefix + name, "expected text that is not empty")
    if len(value) > limit:
        raise _wrong(prefix + name, f"expected at most {limit} characters, got {len(value)}")
    if clean_text(value) != value:
        raise _wrong(prefix + name, "expected text without NUL and lone surrogates")
    return value


def _extension(name: str, value: Any, prefix: str) -> Any:
    """One context attribute as it is kept; `data_base64` is checked to be that."""
    if name == "data_base64":
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise _wrong(prefix + name, "expected Base64") from error
        return value
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise _wrong(prefix + clean_text(name)[:60], "expected a name of a-z and 0-9")
    if not isinstance(value, str | bool | int):
        raise _wrong(prefix + name, "expected text, a whole number or a boolean")
    if isinstance(value, str):
        return clean_text(value)
    if not -(2**31) <= value < 2**31:
        raise _wrong(prefix + name, "expected a number of 32 bits")
    return value


def _time(said: Mapping[str, Any], prefix: str) -> datetime | None:
    value = said.get("time")
    if value is None:
        return None
    at = parse_instant(value) if isinstance(value, str) else None
    if at is None:
        raise _wrong(f"{prefix}time", "expected an RFC 3339 time")
    return at


_ATTRIBUTES = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": SPEC_VERSION},
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "source": {"type": "string", "minLength": 1, "maxLength": MAX_SOURCE_CHARS},
        "type": {"type": "string", "minLength": 1, "maxLength": 200},
        "subject": {"type": "string", "maxLength": 200},
        "time": {"type": "string", "format": "date-time"},
        "data": {},
    },
}
OPENAPI: Mapping[str, Any] = {
    STRUCTURED: _ATTRIBUTES,
    BATCH: {"type": "array", "items": _ATTRIBUTES},
}
