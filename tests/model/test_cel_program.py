"""What may be written in CEL, and that whatever it meets gives a value or none."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.cel_program import MAX_EXPRESSION_CHARS, program_of, value_of

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("it.n + 1", 3),
        ("size(it.words) == 2 && it.words.exists(one, one.startsWith('a'))", True),
        ("it.words.all(one, one.matches('^[a-z]+$'))", True),
        ("has(it.missing) ? it.missing : 'none'", "none"),
        ("it.at.getFullYear() - it.at.getMonth()", 2024),
        ("timestamp('2024-01-01T12:00:00Z') == it.at", True),
        ("it.at - duration('1h') < it.at", True),
        ("string(it.n) + string(int('2')) + string(double(1) > 0.5)", None),
        ("type(dyn(it.n)) == type(1)", True),
        ("it.missing", None),
        ("it.n / 0", None),
        ("it.n > 'a'", None),
        ("'fixed'", "fixed"),
    ],
)
def test_an_expression_is_worked_out_or_gives_nothing(source: str, value: object) -> None:
    told = {"it": {"n": 2, "words": ["ab", "cd"], "at": datetime(2024, 1, 1, 12, tzinfo=UTC)}}

    assert value_of(program_of(source, ("it",), "it.n"), told) == value


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("it.", "CEL such as it.n:"),
        ("if", "CEL such as it.n:"),
        ("", "CEL such as it.n:"),
        ("id.n", "expected CEL over it; there is no id"),
        ("it.a == 1 || shout(it.b)", "there is no shout"),
        ("optional.none()", "there is no none, optional"),
        ("it.a.all(x, it.b.all(y, x == y))", "one list at most"),
        ("it.a.map(x, x)[0]", "without filter and map"),
        ("it.a.filter (x, x)[0]", "without filter and map"),
        ("it.exists(one, one > other)", "there is no other"),
        ("it." + "a" * MAX_EXPRESSION_CHARS, "at most"),
    ],
)
def test_what_is_wrong_is_said_before_it_is_used(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        program_of(source, ("it",), "it.n")


def test_the_names_are_listed_as_people_list_them() -> None:
    with pytest.raises(ValueError, match="over a, b and c; there is no d"):
        program_of("d", ("a", "b", "c"), "a")


@given(ANY_JSON, ANY_JSON)
def test_whatever_it_meets_nothing_fails(one: Any, other: Any) -> None:
    program = program_of("it.a > it.b || it.a.contains(it.b) || it.a[it.b]", ("it",), "it.n")

    value_of(program, {"it": {"a": one, "b": other}})
    value_of(program, {"it": one})


def test_a_text_that_cel_does_not_know_is_no_fault() -> None:
    program = program_of("it.a == 1", ("it",), "it.a")

    assert value_of(program, {"it": {"a": "\ud800"}}) is None
