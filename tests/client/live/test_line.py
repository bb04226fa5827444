"""What happens to a WebSocket is told as one of the client's errors."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from tests.client.live.speaking import WsServer, speaking
from tests.cutting import cut_line_to
from tocsin.client.errors import Busy, NotTocsin, Refused, SentAway, Unreachable
from tocsin.client.live.line import Line


@pytest.fixture
async def server() -> AsyncGenerator[WsServer, None]:
    async with speaking() as made:
        yield made


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Line, None]:
    async with aiohttp.ClientSession() as session:
        line = await Line.open(session, url, "me")
        try:
            yield line
        finally:
            await line.close()


async def hear_all(line: Line) -> None:
    while True:
        await line.hear(5)


async def test_what_is_said_arrives_and_what_is_answered_is_heard(server: WsServer) -> None:
    async with opened(server.url) as line:
        assert json.loads(str(await line.hear(5)))["type"] == "connection_status"
        await line.say({"type": "ping", "data": {"client_time": "日志 \ud800"}})

        assert json.loads(str(await line.hear(5)))["data"] == {"client_time": "日志 ?"}


async def test_a_ping_is_a_sign_of_life_and_answered(server: WsServer) -> None:
    async with opened(server.url) as line:
        await line.hear(5)
        await server.ping_all()

        assert await line.hear(5) is None
        await server.pongs.get()


async def test_bytes_are_given_as_such(server: WsServer) -> None:
    async with opened(server.url) as line:
        await line.hear(5)
        await server.say_raw(b"\x00")

        assert await line.hear(5) == b"\x00"


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (503, {"Retry-After": "7"}, Busy),
        (429, {}, Busy),
        (401, {}, Refused),
        (404, {}, Refused),
        (499, {}, Refused),
        (200, {}, NotTocsin),
    ],
)
async def test_a_handshake_that_is_answered_otherwise_is_told(
    status: int, headers: dict[str, str], error: type[Exception], server: WsServer
) -> None:
    server.answers = [web.Response(status=status, headers=headers)]

    with pytest.raises(error) as raised:
        async with opened(server.url):
            pass

    if isinstance(raised.value, Busy):
        asked_s = raised.value.retry_after_s
        assert asked_s == (7 if headers else None)


async def test_nobody_there_is_told() -> None:
    with pytest.raises(Unreachable, match="refused"):
        async with opened("http://127.0.0.1:1"):
            pass


@pytest.mark.parametrize(
    ("code", "status"), [(4500, 403), (4501, 401), (4503, 403), (4510, 403), (4999, 403)]
)
async def test_a_code_that_says_so_is_final(code: int, status: int, server: WsServer) -> None:
    async with opened(server.url) as line:
        await line.hear(5)
        await server.close_all(code, "not_signed_in")

        with pytest.raises(SentAway, match="not signed in") as raised:
            await line.hear(5)
    assert (raised.value.code, raised.value.status) == (code, status)


@pytest.mark.parametrize("code", [1000, 1001, 1012, 4001, 4008, 4499])
async def test_any_other_code_is_a_loss(code: int, server: WsServer) -> None:
    async with opened(server.url) as line:
        await line.hear(5)
        await server.close_all(code, "too_slow")

        with pytest.raises(Unreachable, match="too slow"):
            await line.hear(5)


async def test_a_cut_is_a_loss_for_hearing_and_saying(server: WsServer) -> None:
    async with cut_line_to(server.port) as proxy, opened(f"http://127.0.0.1:{proxy.port}") as line:
        await line.hear(5)
        proxy.cut()

        with pytest.raises(Unreachable, match="closed"):
            await hear_all(line)
        with pytest.raises(Unreachable):
            await line.say({"type": "ping", "data": {}})


async def test_what_is_no_websocket_frame_is_a_loss(server: WsServer) -> None:
    async with opened(server.url) as line:
        await line.hear(5)
        await server.write_all(b"\xff\xff\xff\xff\xff")

        with pytest.raises(Unreachable, match="no WebSocket"):
            await line.hear(5)


async def test_silence_is_a_loss_and_waiting_may_be_broken_off(server: WsServer) -> None:
    async with opened(server.url) as line:
        await line.hear(5)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await line.hear(5)
        await server.say_raw("still there")
        assert await line.hear(5) == "still there"

        with pytest.raises(Unreachable, match="silent"):
            await line.hear(0.01)
