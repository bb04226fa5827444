"""The JSON protocol at /ws as a client speaks it: whole messages, and what they must look like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Self

from tests.system.reading import Json
from tests.system.rollout import instant
from tests.system.websocket_wire import EndedError, WebSocket
from tests.system.wire import Headers

PATH = "/ws"
WAIT_LIMIT_S = 20.0


class Ws:
    """One client."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.greeting: Json = {}

    @classmethod
    async def open(
        cls,
        port: int,
        path: str = PATH,
        headers: Headers = (),
        receive_buffer_bytes: int | None = None,
    ) -> Self:
        """Connect, and read the greeting when there is one."""
        return cls(
            await WebSocket.open(port, path, headers, receive_buffer_bytes=receive_buffer_bytes)
        )

    async def greeted(self) -> Self:
        """This client, once it has been told that it is connected."""
        self.greeting = await self.until("connection_status")
        return self

    async def send(self, kind: str, **data: Any) -> None:
        """Send what the guide's own clients send: a type and data."""
        await self.socket.send({"type": kind, "data": data})

    async def message(self, limit_s: float = WAIT_LIMIT_S) -> Json:
        """The next message, its outer form checked."""
        message: Json = await self.socket.receive_json(limit_s)
        assert isinstance(message["type"], str), message
        assert isinstance(message["data"], dict), message
        sent_at = instant(message["timestamp"])
        assert abs((datetime.now(UTC) - sent_at).total_seconds()) < 60, message
        return message

    async def until(self, kind: str, limit_s: float = WAIT_LIMIT_S) -> Json:
        """The next message of a type; others are passed over."""
        async with asyncio.timeout(limit_s):
            while True:
                message = await self.message(limit_s)
                if message["type"] == kind:
                    return message

    async def asked(self, kind: str, answer: str, **data: Any) -> Json:
        """What a message is answered with."""
        await self.send(kind, **data)
        return await self.until(answer)

    async def error(self, limit_s: float = WAIT_LIMIT_S) -> str:
        """The code of the next error, its form checked."""
        told = (await self.until("error", limit_s))["data"]
        assert {"error_code", "error_message", "details", "timestamp"} <= set(told), told
        assert isinstance(told["error_message"], str)
        return str(told["error_code"])

    async def answers(self) -> bool:
        """Whether the connection is still good for a question."""
        pong = await self.asked("ping", "pong", client_time=datetime.now(UTC).isoformat())
        return "server_time" in pong["data"]

    async def ended(self, limit_s: float = WAIT_LIMIT_S) -> EndedError:
        return await self.socket.end(limit_s)

    async def close(self) -> None:
        await self.socket.close()


@asynccontextmanager
async def ws(port: int, path: str = PATH, headers: Headers = ()) -> AsyncIterator[Ws]:
    """A greeted client, closed at the end."""
    opened = await Ws.open(port, path, headers)
    try:
        yield await opened.greeted()
    finally:
        await opened.close()
