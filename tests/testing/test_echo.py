"""The echo server does what the public conformance suites ask of one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson
import pytest

from tests.system.websocket_wire import RefusedError, WebSocket
from tocsin.edge.server import listening_sockets
from tocsin.testing.echo import RAW_MAX_BYTES, echo_server

SUITE = {"pingInterval": 300, "pingTimeout": 200, "maxPayload": 1_000_000}


@asynccontextmanager
async def echoing(*, is_raw: bool = False) -> AsyncIterator[int]:
    (listening,) = listening_sockets(["127.0.0.1:0"])
    server = echo_server(is_raw=is_raw)
    running = asyncio.create_task(server.serve([listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.stop()
        await running


@pytest.mark.parametrize("path", ["/engine.io/", "/socket.io/"])
async def test_both_protocols_have_the_times_and_sizes_of_the_suites(path: str) -> None:
    async with echoing() as port, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{port}{path}?EIO=4&transport=polling"
        async with http.get(url) as answer:
            opened = orjson.loads((await answer.read())[1:])

    assert {name: opened[name] for name in SUITE} == SUITE
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_engine_io_messages_come_back() -> None:
    async with echoing() as port:
        client = await WebSocket.open(port, "/engine.io/?EIO=4&transport=websocket")
        await client.receive()
        await client.send("4hello")
        await client.send(b"\1")
        answers = [await client.receive(), await client.receive()]
        await client.close()

    assert answers == ["4hello", b"\1"]


@pytest.mark.parametrize("namespace", ["", "/custom,"])
async def test_socket_io_clients_are_told_what_they_showed_and_sent(namespace: str) -> None:
    async with echoing() as port:
        client = await WebSocket.open(port, "/socket.io/?EIO=4&transport=websocket")
        await client.receive()
        await client.send(f'40{namespace}{{"a":1}}')
        await client.send(f'42{namespace}["message",1,"2"]')
        await client.send(f'42{namespace}7["message-with-ack",[3]]')
        answers = [await client.receive() for _ in range(4)]
        await client.close()

    assert str(answers[0]).startswith(f'40{namespace}{{"sid":')
    assert answers[1:] == [
        f'42{namespace}["auth",{{"a":1}}]',
        f'42{namespace}["message-back",1,"2"]',
        f"43{namespace}7[[3]]",
    ]


async def test_the_raw_echo_is_a_websocket_and_nothing_else() -> None:
    async with echoing(is_raw=True) as port:
        client = await WebSocket.open(port, "/")
        await client.send("é")
        await client.send(bytes(RAW_MAX_BYTES // 16))
        answers = [await client.receive(), await client.receive()]
        await client.close()
        with pytest.raises(RefusedError) as refused:
            await WebSocket.open(port, "/engine.io/?EIO=4&transport=websocket")

    assert answers == ["é", bytes(RAW_MAX_BYTES // 16)]
    assert refused.value.answer.status == 404
