"""A WebSocket client frame by frame: it can also send what no good client sends, or stop reading.

It answers pings, notes everything, and never reconnects, splits or mends anything.
"""

import asyncio
import base64
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from tests.system.wire import Answer, ClosedError, Connection, Headers

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
WAIT_LIMIT_S = 20.0


class RefusedError(Exception):
    """The server answered the handshake with something else than 101."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body[:300]!r}")
        self.answer = answer


class EndedError(Exception):
    """The socket is closed: by a close frame, or without one (1006)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class WebSocket:
    """One open socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.answers_pings = True
        self.pings = 0
        self._is_finished = False
        self.headers: dict[str, str] = {}

    @classmethod
    async def open(
        cls,
        port: int,
        path: str,
        headers: Headers = (),
        *,
        before: bytes = b"",
        first: bytes = b"",
        receive_buffer_bytes: int | None = None,
    ) -> Self:
        """Shake hands; `first` goes out in one piece with the handshake.

        `before` is an ordinary call that is made over the same connection, and answered.

        Raises:
            RefusedError: the answer was not 101.
            ClosedError: there was no answer.
        """
        plain = socket.socket()
        plain.setblocking(False)
        if receive_buffer_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        try:
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
            # The reader stops taking from the kernel at twice this, unless somebody reads.
            limit = receive_buffer_bytes or 1 << 24
            reader, writer = await asyncio.open_connection(sock=plain, limit=limit)
        except OSError as error:
            plain.close()
            raise ClosedError(str(error)) from error
        opened = cls(reader, writer)
        try:
            if before:
                wire = Connection(reader, writer)
                await wire.send(before)
                assert (await wire.answer()).status == 200
            await opened._shake_hands(port, path, headers, first)
        except BaseException:
            await opened.abort()
            raise
        return opened

    async def _shake_hands(self, port: int, path: str, headers: Headers, first: bytes) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        names = {name.lower() for name, _ in headers}
        host = [] if "host" in names else [f"Host: 127.0.0.1:{port}"]
        lines = [
            f"GET {path} HTTP/1.1",
            *host,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        wire = Connection(self._reader, self._writer)
        await wire.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + first)
        try:
            async with asyncio.timeout(WAIT_LIMIT_S):
                status, fields = await wire.head()
                if status == 101:
                    self.headers = fields
                    return
                body = await self._reader.readexactly(int(fields.get("content-length", "0")))
        except (OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise ClosedError(str(error)) from error
        raise RefusedError(Answer(status, fields, body))

    async def send(self, message: str | bytes | dict[str, Any]) -> None:
        """Send one message in one frame; a dict as JSON text."""
        if isinstance(message, dict):
            message = json.dumps(message, ensure_ascii=False)
        if isinstance(message, str):
            await self.send_bytes(frame(TEXT, message.encode()))
        else:
            await self.send_bytes(frame(BINARY, message))

    async def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are.

        Raises:
            EndedError: the connection is gone.
        """
        try:
            self._writer.write(data)
            async with asyncio.timeout(WAIT_LIMIT_S):
                await self._writer.drain()
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise EndedError(1006, str(error)) from error

    async def receive(self, limit_s: float = WAIT_LIMIT_S) -> str | bytes:
        """The next whole message; pings are answered meanwhile.

        Raises:
            EndedError: the server closed the socket; it has been answered.
            TimeoutError: nothing came.
        """
        async with asyncio.timeout(limit_s):
            while True:
                opcode, payload = await self.receive_frame()
                if opcode == TEXT:
                    return payload.decode("utf-8")
                if opcode == BINARY:
                    return payload
                if opcode == PING:
                    self.pings += 1
                    if self.answers_pings and not self._is_finished:
                        await self.send_bytes(frame(PONG, payload))
                if opcode == CLOSE:
                    code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                    if not self._is_finished:
                        self._writer.write(frame(CLOSE, payload[:2]))
                    self._writer.close()
                    raise EndedError(code, payload[2:].decode("utf-8"))

    async def receive_json(self, limit_s: float = WAIT_LIMIT_S) -> Any:
        return json.loads(await self.receive(limit_s))

    async def end(self, limit_s: float = WAIT_LIMIT_S) -> EndedError:
        """How the server ends it, whatever it sends before."""
        try:
            async with asyncio.timeout(limit_s):
                while True:
                    await self.receive(limit_s)
        except EndedError as ended:
            return ended

    async def receive_frame(self) -> tuple[int, bytes]:
        """The next frame, whatever it is; nothing is answered."""
        try:
            first, second = await self._reader.readexactly(2)
            assert first & 0x80, "the server sends whole messages"
            assert not first & 0x70, "no extension was agreed on"
            assert not second & 0x80, "a server does not mask"
            size = second & 0x7F
            if size == 126:
                size = struct.unpack("!H", await self._reader.readexactly(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", await self._reader.readexactly(8))[0]
            return first & 0x0F, await self._reader.readexactly(size)
        except (OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, TimeoutError):
                raise
            self._writer.close()
            raise EndedError(1006, str(error)) from error

    def finish(self) -> None:
        """Say that nothing more will be sent; what the server sends is still heard."""
        self._is_finished = True
        self._writer.write_eof()

    async def close(self, code: int = 1000) -> None:
        """Close it as a good client does: wait for the answer, then drop the connection."""
        try:
            await self.send_bytes(frame(CLOSE, struct.pack("!H", code)))
            await self.end(5)
        except (EndedError, TimeoutError):
            # Gone already, or it does not answer: then it is dropped.
            return
        finally:
            await self.abort()

    async def abort(self) -> None:
        """Drop it without a word."""
        self._writer.transport.abort()
        try:
            await self._writer.wait_closed()
        except OSError:
            # The server's reset came first.
            return


def frame(opcode: int, payload: bytes, *, is_last: bool = True, is_masked: bool = True) -> bytes:
    """One frame as a client sends it."""
    size = len(payload)
    mark = 0x80 if is_masked else 0
    if size < 126:
        head = struct.pack("!BB", opcode | (0x80 if is_last else 0), mark | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", opcode | (0x80 if is_last else 0), mark | 126, size)
    else:
        head = struct.pack("!BBQ", opcode | (0x80 if is_last else 0), mark | 127, size)
    # A mask of zeros is one as good as any, and leaves the payload readable here.
    return head + (b"\0\0\0\0" if is_masked else b"") + payload


@asynccontextmanager
async def websocket(port: int, path: str, headers: Headers = ()) -> AsyncIterator[WebSocket]:
    """An open socket, closed at the end."""
    opened = await WebSocket.open(port, path, headers)
    try:
        yield opened
    finally:
        await opened.close()
