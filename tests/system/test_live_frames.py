"""Frames that a good client may send, in ways that are easily got wrong."""

import pytest

from tests.system.server import Server
from tests.system.sockets import WEBSOCKET
from tests.system.websocket_wire import (
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    RefusedError,
    WebSocket,
    frame,
)
from tests.system.wire import head
from tests.system.ws import Ws, ws

QUESTION = '{"type": "ping", "data": {"client_time": "핑 1"}}'.encode()


async def test_what_comes_in_one_piece_with_the_handshake_is_not_lost(server: Server) -> None:
    first = frame(TEXT, QUESTION) + frame(PING, b"too")
    client = Ws(await WebSocket.open(server.port, "/ws", first=first))
    assert (await client.until("pong"))["data"]["client_time"] == "핑 1"
    await client.close()

    socket = await WebSocket.open(server.port, WEBSOCKET, first=frame(TEXT, b"40"))
    assert str(await socket.receive()).startswith("0{")
    assert str(await socket.receive()).startswith("40{")
    await socket.close()


async def test_a_message_may_come_byte_by_byte(server: Server) -> None:
    async with ws(server.port) as client:
        for one in frame(TEXT, QUESTION):
            await client.socket.send_bytes(bytes([one]))

        assert (await client.until("pong"))["data"]["client_time"] == "핑 1"


async def test_a_message_may_come_in_parts_with_a_ping_between(server: Server) -> None:
    async with ws(server.port) as client:
        # Cut inside of a letter: the parts are no UTF-8, the whole is.
        cut = QUESTION.index("핑".encode()) + 1
        await client.socket.send_bytes(
            frame(TEXT, QUESTION[:cut], is_last=False)
            + frame(PING, b"between")
            + frame(CONTINUATION, b"", is_last=False)
            + frame(CONTINUATION, QUESTION[cut:])
        )

        assert await client.socket.receive_frame() == (PONG, b"between")
        assert (await client.until("pong"))["data"]["client_time"] == "핑 1"


@pytest.mark.parametrize("path", ["/ws", WEBSOCKET])
async def test_a_ping_is_answered_with_its_own_bytes(path: str, server: Server) -> None:
    socket = await WebSocket.open(server.port, path)
    await socket.receive()
    for payload in (b"", b"x", b"\xff" * 125):
        await socket.send_bytes(frame(PING, payload))
        assert await socket.receive_frame() == (PONG, payload)
    await socket.send_bytes(frame(PONG, b"nobody asked"))
    await socket.close()


async def test_a_connection_that_was_used_before_can_be_upgraded(server: Server) -> None:
    question = head("GET", "/api/v1/events?limit=1", None, ())
    client = Ws(await WebSocket.open(server.port, "/ws", before=question))
    await client.greeted()

    assert await client.answers()
    await client.close()


async def test_a_refused_handshake_tells_why_in_problem_details(server: Server) -> None:
    with pytest.raises(RefusedError) as refused:
        await WebSocket.open(server.port, "/ws", [("Origin", "https://evil.example")])

    answer = refused.value.answer
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["status"] == answer.status == 403
    assert isinstance(answer.json()["detail"], str)


async def test_no_extension_and_no_strange_protocol_is_agreed_on(server: Server) -> None:
    offers = [
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ("Sec-WebSocket-Protocol", "graphql-ws, chat"),
    ]
    for path in ("/ws", WEBSOCKET):
        socket = await WebSocket.open(server.port, path, offers)
        assert "sec-websocket-protocol" not in socket.headers
        assert "sec-websocket-extensions" not in socket.headers
        await socket.close()
