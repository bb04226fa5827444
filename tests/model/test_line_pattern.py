"""Texts and expressions are found in lines, and in the right ones."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Rejected
from tocsin.model.line_pattern import LinePattern


def lines(
    q: str, text: str, *, is_regex: bool = False, is_case_sensitive: bool = False
) -> list[int]:
    pattern = LinePattern(q, is_regex=is_regex, is_case_sensitive=is_case_sensitive)
    return pattern.lines_in(text.encode())


@pytest.mark.parametrize(
    ("q", "text", "found"),
    [
        ("b", "abc\nx\nB b", [0, 2]),
        ("a.c", "abc\na.c", [1]),
        ("[(", "x[(y", [0]),
        ("ошибка", "ОШИБКА\nx\nОшибка", [0, 2]),
        ("a\nb", "a\nb", []),
        ("\x00", "a\ufffdb", [0]),
        ("x", "", []),
    ],
)
def test_a_text_stands_in_a_line_in_upper_or_lower_case(
    q: str, text: str, found: list[int]
) -> None:
    assert lines(q, text) == found


def test_case_counts_when_it_is_told_to() -> None:
    assert lines("Ä", "ä\nÄ", is_case_sensitive=True) == [1]
    assert lines("Ä", "ä\nÄ") == [0, 1]


@pytest.mark.parametrize(
    ("q", "text", "found"),
    [
        (r"^b$", "ab\nb\nbc\nB", [1, 3]),
        (r"\Ab\z", "ab\nb\nbc", [1]),
        (r"\\Ab", "\\Ab\nb", [0]),
        (r"a\s+b", "a\nb\na b", [2]),
        (r"a[^x]*c", "a\nc\nabc", [2]),
        (r"(?s)a.c", "a\nc\nabc", [2]),
        (r"x*", "a\n\nx\n", [0, 1, 2, 3]),
        (r"(?-i)B|c", "b\nB\nC", [1]),
        (r"^$", "a\n\nb", [1]),
        (r"\bdone\b", "undone\nnot done", [1]),
    ],
)
def test_an_expression_looks_at_each_line_by_itself(q: str, text: str, found: list[int]) -> None:
    assert lines(q, text, is_regex=True) == found


@pytest.mark.parametrize(
    "q", ["(", "a)|(b", "(?=a)", r"\8", "a{1001}", "[z-a]", "(?P<n>", "((a{99}){99}){99}"]
)
def test_what_is_no_expression_is_refused_by_its_field(q: str) -> None:
    with pytest.raises(Rejected) as refused:
        LinePattern(q, is_regex=True, is_case_sensitive=False)

    assert refused.value.status == 422
    assert [fault.field for fault in refused.value.fields] == ["q"]
    assert "RE2" in refused.value.message


TEXTS = st.text(st.sampled_from("aAbБб.*\\"), max_size=5)


@given(TEXTS.filter(bool), st.lists(TEXTS), st.booleans())
def test_a_text_is_found_as_by_looking_at_each_line(
    q: str, said: list[str], is_case_sensitive: bool
) -> None:
    here = re.compile(re.escape(q), 0 if is_case_sensitive else re.IGNORECASE)

    found = lines(q, "\n".join(said), is_case_sensitive=is_case_sensitive)

    assert found == [number for number, line in enumerate(said) if here.search(line)]
