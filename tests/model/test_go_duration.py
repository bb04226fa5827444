"""Durations are written as Go writes them, and read as Go reads them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.go_duration import go_duration, parse_go_duration

# As the documentation of Go's package time and its tests have them.
WRITTEN = [
    (0, "0s"),
    (0.000001, "1µs"),
    (0.0011, "1.1ms"),
    (0.5, "500ms"),
    (1, "1s"),
    (2.2, "2.2s"),
    (30, "30s"),
    (60, "1m0s"),
    (330, "5m30s"),
    (3600, "1h0m0s"),
    (3661.5, "1h1m1.5s"),
    (90_000, "25h0m0s"),
    (-5.25, "-5.25s"),
    (-0.0, "0s"),
    (0.0000004, "0s"),
    (59.9999999, "1m0s"),
]
READ = [
    ("0", 0.0),
    ("-0", 0.0),
    ("5s", 5.0),
    ("+5s", 5.0),
    ("5.0s", 5.0),
    (".5s", 0.5),
    ("5.s", 5.0),
    ("1478s", 1478.0),
    ("1.5h30m", 7200.0),
    ("39h9m14.425s", 140_954.425),
    ("30s5m", 330.0),
    ("11µs", 0.000011),
    ("11μs", 0.000011),
    ("11us", 0.000011),
    ("2500ns", 0.000002),
    (" 5m30s ", 330.0),
]
NO_DURATIONS = [
    "",
    "3",
    "-",
    "s",
    ".",
    ".s",
    "1.2.3s",
    "5 m",
    "5m 30s",
    "5m30",
    "5M",
    "3d",
    "--5s",
    "NaNs",
    "١s",
    "9" * 70 + "s",
    "9999999h",
]


@pytest.mark.parametrize(("seconds", "text"), WRITTEN)
def test_it_is_written_as_in_go(seconds: float, text: str) -> None:
    assert go_duration(seconds) == text


@pytest.mark.parametrize(("text", "seconds"), READ)
def test_it_is_read_as_in_go(text: str, seconds: float) -> None:
    assert parse_go_duration(text) == seconds


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_anything_else_is_no_duration(text: str) -> None:
    assert parse_go_duration(text) is None


@pytest.mark.parametrize("seconds", [math.inf, -math.inf, math.nan, 1e300, 9_300_000_000])
def test_what_go_could_not_hold_is_not_written(seconds: float) -> None:
    with pytest.raises(ValueError, match="292 years"):
        go_duration(seconds)


@given(st.integers(-(10**14), 10**14))
def test_what_is_written_is_read_as_the_same(us: int) -> None:
    seconds = us / 1_000_000

    assert parse_go_duration(go_duration(seconds)) == seconds
