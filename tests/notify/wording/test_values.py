"""What is taken out of data is short, can be seen, and is never a fault."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.telling import ANY_JSON
from tocsin.notify.wording.values import (
    MAX_LOG_CHARS,
    MAX_LOG_LINES,
    MAX_URL_CHARS,
    MAX_VALUE_CHARS,
    address,
    at,
    between,
    count,
    first,
    log_lines,
    number,
    paragraph,
    part,
    seconds,
    short_hash,
    shown,
    text,
    texts,
)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("shop", "shop"),
        ("  two\r\n lines\t", "two lines"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x00b\x07c", "abc"),
        ("abc\u202edef", "abcdef"),
        ("\ud800x", "\ufffdx"),
        (12, "12"),
        (1.5, "1.5"),
        (0.1 + 0.2, "0.3"),
        (0, "0"),
        (True, ""),
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (10**400, ""),
        (["a"], ""),
        ({"a": 1}, ""),
        ("x" * 300, "x" * (MAX_VALUE_CHARS - 1) + "…"),
        ("é" * 150, "é" * 150),
    ],
)
def test_a_text_is_one_line_that_can_be_seen(said: Any, shown: str) -> None:
    assert text(said) == shown


def test_a_place_is_looked_up_step_by_step() -> None:
    said = {"run": {"actor": {"login": "mina"}, "id": 7}, "branch": ""}

    assert at(said, "run", "actor", "login") == "mina"
    assert at(said, "run", "id", "login") is None
    assert at("text", "run") is None
    assert part(said, "run", "actor") == {"login": "mina"}
    assert part(said, "branch") == {}
    assert first(said, "branch", "run.actor.name", "run.id") == "7"
    assert first(said, "nothing") == ""


@pytest.mark.parametrize(
    ("said", "number_", "count_", "seconds_"),
    [
        (5, 5, 5, 5),
        (2.7, 2.7, 2, 2.7),
        ("5", None, 5, 5),
        ("5m30s", None, None, 330),
        ("1.5", None, None, 1.5),
        ("nan", None, None, None),
        ("1e300", None, None, None),
        (-1, -1, None, None),
        (True, None, None, None),
        (None, None, None, None),
        ([5], None, None, None),
        ("٣", None, None, 3),
        (10**30, None, None, None),
    ],
)
def test_numbers_are_those_that_somebody_may_have_meant(
    said: Any, number_: float | None, count_: int | None, seconds_: float | None
) -> None:
    assert number(said) == number_
    assert count(said) == count_
    assert seconds(said) == seconds_


def test_a_span_is_between_two_times() -> None:
    assert between("2024-01-01T12:00:00Z", "2024-01-01T12:01:30+00:00") == 90
    assert between("2024-01-01 12:00:00", 1704110460) == 60
    assert between("2024-01-01T12:00:00Z", "2024-01-01T11:00:00Z") is None
    assert between("...", "2024-01-01T11:00:00Z") is None
    assert between("0001-01-01T00:00:00Z", None) is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c", "0d1a26e6"),
        ("v1.2.3", "v1.2.3"),
        ("deadbeef", "deadbeef"),
        (None, ""),
    ],
)
def test_a_commit_is_named_as_people_name_it(said: Any, shown: str) -> None:
    assert short_hash(said) == shown


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https://a.example/b?c=d#e", "https://a.example/b?c=d#e"),
        (" http://10.0.0.1:8080/x ", "http://10.0.0.1:8080/x"),
        ("javascript:alert(1)", ""),
        ("ftp://a.example", ""),
        ("https://", ""),
        ("https://a.example/ b", ""),
        ("https://a.example/\nb", ""),
        ('https://a.example/">', ""),
        ("https://[::1", ""),
        ("//a.example", ""),
        ("https://a.example/" + "x" * MAX_URL_CHARS, ""),
        (7, ""),
    ],
)
def test_an_address_is_one_that_a_reader_may_follow(said: Any, url: str) -> None:
    assert address(said) == url


def test_the_end_of_a_log_is_what_is_shown() -> None:
    lines = [f"line {n}" for n in range(1_000)]

    assert log_lines("\n".join(lines)) == lines[-MAX_LOG_LINES:]
    assert log_lines(lines) == lines[-MAX_LOG_LINES:]
    assert log_lines([{"message": "a\r\nb"}, {"level": "x"}, "c\n", 7, None]) == [
        "a",
        "b",
        "c",
        "7",
    ]
    assert log_lines("\x1b[32m10%\r100%\x1b[0m\n") == ["100%"]
    assert log_lines("") == []
    assert log_lines({}) == []
    assert len("\n".join(log_lines("x" * 1_000 + "\n" + "y" * 400_000))) <= MAX_LOG_CHARS


def test_what_is_shown_keeps_its_lines_and_blanks_and_nothing_unseen() -> None:
    assert shown(" a\x00 \r\n\x1b[31mb\x1b[0m\u202e \n") == " a \nb \n"


def test_a_paragraph_keeps_its_lines() -> None:
    assert paragraph("\n a \r\n\x1b[1mb\x1b[0m  \n", 100) == "a\nb"
    assert paragraph("x" * 2_000_000, 10) == "x" * 9 + "…"
    assert paragraph(7, 10) == "7"
    assert paragraph(["a"], 10) == ""
    assert texts(["a", 1, None, {}, "b"], 4) == ["a", "1"]
    assert texts("a", 4) == ["a"]


@given(ANY_JSON, st.integers(1, 300))
def test_whatever_is_said_what_is_shown_is_short_and_can_be_seen(said: Any, most: int) -> None:
    shown = [
        text(said, most),
        *texts(said, 3),
        first(said, "status", "project.name"),
        address(said),
    ]
    several = [paragraph(said, most), *log_lines(said)]

    for one in (*shown, *several):
        assert len(one) <= MAX_URL_CHARS
        # Logs have tabs.
        hidden = [char for char in one if unicodedata.category(char) in ("Cs", "Cc")]
        assert {*hidden} <= {"\n", "\t"}
    assert not any("\n" in one or "\t" in one for one in shown)
    assert len(text(said, most)) <= most
    assert len("\n".join(log_lines(said))) <= MAX_LOG_CHARS
    for take in (number, count, seconds):
        found = take(said)
        assert found is None or found == found  # noqa: PLR0124 - NaN is unlike itself
