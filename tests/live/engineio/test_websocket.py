"""WebSocket under a session on a real server: messages, and the way over from long-polling."""

import asyncio

import pytest

from tests.live.engineio.sessions import Engine, engine_running
from tests.system.websocket_wire import TEXT, RefusedError, WebSocket, frame
from tocsin.live.engineio.session import Session

PROBE, UPGRADE = frame(TEXT, b"2probe"), frame(TEXT, b"5")


async def probed(engine: Engine, sid: str) -> WebSocket:
    websocket = await engine.websocket(sid)
    await websocket.send_bytes(PROBE)
    assert await websocket.receive() == "3probe"
    return websocket


@pytest.mark.parametrize("message", ["4hello", "4", "4é", b"\1\2\3\4", b""])
async def test_messages_come_back_as_they_were(message: str | bytes) -> None:
    async with engine_running() as engine:
        websocket, _ = await engine.open_websocket()
        await websocket.send(message)

        assert await websocket.receive() == message


@pytest.mark.parametrize("message", ["abc", "", "2", "2probe", "5", "0{}", "4!"])
async def test_what_is_not_of_the_protocol_ends_the_session(message: str) -> None:
    async with engine_running() as engine:
        websocket, _ = await engine.open_websocket()
        await websocket.send(message)
        ended = await websocket.end()

        assert (ended.code, ended.reason) == (1002, "parse error")
        assert await engine.noting.hear("closed") == ("parse error",)


async def test_a_message_over_the_limit_ends_the_session() -> None:
    async with engine_running(max_payload_bytes=1000) as engine:
        websocket, _ = await engine.open_websocket()
        await websocket.send("4" + "x" * 1000)

        assert (await websocket.end()).code == 1009
        assert await engine.noting.hear("closed") == ("transport close",)


async def test_a_message_that_the_application_fails_at_ends_the_session() -> None:
    async with engine_running() as engine:
        websocket, _ = await engine.open_websocket()
        await websocket.send("4?")

        assert (await websocket.end()).code == 1011
        assert engine.server.count == 0


async def test_a_session_goes_over_to_a_websocket() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        waiting = await engine.waiting(sid)
        websocket = await probed(engine, sid)

        # The GET that waits, and each that comes still, ends at once.
        assert await waiting == (200, b"6")
        assert await engine.get(sid) == (200, b"6")
        await websocket.send_bytes(UPGRADE + frame(TEXT, b"4hello"))
        assert await websocket.receive() == "4hello"
        assert await engine.noting.hear("encoding_changed") == ("polling", "polling")
        assert engine.session.encoding == "websocket"
        assert (await engine.get(sid))[0] == 400
        assert (await engine.post(sid, b"4x"))[0] == 400


async def test_nothing_is_lost_or_turned_round_on_the_way_over() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        session = engine.session
        kept_write = session.write

        def last_words(closing: Session) -> None:
            closing.send("last of polling")

        engine.noting.last_words = last_words
        session.send("1")
        websocket = await probed(engine, sid)
        fetched = await engine.get(sid)
        session.send("2")
        session.send(b"3")
        await websocket.send_bytes(UPGRADE)
        received = [await websocket.receive() for _ in range(3)]
        session.send("4")
        # Who kept the method of before writes what the session takes now.
        kept_write(frame(TEXT, b"45", is_masked=False))
        received += [await websocket.receive() for _ in range(2)]

    assert fetched == (200, b"41")
    assert received == ["42", b"3", "4last of polling", "44", "45"]


async def test_a_websocket_that_comes_to_nothing_leaves_the_session_as_it_was() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        websocket = await probed(engine, sid)
        assert await engine.get(sid) == (200, b"6")
        await websocket.close()
        waiting = await engine.waiting(sid)
        engine.session.send("still here")
        again = await probed(engine, sid)

        assert await waiting == (200, b"4still here")
        await again.send_bytes(UPGRADE)
        engine.session.send("and here")
        assert await again.receive() == "4and here"


@pytest.mark.parametrize("message", ["5", "4hello", "2", "2probe?", "abc", b"2probe"])
async def test_a_websocket_that_does_not_probe_first_is_closed(message: str | bytes) -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        websocket = await engine.websocket(sid)
        await websocket.send(message)

        assert (await websocket.end()).code == 1002
        assert (await engine.post(sid, b"4x"))[0] == 200
        assert await engine.get(sid) == (200, b"4x")


async def test_an_upgrade_that_is_not_finished_in_time_is_given_up() -> None:
    async with engine_running(upgrade_timeout_s=0.05) as engine:
        sid = await engine.open()
        websocket = await probed(engine, sid)

        assert (await websocket.end()).reason == "upgrade timeout"
        assert (await engine.post(sid, b"4x"))[0] == 200


@pytest.mark.parametrize("is_upgraded", [True, False])
async def test_a_second_websocket_of_a_session_is_closed_and_the_first_stays(
    is_upgraded: bool,
) -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        websocket = await probed(engine, sid)
        if is_upgraded:
            await websocket.send_bytes(UPGRADE + frame(TEXT, b"41"))
            assert await websocket.receive() == "41"
        second = await engine.websocket(sid)
        await second.send_bytes(PROBE)

        assert (await second.end()).code == 1002
        await websocket.send_bytes((b"" if is_upgraded else UPGRADE) + frame(TEXT, b"42"))
        assert await websocket.receive() == "42"


async def test_the_sid_of_a_session_over_websocket_opens_no_other_door() -> None:
    async with engine_running() as engine:
        websocket, opened = await engine.open_websocket()
        sid = opened["sid"]
        second = await engine.websocket(sid)

        assert (await engine.get(sid))[0] == (await engine.post(sid, b"4x"))[0] == 400
        assert (await second.end()).code == 1002
        await websocket.send("4mine")
        assert await websocket.receive() == "4mine"


async def test_a_session_that_ends_during_an_upgrade_does_not_come_back() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        websocket = await probed(engine, sid)
        assert await engine.post(sid, b"1") == (200, b"ok")
        await websocket.send_bytes(UPGRADE)

        assert (await websocket.end()).code == 1002
        assert engine.server.count == 0


async def test_an_upgrade_of_a_session_that_is_gone_is_refused() -> None:
    async with engine_running() as engine:
        sid = await engine.open()
        engine.session.close()
        await asyncio.sleep(0)
        with pytest.raises(RefusedError) as refused:
            await engine.websocket(sid)

    assert refused.value.answer.status == 400


async def test_a_heartbeat_goes_on_over_the_websocket() -> None:
    async with engine_running(ping_interval_s=0.1, ping_timeout_s=1) as engine:
        sid = await engine.open()
        websocket = await probed(engine, sid)
        await websocket.send_bytes(UPGRADE)
        for _ in range(3):
            assert await websocket.receive() == "2"
            await websocket.send("3")

        assert engine.server.count == 1
