"""Long-polling on a real server: what waits, what comes, and what ends the session."""

import asyncio

import pytest

from tests.live.engineio.sessions import engine_running
from tocsin.edge.websocket import HIGH_WATER_BYTES
from tocsin.live.engineio import polling


@pytest.mark.parametrize(
    "body",
    [b"4hello", b"4a\x1e4b\x1e4c", b"4hello\x1ebAQIDBA==", "4é€😀".encode(), b"4" + b"x" * 99_999],
)
async def test_messages_come_back_as_they_were(body: bytes) -> None:
    async with engine_running() as engine:
        sid = await engine.open()

        assert await engine.post(sid, body) == (200, b"ok")
        assert await engine.get(sid) == (200, body)


async def test_a_get_waits_until_there_is_something() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        waiting = await engine.waiting(sid)
        engine.session.send("1")
        engine.session.send("2")

        assert await waiting == (200, b"41\x1e42")


async def test_who_waits_is_told_of_the_end() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        waiting = await engine.waiting(sid)
        engine.session.close(4001)

        assert await waiting == (200, b"1")
        assert (await engine.get(sid))[0] == 400


async def test_what_is_sent_right_before_the_end_is_fetched_without_it() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        waiting = await engine.waiting(sid)
        engine.session.send("last")
        engine.session.close(4001)

        assert await waiting == (200, b"4last")
        assert (await engine.get(sid))[0] == 400


async def test_everything_between_two_gets_comes_in_one() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        for number in range(500):
            engine.session.send(str(number))

        status, body = await engine.get(sid)
        assert status == 200
        assert body == b"\x1e".join(b"4%d" % number for number in range(500))


@pytest.mark.parametrize(
    "body", [b"abc", b"", b"4a\x1e", b"\xff", b"4\xff", b"2", b"5", b"0{}", b"b!", b"4!"]
)
async def test_what_is_not_of_the_protocol_ends_the_session(body: bytes) -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        waiting = await engine.waiting(sid)

        assert (await engine.post(sid, body))[0] == 400
        assert await waiting == (200, b"1")
        assert (await engine.get(sid))[0] == 400
        assert await engine.noting.hear("closed") == ("parse error",)


async def test_a_message_that_the_application_fails_at_ends_the_session() -> None:
    async with engine_running() as engine:
        sid = await engine.open()

        assert (await engine.post(sid, b"4?"))[0] == 500
        assert (await engine.get(sid))[0] == 400


async def test_a_body_over_the_limit_ends_the_session() -> None:
    async with engine_running(max_payload_bytes=1000) as engine:
        sid = await engine.open()
        first = await engine.post(sid, b"4" + b"x" * 999)
        over = await engine.post(sid, b"4" + b"x" * 1000)

        assert (first[0], over[0]) == (200, 413)
        assert (await engine.get(sid))[0] == 400


async def test_two_gets_at_once_end_the_session() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        first = await engine.waiting(sid)

        assert (await engine.get(sid))[0] == 400
        assert await first == (200, b"1")
        assert (await engine.get(sid))[0] == 400
        assert await engine.noting.hear("closed") == ("transport error",)


async def test_two_posts_at_once_end_the_session() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        reader, writer = await asyncio.open_connection("127.0.0.1", engine.served.port)
        path = f"{engine.path}?EIO=4&transport=polling&sid={sid}"
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n4sl".encode())
        transport = engine.session.transport
        assert isinstance(transport, polling.Polling)
        async with asyncio.timeout(5):
            while not transport._is_posting:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)
        second = await engine.post(sid, b"4quick")
        writer.write(b"ow!")
        first = await reader.readline()
        writer.close()

        assert second[0] == 400
        assert first == b"HTTP/1.1 200 OK\r\n"
        assert await engine.noting.hear("closed") == ("transport error",)
        assert (await engine.get(sid))[0] == 400


async def test_a_get_that_is_given_up_ends_the_session() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        waiting = await engine.waiting(sid)
        waiting.cancel()

        assert await engine.noting.hear("closed") == ("transport close",)
        assert (await engine.get(sid))[0] == 400


async def test_a_post_that_breaks_off_ends_the_session() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        _, writer = await asyncio.open_connection("127.0.0.1", engine.served.port)
        path = f"{engine.path}?EIO=4&transport=polling&sid={sid}"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n4x"
        writer.write(head.encode())
        await writer.drain()
        writer.transport.abort()

        assert await engine.noting.hear("closed") == ("parse error",)


async def test_who_does_not_fetch_is_told_of_and_so_is_that_it_fetches_again() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        session = engine.session
        session.send("x" * HIGH_WATER_BYTES)
        seen = [(session.is_paused, session.unsent_bytes())]
        status, body = await engine.get(sid)
        seen.append((session.is_paused, session.unsent_bytes()))

        assert await engine.noting.hear("paused") == ()
        assert await engine.noting.hear("resumed") == ()
        assert seen == [(True, HIGH_WATER_BYTES + 2), (False, 0)]
        assert (status, len(body)) == (200, HIGH_WATER_BYTES + 1)


async def test_who_never_fetches_is_not_kept_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "MAX_UNSENT_BYTES", 100_000)
    async with engine_running() as engine:
        sid = await engine.open()
        engine.session.send("x" * 100_000)

        assert await engine.noting.hear("closed") == ("too_slow",)
        assert (await engine.get(sid))[0] == 400
