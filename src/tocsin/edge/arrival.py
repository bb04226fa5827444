"""Connections until their first bytes, which tell what each is for.

Most calls for WebSockets are whole in them and are answered right away. All other connections
become those of `edge/http.py`, with what has come.
"""

import asyncio
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.utils import get_remote_addr
from uvicorn.server import ServerState

from tocsin.edge.http import Http
from tocsin.edge.opening import Sockets
from tocsin.edge.upgrade import read_upgrade

# As for a head that has begun, but without an answer: nothing was asked.
SILENCE_LIMIT_S: Final = 60.0
# So much later it may be noticed: thousands who came one after the other end together.
LATE_S: Final = 0.1


class Arrivals:
    """All connections of a server that have said nothing yet, with one timer for all of them."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        # Until when each may be silent; who came first is first.
        self._silent: dict[Arrival, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def protocol(
        self,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        **_uvicorn: object,
    ) -> "Arrival":
        """What uvicorn is given as its class for HTTP."""
        return Arrival(self, config, server_state, app_state)

    def wait_for(self, arrival: "Arrival") -> None:
        """End it unless it speaks in time."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        self._silent[arrival] = self._loop.time() + SILENCE_LIMIT_S
        if self._timer is None:
            self._timer = self._loop.call_later(SILENCE_LIMIT_S, self._end_silent, self._loop)

    def forget(self, arrival: "Arrival") -> None:
        """It has spoken, or is gone; idempotent."""
        self._silent.pop(arrival, None)

    def take(self, arrival: "Arrival", transport: asyncio.Transport, data: bytes) -> None:
        """Hand the connection on to what `data` says that it is for."""
        found = read_upgrade(data)
        if found is None:
            http = Http(arrival.config, arrival.state, arrival.app_state)
            transport.set_protocol(http)
            http.connection_made(transport)
            http.data_received(data)
            return
        scope, first = found
        scope["client"] = get_remote_addr(transport)
        self._sockets.opening(arrival.state).begin(transport, scope, first)

    def _end_silent(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for arrival, until in list(self._silent.items()):
            if until > now:
                later = max(until, now + LATE_S)
                self._timer = loop.call_at(later, self._end_silent, loop)
                break
            self.forget(arrival)
            arrival.shutdown()


class Arrival(asyncio.Protocol):
    """One connection that has said nothing yet."""

    __slots__ = ("_arrivals", "_transport", "app_state", "config", "state")

    _transport: asyncio.Transport

    def __init__(
        self, arrivals: Arrivals, config: Config, state: ServerState, app_state: dict[str, Any]
    ) -> None:
        self._arrivals = arrivals
        self.config = config
        self.state = state
        self.app_state = app_state

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        # uvicorn closes what is in here when it stops; it only knows classes of its own.
        connections: set[Any] = self.state.connections
        connections.add(self)
        self._arrivals.wait_for(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._leave()

    def shutdown(self) -> None:
        """Close: nothing is under way."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._leave()
        self._arrivals.take(self, self._transport, data)

    def _leave(self) -> None:
        connections: set[Any] = self.state.connections
        connections.discard(self)
        self._arrivals.forget(self)
