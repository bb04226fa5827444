"""Sockets on a real server: what comes, what goes, how they end, and that they always do."""

import asyncio
import struct
from collections.abc import Callable

import pytest
import uvloop

from tests.edge.serving import Noting, Told, echo, serving
from tests.system.websocket_wire import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    EndedError,
    WebSocket,
    frame,
)
from tocsin.edge import websocket
from tocsin.edge.websocket import Socket


async def raw(port: int, *, first: bytes = b"", receive_buffer_bytes: int = 0) -> WebSocket:
    return await WebSocket.open(
        port, "/", first=first, receive_buffer_bytes=receive_buffer_bytes or None
    )


# --- messages


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 1_000_000])
async def test_messages_of_all_lengths_go_both_ways(size: int) -> None:
    async with serving([Noting()]) as served:
        client = await raw(served.port)
        await client.send("é" * (size // 2))
        text = await client.receive()
        await client.send(b"\0" * size)
        binary = await client.receive()
        await client.close()

    assert text == "é" * (size // 2)
    assert binary == b"\0" * size


async def test_a_message_in_fragments_comes_whole_with_control_frames_between() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(TEXT, b"\xc3", is_last=False))
        await client.send_bytes(frame(CONTINUATION, b"\xa9a", is_last=False) + frame(PING, b"?"))
        await client.send_bytes(frame(CONTINUATION, b""))
        answer = await client.receive()
        await client.send_bytes(frame(BINARY, b"1", is_last=False) + frame(CONTINUATION, b"2"))
        binary = await client.receive()
        await client.close()

    assert (answer, binary) == ("éa", b"12")


async def test_short_messages_come_before_and_after_all_others() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        answers = []
        for message in ("a", "é" * 100, "b", b"c", "d"):
            await client.send(message)
            answers.append(await client.receive())
        await client.send_bytes(frame(TEXT, b"e", is_last=False))
        await client.send_bytes(frame(CONTINUATION, b"f"))
        answers.append(await client.receive())
        await client.close()

    assert answers == ["a", "é" * 100, "b", b"c", "d", "ef"]


async def test_a_frame_in_one_segment_with_the_handshake_is_not_lost() -> None:
    async with serving([Noting()]) as served:
        client = await raw(served.port, first=frame(TEXT, b"early"))

        assert await client.receive() == "early"
        await client.close()


async def test_what_is_sent_while_the_endpoint_decides_is_not_lost() -> None:
    endpoint = Noting()
    endpoint.gate.clear()
    async with serving([endpoint]) as served:
        opening = asyncio.create_task(raw(served.port, first=frame(TEXT, b"1") + frame(TEXT, b"2")))
        await endpoint.asked.wait()
        endpoint.gate.set()
        client = await opening

        assert [await client.receive(), await client.receive()] == ["1", "2"]
        await client.close()


async def test_a_segment_is_read_in_slices_in_order_and_others_get_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "SLICE_BYTES", 100)
    loop, order = asyncio.get_running_loop(), list[str]()

    def note(_socket: Socket, message: str | bytes) -> None:
        order.append(str(message))
        if message == "0":
            loop.call_soon(order.append, "another's turn")

    segment = b"".join(frame(TEXT, b"%d" % number) for number in range(1000))
    endpoint = Noting(note)
    async with serving([endpoint]) as served:
        client = await raw(served.port, first=segment)
        await client.send_bytes(segment)
        for _ in range(2000):
            await endpoint.hear("received")
        await client.close()

    assert 1 < order.index("another's turn") < 100
    messages = [one for one in order if one != "another's turn"]
    assert messages == [str(number) for number in range(1000)] * 2


async def test_a_pong_goes_before_the_answer_to_a_message_that_came_behind_it() -> None:
    async with serving([Noting()]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(PING, b"now") + frame(TEXT, b"later"))
        first = await client.receive_frame()
        second = await client.receive_frame()
        await client.close()

    assert first == (10, b"now")
    assert second == (TEXT, b"later")


async def test_a_message_is_answered_before_the_close_frame_right_behind_it() -> None:
    async with serving([Noting()]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(TEXT, b"last") + frame(CLOSE, struct.pack("!H", 1000)))

        assert await client.receive() == "last"
        assert (await client.end()).code == 1000


async def test_writing_costs_what_the_transport_costs() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        (socket,) = endpoint.sockets

        assert socket.write == socket._transport.write
        await client.close()


async def test_the_call_is_known_without_the_headers_of_the_handshake() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await WebSocket.open(served.port, "/?a=%20b", [("User-Agent", "x")])
        scope = endpoint.sockets[0].scope
        await client.close()

    assert scope["type"] == "websocket"
    assert scope["scheme"] == "ws"
    assert (scope["path"], scope["query_string"]) == ("/", b"a=%20b")
    assert [name for name, _ in scope["headers"]] == [b"host", b"user-agent"]
    assert scope["client"][0] == "127.0.0.1"


# --- ends


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"\xc3", is_last=False) + frame(CONTINUATION, b"("), 1007),
        (frame(BINARY, bytes(1001)), 1009),
        (frame(BINARY, bytes(600), is_last=False) + frame(CONTINUATION, bytes(600)), 1009),
        # The length alone is enough: nobody waits for 2^62 bytes.
        (b"\x82\xff" + (1 << 62).to_bytes(8, "big"), 1009),
        (frame(TEXT, b"a", is_masked=False), 1002),
        (b"\xf1\x80\0\0\0\0", 1002),
        (b"\x83\x80\0\0\0\0", 1002),
        (frame(CONTINUATION, b"a"), 1002),
        (frame(PING, bytes(126)), 1002),
        (frame(PING, b"a", is_last=False), 1002),
        (frame(CLOSE, b"\x03"), 1002),
        (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    ],
)
async def test_what_breaks_the_rules_ends_the_socket_with_its_code(sent: bytes, code: int) -> None:
    endpoint = Noting(max_bytes=1000)
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send_bytes(sent)
        ended = await client.end()
        told, _ = await endpoint.hear("closed")
        await client.abort()

    assert ended.code == told == code


async def test_everything_behind_a_fault_is_passed_over() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send_bytes(
            frame(TEXT, b"1") + frame(TEXT, b"\xff") + frame(TEXT, b"2") + frame(PING, b"")
        )
        first = await client.receive()
        ended = await client.end()
        await client.abort()

    assert (first, ended.code) == ("1", 1007)
    assert [told for told in endpoint.rest() if told[0] != "heard"] == [
        ("received", "1"),
        ("closed", 1007, "invalid start byte at position 0"),
    ]


async def test_a_client_may_close_in_the_midst_of_a_message() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(TEXT, b"a", is_last=False))
        await client.send_bytes(frame(CLOSE, struct.pack("!H", 1001) + b"bye"))
        ended = await client.end()

        assert ended.code == 1001
        assert await endpoint.hear("closed") == (1001, "bye")


async def test_a_connection_that_breaks_ends_as_1006() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.abort()

        assert await endpoint.hear("closed") == (1006, "")


async def test_an_aborted_socket_ends_as_1006_on_both_sides() -> None:
    endpoint = Noting(lambda socket, _: socket.abort())
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send("x")

        assert (await client.end()).code == 1006
        assert await endpoint.hear("closed") == (1006, "")
        await client.abort()


def close_twice(socket: Socket, _message: str | bytes) -> None:
    socket.close(4008, "too slow")
    socket.close(4001)
    socket.send_text(b"too late")
    socket.ping()


async def test_after_its_own_close_nothing_goes_out_and_nothing_is_told_but_closed() -> None:
    endpoint = Noting(close_twice)
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(TEXT, b"1") + frame(TEXT, b"2"))
        with pytest.raises(EndedError) as ended:
            await client.receive()
        await client.abort()

    assert (ended.value.code, ended.value.reason) == (4008, "too slow")
    assert endpoint.rest() == [("heard",), ("received", "1"), ("closed", 4008, "too slow")]


async def test_a_client_that_does_not_answer_the_close_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "CLOSE_S", 0.05)
    endpoint = Noting(lambda socket, _: socket.close(4001))
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send("x")
        opcode, payload = await client.receive_frame()
        with pytest.raises(EndedError) as ended:
            await client.receive_frame()
        await client.abort()

    assert (opcode, payload) == (CLOSE, struct.pack("!H", 4001))
    assert ended.value.code == 1006


async def test_who_breaks_the_rules_and_stays_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLOSE_S", 0.05)
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(TEXT, b"\xff"))
        await endpoint.hear("closed")
        async with asyncio.timeout(5):
            while served.open_connections:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
        await client.abort()


async def test_a_stop_of_the_server_asks_everybody_to_come_back() -> None:
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port)
        served.server.stop()

        assert (await client.end()).code == 4001
        assert await endpoint.hear("closed") == (4001, "draining")


def test_a_socket_that_is_gone_may_still_be_told_anything() -> None:
    """On uvloop, whose transports raise once they are closed, where asyncio's do nothing."""

    async def scenario() -> tuple[int, list[Told]]:
        endpoint = Noting()
        async with serving([endpoint]) as served:
            client = await raw(served.port)
            await client.abort()
            await endpoint.hear("closed")
            (socket,) = endpoint.sockets
            # The transport is closed for good after its `connection_lost` returns.
            await asyncio.sleep(0.01)
            socket.send_text(b"x")
            socket.ping()
            socket.close(1000)
            socket.abort()
            socket.shutdown()
            await asyncio.sleep(0)
            return socket.unsent_bytes(), endpoint.rest()

    assert uvloop.run(scenario()) == (0, [])


# --- handlers that fail


def fail(_socket: Socket, _message: str | bytes) -> None:
    raise ZeroDivisionError


async def test_a_handler_that_fails_ends_its_socket_and_no_other() -> None:
    failing = Noting(lambda socket, message: (fail if message == "!" else echo)(socket, message))
    async with serving([failing]) as served:
        bad, good = await raw(served.port), await raw(served.port)
        await bad.send("!")
        ended = await bad.end()
        await good.send("here")

        assert ended.code == 1011
        assert await failing.hear("closed") == (1011, "")
        assert await good.receive() == "here"
        assert served.failures == 1
        await good.close()


async def test_a_handler_that_cannot_be_made_ends_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = Noting()
    monkeypatch.setattr(endpoint, "_begin", fail)
    async with serving([endpoint]) as served:
        client = await raw(served.port)

        assert (await client.end()).code == 1011
        assert served.failures == 1


# --- slow readers


async def test_a_reader_that_stops_is_told_of_and_so_is_that_it_goes_on() -> None:
    def flood(socket: Socket, _message: str | bytes) -> None:
        while not socket.is_paused:
            socket.send_binary(bytes(50_000))

    endpoint = Noting(flood)
    async with serving([endpoint]) as served:
        client = await raw(served.port, receive_buffer_bytes=4096)
        await client.send("x")
        await endpoint.hear("paused")
        (socket,) = endpoint.sockets

        seen = [(socket.is_paused, socket.unsent_bytes() > websocket.HIGH_WATER_BYTES)]
        reading = asyncio.create_task(client.end())
        await endpoint.hear("resumed")
        seen.append((socket.is_paused, socket.unsent_bytes() > websocket.HIGH_WATER_BYTES))
        socket.close(1000)

        assert seen == [(True, True), (False, False)]
        assert (await reading).code == 1000


async def test_who_pings_and_never_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "MAX_UNSENT_BYTES", 200_000)
    endpoint = Noting()
    async with serving([endpoint]) as served:
        client = await raw(served.port, receive_buffer_bytes=4096)
        pings = frame(PING, bytes(125)) * 500

        async def flood() -> None:
            while True:
                await client.send_bytes(pings)

        with pytest.raises(EndedError):
            await flood()
        assert await endpoint.hear("closed") == (1006, "")
        await client.abort()


async def test_another_handler_hears_from_when_it_is_handed_the_socket() -> None:
    first, second = Noting(), Noting()
    swap: Callable[[Socket, str | bytes], None] = lambda socket, _: socket.hand_over(  # noqa: E731
        second._begin(socket)
    )
    first._say = swap
    async with serving([first]) as served:
        client = await raw(served.port)
        await client.send_bytes(frame(TEXT, b"1") + frame(TEXT, b"2"))
        answer = await client.receive()
        await client.close()

    assert answer == "2"
    assert ("received", "2") in second.rest()
    assert first.rest() == [("heard",), ("received", "1")]
