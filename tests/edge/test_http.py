"""HTTP connections: calls go to the app, those for WebSockets go over, and heads have limits."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.edge.serving import Noting, serving, until
from tests.system.websocket_wire import TEXT, frame
from tocsin.edge import http
from tocsin.edge.calls import Receive, Scope, Send

UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@asynccontextmanager
async def line(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection, byte by byte."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(5):
            yield reader, writer
    finally:
        writer.transport.abort()


class PathApp:
    """Answers with the path, once its gate is open."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        self.asked.set()
        await self.gate.wait()
        body = scope["path"].encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def test_a_connection_may_carry_calls_and_then_become_a_websocket() -> None:
    async with serving([Noting()], PathApp()) as served, line(served.port) as (reader, writer):
        writer.write(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"/a")
        writer.write(b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nxyz")
        await reader.readuntil(b"/b")
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n" + frame(TEXT, b"hi"))
        head = await reader.readuntil(b"\r\n\r\n")
        answer = await reader.readexactly(4)

    assert head.startswith(b"HTTP/1.1 101 ")
    assert answer == b"\x81\x02hi"


async def test_no_head_goes_out_before_its_body_is_there() -> None:
    seen: list[bytes] = []
    sockets: list[socket.socket] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        with suppress(BlockingIOError):
            # On one machine what was written is there.
            seen.append(sockets[0].recv(1))
        await send({"type": "http.response.body", "body": b"body"})

    async with serving([Noting()], app) as served:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setblocking(False)
            sockets.append(client)
            await loop.sock_connect(client, ("127.0.0.1", served.port))
            await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await loop.sock_recv(client, 65_536)

    assert seen == []
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nbody")


async def test_nothing_overtakes_a_head_that_no_body_follows() -> None:
    """Neither the refusal of what comes next nor the end of the server."""
    client, is_over = socket.socket(), asyncio.Event()
    seen: list[bytes] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"body"})
        with suppress(BlockingIOError):
            seen.append(client.recv(65_536))
        is_over.set()

    async with serving([Noting()], app) as served, asyncio.timeout(5):
        loop = asyncio.get_running_loop()
        with client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", served.port))
            await loop.sock_sendall(client, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
            await is_over.wait()

    assert [one[-4:] for one in seen] == [b"\r\n\r\n"]


async def test_a_call_for_a_websocket_may_come_byte_by_byte() -> None:
    endpoint = Noting()
    call = b"GET /%61?x=%62 HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n"
    async with serving([endpoint]) as served, line(served.port) as (reader, writer):
        for byte in call:
            writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        head = await reader.readuntil(b"\r\n\r\n")

    # Decoded, as the app would get it: there is no socket at /a.
    assert head.startswith(b"HTTP/1.1 404 ")


async def test_an_upgrade_cannot_overtake_an_answer_on_the_same_connection() -> None:
    app = PathApp()
    app.gate.clear()
    async with serving([Noting()], app) as served, line(served.port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await app.asked.wait()
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        answer = await reader.read()
        app.gate.set()

    assert b"101" not in answer


async def test_an_address_that_is_none_is_refused() -> None:
    async with serving([Noting()]) as served, line(served.port) as (reader, writer):
        writer.write(b"GET http:// HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_head_without_end_is_cut_off() -> None:
    async with serving() as served, line(served.port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
        answer = b""

        async def endless() -> None:
            while True:
                writer.write(b"X-More: " + b"y" * 8000 + b"\r\n")
                await writer.drain()

        flood = asyncio.create_task(endless())
        try:
            answer = await reader.readuntil(b"\r\n\r\n")
        finally:
            flood.cancel()
            await asyncio.gather(flood, return_exceptions=True)

    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"\r\nx-tocsin-instance: api-1\r\n" in answer


async def test_a_body_may_be_larger_than_a_head() -> None:
    body = bytes(4 * http.MAX_HEAD_BYTES)
    async with serving(app=PathApp()) as served, line(served.port) as (reader, writer):
        writer.write(b"POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
        for begin in range(0, len(body), 10_000):
            writer.write(body[begin : begin + 10_000])
            await writer.drain()

        assert await reader.readuntil(b"/big")


@pytest.mark.parametrize("begun", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: b"])
async def test_a_head_that_does_not_come_to_an_end_is_not_waited_for(
    begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "HEAD_LIMIT_S", 0.1)
    async with serving() as served, line(served.port) as (reader, writer):
        writer.write(begun)
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_slow_answer_is_no_slow_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_LIMIT_S", 0.05)
    app = PathApp()
    app.gate.clear()
    async with serving(app=app) as served, line(served.port) as (reader, writer):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await app.asked.wait()
        # Longer than the limit: what it would have ended is still there.
        asyncio.get_running_loop().call_later(0.2, app.gate.set)

        assert await reader.readuntil(b"/slow")


async def test_empty_lines_are_no_call_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_LIMIT_S", 0.1)
    async with serving() as served, line(served.port) as (_reader, writer):
        await until(lambda: served.open_connections == 1)

        async def endless() -> None:
            with suppress(ConnectionError):
                while True:
                    writer.write(b"\r\n")
                    await asyncio.sleep(0)

        drip = asyncio.create_task(endless())
        try:
            await until(lambda: served.open_connections == 0)
        finally:
            drip.cancel()
            await asyncio.gather(drip, return_exceptions=True)


@pytest.mark.parametrize(
    ("call", "more"),
    [
        (b"", b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n"),
        # The answer is there before the end of the body.
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"abc"),
    ],
)
async def test_what_begins_no_call_is_not_waited_for(
    call: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "HEAD_LIMIT_S", 0.1)
    async with serving() as served, line(served.port) as (reader, writer):
        if call:
            writer.write(call)
            await reader.readuntil(b"\r\n\r\n")
        writer.write(more)

        assert await reader.read() == b""


async def test_a_websocket_whose_call_came_in_parts_has_no_such_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "HEAD_LIMIT_S", 0.05)
    is_later = asyncio.Event()
    async with serving([Noting()]) as served, line(served.port) as (reader, writer):
        writer.write(b"\r\n")
        connections = served.server.server_state.connections
        await until(lambda: any(isinstance(one, http.Http) for one in connections))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        # Longer than the limit.
        asyncio.get_running_loop().call_later(0.2, is_later.set)
        await is_later.wait()
        writer.write(frame(TEXT, b"hi"))

        assert await reader.readexactly(4) == b"\x81\x02hi"
