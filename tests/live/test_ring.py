"""What is kept in memory of the newest events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.hearing import entry
from tocsin.live import ring as module
from tocsin.live.ring import Ring


def seqs(ring: Ring, after: int) -> list[int] | None:
    found = ring.after(after)
    return None if found is None else [one.seq for one in found]


def test_everything_after_a_seq_is_given_in_order() -> None:
    ring = Ring(3)
    ring.add([entry(4), entry(5)])
    ring.add([entry(8)])

    assert [seqs(ring, after) for after in (2, 3, 4, 5, 7, 8, 9)] == [
        *(None, [4, 5, 8], [5, 8], [8], [8], [], []),
    ]


@given(st.integers(0, 5), st.lists(st.integers(1, 4), max_size=10), st.integers(0, 60))
def test_either_all_that_follows_is_there_or_it_says_so(
    most: int, sizes: list[int], after: int
) -> None:
    told: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MAX_ENTRIES", most)
        ring = Ring(0)
        for size in sizes:
            new = range(len(told) + 1, len(told) + size + 1)
            ring.add([entry(seq) for seq in new])
            told += new

    expected = [seq for seq in told if seq > after]
    assert seqs(ring, after) == (expected if len(expected) <= most else None)


def test_large_events_are_let_go_of_sooner() -> None:
    ring = Ring(0)
    half = "x" * (module.MAX_BYTES // 2)

    ring.add([entry(1, data=half), entry(2, data="small"), entry(3, data=half)])
    before = [seqs(ring, after) for after in (0, 1)]
    ring.add([entry(4, data=half)])

    assert before == [None, [2, 3]]
    assert [seqs(ring, after) for after in (1, 2, 3)] == [None, None, [4]]
