"""Calls for WebSockets, until they are answered: by an endpoint, or in HTTP with what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

import structlog
from uvicorn.server import ServerState

from tocsin.edge.calls import Scope
from tocsin.edge.handshake import acceptance, lasting_headers, refusal
from tocsin.edge.websocket import Handler, Socket
from tocsin.errors import Reason, Rejected, StoreDown, TocsinError

# How long an endpoint may take to say whether it takes a socket.
OPEN_S: Final = 10.0

log = structlog.get_logger(__name__)

Make = Callable[[Socket], Handler]


class Endpoint(Protocol):
    """Takes the sockets of some addresses."""

    max_message_bytes: int

    def takes(self, path: str) -> bool:
        """Whether a socket of this address belongs here."""
        ...

    def open(self, scope: Scope) -> Make | Awaitable[Make]:
        """What makes the handler, once the socket is open; at once, if nothing is to wait for.

        Raises:
            TocsinError: answered in HTTP, as no socket is open yet.
        """
        ...


class Sockets:
    """All WebSockets of a server; `protocol` is what uvicorn is given as `ws`."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = tuple(endpoints)

    def protocol(self, *, server_state: ServerState, **_uvicorn: object) -> "Opening":
        """What takes one call over from the HTTP protocol."""
        return self.opening(server_state)

    def opening(self, server_state: ServerState) -> "Opening":
        """What takes one call."""
        return Opening(self._endpoints, server_state)


class Opening(asyncio.Protocol):
    """A call for a WebSocket, until it is answered."""

    __slots__ = ("_endpoints", "_state", "_task", "_transport")

    def __init__(self, endpoints: Sequence[Endpoint], server_state: ServerState) -> None:
        self._endpoints = endpoints
        self._state = server_state
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def begin(self, transport: asyncio.Transport, scope: Scope, first: bytes) -> None:
        """Answer the call; `first` is what came behind it in the same segment.

        Nothing more is read before the answer, so what is held here has an end.
        """
        try:
            endpoint = self._endpoint_of(scope)
            found = endpoint.open(scope)
            if callable(found):
                self._accept(transport, scope, first, endpoint, found)
            else:
                self._wait(self._open(transport, scope, first, endpoint, found), transport)
        except Exception as error:  # noqa: BLE001 - answered, and logged if it is ours
            self._fail(transport, scope, error)

    def _wait(self, opening: Coroutine[Any, Any, None], transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.pause_reading()
        transport.set_protocol(self)
        self._connections.add(self)
        task = asyncio.get_running_loop().create_task(opening)
        self._task = task
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    @property
    def _connections(self) -> set[Any]:
        """What uvicorn closes when it stops; it only knows classes of its own."""
        return self._state.connections

    def connection_lost(self, _error: Exception | None) -> None:
        self._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def shutdown(self) -> None:
        """Refuse, as the server stops."""
        if self._task is not None and self._transport is not None and self._task.cancel():
            stopping = StoreDown("The server is stopping.", reason=Reason.STOPPING)
            self._refuse(self._transport, stopping)

    async def _open(
        self,
        transport: asyncio.Transport,
        scope: Scope,
        first: bytes,
        endpoint: Endpoint,
        coming: Awaitable[Make],
    ) -> None:
        try:
            async with asyncio.timeout(OPEN_S):
                make = await coming
            self._connections.discard(self)
            if not transport.is_closing():
                self._accept(transport, scope, first, endpoint, make)
        except Exception as error:  # noqa: BLE001 - answered, and logged if it is ours
            self._fail(transport, scope, error)

    def _accept(
        self,
        transport: asyncio.Transport,
        scope: Scope,
        first: bytes,
        endpoint: Endpoint,
        make: Make,
    ) -> None:
        # After the endpoint, which can say better what a call made by hand lacks.
        answer = acceptance(scope, self._state.default_headers)
        scope["headers"] = lasting_headers(scope["headers"])
        socket = Socket(transport, scope, endpoint.max_message_bytes, self._connections)
        transport.write(answer)
        socket.start(make, first)

    def _fail(self, transport: asyncio.Transport, scope: Scope, error: Exception) -> None:
        """Answer in HTTP what goes wrong before the socket is open."""
        if isinstance(error, TocsinError):
            self._refuse(transport, error)
        elif isinstance(error, TimeoutError):
            self._refuse(transport, StoreDown("This takes too long now; try again."))
        else:
            log.error("socket_failed", path=scope["path"], exc_info=error)
            self._refuse(transport, None)

    def _endpoint_of(self, scope: Scope) -> Endpoint:
        for endpoint in self._endpoints:
            if endpoint.takes(scope["path"]):
                return endpoint
        raise Rejected(404, Reason.NOT_FOUND, "There is no WebSocket at this address.")

    def _refuse(self, transport: asyncio.Transport, error: TocsinError | None) -> None:
        if not transport.is_closing():
            transport.write(refusal(error, self._state.default_headers))
            transport.close()
