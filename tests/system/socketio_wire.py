"""A Socket.IO client packet by packet, over a WebSocket: it neither reconnects nor buffers."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import urlencode

from tests.system.websocket_wire import EndedError, WebSocket
from tests.system.wire import Headers

PATH = "/socket.io/"
NAMESPACE = "/project-dashboard/ws"
WAIT_LIMIT_S = 20.0


class ConnectError(Exception):
    """The server refused the namespace with a CONNECT_ERROR packet."""

    def __init__(self, data: Any) -> None:
        super().__init__(str(data))
        self.data = data


class SocketIo:
    """One namespace on a connection of its own."""

    def __init__(self, socket: WebSocket, namespace: str) -> None:
        self.socket = socket
        self._prefix = "" if namespace == "/" else f"{namespace},"
        self.handshake: dict[str, Any] = {}
        self.connected: dict[str, Any] = {}

    @classmethod
    async def open(
        cls,
        port: int,
        *,
        path: str = PATH,
        namespace: str = "/",
        auth: Mapping[str, Any] | None = None,
        headers: Headers = (),
        receive_buffer_bytes: int | None = None,
        **query: str,
    ) -> Self:
        """Connect to a namespace.

        Raises:
            RefusedError: the handshake was answered with something else than 101.
            ConnectError: the namespace was refused.
            EndedError: the server closed the socket.
        """
        target = f"{path}?{urlencode({'EIO': '4', 'transport': 'websocket', **query})}"
        socket = await WebSocket.open(
            port, target, headers, receive_buffer_bytes=receive_buffer_bytes
        )
        opened = cls(socket, namespace)
        try:
            await opened._connect(auth)
        except BaseException:
            await socket.abort()
            raise
        return opened

    async def _connect(self, auth: Mapping[str, Any] | None) -> None:
        first = str(await self.socket.receive())
        assert first[0] == "0", first
        self.handshake = json.loads(first[1:])
        shown = "" if auth is None else json.dumps(auth)
        await self.socket.send(f"40{self._prefix}{shown}")
        answer = await self.packet()
        kind, data = answer[0], answer[1:].removeprefix(self._prefix)
        if kind == "4":
            raise ConnectError(json.loads(data))
        assert kind == "0", answer
        self.connected = json.loads(data)

    async def emit(self, *words: Any, ack_id: int | None = None) -> None:
        number = "" if ack_id is None else str(ack_id)
        await self.socket.send(f"42{self._prefix}{number}{json.dumps(words, ensure_ascii=False)}")

    async def packet(self, limit_s: float = WAIT_LIMIT_S) -> str:
        """The next Socket.IO packet; heartbeats are answered meanwhile.

        Raises:
            EndedError: the socket is closed.
            TimeoutError: nothing came but heartbeats.
        """
        async with asyncio.timeout(limit_s):
            while True:
                message = await self.socket.receive(limit_s)
                assert isinstance(message, str)
                if message == "2":
                    await self.socket.send("3")
                elif message == "1":
                    raise EndedError(1006, "Engine.IO close packet")
                elif message[0] == "4":
                    return message[1:]
                else:
                    assert message == "6", message

    async def words(self, limit_s: float = WAIT_LIMIT_S) -> list[Any]:
        """The next event with its arguments."""
        while True:
            packet = await self.packet(limit_s)
            if packet[0] == "2":
                found: list[Any] = json.loads(packet[1:].removeprefix(self._prefix))
                return found

    async def until(self, name: str, limit_s: float = WAIT_LIMIT_S) -> Any:
        """The first argument of the next event of this name; others are passed over."""
        async with asyncio.timeout(limit_s):
            while True:
                words = await self.words(limit_s)
                if words[0] == name:
                    return words[1]

    async def acked(self, *words: Any, ack_id: int = 7) -> Any:
        """Send an event and give what it is acknowledged with."""
        await self.emit(*words, ack_id=ack_id)
        sign = f"3{self._prefix}{ack_id}"
        while True:
            packet = await self.packet()
            if packet.startswith(sign):
                return json.loads(packet.removeprefix(sign))[0]

    async def subscribed(self, project: str) -> Self:
        """This client, once its subscription of a project is confirmed."""
        await self.emit("subscribe_project", project)
        confirmed = await self.until("subscription:confirmed")
        assert confirmed["id"] == project
        return self

    async def close(self) -> None:
        await self.socket.close()


@asynccontextmanager
async def socketio(port: int, **options: Any) -> AsyncIterator[SocketIo]:
    """A connected client, closed at the end."""
    opened = await SocketIo.open(port, **options)
    try:
        yield opened
    finally:
        await opened.close()
