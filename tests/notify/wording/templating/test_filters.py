"""What filters make of values, and that none makes a small text a large one."""

from typing import Any

import pytest

from tocsin.notify.wording.templating.filters import FILTERS, MAX_CHARS, text_of

MADE = [
    ("abs", (-2,), 2),
    ("capitalize", ("aBC",), "Abc"),
    ("count", ([1, 2],), 2),
    ("length", (None,), 0),
    ("default", (None, "x"), "x"),
    ("default", ("", "x"), ""),
    ("d", ("", "x", True), "x"),
    ("d", (0,), 0),
    ("first", ([1, 2],), 1),
    ("first", ([],), None),
    ("first", (None,), None),
    ("last", ("ab",), "b"),
    ("float", ("1.5",), 1.5),
    ("float", ("x", 2.0), 2.0),
    ("float", (None,), 0.0),
    ("int", ("1.9",), 1),
    ("int", ("x",), 0),
    ("int", ("9" * 5000,), 0),
    ("int", (None, 7), 0),
    ("int", ([1], 7), 7),
    ("items", ({"a": 1},), [["a", 1]]),
    ("items", (None,), []),
    ("join", ([1, "a", None], "-"), "1-a-"),
    ("join", ("abc", "-"), "abc"),
    ("json", ({"a": [1, None]},), '{"a":[1,null]}'),
    ("tojson", ("a",), '"a"'),
    ("lower", ("ABC",), "abc"),
    ("upper", (None,), ""),
    ("max", ([1, 3, 2],), 3),
    ("min", (None,), None),
    ("replace", ("a.b.c", ".", "-"), "a-b-c"),
    ("replace", ("a.b.c", ".", "-", 1), "a-b.c"),
    ("reverse", ([1, 2],), [2, 1]),
    ("reverse", (None,), None),
    ("round", (2.567, 1), 2.6),
    ("round", (2.567,), 3),
    ("round", (2.567, 10**9), 2.567),
    ("sort", ([2, 1],), [1, 2]),
    ("sort", ([1, 2], True), [2, 1]),
    ("string", (1.50,), "1.5"),
    ("sum", ([1, 2, "x", None],), 3),
    ("title", ("a b",), "A B"),
    ("trim", ("  a ",), "a"),
    ("truncate", ("abcdef", 4), "abc…"),
    ("truncate", ("abcd", 4), "abcd"),
    ("truncate", ("abcdef", 0), "…"),
    ("unique", ([1, 2, 1],), [1, 2]),
]
LARGE = [
    ("replace", ("a" * 4000, "a", "b" * 4000)),
    ("replace", ("a" * 4000, "", "b" * 4000)),
    ("join", (["a"] * 200, "b" * 4000)),
    ("join", (["a" * 4000] * 200,)),
]


@pytest.mark.parametrize(("name", "given", "made"), MADE)
def test_it_makes_what_it_is_known_for(name: str, given: tuple[Any, ...], made: Any) -> None:
    assert FILTERS[name](*given) == made


def test_every_filter_is_tried() -> None:
    assert set(FILTERS) == {name for name, _, _ in MADE}


@pytest.mark.parametrize(("name", "given"), LARGE)
def test_none_makes_a_text_too_large(name: str, given: tuple[Any, ...]) -> None:
    with pytest.raises(OverflowError):
        FILTERS[name](*given)


def test_what_is_just_small_enough_is_made() -> None:
    assert len(FILTERS["replace"]("a" * 10, "a", "b" * (MAX_CHARS // 10 - 1))) == MAX_CHARS - 10


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("round", ("x",)),
        ("round", (True,)),
        ("items", ([1],)),
        ("abs", ("x",)),
        ("sort", ([1, "a"],)),
        ("length", (5,)),
        ("upper", ("a", 1)),
    ],
)
def test_what_does_not_fit_is_refused(name: str, given: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        FILTERS[name](*given)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (5.0, "5"),
        (0.1 + 0.2, "0.3"),
        (7, "7"),
        ("a", "a"),
        ({"a": "ü"}, '{"a":"ü"}'),
    ],
)
def test_a_value_is_written_as_people_read_it(value: Any, text: str) -> None:
    assert text_of(value) == text
