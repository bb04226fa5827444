"""The live stage as a whole: its entrances, its loops, and how it winds down."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.edge.front import Part
from tocsin.edge.opening import Endpoint
from tocsin.live.admission import Admission
from tocsin.live.document import AsyncApi
from tocsin.live.engineio.handshake import EngineOptions, mark_of
from tocsin.live.engineio.server import EngineServer
from tocsin.live.follower import Following
from tocsin.live.hub import Hub
from tocsin.live.leased import LeasedSessions
from tocsin.live.namespaces import PATHS, Namespaces
from tocsin.live.openapi import live_paths
from tocsin.live.payloads import LABEL as SOCKETIO
from tocsin.live.pulse import Pulse
from tocsin.live.recoveries import Recoveries
from tocsin.live.revoked import Revocations
from tocsin.live.sessions import Sessions
from tocsin.live.socketio.server import SocketIoServer
from tocsin.live.stream import LABEL as SSE
from tocsin.live.stream import EventStream
from tocsin.live.ws.broadcasts import Broadcasts
from tocsin.live.ws.dialect import LABEL as WS
from tocsin.live.ws.endpoint import WsEndpoint
from tocsin.live.ws.metrics import WsMetrics
from tocsin.settings.schema import LiveSettings
from tocsin.store.database import Database

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the stage stands on, and who this server is."""

    hub: Hub
    database: Database
    callers: Callers
    clock: Clock
    settings: LiveSettings
    registry: CollectorRegistry
    instance: str
    version: str


class Live:
    """Event streams, Socket.IO and `/ws`, over one hub."""

    def __init__(self, ground: Ground) -> None:
        self._hub = ground.hub
        self._pulse = Pulse()
        self._admission = Admission(ground.settings, ground.registry)
        self._recoveries = Recoveries(ground.registry)
        self._revocations = Revocations(ground.clock)
        self._sessions = Sessions(ground.database, ground.clock, ground.settings.recovery_s)
        self._stream = EventStream(
            ground.hub,
            self._admission,
            ground.callers,
            self._pulse,
            ground.settings,
            self._recoveries,
            self._revocations,
        )
        self._engine = self._make_engine(ground)
        metrics = WsMetrics(ground.registry)
        self.broadcasts = Broadcasts(ground.clock, self._pulse, metrics)
        self._ws = WsEndpoint(
            hub=ground.hub,
            callers=ground.callers,
            admission=self._admission,
            pulse=self._pulse,
            recoveries=self._recoveries,
            revocations=self._revocations,
            broadcasts=self.broadcasts,
            metrics=metrics,
            clock=ground.clock,
            settings=ground.settings,
            instance=ground.instance,
            version=ground.version,
        )
        self._document = AsyncApi(ground.version)

    def _make_engine(self, ground: Ground) -> EngineServer:
        settings = ground.settings
        following = Following(
            ground.hub,
            self._sessions,
            ground.database,
            ground.clock,
            settings.recovery_max_events,
        )
        namespaces = Namespaces(
            following,
            ground.callers,
            self._admission,
            self._pulse,
            self._revocations,
            settings,
            self._recoveries,
        )
        server = SocketIoServer(namespaces, self._pulse)
        options = EngineOptions(
            paths=PATHS,
            ping_interval_s=settings.socketio_ping_s,
            ping_timeout_s=settings.socketio_pong_s,
            max_payload_bytes=settings.max_message_bytes,
            mark=mark_of(ground.instance),
        )
        sessions = LeasedSessions(server, self._admission, ground.callers)
        return EngineServer(options, sessions, self._pulse)

    @property
    def parts(self) -> Sequence[Part]:
        """What takes HTTP calls in front of the API."""
        return (
            Part(self._engine.takes_call, self._engine),
            Part(self._stream.takes, self._stream),
            Part(self._document.takes, self._document),
        )

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What takes WebSockets."""
        return (self._engine, self._ws)

    @property
    def paths(self) -> Mapping[str, Mapping[str, Any]]:
        """What the OpenAPI document says of `parts`."""
        return live_paths()

    @property
    def connections(self) -> Mapping[str, int]:
        """How many of each kind are open."""
        found = self._admission.by_dialect
        return {label: found.get(label, 0) for label in (SOCKETIO, WS, SSE)}

    @property
    def queued_bytes(self) -> int:
        """What waits to be joined, and what clients' transports hold."""
        return self._hub.queued_bytes()

    @property
    def loops(self) -> Sequence[tuple[str, Step]]:
        """What is to be kept going."""
        return (
            ("live.hub", self._hub.step),
            ("live.sessions", self._sessions.step),
            ("live.revoked", self._revocations.step),
        )

    async def drain(self) -> None:
        """Take no new connections and send all away, so that they come back a little apart."""
        await self._admission.drain()
        # What is told of a closed connection is told in the loop's next turn.
        await asyncio.sleep(0)
        self._pulse.stop()
        await self._sessions.flush()
