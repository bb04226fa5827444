"""Whatever comes when, what is given out is in order, whole and without repeats."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.bus.test_message import event
from tocsin.live.pieces import MAX_ENTRIES, Pieces
from tocsin.model.entry import Entry


def commit(first: int, last: int) -> Sequence[Entry]:
    return [Entry(event(seq)) for seq in range(first, last + 1)]


def seqs(entries: Sequence[Entry]) -> list[int]:
    return [one.seq for one in entries]


def test_what_lies_beyond_a_gap_waits() -> None:
    pieces = Pieces()
    pieces.put(commit(5, 6))

    assert pieces.take(3) == []
    assert pieces
    assert pieces.newest == 6


def test_what_follows_comes_out_in_order() -> None:
    pieces = Pieces()
    for span in ((8, 8), (5, 6), (7, 7), (10, 10)):
        pieces.put(commit(*span))

    assert seqs(pieces.take(4)) == [5, 6, 7, 8]
    assert pieces.newest == 10


def test_what_is_known_is_forgotten() -> None:
    pieces = Pieces()
    pieces.put(commit(5, 6))
    pieces.put(commit(5, 6))
    pieces.put(commit(6, 9))

    assert seqs(pieces.take(7)) == [8, 9]
    assert not pieces
    assert pieces.newest == 0


def test_there_is_an_end_to_what_is_kept() -> None:
    pieces = Pieces()
    pieces.put(commit(2, MAX_ENTRIES + 1))
    is_enough = not pieces.is_too_much
    pieces.put(commit(MAX_ENTRIES + 2, MAX_ENTRIES + 2))

    is_too_much = pieces.is_too_much
    pieces.clear()

    assert is_enough
    assert is_too_much
    assert not pieces
    assert not pieces.is_too_much


@st.composite
def told(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """Commits of 1 to `last`, in any order, some doubled, some lost."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))
    spans, first = [], 1
    for size in sizes:
        spans.append((first, first + size - 1))
        first += size
    return first - 1, draw(st.lists(st.sampled_from(spans), max_size=30))


@given(told(), st.data())
def test_a_reader_with_the_journal_at_hand_has_each_once_and_in_order(
    case: tuple[int, list[tuple[int, int]]], data: st.DataObject
) -> None:
    last, spans = case
    pieces, heard = Pieces(), list[int]()
    for span in spans:
        pieces.put(commit(*span))
        heard += seqs(pieces.take(len(heard)))
        if data.draw(st.booleans()):
            # The journal is read, up to anywhere.
            through = data.draw(st.integers(len(heard), last))
            heard += range(len(heard) + 1, through + 1)
            heard += seqs(pieces.take(len(heard)))

        assert heard == list(range(1, len(heard) + 1))
        assert not pieces or pieces.newest > len(heard)
