"""Lines come whole and in order, many at once, and soon."""

import asyncio
import queue
from collections.abc import Callable, Iterable
from contextlib import aclosing
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.batches import LineCutter, batch_length, batches


def cut(*pieces: bytes, max_line_chars: int = 100) -> list[str]:
    cutter = LineCutter(max_line_chars)
    lines = [line for piece in pieces for line in cutter.feed(piece)]
    return lines + cutter.feed(b"", is_last=True)


def reader(pieces: Iterable[bytes]) -> Callable[[], bytes]:
    left = iter([*pieces, b""])
    return lambda: next(left)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\n\r\nb", ["a", "", "b"]),
        (b"10%\r20%\n", ["10%\r20%"]),
        ("部署\n".encode(), ["部署"]),
        (b"a\xffb", ["a�b"]),
        (b"x" * 250 + b"\ny", ["x" * 100, "x" * 100, "x" * 50, "y"]),
    ],
)
def test_text_is_cut_into_these_lines(text: bytes, expected: list[str]) -> None:
    assert cut(text) == expected


@given(st.text(alphabet="ab\n\r部"), st.lists(st.integers(0, 40)))
def test_any_pieces_give_the_same_lines(text: str, cuts: list[int]) -> None:
    data = text.encode()
    marks = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]

    pieces = [data[a:b] for a, b in pairwise(marks)]

    assert cut(*pieces) == cut(data)


@given(st.lists(st.sampled_from([1, 400_000, 2_000_000])), st.integers(1, 5))
def test_a_batch_holds_at_least_one_line_and_no_more_than_fit(
    sizes: list[int], max_lines: int
) -> None:
    lines = ["x" * size for size in sizes]

    length = batch_length(lines, max_lines)

    assert min(1, len(lines)) <= length <= max_lines
    assert length <= 1 or sum(sizes[:length]) <= 1_000_000


async def test_many_lines_leave_in_full_batches() -> None:
    text = b"".join(b"%d\n" % n for n in range(2500))

    found = [batch async for batch in batches(reader([text]))]

    assert [len(batch) for batch in found] == [1000, 1000, 500]
    assert [line for batch in found for line in batch] == [str(n) for n in range(2500)]


async def test_nothing_gives_no_batch() -> None:
    assert [batch async for batch in batches(reader([]))] == []


async def test_a_line_leaves_while_the_input_is_still_open() -> None:
    pieces: queue.Queue[bytes] = queue.Queue()
    pieces.put(b"first\nsec")

    async with asyncio.timeout(5), aclosing(batches(pieces.get, max_wait_s=0.01)) as found:
        first = await anext(found)
        pieces.put(b"ond\n")
        pieces.put(b"")
        rest = [batch async for batch in found]

    assert first == ["first"]
    assert rest == [["second"]]


def test_a_reader_that_waits_does_not_hold_up_the_end() -> None:
    pieces: queue.Queue[bytes] = queue.Queue()
    pieces.put(b"a\n")

    async def one() -> list[str]:
        async with aclosing(batches(pieces.get, max_wait_s=0)) as found:
            return await anext(found)

    assert asyncio.run(one()) == ["a"]
    pieces.put(b"")
