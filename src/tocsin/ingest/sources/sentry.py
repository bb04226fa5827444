"""Sentry's integration platform: signed, each call kept under its resource and action.

https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
The signature is HMAC-SHA256 of the body with the integration's client secret. The time beside it
is not signed, so `Request-ID` alone tells a repeat. Sentry waits for 1 second, and takes an
integration that is too slow a thousand times a day off its list.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.fields import MAX_NAME_CHARS, bad_fields
from tocsin.ingest.parts import id_of, instant, part, text
from tocsin.ingest.signature import check_hmac, hmac_sha256_hex
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import from_us, rfc3339
from tocsin.settings.schema import Network, Secret

SOURCE = "sentry"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
_IN_ADDRESS = re.compile(r"/projects/[^/]+/([^/]+)/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the integration's client secret."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature over the body's bytes as they came."""
    shown = call.headers.get("sentry-hook-signature")
    return check_hmac("Sentry-Hook-Signature", shown, call.body, secrets)


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a call: `issue.created`, `event_alert.triggered` and so on."""
    check_is_json(call.headers)
    body = keepable(read_json_object(call.body, call.limits), call.body)
    resource = text(call.headers.get("sentry-hook-resource"))
    if not resource:
        raise bad_fields([FieldFault("Sentry-Hook-Resource", "expected the kind of the call")])
    said = part(body, "data")
    at = instant(_about(said), "datetime")
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=".".join(filter(None, (resource, text(body.get("action")))))[:MAX_NAME_CHARS],
            project=_project(said),
            subject=_subject(said),
            occurred_at=call.received_at if at is None else from_us(at),
            received_at=call.received_at,
            data=body,
            dedupe=dedupe_key(SOURCE, call, "", call.headers.get("request-id", "")),
        )
    ]


def _about(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The error that is told of, which an alert about one calls an event."""
    return part(said, "event") or part(said, "error")


def _subject(said: Mapping[str, Any]) -> str:
    """The issue, which several calls tell of; else the alert."""
    ids = (
        id_of(part(said, "issue")),
        id_of(_about(said), "issue_id"),
        id_of(said, "issue_id"),
        id_of(part(said, "metric_alert")),
    )
    return next(filter(None, ids), "")


def _project(said: Mapping[str, Any]) -> str:
    """The project's short name, which of an error stands in an address only."""
    several = part(said, "metric_alert").get("projects")
    names = (
        text(part(said, "issue", "project").get("slug")),
        text(said.get("project_slug")),
        text(several[0]) if isinstance(several, list) and several else "",
        next(iter(_IN_ADDRESS.findall(text(_about(said).get("url")))), ""),
    )
    return next(filter(None, names), "")


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """An issue that is new."""
    issue = {
        "id": "1",
        "title": "A test of this source",
        "project": {"slug": "shop"},
        "firstSeen": rfc3339(now),
    }
    body = orjson.dumps({"action": "created", "data": {"issue": issue}})
    headers = {
        "Content-Type": "application/json",
        "Request-ID": new_event_id(),
        "Sentry-Hook-Resource": "issue",
        "Sentry-Hook-Timestamp": str(int(now.timestamp())),
    }
    if secrets:
        headers["Sentry-Hook-Signature"] = hmac_sha256_hex(secrets[0], body)
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "properties": {"action": {"type": "string"}, "data": {"type": "object"}},
    }
}
