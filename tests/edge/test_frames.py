"""Frames: another implementation reads what is made here, and what clients send is read."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, Protocol, Side

from tests.system.websocket_wire import CLOSE, TEXT, frame
from tocsin.edge.frames import PING, Frames, binary_frame, short_text, text_frame


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


@given(st.binary(max_size=130))
def test_a_short_text_alone_is_read_as_the_library_reads_it(payload: bytes) -> None:
    assert short_text(frame(TEXT, payload), 1000) == (payload if len(payload) <= 125 else None)


def client_segments() -> st.SearchStrategy[bytes]:
    """Frames of a client, whole, in parts, several, or with a bit that is wrong."""
    first = st.sampled_from([0x81, 0x01, 0x82, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0x91])
    length = st.integers(0, 255)
    return st.builds(
        lambda head, size, rest: bytes((head, size)) + rest, first, length, st.binary(max_size=140)
    )


@given(client_segments())
def test_what_is_no_short_text_alone_is_left_to_the_library(segment: bytes) -> None:
    frames = Frames(1000)
    frames.receive_data(segment)
    events = frames.events_received()
    text = short_text(segment, 1000)

    assert text is None or (events == [Frame(Opcode.TEXT, text)] and not frames.data_to_send())


def test_a_short_text_may_be_too_long() -> None:
    assert short_text(frame(TEXT, b"12345"), 5) == b"12345"
    assert short_text(frame(TEXT, b"123456"), 5) is None


def test_a_message_in_fragments_has_the_limit_of_a_whole_one() -> None:
    frames = Frames(1000)
    frames.receive_data(frame(TEXT, bytes(600), is_last=False) + frame(0, bytes(600)))

    assert frames.close_sent is not None
    assert frames.close_sent.code == 1009
