"""How many sockets may be open, how much may be said on one, and what ends it."""

import asyncio
import json
import time
from contextlib import AsyncExitStack

import pytest

from tests.system.conftest import Launch
from tests.system.server import Server
from tests.system.socketio_wire import NAMESPACE, SocketIo, socketio
from tests.system.sockets import (
    POLLING,
    TOO_MANY_CONNECTIONS,
    TOO_MANY_MESSAGES,
    WEBSOCKET,
    created,
    refusal_of,
    refused,
    until_let_in,
)
from tests.system.websocket_wire import (
    BINARY,
    CONTINUATION,
    PING,
    TEXT,
    EndedError,
    RefusedError,
    WebSocket,
    frame,
)
from tests.system.wire import connected
from tests.system.ws import Ws, ws

MAX_MESSAGE_BYTES = 1 << 20


async def test_a_sixth_connection_of_a_client_is_refused(launch: Launch) -> None:
    server = launch()
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(ws(server.port))

        assert await refusal_of(server, "/ws") in {503, TOO_MANY_CONNECTIONS}
        # Another address, and a signed-in client, are other clients.
        token = created(server, "viewer")
        await stack.enter_async_context(ws(server.port, f"/ws?token={token}"))
        await stack.enter_async_context(ws(server.port, "/ws?client_id=other"))
    async with ws(server.port) as client:
        assert await client.answers()


async def test_clients_of_one_address_are_told_apart_by_their_ids(launch: Launch) -> None:
    server = launch()
    async with AsyncExitStack() as stack:
        for number in range(8):
            client = await stack.enter_async_context(ws(server.port))
            await client.send("client_info", client_id=f"dashboard_client_{number}")
            assert await client.answers()
        for _ in range(4):
            client = await stack.enter_async_context(ws(server.port))
            await client.send("client_info", client_id="dashboard_client_1")
            assert await client.answers()

        sixth = await (await Ws.open(server.port)).greeted()
        await sixth.send("client_info", client_id="dashboard_client_1")
        assert (await sixth.ended()).code == TOO_MANY_CONNECTIONS


async def test_the_total_is_refused_before_the_upgrade(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__MAX_CONNECTIONS": "4"})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(ws(server.port))
        await stack.enter_async_context(socketio(server.port))
        await stack.enter_async_context(socketio(server.port, namespace=NAMESPACE))
        first = await stack.enter_async_context(connected(server.port))
        handshake = (await first.get(POLLING)).body
        sid = json.loads(handshake[1:])["sid"]

        for answer in (await refused(server, "/ws"), await refused(server, WEBSOCKET)):
            assert answer.status == 503
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        polled = await first.get(POLLING)
        assert polled.status == 503
        assert 1 <= int(polled.headers["retry-after"]) <= 60
        streamed = await first.get("/api/v1/events/stream")
        assert streamed.status == 503
        # Who is in goes on.
        assert (await first.ask("POST", f"{POLLING}&sid={sid}", b"40")).status == 200
        assert (await first.ask("POST", f"{POLLING}&sid={sid}", b"1")).status == 200
    await until_let_in(server)


async def test_connects_that_come_too_fast_are_put_off(launch: Launch) -> None:
    server = launch(
        {"TOCSIN_LIVE__CONNECTS_PER_S": "5", "TOCSIN_LIVE__MAX_CONNECTIONS_PER_CLIENT": "100"}
    )
    async with AsyncExitStack() as stack:
        answers = []

        async def come() -> None:
            try:
                opened = await SocketIo.open(server.port)
            except RefusedError as error:
                answers.append(error.answer)
            else:
                stack.push_async_callback(opened.close)

        # All at once: on a slow machine a row of them is no crowd.
        await asyncio.gather(*(come() for _ in range(40)))
        assert {one.status for one in answers} == {503}
        assert all(1 <= int(one.headers["retry-after"]) <= 60 for one in answers)
        await until_let_in(server)


async def test_more_than_ten_messages_a_second_are_told(server: Server) -> None:
    async with ws(server.port) as client:
        pings = [ping(number) for number in range(30)]
        started = time.monotonic()
        await client.socket.send_bytes(b"".join(pings))
        pongs = 0
        while (told := await client.message())["type"] == "pong":
            pongs += 1
        assert told["data"]["error_code"] == "RATE_LIMIT_EXCEEDED"
        # The budget fills up again, also while they are answered.
        assert 10 <= pongs <= 10 + 10 * (time.monotonic() - started)
        await asyncio.sleep(1.2)
        await client.send("ping", client_time="last")
        while (await client.until("pong"))["data"]["client_time"] != "last":
            continue


async def test_a_client_that_keeps_to_the_limit_is_never_told_off(server: Server) -> None:
    async with ws(server.port) as client:
        for number in range(27):
            await client.send("ping", client_time=str(number))
            assert (await client.message())["type"] == "pong"
            await asyncio.sleep(0.11)


async def test_who_does_not_stop_is_closed_and_may_come_back(server: Server) -> None:
    async with ws(server.port) as client:
        try:
            for number in range(40):
                await client.socket.send_bytes(b"".join(ping(number) for _ in range(25)))
                await asyncio.sleep(0.01)
        except EndedError:
            # It is closed while this client still talks: the code may be lost by that.
            pass
        ended = await client.ended()
        assert ended.code in {TOO_MANY_MESSAGES, 1006}
    async with ws(server.port) as client:
        assert await client.answers()


async def test_the_largest_message_is_taken_and_a_larger_one_ends_it(server: Server) -> None:
    async with ws(server.port) as client:
        message = json.dumps({"type": "ping", "data": {"client_time": "x"}, "more": ""})
        space = MAX_MESSAGE_BYTES - len(message)
        await client.socket.send(message.replace('""', f'"{"x" * space}"'))
        assert (await client.message())["type"] == "pong"
        await client.socket.send(message.replace('""', f'"{"x" * (space + 1)}"'))

        assert (await client.ended()).code == 1009


@pytest.mark.parametrize("kind", [TEXT, BINARY])
@pytest.mark.parametrize("path", ["/ws", WEBSOCKET])
async def test_a_message_in_parts_is_measured_as_a_whole(
    path: str, kind: int, server: Server
) -> None:
    socket = await WebSocket.open(server.port, path)
    part = b"x" * 300_000
    await socket.send_bytes(
        frame(kind, part, is_last=False)
        + frame(CONTINUATION, part, is_last=False)
        + frame(PING, b"between")
        + frame(CONTINUATION, part, is_last=False)
        + frame(CONTINUATION, part, is_last=True)
    )

    assert (await socket.end()).code == 1009
    await socket.abort()


@pytest.mark.parametrize("path", ["/ws", WEBSOCKET])
@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"\xc3", b"ping \xf5"])
async def test_text_that_is_not_utf_8_ends_the_socket(
    text: bytes, path: str, server: Server
) -> None:
    socket = await WebSocket.open(server.port, path)
    await socket.send_bytes(frame(TEXT, text))

    assert (await socket.end()).code == 1007
    await socket.abort()


@pytest.mark.parametrize("path", ["/ws", WEBSOCKET])
@pytest.mark.parametrize(
    "data",
    [
        frame(TEXT, b"x", is_masked=False),
        bytes([0xC1]) + frame(TEXT, b"x")[1:],
        frame(3, b"x"),
        frame(CONTINUATION, b"x"),
        frame(PING, b"x" * 126),
        frame(PING, b"x", is_last=False),
    ],
    ids=["unmasked", "reserved bit", "opcode", "no beginning", "long ping", "split ping"],
)
async def test_a_frame_against_the_rules_ends_the_socket(
    data: bytes, path: str, server: Server
) -> None:
    socket = await WebSocket.open(server.port, path)
    await socket.send_bytes(data)

    assert (await socket.end()).code == 1002
    await socket.abort()


def ping(number: int) -> bytes:
    message = {"type": "ping", "data": {"client_time": str(number)}}
    return frame(TEXT, json.dumps(message).encode())
