"""Connections until their first bytes: they become sockets, go on in HTTP, or are given up."""

import asyncio

import pytest

from tests.edge.serving import Noting, serving, until
from tests.edge.test_http import UPGRADE, PathApp, line
from tests.system.websocket_wire import TEXT, frame
from tocsin.edge import arrival


async def test_a_call_for_a_websocket_is_answered_with_what_came_behind_it() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served, line(served.port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n" + frame(TEXT, b"hi"))
        head = await reader.readuntil(b"\r\n\r\n")
        answer = await reader.readexactly(4)
        where = writer.get_extra_info("sockname")

    assert head.startswith(b"HTTP/1.1 101 ")
    assert answer == b"\x81\x02hi"
    assert endpoint.sockets[0].scope["client"] == where


@pytest.mark.parametrize("begin", [1, 10, 40])
async def test_a_call_in_parts_goes_on_in_http(begin: int) -> None:
    call = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with serving([Noting()], PathApp()) as served, line(served.port) as (reader, writer):
        writer.write(call[:begin])
        await asyncio.sleep(0)
        writer.write(call[begin:])
        answer = await reader.read()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"/a")


async def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "SILENCE_LIMIT_S", 0.1)
    async with serving() as served, line(served.port) as (reader, _writer):
        answer = await reader.read()
        left = served.open_connections

    assert answer == b""
    assert left == 0


async def test_each_has_a_time_of_its_own_to_say_something(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrival, "SILENCE_LIMIT_S", 0.2)
    loop, is_later = asyncio.get_running_loop(), asyncio.Event()
    async with serving() as served, line(served.port) as (first, _):
        loop.call_later(0.1, is_later.set)
        await is_later.wait()
        began_s = loop.time()
        async with line(served.port) as (second, _):
            answers = [await first.read(), await second.read()]
            lasted_s = loop.time() - began_s

    assert answers == [b"", b""]
    assert lasted_s >= 0.19


async def test_who_has_spoken_is_not_held_to_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "SILENCE_LIMIT_S", 0.05)
    is_later = asyncio.Event()
    async with serving([Noting()]) as served, line(served.port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        await reader.readuntil(b"\r\n\r\n")
        # Longer than the limit.
        asyncio.get_running_loop().call_later(0.2, is_later.set)
        await is_later.wait()
        writer.write(frame(TEXT, b"hi"))

        assert await reader.readexactly(4) == b"\x81\x02hi"


async def test_who_leaves_without_a_word_leaves_nothing() -> None:
    async with serving() as served:
        async with line(served.port):
            await until(lambda: served.open_connections == 1)

        await until(lambda: served.open_connections == 0)


async def test_a_stop_does_not_wait_for_who_says_nothing() -> None:
    async with serving() as served, line(served.port) as (reader, _writer):
        await until(lambda: served.open_connections == 1)
        served.server.stop()

        assert await reader.read() == b""
