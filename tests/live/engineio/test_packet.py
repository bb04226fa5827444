"""Engine.IO packets: read as the specification writes them, and rubbish is an error of one kind."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, Protocol, Side

from tocsin.live.engineio.packet import (
    Packet,
    PacketType,
    ProtocolError,
    decode,
    decode_payload,
    encode_message,
    polling_message,
    polling_packet,
    polling_to_websocket,
    websocket_message,
    websocket_packet,
)

# A separator in a text would end its packet: clients escape it, as JSON does.
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x1e"))
MESSAGES = st.lists(st.one_of(TEXTS, st.binary()), min_size=1, max_size=10)


def frames(data: bytes) -> list[Event]:
    client = Protocol(Side.CLIENT)
    client.receive_data(data)
    return client.events_received()


@pytest.mark.parametrize(
    ("text", "packet"),
    [
        ('0{"sid":"x"}', Packet(PacketType.OPEN, '{"sid":"x"}')),
        ("1", Packet(PacketType.CLOSE)),
        ("2probe", Packet(PacketType.PING, "probe")),
        ("3", Packet(PacketType.PONG)),
        ("4hello", Packet(PacketType.MESSAGE, "hello")),
        ("4", Packet(PacketType.MESSAGE)),
        ("5", Packet(PacketType.UPGRADE)),
        ("6", Packet(PacketType.NOOP)),
        ("bAQIDBA==", Packet(PacketType.MESSAGE, b"\1\2\3\4")),
        (b"\1\2\3\4", Packet(PacketType.MESSAGE, b"\1\2\3\4")),
    ],
)
def test_a_packet_is_its_type_and_its_data(text: str | bytes, packet: Packet) -> None:
    assert decode(text) == packet


@pytest.mark.parametrize("text", ["", "7", "a", "٣", "bA", "b€", "bAQID\n", " 4"])
def test_what_is_no_packet_is_an_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        decode(text)


@given(st.one_of(st.text(), st.binary()))
def test_any_message_is_a_packet_or_a_protocol_error(message: str | bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert isinstance(decode(message), Packet)


@given(st.binary())
def test_any_body_is_packets_or_a_protocol_error(body: bytes) -> None:
    with contextlib.suppress(ProtocolError):
        assert decode_payload(body)


def test_the_packets_of_a_body_keep_their_order() -> None:
    assert decode_payload(b"4hello\x1e2\x1ebAQIDBA==\x1e4\xc3\xa9") == [
        Packet(PacketType.MESSAGE, "hello"),
        Packet(PacketType.PING),
        Packet(PacketType.MESSAGE, b"\1\2\3\4"),
        Packet(PacketType.MESSAGE, "é"),
    ]


@pytest.mark.parametrize("body", [b"", b"4a\x1e", b"\x1e4a", b"4a\x1e\x1e4b", b"4\xff"])
def test_a_body_with_something_else_between_is_an_error(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_payload(body)


def test_a_body_has_a_limit_of_packets() -> None:
    assert len(decode_payload(b"\x1e".join([b"4"] * 1000))) == 1000
    with pytest.raises(ProtocolError):
        decode_payload(b"\x1e".join([b"4"] * 1001))


@given(MESSAGES)
def test_messages_come_over_polling_as_they_were(messages: list[str | bytes]) -> None:
    sent = b"".join(encode_message(message, "polling") for message in messages)

    assert [packet.data for packet in decode_payload(sent.removesuffix(b"\x1e"))] == messages


@given(MESSAGES)
def test_messages_come_over_a_websocket_as_they_were(messages: list[str | bytes]) -> None:
    sent = b"".join(encode_message(message, "websocket") for message in messages)

    assert frames(sent) == [
        Frame(Opcode.TEXT, b"4" + message.encode())
        if isinstance(message, str)
        else Frame(Opcode.BINARY, message)
        for message in messages
    ]


@given(MESSAGES)
def test_what_waited_for_a_poll_is_the_same_on_a_websocket(messages: list[str | bytes]) -> None:
    waiting = b"".join(encode_message(message, "polling") for message in messages)
    direct = b"".join(encode_message(message, "websocket") for message in messages)

    assert polling_to_websocket(waiting) == direct


def test_the_forms_for_many_are_those_for_one() -> None:
    assert websocket_message(b"2[]") == encode_message("2[]", "websocket") == b"\x81\x0442[]"
    assert polling_message(b"2[]") == encode_message("2[]", "polling") == b"42[]\x1e"
    assert websocket_packet(PacketType.PING) == b"\x81\x012"
    assert polling_packet(PacketType.PING) == b"2\x1e"
