"""Conversations on a real server: who comes in, who goes, and what ends the session."""

import asyncio
from typing import Any

import orjson
import pytest

from tests.live.socketio.conversations import chatting
from tests.system.websocket_wire import TEXT, frame
from tocsin.edge.websocket import HIGH_WATER_BYTES
from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.live.socketio import server
from tocsin.live.socketio.socket import Refused

# --- coming in


@pytest.mark.parametrize("namespace", ["", "/a"])
@pytest.mark.parametrize(("auth", "meant"), [("", {}), ('{"token":"é"}', {"token": "é"})])
async def test_a_client_comes_into_a_namespace_with_what_it_shows(
    namespace: str, auth: str, meant: Any
) -> None:
    async with chatting() as chat:
        talk = await chat.talk()
        data = await talk.join(namespace, auth)

        assert set(data) == {"sid"}
        assert data["sid"] == chat.noting.sockets[0].sid
        assert await chat.noting.hear("connect") == (namespace or "/", meant)
        assert await chat.noting.hear("connected") == (namespace or "/",)


async def test_the_application_may_add_to_the_answer_and_name_the_client() -> None:
    async with chatting() as chat:
        chat.noting.more = {"pid": "p", "sid": "mine"}
        talk = await chat.talk()

        assert await talk.join() == {"sid": "mine", "pid": "p"}


async def test_a_client_may_be_in_several_namespaces_at_once() -> None:
    async with chatting() as chat:
        talk = await chat.talk()
        sids = {(await talk.join(name))["sid"] for name in ("", "/a", "/b")}
        await talk.say('2/a,1["to a"]', '22["to main"]')

        assert len(sids) == 3
        assert [await talk.hear(), await talk.hear()] == ["3/a,1[]", "32[]"]
        assert {socket.session for socket in chat.noting.sockets} == {
            chat.noting.sockets[0].session
        }


async def test_a_namespace_that_is_none_is_refused_and_the_session_stays() -> None:
    async with chatting() as chat:
        talk = await chat.talk()
        await talk.say("0/random")

        assert await talk.hear() == '4/random,{"message":"Invalid namespace"}'
        assert await talk.join()


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (Refused("Not you"), '4/a,{"message":"Not you"}'),
        (Refused("No", {"code": 1}), '4/a,{"message":"No","data":{"code":1}}'),
        (
            Rejected(401, Reason.BAD_CREDENTIALS, "Unknown token."),
            '4/a,{"message":"Unknown token.","data":{"reason":"bad_credentials"}}',
        ),
    ],
)
async def test_a_client_that_may_not_come_in_is_told_why_and_may_try_again(
    error: Exception, answer: str
) -> None:
    async with chatting() as chat:
        chat.noting.error = error
        talk = await chat.talk()
        await talk.say("0/a,")
        refusal = await talk.hear()
        chat.noting.error = None

        assert refusal == answer
        assert await talk.join("/a")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        # Stock clients give up after a refusal: what passes is told by the transport.
        (StoreDown("Down."), 4003),
        (Rejected(503, Reason.TOO_MANY_CONNECTIONS, "Full."), 4429),
        (ZeroDivisionError(), 1011),
    ],
)
async def test_a_failure_that_passes_closes_the_transport(error: Exception, code: int) -> None:
    async with chatting() as chat:
        chat.noting.error = error
        talk = await chat.talk()
        await talk.say("0")

        assert (await talk.websocket.end()).code == code
        assert chat.engine.served.failures == (code == 1011)


async def test_what_a_client_sends_before_it_is_in_waits_in_order() -> None:
    async with chatting() as chat:
        chat.noting.gate.clear()
        talk = await chat.talk()
        await talk.say("0", '21["a"]', '22["b"]', "0/a,")
        await chat.noting.hear("connect")
        await chat.noting.hear("connect")
        chat.noting.gate.set()
        answers = [await talk.hear() for _ in range(4)]

    assert [str(answer)[:3] for answer in answers] == ['0{"', "31[", "32[", "0/a"]


async def test_too_much_before_it_is_in_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_EARLY_PACKETS", 3)
    async with chatting() as chat:
        chat.noting.gate.clear()
        talk = await chat.talk()
        await talk.say("0", *['2["a"]'] * 4)

        assert (await talk.websocket.end()).code == 1002
        assert await chat.noting.hear("cancelled") == ()


async def test_a_client_that_goes_before_it_is_in_was_never_in() -> None:
    async with chatting() as chat:
        chat.noting.gate.clear()
        talk = await chat.talk()
        await talk.say("0")
        await chat.noting.hear("connect")
        await talk.websocket.abort()
        await chat.noting.hear("cancelled")
        chat.noting.gate.set()

        assert not chat.noting.rest()


async def test_a_session_that_enters_nothing_is_closed() -> None:
    async with chatting(connect_timeout_s=0.05) as chat:
        talk = await chat.talk()

        assert (await talk.websocket.end()).reason == "connect timeout"


async def test_a_session_that_has_left_everything_is_closed() -> None:
    async with chatting(connect_timeout_s=0.1) as chat:
        talk, _ = await chat.joined()
        stays, _ = await chat.joined()
        await talk.say("1")

        assert (await talk.websocket.end()).reason == "connect timeout"
        await stays.say('21["x"]')
        assert await stays.hear() == "31[]"


# --- rubbish


@pytest.mark.parametrize(
    "messages",
    [["abc"], ['2["x"]'], ["1"], ["31[]"], ["2/a,[1]"], [b"x"]],
)
async def test_a_session_that_does_not_begin_with_a_connect_ends(
    messages: list[str | bytes],
) -> None:
    async with chatting() as chat:
        talk = await chat.talk()
        await talk.say(*messages)

        assert (await talk.websocket.end()).code == 1002


@pytest.mark.parametrize(
    "messages",
    [
        ["abc"],
        ["2{}"],
        ['2abc["x"]'],
        ["2[]"],
        ["0"],
        ["4{}"],
        ['2/b,["x"]'],
        [b"x"],
        ['51-["x",{"_placeholder":true,"num":0}]', '2["y"]'],
        ['2["connect"]'],
        ['2["x",' + "[" * 200 + "]" * 200 + "]"],
    ],
)
async def test_what_is_not_of_the_protocol_ends_the_session(messages: list[str | bytes]) -> None:
    async with chatting() as chat:
        talk, _ = await chat.joined()
        await talk.say(*messages)

        assert (await talk.websocket.end()).code == 1002
        assert await chat.noting.hear("disconnected") == ("/", "parse error")


async def test_an_event_that_the_application_fails_at_ends_the_session() -> None:
    async with chatting() as chat:
        talk, _ = await chat.joined()
        await talk.say('2["fail"]')

        assert (await talk.websocket.end()).code == 1011
        assert await chat.noting.hear("disconnected") == ("/", "transport close")


async def test_an_early_packet_that_is_none_ends_the_session() -> None:
    async with chatting() as chat:
        chat.noting.gate.clear()
        talk = await chat.talk()
        await talk.say("0", "4{}")
        await chat.noting.hear("connect")
        chat.noting.gate.set()

        assert (await talk.websocket.end()).code == 1002


# --- going


async def test_a_client_that_leaves_a_namespace_stays_in_the_others() -> None:
    async with chatting() as chat:
        talk, _ = await chat.joined()
        await talk.join("/a")
        await talk.say("1/a,", '2/a,["on its way"]', '21["here"]')

        assert await talk.hear() == "31[]"
        assert await chat.noting.hear("disconnected") == ("/a", "client namespace disconnect")
        assert ("event", "/a", "on its way", []) not in chat.noting.rest()
        assert await talk.join("/a")


async def test_everybody_in_a_session_is_told_of_its_end_once() -> None:
    async with chatting() as chat:
        talk, socket = await chat.joined()
        await talk.join("/a")
        socket.close_transport(4001, "draining")
        ended = await talk.websocket.end()
        await chat.noting.hear("connected")
        await chat.noting.hear("connected")
        told = [await chat.noting.hear("disconnected") for _ in range(2)]

    # Closed, and not put out: a stock client comes back from that.
    assert (ended.code, ended.reason) == (4001, "draining")
    assert told == [("/", "draining"), ("/a", "draining")]
    assert not chat.noting.rest()


# --- transports


async def test_everybody_in_a_session_is_told_of_its_transport() -> None:
    async with chatting() as chat:
        engine = chat.engine
        sid = await engine.open()
        assert await engine.post(sid, b"40\x1e40/a,") == (200, b"ok")
        await chat.noting.hear("connected")
        await chat.noting.hear("connected")
        socket = chat.noting.sockets[0]
        socket.emit("x", "y" * HIGH_WATER_BYTES)
        websocket = await engine.websocket(sid)
        await websocket.send_bytes(frame(TEXT, b"2probe") + frame(TEXT, b"5"))
        received = [await websocket.receive() for _ in range(4)]

        assert [str(one)[:4] for one in received] == ["3pro", '40{"', "40/a", '42["']
        assert chat.noting.rest() == [
            ("paused", "/"),
            ("paused", "/a"),
            ("encoding_changed", "/", "polling", "polling"),
            ("encoding_changed", "/a", "polling", "polling"),
            ("resumed", "/"),
            ("resumed", "/a"),
        ]
        assert socket.encoding == "websocket"


async def test_binary_events_come_and_go_over_polling() -> None:
    async with chatting() as chat:
        engine = chat.engine
        sid = await engine.open()
        await engine.post(sid, b"40")
        status, body = await engine.get(sid)
        assert orjson.loads(body.removeprefix(b"40")).keys() == {"sid"}
        event = b'451-7["x",{"_placeholder":true,"num":0}]\x1ebAQID'
        assert await engine.post(sid, event) == (200, b"ok")

        assert await chat.noting.hear("event") == ("/", "x", [b"\1\2\3"])
        assert await engine.get(sid) == (
            status,
            b'461-7[{"_placeholder":true,"num":0}]\x1ebAQID',
        )


async def test_many_come_and_go_at_once_and_nothing_is_left() -> None:
    async with chatting() as chat:

        async def visit(number: int) -> None:
            talk, _ = await chat.joined("/a" if number % 2 else "")
            if number % 3:
                await talk.websocket.close()
            else:
                await talk.websocket.abort()

        await asyncio.gather(*(visit(number) for number in range(100)))
        for _ in range(100):
            await chat.noting.hear("disconnected")

        assert chat.engine.server.count == 0
