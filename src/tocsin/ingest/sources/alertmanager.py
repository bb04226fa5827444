"""Prometheus' Alertmanager (`webhook_configs`): each alert of a notification is an event.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
It signs nothing: let it show the secret, as `authorization` (Bearer) or as `basic_auth`, whose name
may be any. It takes 4xx for final, 429 too, so that too many calls are answered with 503.
"""

from dataclasses import dataclass, field
from datetime import datetime

import orjson
from pydantic import SecretStr

from tocsin.ingest import alerts
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict
from tocsin.model.event import NewEvent
from tocsin.model.times import rfc3339
from tocsin.settings.schema import Network, Secret

SOURCE = "alertmanager"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
OVERLOAD_STATUS = 503
OPENAPI = alerts.OPENAPI


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the one that Alertmanager shows as password or as Bearer credentials."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(_call: InboundCall, _options: Options, _secrets: tuple[str, ...]) -> Verdict:
    """Alertmanager signs nothing."""
    return Verdict.NOT_SIGNED


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """An event for each alert."""
    return alerts.read_alerts(SOURCE, call)


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """An alert that fires."""
    headers = {"Content-Type": "application/json"}
    if secrets:
        headers["Authorization"] = f"Bearer {secrets[0]}"
    return Sample(headers, orjson.dumps(alerts.example(rfc3339(now) or "")))
