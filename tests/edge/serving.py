"""A real server on a free port in the test's own loop, and a handler that notes what it hears."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from structlog.testing import capture_logs
from structlog.typing import EventDict

from tocsin.edge.calls import App, Receive, Scope, Send
from tocsin.edge.opening import Endpoint
from tocsin.edge.server import INSTANCE_HEADER, Server, listening_sockets, make_server
from tocsin.edge.websocket import Handler, Socket

# What a handler was told: the name of the call, then its arguments.
Told = tuple[Any, ...]


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    port: int
    server: Server
    logs: Sequence[EventDict]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def failures(self) -> int:
        """How often a failure of ours was logged."""
        return sum(line["event"] == "socket_failed" for line in self.logs)

    @property
    def open_connections(self) -> int:
        return len(self.server.server_state.connections)


async def nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    """An app without addresses."""
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(endpoints: Sequence[Endpoint] = (), app: App = nothing) -> AsyncIterator[Served]:
    """A server for the time of a test; it stops in time and leaves no connection."""
    (listening,) = listening_sockets(["127.0.0.1:0"])
    headers = [(INSTANCE_HEADER, "api-1")]
    server = make_server(app, endpoints, grace_s=8, headers=headers)
    running = asyncio.create_task(server.serve([listening]))
    with capture_logs() as logs:
        try:
            yield Served(listening.getsockname()[1], server, logs)
        finally:
            server.stop()
            async with asyncio.timeout(8):
                await running
    assert not server.server_state.connections
    assert not server.server_state.tasks


class Noting:
    """An endpoint whose sockets note everything; `say` is what each does with a message."""

    def __init__(
        self, say: Callable[[Socket, str | bytes], None] | None = None, max_bytes: int = 1 << 20
    ) -> None:
        self.max_message_bytes = max_bytes
        self.told: asyncio.Queue[Told] = asyncio.Queue()
        self.sockets: list[Socket] = []
        # What `open` waits for, and what it raises.
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()
        self.error: Exception | None = None
        self._say = say or echo

    def takes(self, path: str) -> bool:
        return path == "/"

    async def open(self, _scope: Scope) -> Callable[[Socket], Handler]:
        self.asked.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self._begin

    def _begin(self, socket: Socket) -> Handler:
        self.sockets.append(socket)
        return _NotingHandler(socket, self.told, self._say)

    async def hear(self, name: str) -> Told:
        """The next call of that name, with its arguments; others are passed over."""
        async with asyncio.timeout(5):
            while (told := await self.told.get())[0] != name:
                pass
        return told[1:]

    def rest(self) -> list[Told]:
        """What was told meanwhile."""
        return [self.told.get_nowait() for _ in range(self.told.qsize())]


class _NotingHandler:
    def __init__(
        self,
        socket: Socket,
        told: "asyncio.Queue[Told]",
        say: Callable[[Socket, str | bytes], None],
    ) -> None:
        self._socket = socket
        self._told = told
        self._say = say

    def received(self, message: str | bytes) -> None:
        self._told.put_nowait(("received", message))
        self._say(self._socket, message)

    def heard(self) -> None:
        self._told.put_nowait(("heard",))

    def paused(self) -> None:
        self._told.put_nowait(("paused",))

    def resumed(self) -> None:
        self._told.put_nowait(("resumed",))

    def closed(self, code: int, reason: str) -> None:
        self._told.put_nowait(("closed", code, reason))


def echo(socket: Socket, message: str | bytes) -> None:
    """Send a message back."""
    if isinstance(message, str):
        socket.send_text(message.encode())
    else:
        socket.send_binary(message)


async def until(is_so: Callable[[], bool]) -> None:
    """Let the loop turn until it is so."""
    while not is_so():  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0)
