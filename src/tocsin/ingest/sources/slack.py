"""Slack's calls of an app: events, slash commands and interactions, all signed.

https://docs.slack.dev/authentication/verifying-requests-from-slack
The signature is HMAC-SHA256 of `v0:<time>:<body>`, taken within 5 minutes of that time. An event's
`event_id` tells a repeat, else what is signed does. Slack waits for 3 seconds, and for an answer
without a body: with one it would show something to who pressed the button.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.body import (
    check_is_json,
    is_form,
    keepable,
    read_form,
    read_json_object,
)
from tocsin.ingest.fields import bad_fields
from tocsin.ingest.parts import id_of, instant, part, text
from tocsin.ingest.signature import check_fresh, check_hmac
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.logline import clean_text
from tocsin.model.times import from_us
from tocsin.settings.schema import Network, Secret

SOURCE = "slack"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.EMPTY
SLASH_COMMAND = "slash_command"
_SIGNATURE, _TIME = "x-slack-signature", "x-slack-request-timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the app's signing secret."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature over the time and the body's bytes as they came."""
    shown = call.headers.get(_SIGNATURE)
    if shown is None or not secrets:
        return Verdict.NOT_SIGNED
    check_fresh("X-Slack-Request-Timestamp", call.headers.get(_TIME, ""), call.received_at)
    return check_hmac("X-Slack-Signature", shown, _message(call), secrets, "v0=")


def _message(call: InboundCall) -> bytes:
    return f"v0:{call.headers.get(_TIME, '')}:".encode() + call.body


def answer_at_once(call: InboundCall, _options: Options) -> Mapping[str, Any] | None:
    """What Slack wants to hear when an address is given to it."""
    if is_form(call.headers):
        return None
    check_is_json(call.headers)
    said = read_json_object(call.body, call.limits)
    challenge = said.get("challenge")
    is_asked = said.get("type") == "url_verification" and isinstance(challenge, str)
    return {"challenge": clean_text(str(challenge))} if is_asked else None


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a call, under Slack's word for what it is of."""
    said = _said(call)
    # It is the same for all calls of an app, and was once the proof that they are Slack's.
    said.pop("token", None)
    event = part(said, "event")
    kind = SLASH_COMMAND if "command" in said else text(event.get("type")) or text(said.get("type"))
    if not kind:
        raise bad_fields([FieldFault("type", "expected the type of the call")])
    at = instant(said, "event_time")
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=kind,
            project="",
            subject=_channel(said, event),
            occurred_at=call.received_at if at is None else from_us(at),
            received_at=call.received_at,
            data=said,
            dedupe=dedupe_key(SOURCE, call, "", id_of(said, "event_id") or _signed(call)),
        )
    ]


def _said(call: InboundCall) -> dict[str, Any]:
    """The object of an event, that in the field `payload` of an interaction, or a form's fields."""
    if not is_form(call.headers):
        check_is_json(call.headers)
        return _object(call, call.body)
    fields = read_form(call.body)
    if "payload" in fields:
        return _object(call, b"".join(fields["payload"]))
    return {
        clean_text(name): clean_text(values[0].decode(errors="replace"))
        for name, values in fields.items()
    }


def _object(call: InboundCall, body: bytes) -> dict[str, Any]:
    kept: dict[str, Any] = keepable(read_json_object(body, call.limits), body)
    return kept


def _channel(said: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """Where it happened."""
    ids = (
        id_of(event, "channel"),
        id_of(part(event, "item"), "channel"),
        id_of(part(said, "channel")),
        id_of(said, "channel_id"),
    )
    return next(filter(None, ids), "")


def _signed(call: InboundCall) -> str:
    """What is signed, in place of an id of the delivery; "" for what is not signed."""
    return hashlib.sha256(_message(call)).hexdigest() if _SIGNATURE in call.headers else ""


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """Somebody has named the app in a channel."""
    at = str(int(now.timestamp()))
    body = orjson.dumps(
        {
            "type": "event_callback",
            "team_id": "T0000TEST",
            "event_id": f"Ev{new_event_id()}",
            "event_time": int(at),
            "event": {
                "type": "app_mention",
                "channel": "C0000TEST",
                "text": "A test of this source",
            },
        }
    )
    headers = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": at}
    if secrets:
        digest = hmac.digest(secrets[0].encode(), f"v0:{at}:".encode() + body, "sha256")
        headers["X-Slack-Signature"] = f"v0={digest.hex()}"
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "properties": {"type": {"type": "string"}, "event": {"type": "object"}},
    },
    "application/x-www-form-urlencoded": {
        "type": "object",
        "properties": {"payload": {"type": "string"}, "command": {"type": "string"}},
    },
}
