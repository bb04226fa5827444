"""A reader of Server-Sent Events that sees every byte: messages, ids and comments."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.system.wire import Connection, Headers, head

STREAM = "/api/v1/events/stream"
WAIT_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `kind` is "" for a comment, whose text is `data` then."""

    kind: str
    id: str
    data: str

    def json(self) -> Any:
        return json.loads(self.data)


class Stream:
    """One open stream."""

    def __init__(self, connection: Connection, opened: dict[str, Any]) -> None:
        self._connection = connection
        self._left = ""
        self.opened = opened
        self.last_id = ""

    async def next(self, limit_s: float = WAIT_LIMIT_S) -> Message:
        """The next message or comment.

        Raises:
            TimeoutError: nothing came.
            IncompleteReadError: the stream has ended, without a last chunk.
            EOFError: the stream has ended.
        """
        async with asyncio.timeout(limit_s):
            while "\n\n" not in self._left:
                part = await self._connection.chunk()
                if not part:
                    raise EOFError
                self._left += part.decode("utf-8").replace("\r\n", "\n")
        block, self._left = self._left.split("\n\n", 1)
        message = parsed(block)
        self.last_id = message.id or self.last_id
        return message

    async def event(self, limit_s: float = WAIT_LIMIT_S) -> Message:
        """The next message that is no comment."""
        while True:
            message = await self.next(limit_s)
            if message.kind:
                return message

    async def events(self, count: int) -> list[Message]:
        return [await self.event() for _ in range(count)]

    def close(self) -> None:
        self._connection.abort()


@asynccontextmanager
async def streaming(
    port: int, headers: Headers = (), /, **query: str | int
) -> AsyncIterator[Stream]:
    """A stream whose first message, `stream.opened`, has been read."""
    connection = await Connection.open(port)
    try:
        target = f"{STREAM}?{urlencode(query)}" if query else STREAM
        await connection.send(head("GET", target, None, headers))
        status, fields = await connection.head()
        assert status == 200, status
        assert fields["content-type"].startswith("text/event-stream")
        stream = Stream(connection, {})
        first = await stream.event()
        assert first.kind == "stream.opened"
        stream.opened = first.json()
        yield stream
    finally:
        connection.abort()
        await connection.close()


def parsed(block: str) -> Message:
    fields: dict[str, list[str]] = {}
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, []).append(value.removeprefix(" "))
    if "data" not in fields and "" in fields:
        return Message("", "", "\n".join(fields[""]))
    kind = fields.get("event", ["message"])[-1]
    return Message(kind, fields.get("id", [""])[-1], "\n".join(fields.get("data", [])))
