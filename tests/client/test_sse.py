"""Server-Sent Events are read as the HTML standard says, in whatever pieces they come."""

from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.sse import MessageTooLong, SseMessage, SseParser


def read(*pieces: bytes) -> list[SseMessage]:
    parser = SseParser()
    return [message for piece in pieces for message in parser.feed(piece)]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [SseMessage("message", "a", "")]),
        (b"data:a\ndata: b\n\n", [SseMessage("message", "a\nb", "")]),
        (b"data:  a\n\n", [SseMessage("message", " a", "")]),
        (b"data\n\n", [SseMessage("message", "", "")]),
        (b"event: x\nid: e:1\ndata: a\n\n", [SseMessage("x", "a", "e:1")]),
        (b"event: x\n\ndata: a\n\n", [SseMessage("message", "a", "")]),
        (b": heartbeat\n\ndata: a\n\n", [SseMessage("message", "a", "")]),
        (b"\xef\xbb\xbfdata: a\n\n", [SseMessage("message", "a", "")]),
        (b"data: a\r\n\r\ndata: b\r\r", [SseMessage("message", x, "") for x in "ab"]),
        (b"id: e:1\n\ndata: a\n\n", [SseMessage("message", "a", "e:1")]),
        (b"id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", [SseMessage("message", x, "1") for x in "ab"]),
        (b"retry: 10\nother: x\ndata: a\n\n", [SseMessage("message", "a", "")]),
        (b"data: unfinished\n", []),
        ("data: 部署\n\n".encode(), [SseMessage("message", "部署", "")]),
        (b"data: \xff\n\n", [SseMessage("message", "�", "")]),
    ],
)
def test_a_stream_gives_these_messages(stream: bytes, expected: list[SseMessage]) -> None:
    assert read(stream) == expected


LINES = st.lists(
    st.sampled_from(
        [b"data: a", b"data", b"event: x", b"id: e:1", b": c", b"", b"", "data: 日本".encode()]
    )
    | st.binary(max_size=8),
    max_size=20,
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(lines=LINES, end=ENDS, cuts=st.lists(st.integers(0, 200)))
def test_any_cutting_gives_the_same_messages(
    lines: list[bytes], end: bytes, cuts: list[int]
) -> None:
    stream = b"".join(line + end for line in lines)
    marks = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]

    pieces = [stream[a:b] for a, b in pairwise(marks)]

    assert read(*pieces) == read(stream)
    assert read(*(bytes([byte]) for byte in stream)) == read(stream)


@pytest.mark.parametrize("piece", [b"a", b"data: a\n"])
def test_an_endless_message_is_given_up(piece: bytes) -> None:
    parser = SseParser(max_chars=100)

    with pytest.raises(MessageTooLong):
        deque(map(parser.feed, [piece] * 200))


def test_endless_heartbeats_are_no_endless_message() -> None:
    parser = SseParser(max_chars=100)

    for _ in range(200):
        assert parser.feed(b": heartbeat\n") == []
