"""Grafana's alerting (contact point "Webhook"): each alert of a notification is an event.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/
With an HMAC secret set there it signs the body, or `<time>:` and the body where a header for the
time is named too; give that name here as well. Without one, let it show the secret, as basic auth
or as `Authorization: Bearer`. Too many calls are answered with 503, upon which it tries again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import SecretStr

from tocsin.ingest import alerts
from tocsin.ingest.signature import check_fresh, check_hmac, hmac_sha256_hex
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict
from tocsin.model.event import NewEvent
from tocsin.model.times import rfc3339
from tocsin.settings.schema import HeaderName, Network, Secret

SOURCE = "grafana"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
OVERLOAD_STATUS = 503
OPENAPI: Mapping[str, Any] = alerts.OPENAPI


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the HMAC secret, else the one that Grafana shows.

    `timestamp_header` is to be named where it is named in Grafana, and then has to be there.
    """

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()
    signature_header: HeaderName = "X-Grafana-Alerting-Signature"
    timestamp_header: HeaderName = ""


def verify(call: InboundCall, options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature over the body, with the time in front where that is set."""
    shown = call.headers.get(options.signature_header.lower())
    if shown is None or not secrets:
        return Verdict.NOT_SIGNED
    message = call.body
    if options.timestamp_header:
        at = call.headers.get(options.timestamp_header.lower(), "")
        check_fresh(options.timestamp_header, at, call.received_at)
        message = f"{at}:".encode() + message
    return check_hmac(options.signature_header, shown, message, secrets)


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """An event for each alert."""
    return alerts.read_alerts(SOURCE, call)


def sample(options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """An alert that fires."""
    body = orjson.dumps(
        {
            **alerts.example(rfc3339(now) or ""),
            "version": "1",
            "orgId": 1,
            "title": "[FIRING:1] Tocsin",
            "state": "alerting",
        }
    )
    headers = {"Content-Type": "application/json"}
    signed = body
    if secrets and options.timestamp_header:
        at = str(int(now.timestamp()))
        headers[options.timestamp_header] = at
        signed = f"{at}:".encode() + body
    if secrets:
        headers[options.signature_header] = hmac_sha256_hex(secrets[0], signed)
    return Sample(headers, body)
