"""Socket.IO packets: read and written as the specification has them, rubbish is one error."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.engineio.packet import ProtocolError
from tocsin.live.socketio.packet import (
    MAX_DEPTH,
    RESERVED_EVENTS,
    Decoder,
    Packet,
    PacketType,
    encode,
    event_text,
)

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, *_ = PacketType

# The examples of the specification, "Packet encoding".
EXAMPLES: list[tuple[Packet, list[str | bytes]]] = [
    (Packet(CONNECT), ["0"]),
    (
        Packet(CONNECT, "/admin", {"sid": "oSO0OpakMV_3jnilAAAA"}),
        ['0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}'],
    ),
    (Packet(CONNECT_ERROR, "/", {"message": "Not authorized"}), ['4{"message":"Not authorized"}']),
    (Packet(EVENT, "/", ["foo"]), ['2["foo"]']),
    (Packet(EVENT, "/admin", ["bar"]), ['2/admin,["bar"]']),
    (Packet(EVENT, "/", ["foo"], 12), ['212["foo"]']),
    (Packet(ACK, "/admin", ["bar"], 13), ['3/admin,13["bar"]']),
    (Packet(DISCONNECT, "/admin"), ["1/admin,"]),
    (
        Packet(EVENT, "/", ["baz", b"\1\2\3\4"]),
        ['51-["baz",{"_placeholder":true,"num":0}]', b"\1\2\3\4"],
    ),
    (
        Packet(EVENT, "/admin", ["baz", b"\1\2", b"\3\4"]),
        [
            '52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
            b"\1\2",
            b"\3\4",
        ],
    ),
    (
        Packet(ACK, "/", [{"a": [b"\1"]}], 15),
        ['61-15[{"a":[{"_placeholder":true,"num":0}]}]', b"\1"],
    ),
]


def decoded(messages: list[str | bytes]) -> Packet | None:
    decoder = Decoder()
    assert all(decoder.add(message) is None for message in messages[:-1])
    return decoder.add(messages[-1])


@pytest.mark.parametrize(("packet", "messages"), EXAMPLES)
def test_the_examples_of_the_specification_are_written_and_read_alike(
    packet: Packet, messages: list[str | bytes]
) -> None:
    assert encode(packet) == messages
    assert decoded(messages) == packet


@pytest.mark.parametrize("text", ["0/admin", "1/admin", "0/admin,"])
def test_a_namespace_may_end_the_packet(text: str) -> None:
    packet = decoded([text])

    assert packet is not None
    assert packet.namespace == "/admin"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "abc",
        "٢[]",
        "2",
        "2{}",
        "2[]",
        "2[1]",
        '2"foo"',
        '2["foo"',
        '2["foo"] []',
        '2abc["foo"]',
        '2-1["foo"]',
        '21-["foo"]',
        '2["a",NaN]',
        '2["a","\\ud800"]',
        '212345678901234567["foo"]',
        "3[]",
        "31{}",
        "31",
        "0[]",
        '0"a"',
        "1{}",
        "4",
        "41",
        '5["foo"]',
        '511-["foo"]',
        '599999-["foo"]',
        '5-["foo"]',
        "51-[{}]",
        *(f'2["{name}"]' for name in sorted(RESERVED_EVENTS)),
    ],
)
def test_what_is_no_packet_is_an_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        Decoder().add(text)


@pytest.mark.parametrize(
    "messages",
    [
        [b"a"],
        ['51-["a",{"_placeholder":true,"num":0}]', "2[]"],
        ['51-["a",{"_placeholder":true,"num":1}]', b""],
        ['51-["a",{"_placeholder":true,"num":-1}]', b""],
        ['51-["a",{"_placeholder":true,"num":"0"}]', b""],
        ['51-["a",{"_placeholder":true,"num":true}]', b""],
        ['51-["a",{"_placeholder":true}]', b""],
    ],
)
def test_attachments_that_do_not_fit_are_an_error(messages: list[str | bytes]) -> None:
    decoder = Decoder()
    *before, last = messages
    for message in before:
        assert decoder.add(message) is None
    with pytest.raises(ProtocolError):
        decoder.add(last)


def test_after_its_attachments_the_next_packet_is_a_new_one() -> None:
    decoder = Decoder()
    decoder.add('51-["a",{"_placeholder":true,"num":0}]')
    first = decoder.add(b"1")
    decoder.add('51-["b",{"_placeholder":true,"num":0}]')

    assert first == Packet(EVENT, "/", ["a", b"1"])
    assert decoder.add(b"2") == Packet(EVENT, "/", ["b", b"2"])
    assert decoder.add('2["c"]') == Packet(EVENT, "/", ["c"])


def test_the_depth_of_what_comes_is_bounded() -> None:
    def nested(depth: int) -> str:
        return '2["a",' + "[" * (depth - 1) + "]" * (depth - 1) + "]"

    wide = '2["a"' + ",[]" * MAX_DEPTH * 2 + "]"

    assert Decoder().add(nested(MAX_DEPTH - 1)) is not None
    assert Decoder().add(wide) is not None
    for depth in (MAX_DEPTH + 1, 500, 100_000):
        with pytest.raises(ProtocolError):
            Decoder().add(nested(depth))


@given(st.one_of(st.text(), st.binary(), st.from_regex(r"[0-6](\d-)?(/a,)?\d?.*", fullmatch=True)))
def test_any_message_is_a_packet_or_a_protocol_error(message: str | bytes) -> None:
    with contextlib.suppress(ProtocolError):
        Decoder().add(message)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS, st.binary(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(TEXTS.filter(lambda key: key != "_placeholder"), inner, max_size=3),
    ),
    max_leaves=8,
)
NAMES = TEXTS.filter(lambda name: name not in RESERVED_EVENTS)
NAMESPACES = st.sampled_from(["/", "/a", "/project-dashboard/ws", "/ä"])


@given(NAMESPACES, NAMES, st.lists(VALUES, max_size=3), st.none() | st.integers(0, 2**53 - 1))
def test_an_event_with_anything_in_it_comes_as_it_was(
    namespace: str, name: str, args: list[Any], number: int | None
) -> None:
    packet = Packet(EVENT, namespace, [name, *args], number)

    assert decoded(encode(packet)) == packet


@given(NAMESPACES, NAMES, st.lists(st.one_of(TEXTS, st.integers(0, 9)), max_size=3))
def test_the_quick_form_of_an_event_is_the_same(namespace: str, name: str, args: list[Any]) -> None:
    (text,) = encode(Packet(EVENT, namespace, [name, *args]))

    assert event_text(namespace, name, args).decode() == text


def test_what_json_has_not_is_refused_when_it_is_written() -> None:
    with pytest.raises(TypeError):
        event_text("/", "a", [b"binary"])
    with pytest.raises(TypeError):
        encode(Packet(EVENT, "/", ["a", object()]))
