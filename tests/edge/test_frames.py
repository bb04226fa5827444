"""Frames: another implementation reads what is made here, and what clients send is read."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, Protocol, Side

from tests.system.websocket_wire import CLOSE, TEXT, frame
from tocsin.edge.frames import PING, Frames, binary_frame, text_frame


def read(data: bytes) -> list[Event]:
    client = Protocol(Side.CLIENT, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    return client.events_received()


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
def test_a_message_of_any_length_is_one_unmasked_frame(size: int) -> None:
    payload = b"a" * size

    assert read(text_frame(payload)) == [Frame(Opcode.TEXT, payload)]
    assert read(binary_frame(payload)) == [Frame(Opcode.BINARY, payload)]


def test_a_ping_has_no_payload() -> None:
    assert read(PING) == [Frame(Opcode.PING, b"")]


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=300))))
def test_joined_frames_are_the_messages_one_after_another(
    messages: Iterable[tuple[bool, bytes]],
) -> None:
    made = [(text_frame if is_text else binary_frame)(payload) for is_text, payload in messages]
    meant = [
        Frame(Opcode.TEXT if is_text else Opcode.BINARY, payload) for is_text, payload in messages
    ]

    assert read(b"".join(made)) == meant


def test_a_close_frame_may_come_in_the_midst_of_a_message() -> None:
    frames = Frames(1000)
    frames.receive_data(frame(TEXT, b"a", is_last=False) + frame(CLOSE, b"\x03\xe8"))

    assert frames.close_rcvd is not None
    assert frames.close_rcvd.code == 1000
    assert frames.data_to_send() == [b"\x88\x02\x03\xe8", b""]


def test_a_message_in_fragments_has_the_limit_of_a_whole_one() -> None:
    frames = Frames(1000)
    frames.receive_data(frame(TEXT, bytes(600), is_last=False) + frame(0, bytes(600)))

    assert frames.close_sent is not None
    assert frames.close_sent.code == 1009
