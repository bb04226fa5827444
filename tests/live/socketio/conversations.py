"""A Socket.IO server in the test's own loop, an application that notes, and a client by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson

from tests.live.engineio.sessions import Engine, running
from tests.live.engineio.sessions import Noting as EngineNoting
from tests.system.websocket_wire import WebSocket
from tocsin.edge.calls import Scope
from tocsin.live.engineio.handshake import EngineOptions
from tocsin.live.engineio.packet import Encoding
from tocsin.live.engineio.server import EngineServer
from tocsin.live.pulse import Pulse
from tocsin.live.socketio.server import SocketIoServer
from tocsin.live.socketio.socket import Ack, NamespaceSocket

PATH = "/socket.io/"


class Noting:
    """Notes what is told; lets everybody in unless `error` is set."""

    namespaces = frozenset({"/", "/a", "/b"})

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()
        self.sockets: list[NamespaceSocket] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.more: Mapping[str, Any] = {}

    def admit(self, _scope: Scope) -> None:
        """Everybody."""

    async def connect(self, socket: NamespaceSocket) -> Mapping[str, Any]:
        self.told.put_nowait(("connect", socket.namespace, socket.auth))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.told.put_nowait(("cancelled",))
            raise
        if self.error is not None:
            raise self.error
        return self.more

    def connected(self, socket: NamespaceSocket) -> None:
        self.sockets.append(socket)
        self.told.put_nowait(("connected", socket.namespace))

    def event(
        self, socket: NamespaceSocket, name: str, args: Sequence[Any], ack: Ack | None
    ) -> None:
        self.told.put_nowait(("event", socket.namespace, name, list(args)))
        if name == "fail":
            raise ZeroDivisionError
        if ack is not None:
            ack(*args)
            ack("twice")

    def disconnected(self, socket: NamespaceSocket, reason: str) -> None:
        self.told.put_nowait(("disconnected", socket.namespace, reason))

    def paused(self, socket: NamespaceSocket) -> None:
        self.told.put_nowait(("paused", socket.namespace))

    def resumed(self, socket: NamespaceSocket) -> None:
        self.told.put_nowait(("resumed", socket.namespace))

    def encoding_changed(self, socket: NamespaceSocket, before: Encoding) -> None:
        self.told.put_nowait(("encoding_changed", socket.namespace, before, socket.encoding))

    async def hear(self, name: str) -> tuple[Any, ...]:
        """The next call of that name, with its arguments; others are passed over."""
        async with asyncio.timeout(5):
            while (told := await self.told.get())[0] != name:
                pass
        return told[1:]

    def rest(self) -> list[tuple[Any, ...]]:
        """What was told meanwhile."""
        return [self.told.get_nowait() for _ in range(self.told.qsize())]


class Talk:
    """A client over a WebSocket, packet by packet."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket

    async def say(self, *messages: str | bytes) -> None:
        for message in messages:
            await self.websocket.send(f"4{message}" if isinstance(message, str) else message)

    async def hear(self) -> str | bytes:
        """The next packet; a text without the 4 of Engine.IO."""
        message = await self.websocket.receive()
        if isinstance(message, bytes):
            return message
        assert message[0] == "4"
        return message[1:]

    async def join(self, namespace: str = "", auth: str = "") -> Any:
        """Enter a namespace; gives the data of the answer."""
        head = f"0{namespace}," if namespace else "0"
        await self.say(head + auth)
        answer = await self.hear()
        assert isinstance(answer, str)
        assert answer.startswith(head)
        return orjson.loads(answer[len(head) :])


class Chat:
    """A server and clients of it."""

    def __init__(self, engine: Engine, noting: Noting) -> None:
        self.engine = engine
        self.noting = noting

    async def talk(self) -> Talk:
        """A new session, in no namespace yet."""
        websocket, _ = await self.engine.open_websocket()
        return Talk(websocket)

    async def joined(self, namespace: str = "") -> tuple[Talk, NamespaceSocket]:
        """A client in a namespace, and how the application sees it."""
        talk = await self.talk()
        await talk.join(namespace)
        return talk, self.noting.sockets[-1]


@asynccontextmanager
async def chatting(*, connect_timeout_s: float = 30) -> AsyncIterator[Chat]:
    """A Socket.IO server with a noting application."""
    noting, pulse = Noting(), Pulse(0.01)
    spoken = SocketIoServer(noting, pulse, connect_timeout_s=connect_timeout_s)
    server = EngineServer(EngineOptions((PATH,)), spoken, pulse)
    try:
        async with running(server, EngineNoting(), PATH) as engine:
            yield Chat(engine, noting)
    finally:
        pulse.stop()
