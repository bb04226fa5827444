"""Clients that do not read what they asked for: what they cost, and that nobody waits for them."""

import asyncio
import json
from collections.abc import Sequence
from functools import partial

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, receipt_of, sample
from tests.system.server import Server
from tests.system.socketio_wire import NAMESPACE, SocketIo, socketio
from tests.system.sockets import POLLING, TOO_SLOW, heard_to_the_end, rss_bytes
from tests.system.websocket_wire import WebSocket
from tests.system.wire import Connection, connected
from tests.system.ws import Ws, ws

pytestmark = pytest.mark.alone

MIB = 1 << 20
SMALL_BUFFER_BYTES = 4096
STALLED = 20
BIG_BYTES = 100_000
BIG_MESSAGES = 250
# What one slow client may hold unsent, and room for what Python and the C library keep.
MAX_HELD_BYTES = STALLED * MIB * 3 // 2 + 30 * MIB
WITHOUT_LIMITS = {
    "TOCSIN_LIVE__MAX_CONNECTIONS_PER_CLIENT": "100",
    "TOCSIN_LIVE__CONNECTS_PER_S": "100000",
}


async def test_readers_that_stop_are_closed_and_hold_nobody_up(launch: Launch) -> None:
    server = launch(WITHOUT_LIMITS)
    async with (
        ws(server.port) as json_client,
        socketio(server.port, namespace=NAMESPACE) as client,
        connected(server.port) as sender,
    ):
        await client.subscribed("a-1")
        quick = (json_client, client)
        await post_big(sender, quick, BIG_MESSAGES)
        before = peak = rss_bytes(server)
        stalled = [await stalled_socket(server, number) for number in range(STALLED)]
        for _ in range(10):
            await post_big(sender, quick, BIG_MESSAGES // 10)
            peak = max(peak, rss_bytes(server))

        assert peak - before < MAX_HELD_BYTES, f"{(peak - before) / MIB:.1f} MiB"
        ends = await asyncio.gather(*(heard_to_the_end(one, 60) for one in stalled))
        for ended, heard in ends:
            # Its last words may not have got through to who does not read.
            assert ended.code in {TOO_SLOW, 1006}
            assert len(heard) < BIG_MESSAGES
        for one in stalled:
            await one.abort()
        await post_big(sender, quick, 5)


async def test_a_reader_that_only_pauses_gets_everything(launch: Launch) -> None:
    server = launch(WITHOUT_LIMITS)
    async with connected(server.port) as sender, socketio(server.port) as slow:
        await slow.subscribed("a-1")
        seqs = [await post_one(sender, 10_000) for _ in range(60)]

        got = [(await slow.until("event"))["seq"] for _ in seqs]
        assert got == seqs


async def test_a_polling_client_that_never_comes_back_is_forgotten(launch: Launch) -> None:
    """What waits for it is bounded, however much there is."""
    server = launch({"TOCSIN_LIVE__SOCKETIO_PING_S": "60", **WITHOUT_LIMITS})
    async with ws(server.port) as quick, connected(server.port) as sender:
        await post_big(sender, (quick,), BIG_MESSAGES)
        before = peak = rss_bytes(server)
        for _ in range(STALLED):
            await polled_once(server)
        for _ in range(10):
            await post_big(sender, (quick,), BIG_MESSAGES // 10)
            peak = max(peak, rss_bytes(server))

        assert peak - before < MAX_HELD_BYTES, f"{(peak - before) / MIB:.1f} MiB"


@pytest.mark.parametrize("way", ["ws", "socketio"])
async def test_a_replay_larger_than_what_may_wait_is_paced(way: str, launch: Launch) -> None:
    """Many times the 1 MiB for which a slow client is closed, read slowly, live events between."""
    server = launch(WITHOUT_LIMITS)
    async with connected(server.port) as sender:
        async with ws(server.port) as early:
            epoch = early.greeting["data"]["epoch"]
        first = await post_one(sender, 10)
        seqs = [await post_one(sender, BIG_BYTES) for _ in range(80)]
        before = rss_bytes(server)
        if way == "ws":
            client = await Ws.open(server.port, receive_buffer_bytes=SMALL_BUFFER_BYTES)
            since = {"epoch": epoch, "seq": first}
            await client.send("subscribe", event_types=["posco_event"], since=since)
            socket, until = client.socket, partial(client.until, "posco_event")
        else:
            opened = await SocketIo.open(server.port, receive_buffer_bytes=SMALL_BUFFER_BYTES)
            await opened.emit("subscribe_project", {"project": "a-1", "since_seq": first})
            socket, until = opened.socket, partial(opened.until, "event")
        got = []
        for number in range(90):
            if number < 10:
                seqs.append(await post_one(sender, BIG_BYTES))
                await asyncio.sleep(0.1)
            got.append((await until())["seq"])
        assert got == seqs
        assert rss_bytes(server) - before < MAX_HELD_BYTES
        await socket.close()


async def stalled_socket(server: Server, number: int) -> WebSocket:
    """A socket that wants everything and reads nothing."""
    small = SMALL_BUFFER_BYTES
    if number % 2:
        client = await Ws.open(server.port, receive_buffer_bytes=small)
        await client.greeted()
        return client.socket
    opened = await SocketIo.open(server.port, namespace=NAMESPACE, receive_buffer_bytes=small)
    await opened.subscribed("a-1")
    return opened.socket


async def polled_once(server: Server) -> None:
    """A polling client that subscribes and is not heard of again."""
    async with connected(server.port) as asking:
        sid = json.loads((await asking.get(POLLING)).body[1:])["sid"]
        here = f"{POLLING}&sid={sid}"
        assert (await asking.ask("POST", here, b"40")).status == 200
        assert (await asking.get(here)).status == 200
        words = b'42["subscribe_project","a-1"]'
        assert (await asking.ask("POST", here, words)).status == 200


async def post_big(sender: Connection, quick: Sequence[Ws | SocketIo], count: int) -> None:
    """Post big messages, each once all quick clients have the one before."""
    for _ in range(count):
        seq = await post_one(sender, BIG_BYTES)
        for one in quick:
            if isinstance(one, Ws):
                assert (await one.until("posco_event", 5))["seq"] == seq
            else:
                assert (await one.until("event", 5))["seq"] == seq


async def post_one(sender: Connection, size: int) -> int:
    message = sample("log_entry", project="a-1", deployment_id="a-1-1", message="x" * size)
    return receipt_of(await sender.post(RECEIVER, message))[1]
