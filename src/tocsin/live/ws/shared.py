"""What all connections of `/ws` stand on, and what each is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.live.admission import Admission
from tocsin.live.hub import Hub
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.revoked import Revocations
from tocsin.live.ws.broadcasts import Broadcasts
from tocsin.live.ws.client_count import ClientCount
from tocsin.live.ws.dialect import Journaled, WsDialect
from tocsin.live.ws.metrics import WsMetrics
from tocsin.live.ws.server_messages import ConnectionStatus
from tocsin.model.access import Caller
from tocsin.model.times import rfc3339
from tocsin.settings.schema import LiveSettings

FEATURES: Final = (
    "real_time_metrics",
    "log_streaming",
    "webhook_notifications",
    "posco_integration",
    "resume",
    "deployment_filters",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """The parts, and who this server is; `started_s` is of the clock that only goes on."""

    hub: Hub
    callers: Callers
    admission: Admission
    pulse: Pulse
    recoveries: Recoveries
    revocations: Revocations
    broadcasts: Broadcasts
    clients: ClientCount
    dialects: Mapping[Journaled, WsDialect]
    metrics: WsMetrics
    clock: Clock
    settings: LiveSettings
    instance: str
    version: str
    started_s: float

    def status_for(self, caller: Caller) -> ConnectionStatus:
        """What a client is told first."""
        return ConnectionStatus(
            status="connected",
            server_version=self.version,
            server_time=rfc3339(self.clock.now()) or "",
            client_count=self.admission.count,
            uptime_seconds=int(self.clock.monotonic() - self.started_s),
            features=FEATURES,
            instance=self.instance,
            epoch=self.hub.epoch,
            seq=self.hub.position,
            is_signed_in=caller.kind in ("token", "session"),
            role=caller.role.word,
        )
