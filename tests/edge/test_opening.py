"""Calls for sockets: what is refused is answered in HTTP, and nobody is waited for without end."""

import asyncio

import orjson
import pytest

from tests.edge.serving import Noting, serving
from tests.system.websocket_wire import RefusedError, WebSocket
from tocsin.edge import opening
from tocsin.errors import Reason, Rejected


async def raw(port: int) -> WebSocket:
    return await WebSocket.open(port, "/")


@pytest.mark.parametrize(
    ("path", "error", "status", "reason"),
    [
        ("/other", None, 404, "not_found"),
        (
            "/",
            Rejected(503, Reason.TOO_MANY_CONNECTIONS, "Full.", retry_after_s=3),
            503,
            "too_many_connections",
        ),
        ("/", ZeroDivisionError(), 500, None),
    ],
)
async def test_a_refusal_is_answered_in_http_before_anything_is_open(
    path: str, error: Exception | None, status: int, reason: str | None
) -> None:
    endpoint = Noting()
    endpoint.error = error
    async with serving([endpoint]) as served:
        with pytest.raises(RefusedError) as refused:
            await WebSocket.open(served.port, path)

    answer = refused.value.answer
    assert answer.status == status
    assert orjson.loads(answer.body).get("reason") == reason
    assert answer.headers.get("retry-after") == ("3" if status == 503 else None)
    assert served.failures == (status == 500)
    assert not endpoint.sockets


async def test_an_endpoint_that_does_not_decide_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opening, "OPEN_S", 0.05)
    endpoint = Noting()
    endpoint.gate.clear()
    async with serving([endpoint]) as served:
        with pytest.raises(RefusedError) as refused:
            await raw(served.port)

    assert refused.value.answer.status == 503


async def test_a_client_that_leaves_while_the_endpoint_decides_leaves_nothing() -> None:
    endpoint = Noting()
    endpoint.gate.clear()
    async with serving([endpoint]) as served:
        opening = asyncio.create_task(raw(served.port))
        await endpoint.asked.wait()
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        endpoint.gate.set()


async def test_a_call_that_is_being_decided_is_refused_when_the_server_stops() -> None:
    endpoint = Noting()
    endpoint.gate.clear()
    async with serving([endpoint]) as served:
        opening = asyncio.create_task(raw(served.port))
        await endpoint.asked.wait()
        served.server.stop()
        with pytest.raises(RefusedError) as refused:
            await opening

    assert refused.value.answer.status == 503
