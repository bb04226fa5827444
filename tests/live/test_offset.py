"""Where a client stands, and when it cannot go on from there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.offset import Offset, can_resume, own_offset, parse_offset

EPOCHS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)
SEQS = st.integers(0, 2**63 - 1)


@given(EPOCHS, SEQS)
def test_an_offset_is_read_as_it_was_written(epoch: str, seq: int) -> None:
    offset = Offset(epoch, seq)

    assert parse_offset(str(offset)) == offset
    assert parse_offset(f"  {offset} ") == offset


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "abc:",
        ":5",
        "abc:-1",
        "abc:+1",
        "abc:1.0",
        "abc:0x1",
        "abc:5:6",
        "abc:٣",
        "abc:²",
        "abc:5 6",
        f"abc:{2**63}",
        "abc:" + "9" * 5_000,
    ],
)
def test_what_is_no_offset_is_none(text: str) -> None:
    assert parse_offset(text) is None


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    offset = parse_offset(text)

    assert offset is None or offset.seq >= 0


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (Offset("here", 10), True),
        (Offset("here", 20), True),
        (Offset("here", 9), False),
        (Offset("here", 21), False),
        (Offset("there", 15), False),
    ],
)
def test_it_can_be_resumed_while_all_that_follows_is_there(offset: Offset, expected: bool) -> None:
    assert can_resume(offset, "here", pruned_through=10, newest=20) is expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (Offset("here", 99), Offset("here", 99)),
        (Offset("before", 7), Offset("here", 7)),
        (Offset("before", 8), Offset("before", 8)),
        (Offset("long ago", 3), Offset("here", 3)),
        (Offset("long ago", 7), Offset("long ago", 7)),
        (Offset("elsewhere", 0), Offset("elsewhere", 0)),
    ],
)
def test_one_of_before_a_backup_was_put_back_counts_as_far_as_that_reaches(
    offset: Offset, expected: Offset
) -> None:
    assert own_offset(offset, "here", {"before": 7, "long ago": 3}) == expected
