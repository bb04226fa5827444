"""Standard Webhooks, and Svix's names for the same: signed with a time and an id.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
Taken within 5 minutes of the signed time, each id once; any of several signatures may be right. The
body's `type` and `timestamp` are the event's, if it has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, SecretStr

from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.parts import instant, kind_of
from tocsin.ingest.signature import check_standard, decoded, standard_headers, standard_id
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import from_us, rfc3339
from tocsin.settings.schema import Network, Secret

SOURCE = "standard"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
_PUBLIC_KEY_BYTES = 32


def _usable(secret: SecretStr) -> SecretStr:
    """What the prefix promises is there: else no call would ever hold, each refused as forged."""
    prefix, _, text = secret.get_secret_value().partition("_")
    key = decoded(text, "base64")
    if prefix == "whsec" and not key:
        raise ValueError("expected Base64 behind whsec_")
    if prefix == "whpk" and len(key) != _PUBLIC_KEY_BYTES:
        raise ValueError("expected the Base64 of an Ed25519 key, 32 bytes, behind whpk_")
    return secret


StandardSecret = Annotated[Secret, AfterValidator(_usable)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the sender's, `whsec_` and Base64, or its public key, `whpk_` and Base64."""

    secret: StandardSecret = field(default_factory=lambda: SecretStr(""))
    previous_secret: StandardSecret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signatures `v1` (HMAC) and `v1a` (Ed25519)."""
    return check_standard(call, secrets)


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a call."""
    check_is_json(call.headers)
    data = keepable(read_json_object(call.body, call.limits), call.body)
    at = instant(data, "timestamp")
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=kind_of(data),
            project="",
            subject="",
            occurred_at=call.received_at if at is None else from_us(at),
            received_at=call.received_at,
            data=data,
            dedupe=dedupe_key(SOURCE, call, "", standard_id(call.headers)),
        )
    ]


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """A message; nobody but the sender can sign for a public key."""
    told = {"text": "A test of this source"}
    body = orjson.dumps({"type": "test", "timestamp": rfc3339(now), "data": told})
    headers = {"Content-Type": "application/json", "webhook-id": f"msg_{new_event_id()}"}
    own = [one for one in secrets if not one.startswith("whpk_")]
    if own:
        headers |= standard_headers(own[0], headers["webhook-id"], now, body)
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "properties": {
            "type": {"type": "string"},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {},
        },
    }
}
