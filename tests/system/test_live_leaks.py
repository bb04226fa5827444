"""Connections come and go: none stays in the books, and no memory stays with the server."""

import asyncio
import json
import re
import time

import pytest

from tests.system.conftest import Launch
from tests.system.reading import sample
from tests.system.rollout import post
from tests.system.server import Server
from tests.system.socketio_wire import NAMESPACE, SocketIo
from tests.system.sockets import FORWARDED, POLLING, WEBSOCKET, check_quiet, rss_bytes
from tests.system.websocket_wire import TEXT, RefusedError, WebSocket, frame
from tests.system.wire import connected
from tests.system.ws import Ws, ws

pytestmark = pytest.mark.alone

MIB = 1 << 20
MAX_GROWTH_BYTES = 10 * MIB
SETTINGS = {
    "TOCSIN_LIVE__CONNECTS_PER_S": "100000",
    "TOCSIN_LIVE__SOCKETIO_PING_S": "1",
    "TOCSIN_LIVE__SOCKETIO_PONG_S": "1",
    "TOCSIN_LIVE__IDLE_TIMEOUT_S": "3",
    "TOCSIN_LIVE__AUTH_TIMEOUT_S": "2",
    "TOCSIN_LIVE__PING_S": "1",
}


async def test_every_way_to_end_takes_a_connection_off_the_books(launch: Launch) -> None:
    server = launch(SETTINGS)
    await end_in_every_way(server)

    deadline = time.monotonic() + 20
    while left := await open_connections(server):
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.2)
    check_quiet(server)


async def test_coming_and_going_leaves_no_memory_behind(launch: Launch, is_soak: bool) -> None:
    server = launch(SETTINGS)
    rounds = 2000 if is_soak else 60
    before = 0
    for number in range(rounds):
        if number == rounds // 2:
            before = rss_bytes(server)
        await asyncio.gather(*(come_and_go(server, kind) for kind in range(20)))
        if number % 10 == 0:
            await post(server.port, [sample("log_entry", project="k-1")])

    grown = rss_bytes(server) - before
    assert grown < MAX_GROWTH_BYTES, f"{grown / MIB:.1f} MiB"
    async with ws(server.port) as client:
        assert await client.answers()
    check_quiet(server)


async def end_in_every_way(server: Server) -> None:
    """Open connections of each kind, and leave each of them in another way."""
    kinds = range(20)
    await asyncio.gather(*(come_and_go(server, kind) for kind in kinds))
    silent = await Ws.open(server.port)
    silent.socket.answers_pings = False
    stranger = await Ws.open(server.port, headers=FORWARDED)
    mute = await SocketIo.open(server.port)
    await asyncio.gather(silent.ended(), stranger.ended(), mute.socket.end())


async def come_and_go(server: Server, kind: int) -> None:
    match kind % 10:
        case 0:
            await (await WebSocket.open(server.port, "/ws?client_id=k")).close()
        case 1:
            await (await WebSocket.open(server.port, "/ws?client_id=l")).abort()
        case 2:
            client = await SocketIo.open(server.port)
            await client.subscribed("k-1")
            await client.close()
        case 3:
            client = await SocketIo.open(server.port, namespace=NAMESPACE)
            await client.subscribed("k-1")
            await client.socket.abort()
        case 4:
            socket = await WebSocket.open(server.port, WEBSOCKET, first=frame(TEXT, b"rubbish"))
            await socket.end()
        case 5:
            socket = await WebSocket.open(server.port, "/ws?client_id=m", first=b"\xff" * 20)
            await socket.end()
        case 6:
            async with connected(server.port) as asking:
                sid = json.loads((await asking.get(POLLING)).body[1:])["sid"]
                assert (await asking.ask("POST", f"{POLLING}&sid={sid}", b"40")).status == 200
                assert (await asking.ask("POST", f"{POLLING}&sid={sid}", b"1")).status == 200
        case 7:
            # Not heard of again: its pings end it.
            async with connected(server.port) as asking:
                assert (await asking.get(POLLING)).status == 200
        case 8:
            try:
                await WebSocket.open(server.port, "/ws", [("Origin", "https://evil.example")])
            except RefusedError:
                return
        case _:
            client = await SocketIo.open(server.port)
            await client.socket.send("41")
            await client.socket.send("1")
            await client.socket.end()


async def open_connections(server: Server) -> dict[str, float]:
    """The live connections that the server knows of, by their dialect."""
    async with connected(server.port) as asking:
        metrics = (await asking.get("/metrics")).body.decode()
    found = re.findall(r'^tocsin_live_connections\{dialect="(\w+)"\} (\S+)$', metrics, re.MULTILINE)
    assert found
    return {dialect: float(count) for dialect, count in found if float(count)}
