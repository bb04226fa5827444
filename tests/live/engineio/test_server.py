"""Sessions over both transports, as the specification has them, on a real server."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.live.engineio.sessions import PATH, engine_running
from tests.system.websocket_wire import RefusedError, WebSocket
from tocsin.errors import Reason, Rejected, StoreDown

OPENED = {"upgrades": [], "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 1_000_000}


# --- handshakes


async def test_a_session_opens_over_polling_and_offers_an_upgrade() -> None:
    async with engine_running() as engine:
        url = f"{engine.served.url}{PATH}?EIO=4&transport=polling&t=x"
        async with engine.http.get(url) as answer:
            body = await answer.read()

    opened = orjson.loads(body[1:])
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert body[:1] == b"0"
    assert len(opened.pop("sid")) == 20
    assert opened == OPENED | {"upgrades": ["websocket"]}


async def test_a_session_opens_over_a_websocket_and_offers_none() -> None:
    async with engine_running() as engine:
        _, opened = await engine.open_websocket()

    assert len(opened.pop("sid")) == 20
    assert opened == OPENED


async def test_every_session_has_a_sid_of_its_own() -> None:
    async with engine_running() as engine:
        sids = {await engine.open() for _ in range(20)}

        assert engine.server.count == len(sids) == 20


@pytest.mark.parametrize("query", ["", "?EIO=4", "?EIO=3&transport=polling", "?transport=polling"])
async def test_a_call_without_what_it_needs_is_told_what_is_missing(query: str) -> None:
    async with engine_running() as engine:
        async with engine.http.get(f"{engine.served.url}{PATH}{query}") as answer:
            problem = await answer.json(content_type="application/problem+json")
        with pytest.raises(RefusedError) as refused:
            await WebSocket.open(engine.served.port, PATH + query)

    assert answer.status == refused.value.answer.status == 400
    assert problem["detail"] == orjson.loads(refused.value.answer.body)["detail"]
    assert "EIO" in problem["detail"] or "transport" in problem["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_session_begins_with_a_get(method: str) -> None:
    async with engine_running() as engine:
        status, _ = await engine.call(method)

    assert status == 400


async def test_a_method_that_polling_has_not_leaves_the_session_alone() -> None:
    async with engine_running() as engine:
        sid = await engine.open()

        assert (await engine.call("PUT", sid, b"4x"))[0] == 400
        assert (await engine.post(sid, b"4x"))[0] == 200


async def test_a_transport_that_is_not_that_of_the_call_is_refused() -> None:
    async with engine_running() as engine:
        assert (await engine.call("GET", query="websocket"))[0] == 400
        with pytest.raises(RefusedError) as refused:
            await WebSocket.open(engine.served.port, f"{PATH}?EIO=4&transport=polling")

    assert refused.value.answer.status == 400


@pytest.mark.parametrize("sid", ["unknown", "a" * 5000, "%00", "../x"])
async def test_a_sid_that_nobody_has_is_refused(sid: str) -> None:
    async with engine_running() as engine:
        assert (await engine.get(sid))[0] == 400
        assert (await engine.post(sid, b"4x"))[0] == 400
        with pytest.raises(RefusedError):
            await engine.websocket(sid)


@pytest.mark.parametrize(
    "error",
    [
        StoreDown("Down."),
        Rejected(503, Reason.TOO_MANY_CONNECTIONS, "Full.", retry_after_s=5),
    ],
)
async def test_an_application_may_refuse_before_anything_is_open(error: Any) -> None:
    async with engine_running() as engine:
        engine.noting.error = error
        async with engine.http.get(f"{engine.served.url}{PATH}?EIO=4&transport=polling") as answer:
            pass
        with pytest.raises(RefusedError) as refused:
            await engine.websocket()

        assert answer.status == refused.value.answer.status == 503
        assert answer.headers["retry-after"] == refused.value.answer.headers["retry-after"] == "5"
        assert engine.server.count == 0


async def test_pages_of_other_origins_are_let_in_when_that_is_said() -> None:
    async with engine_running(cors_origin="https://x.example") as engine:
        url = f"{engine.served.url}{PATH}?EIO=4&transport=polling"
        asked = {"Access-Control-Request-Headers": "content-type"}
        async with engine.http.options(url, headers=asked) as preflight:
            pass
        async with engine.http.get(url) as answer:
            pass

    assert preflight.status == 200
    assert preflight.headers["access-control-allow-methods"] == "GET, POST"
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert answer.headers["access-control-allow-origin"] == "https://x.example"


# --- heartbeat


async def test_who_answers_pings_stays_on_both_transports() -> None:
    async with engine_running(ping_interval_s=0.05, ping_timeout_s=2) as engine:
        websocket, _ = await engine.open_websocket()
        sid = await engine.open()
        for _ in range(3):
            assert await engine.get(sid) == (200, b"2")
            assert await engine.post(sid, b"3") == (200, b"ok")
            assert await websocket.receive() == "2"
            await websocket.send("3")

        assert engine.server.count == 2


async def test_who_answers_no_ping_is_ended_on_both_transports() -> None:
    async with engine_running(ping_interval_s=0.05, ping_timeout_s=0.05) as engine:
        websocket, _ = await engine.open_websocket()
        sid = await engine.open()
        ended = await websocket.end()
        reasons = [await engine.noting.hear("closed") for _ in range(2)]

        assert (ended.code, ended.reason) == (4009, "ping timeout")
        assert reasons == [("ping timeout",)] * 2
        assert (await engine.get(sid))[0] == 400
        assert engine.server.count == 0


async def test_a_thousand_abandoned_sessions_end_by_themselves() -> None:
    async with engine_running(ping_interval_s=0.5, ping_timeout_s=0.1) as engine:
        for _ in range(20):
            await asyncio.gather(*(engine.open() for _ in range(50)))
        for _ in range(1000):
            assert await engine.noting.hear("closed") == ("ping timeout",)

        assert engine.server.count == 0


# --- ends


async def test_a_stop_closes_all_sessions_and_takes_no_new_ones() -> None:
    async with engine_running() as engine:
        websocket, _ = await engine.open_websocket()
        sid = await engine.open()
        polling = await engine.waiting(sid)
        engine.server.stop()

        assert await polling == (200, b"1")
        assert (await websocket.end()).code == 4001
        assert (await engine.get(sid))[0] == 400
        assert (await engine.call("GET"))[0] == 503
        assert engine.server.count == 0


async def test_a_client_may_ask_for_the_end_on_both_transports() -> None:
    async with engine_running() as engine:
        websocket, _ = await engine.open_websocket()
        await websocket.send("1")
        ended = await websocket.end()
        sid = await engine.open()
        polling = await engine.waiting(sid)
        posted = await engine.post(sid, b"1")

        assert ended.code == 1000
        assert posted == (200, b"ok")
        assert await polling == (200, b"6")
        assert (await engine.get(sid))[0] == 400
        assert [await engine.noting.hear("closed") for _ in range(2)] == [("transport close",)] * 2


async def test_a_websocket_that_breaks_ends_its_session() -> None:
    async with engine_running() as engine:
        websocket, _ = await engine.open_websocket()
        await websocket.abort()

        assert await engine.noting.hear("closed") == ("transport close",)
        assert engine.server.count == 0
