"""Cursors: what goes in comes out, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Reason, Rejected
from tocsin.model.paging import LARGEST_INT, decode_cursor, encode_cursor

SEQS = st.integers(0, LARGEST_INT)
NAMES = st.text(st.characters(codec="utf-8"))


@given(SEQS, NAMES)
def test_a_place_comes_back_as_it_was(seq: int, name: str) -> None:
    assert decode_cursor("days", encode_cursor("days", seq, name), (int, str)) == [seq, name]


@given(st.text())
def test_no_other_text_is_taken_for_a_cursor(text: str) -> None:
    with pytest.raises(Rejected) as refused:
        decode_cursor("days", text, (int,))

    assert refused.value.status == 422
    assert refused.value.reason is Reason.BAD_FIELD
    assert refused.value.fields[0].field == "cursor"


@pytest.mark.parametrize(
    "cursor",
    [
        encode_cursor("events", 1),
        encode_cursor("days"),
        encode_cursor("days", "1"),
        encode_cursor("days", 1, 2),
        encode_cursor("days", True),
        encode_cursor("days", -1),
        encode_cursor("days", 2**63),
    ],
)
def test_a_cursor_of_another_list_or_place_is_refused(cursor: str) -> None:
    with pytest.raises(Rejected):
        decode_cursor("days", cursor, (int,))
