"""An Engine.IO server in the test's own loop, an application that notes, and a polling client."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from tests.edge.serving import Served, serving
from tests.system.websocket_wire import WebSocket
from tocsin.edge.calls import Scope
from tocsin.edge.front import Front, Part
from tocsin.errors import TocsinError
from tocsin.live.engineio.handshake import EngineOptions
from tocsin.live.engineio.packet import Encoding, ProtocolError
from tocsin.live.engineio.server import EngineServer
from tocsin.live.engineio.session import Session
from tocsin.live.pulse import Pulse

PATH = "/engine.io/"
QUERY = "?EIO=4&transport="


class Noting:
    """Notes what is told of each session, and sends back what comes; "!" is refused."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.sessions: list[Session] = []
        self.error: TocsinError | None = None
        # Written when the encoding is about to change.
        self.last_words: Callable[[Session], None] = lambda _: None

    def admit(self, _scope: Scope) -> None:
        if self.error is not None:
            raise self.error

    def opened(self, session: Session) -> "NotingListener":
        self.sessions.append(session)
        return NotingListener(self, session)

    async def hear(self, name: str) -> tuple[Any, ...]:
        """The next call of that name, with its arguments; others are passed over."""
        async with asyncio.timeout(5):
            while (told := await self.told.get())[0] != name:
                pass
        return told[1:]


class NotingListener:
    def __init__(self, noting: Noting, session: Session) -> None:
        self._noting = noting
        self._session = session

    def message(self, message: str | bytes) -> None:
        self._noting.told.put_nowait(("message", message))
        if message == "!":
            raise ProtocolError("not this")
        if message == "?":
            raise ZeroDivisionError
        self._session.send(message)

    def paused(self) -> None:
        self._noting.told.put_nowait(("paused",))

    def resumed(self) -> None:
        self._noting.told.put_nowait(("resumed",))

    def encoding_changed(self, before: Encoding) -> None:
        self._noting.told.put_nowait(("encoding_changed", before, self._session.encoding))
        self._noting.last_words(self._session)

    def closed(self, reason: str) -> None:
        self._noting.told.put_nowait(("closed", reason))


@dataclass
class Engine:
    """A server, what it told, and calls to it."""

    served: Served
    server: EngineServer
    noting: Noting
    http: aiohttp.ClientSession
    path: str = PATH
    websockets: list[WebSocket] = field(default_factory=list)

    @property
    def session(self) -> Session:
        """The session that was opened last."""
        return self.noting.sessions[-1]

    async def call(
        self, method: str, sid: str = "", body: bytes | None = None, query: str = "polling"
    ) -> tuple[int, bytes]:
        """The status and body of an HTTP call."""
        url = f"{self.served.url}{self.path}{QUERY}{query}" + (f"&sid={sid}" if sid else "")
        async with self.http.request(method, url, data=body) as answer:
            return answer.status, await answer.read()

    async def open(self) -> str:
        """A new session over polling; gives its sid."""
        status, body = await self.call("GET")
        assert (status, body[:1]) == (200, b"0")
        sid: str = orjson.loads(body[1:])["sid"]
        return sid

    async def get(self, sid: str) -> tuple[int, bytes]:
        return await self.call("GET", sid)

    async def post(self, sid: str, body: bytes) -> tuple[int, bytes]:
        return await self.call("POST", sid, body)

    async def websocket(self, sid: str = "") -> WebSocket:
        """A WebSocket, for a new session or an upgrade."""
        path = f"{self.path}{QUERY}websocket" + (f"&sid={sid}" if sid else "")
        opened = await WebSocket.open(self.served.port, path)
        self.websockets.append(opened)
        return opened

    async def open_websocket(self) -> tuple[WebSocket, Any]:
        """A new session over WebSocket, and what it was opened with."""
        websocket = await self.websocket()
        text = await websocket.receive()
        assert isinstance(text, str)
        assert text[0] == "0"
        return websocket, orjson.loads(text[1:])

    async def waiting(self, sid: str) -> "asyncio.Task[tuple[int, bytes]]":
        """A GET that has come to wait."""
        task = asyncio.create_task(self.get(sid))
        transport: Any = self.session.transport
        async with asyncio.timeout(5):
            while transport._waiting is None:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
        return task


@asynccontextmanager
async def running(server: EngineServer, noting: Noting, path: str = PATH) -> AsyncIterator[Engine]:
    """`server` on a port, with all that the test opened closed at the end."""
    front = Front([Part(server.takes_call, server)], _nothing)
    timeout = aiohttp.ClientTimeout(total=8)
    async with serving([server], front) as served, aiohttp.ClientSession(timeout=timeout) as http:
        engine = Engine(served, server, noting, http, path)
        try:
            yield engine
        finally:
            for websocket in engine.websockets:
                await websocket.abort()
            server.stop()
    assert server.count == 0


@asynccontextmanager
async def engine_running(**options: Any) -> AsyncIterator[Engine]:
    """An Engine.IO server with a noting application."""
    noting, pulse = Noting(), Pulse(0.01)
    server = EngineServer(EngineOptions((PATH,), **options), noting, pulse)
    try:
        async with running(server, noting) as engine:
            yield engine
    finally:
        pulse.stop()


async def _nothing(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
