"""A client in a namespace: what it is sent, and answers both ways."""

import pytest

from tests.live.socketio.conversations import chatting
from tocsin.live.socketio import socket as socketio_socket


async def test_events_go_out_with_all_that_json_has_and_with_binary_data() -> None:
    async with chatting() as chat:
        talk, socket = await chat.joined("/a")
        socket.emit("plain", 1, "é", {"a": [True, None]})
        socket.emit("binary", b"\1", [b"\2"])

        assert await talk.hear() == '2/a,["plain",1,"é",{"a":[true,null]}]'
        assert await talk.hear() == (
            '52-/a,["binary",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]'
        )
        assert [await talk.hear(), await talk.hear()] == [b"\1", b"\2"]


async def test_what_cannot_be_sent_is_the_callers_error_and_ends_nothing() -> None:
    async with chatting() as chat:
        talk, socket = await chat.joined()
        with pytest.raises(TypeError):
            socket.emit("x", object())
        socket.emit("y")

        assert await talk.hear() == '2["y"]'


async def test_an_event_of_the_client_is_answered_once() -> None:
    async with chatting() as chat:
        talk, _ = await chat.joined()
        await talk.say('2456["x",1,"2",{"3":[false]}]', '20["y"]')

        assert await talk.hear() == '3456[1,"2",{"3":[false]}]'
        assert await talk.hear() == "30[]"


async def test_the_answer_of_the_client_reaches_who_asked_once() -> None:
    answers: list[tuple[object, ...]] = []
    async with chatting() as chat:
        talk, socket = await chat.joined()
        socket.emit("a", ack=lambda *args: answers.append(("a", *args)))
        socket.emit("b", 1, b"\1", ack=lambda *args: answers.append(("b", *args)))
        asked = [await talk.hear() for _ in range(3)]
        await talk.say("31[2,3]", "31[4]", "399[5]")
        await talk.say('61-0[{"_placeholder":true,"num":0}]', b"\2", '21["done"]')
        assert await talk.hear() == "31[]"

    assert asked == ['20["a"]', '51-1["b",1,{"_placeholder":true,"num":0}]', b"\1"]
    assert answers == [("b", 2, 3), ("a", b"\2")]


async def test_a_client_that_answers_nothing_does_not_make_the_list_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socketio_socket, "MAX_PENDING_ACKS", 2)
    answers: list[int] = []
    async with chatting() as chat:
        talk, socket = await chat.joined()
        for number in range(5):
            socket.emit("a", ack=lambda number=number: answers.append(number))
            await talk.hear()
        await talk.say(*(f"3{number}[]" for number in range(5)), '21["done"]')
        assert await talk.hear() == "31[]"

    assert answers == [3, 4]


async def test_a_client_that_is_put_out_is_told_and_hears_no_more() -> None:
    async with chatting() as chat:
        talk, socket = await chat.joined("/a")
        await talk.join("/b")
        ack = socket.answer(1)
        socket.disconnect()
        socket.disconnect()
        ack("too late")
        await talk.say('2/a,["on its way"]', '2/b,1["x"]')

        assert [await talk.hear(), await talk.hear()] == ["1/a,", "3/b,1[]"]
        assert await chat.noting.hear("disconnected") == ("/a", "server namespace disconnect")
        assert chat.noting.rest() == [("event", "/b", "x", [])]


async def test_on_a_websocket_writing_costs_what_the_transport_costs() -> None:
    async with chatting() as chat:
        _, socket = await chat.joined()
        line = socket.session.transport

        assert line is not None
        assert socket.write == line.write == line._transport.write  # type: ignore[attr-defined]
        assert (socket.encoding, socket.is_paused, socket.unsent_bytes()) == ("websocket", False, 0)
        assert socket.scope["path"] == "/socket.io/"
