"""The stage as a whole: one hub for every way to be connected, and one end for all of them."""

from pathlib import Path

import aiohttp
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.serving import line, serving_in


async def test_an_event_reaches_clients_of_every_kind(tmp_path: Path) -> None:
    async with (
        serving_in(tmp_path) as server,
        server.client() as talk,
        connect(f"ws://127.0.0.1:{server.port}/ws") as ws,
        aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http,
        http.get("/api/v1/events/stream") as stream,
    ):
        await talk.ask("subscribe_project", "shop")
        assert orjson.loads(await ws.recv())["type"] == "connection_status"
        assert b"stream.opened" in await stream.content.readuntil(b"\n\n")
        await server.tell(line("hello"))

        event = await talk.until("event")
        posco = orjson.loads(await ws.recv())
        assert server.stage.connections == {"socketio": 1, "ws": 1, "sse": 1}
        assert server.stage.queued_bytes == 0
        _, _, data = (await stream.content.readuntil(b"\n\n")).partition(b"data: ")
        counted = [
            server.counted("tocsin_live_events_sent_total", dialect=one)
            for one in ("socketio", "ws", "sse")
        ]
    assert event["payload"]["message"] == "hello"
    assert posco["data"]["message"] == "hello"
    assert orjson.loads(data)["data"]["message"] == "hello"
    assert {event["seq"], posco["seq"], orjson.loads(data)["seq"]} == {1}
    assert counted == [1, 1, 1]


async def test_a_drain_sends_all_away_to_come_back_and_takes_nobody_more(tmp_path: Path) -> None:
    async with (
        serving_in(tmp_path) as server,
        server.client() as talk,
        connect(f"ws://127.0.0.1:{server.port}/ws") as ws,
        aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http,
        http.get("/api/v1/events/stream") as stream,
    ):
        await ws.recv()
        await stream.content.readuntil(b"\n\n")
        await server.stage.drain()

        assert await talk.until_closed() == (4001, "draining")
        with pytest.raises(ConnectionClosed) as told:
            await ws.recv()
        assert told.value.rcvd is not None
        assert told.value.rcvd.code == 4001
        assert await stream.content.read() == b""
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{server.port}/ws")
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        async with http.get("/socket.io/", params={"EIO": "4", "transport": "polling"}) as late:
            assert late.status == 503
        assert [
            server.counted("tocsin_live_connections", dialect=one)
            for one in ("socketio", "ws", "sse")
        ] == [0, 0, 0]


async def test_it_says_what_is_to_be_kept_going(tmp_path: Path) -> None:
    async with serving_in(tmp_path) as server:
        names = [name for name, _ in server.stage.loops]

    assert names == ["live.hub", "live.sessions", "live.revoked"]
