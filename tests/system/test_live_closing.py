"""How sockets end: silence, a stop of the server, and its end without a word."""

import asyncio
import json
import signal
import time
from collections.abc import Awaitable

import pytest

from tests.system.conftest import Launch
from tests.system.reading import sample
from tests.system.rollout import post, seqs_of
from tests.system.server import STOP_LIMIT_S, Server
from tests.system.socketio_wire import NAMESPACE, SocketIo, socketio
from tests.system.sockets import DRAINING, POLLING, WEBSOCKET, check_quiet, heard_to_the_end
from tests.system.websocket_wire import WebSocket
from tests.system.wire import ClosedError, Connection, connected, head
from tests.system.ws import Ws, ws


async def test_a_silent_client_is_closed_and_one_that_answers_pings_is_not(
    launch: Launch,
) -> None:
    server = launch({"TOCSIN_LIVE__PING_S": "1", "TOCSIN_LIVE__IDLE_TIMEOUT_S": "5"})
    silent = await (await Ws.open(server.port)).greeted()
    silent.socket.answers_pings = False
    async with ws(server.port) as living:
        listening = asyncio.create_task(living.until("pong", 60))
        started = time.monotonic()
        ended = await silent.ended()
        assert 4 < time.monotonic() - started < 15
        assert ended.code in {1001, 1006, *range(4000, 4500)}
        assert silent.socket.pings >= 1
        await living.send("ping", client_time="x")
        assert (await listening)["data"]["client_time"] == "x"
        assert living.socket.pings >= 2


async def test_a_silent_socketio_client_is_closed(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__SOCKETIO_PING_S": "1", "TOCSIN_LIVE__SOCKETIO_PONG_S": "4"})
    silent = await SocketIo.open(server.port)
    assert silent.handshake["pingInterval"] == 1000
    assert silent.handshake["pingTimeout"] == 4000
    async with socketio(server.port) as living:
        listening = asyncio.create_task(living.until("never", 8))
        started = time.monotonic()
        await silent.socket.end()
        assert 3 < time.monotonic() - started < 15
        with pytest.raises(TimeoutError):
            await listening
        assert (await living.acked("heartbeat"))["ok"] is True


async def test_an_upgrade_that_is_given_up_disturbs_nobody(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__SOCKETIO_PING_S": "1"})
    async with socketio(server.port) as living:
        for says in ([], ["2probe"], ["2probe", "5"], ["rubbish"]):
            await half_an_upgrade(server, says)

        # Longer than the server waits for an upgrade; beyond it the heart must still beat.
        pings = 0
        while pings < 15:
            if await living.socket.receive() == "2":
                await living.socket.send("3")
                pings += 1
    check_quiet(server)


@pytest.mark.parametrize("clients", [3, 150])
async def test_a_stop_closes_every_socket_so_that_it_comes_back(
    clients: int, launch: Launch
) -> None:
    server = launch()
    sockets = [
        (await SocketIo.open(server.port, namespace=NAMESPACE)).socket for _ in range(clients)
    ]
    sockets += [(await (await Ws.open(server.port)).greeted()).socket for _ in range(3)]
    waited = await polling(server)
    ready: list[bool] = []

    async def ended(socket: WebSocket) -> tuple[int, list[str]]:
        how, heard = await heard_to_the_end(socket, 20)
        if not ready:
            ready.append(await asyncio.to_thread(server.is_ready))
        await socket.abort()
        return how.code, heard

    ending = asyncio.gather(*(ended(socket) for socket in sockets))
    started = time.monotonic()
    server.signal(signal.SIGTERM)
    code = await asyncio.to_thread(server.wait)
    took_s = time.monotonic() - started
    ends, polled = await ending, await waited

    assert code in {0, 143, -15}
    assert took_s < STOP_LIMIT_S
    assert {how for how, _ in ends} == {DRAINING}
    # A DISCONNECT packet would keep stock clients from coming back.
    assert not [one for _, heard in ends for one in heard if one.startswith("41")]
    assert not polled.startswith("41")
    assert set(ready) == {False}
    check_quiet(server)


async def test_a_client_that_answers_no_close_holds_no_stop_up(launch: Launch) -> None:
    server = launch()
    sockets = [await WebSocket.open(server.port, path) for path in ("/ws", WEBSOCKET)]
    stalled = await SocketIo.open(server.port, receive_buffer_bytes=4096)
    await stalled.subscribed("l-3")
    await post(server.port, [sample("log_entry", project="l-3", message="x" * 300_000)] * 3)
    started = time.monotonic()
    server.signal(signal.SIGTERM)

    assert await asyncio.to_thread(server.wait) in {0, 143, -15}
    assert time.monotonic() - started < STOP_LIMIT_S
    for socket in [*sockets, stalled.socket]:
        await socket.abort()


async def test_a_second_start_finds_the_sockets_of_the_first_gone(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__MAX_CONNECTIONS": "2"})
    first = [await Ws.open(server.port), await Ws.open(server.port)]
    server.kill()
    await asyncio.to_thread(server.start)
    async with ws(server.port) as client:
        receipts = await post(server.port, [sample("log_entry", project="l-4")])
        assert [(await client.until("posco_event"))["seq"]] == seqs_of(receipts)
    for one in first:
        await one.socket.abort()


async def polling(server: Server) -> Awaitable[str]:
    """A client that polls; what is given tells what its waiting GET is answered."""
    asking = await Connection.open(server.port)
    sid = json.loads((await asking.get(POLLING)).body[1:])["sid"]
    await asking.ask("POST", f"{POLLING}&sid={sid}", b"40")
    assert (await asking.get(f"{POLLING}&sid={sid}")).body.startswith(b"40")
    await asking.send(head("GET", f"{POLLING}&sid={sid}", None, ()))

    async def waited() -> str:
        try:
            return (await asking.answer()).body.decode()
        except ClosedError:
            return ""
        finally:
            await asking.close()

    return waited()


async def half_an_upgrade(server: Server, says: list[str]) -> None:
    """A polling client that begins to upgrade, says this much on the socket, and is gone."""
    async with connected(server.port) as asking:
        sid = json.loads((await asking.get(POLLING)).body[1:])["sid"]
        assert (await asking.ask("POST", f"{POLLING}&sid={sid}", b"40")).status == 200
        socket = await WebSocket.open(server.port, f"{WEBSOCKET}&sid={sid}")
        for one in says:
            await socket.send(one)
        await socket.abort()
