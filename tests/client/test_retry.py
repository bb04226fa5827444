"""Pauses are bounded, spread, and never shorter than a server asked for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.retry import pause_s, read_retry_after

FAILURES = st.integers(1, 10_000)
CHANCES = st.floats(0, 1, exclude_max=True)


@given(failures=FAILURES, chance=CHANCES)
def test_a_pause_is_never_longer_than_ten_seconds(failures: int, chance: float) -> None:
    assert 0 <= pause_s(failures, chance) <= 10


@given(failures=FAILURES, chance=CHANCES, asked_s=st.floats(0, 1e6))
def test_nobody_comes_back_earlier_than_asked(failures: int, chance: float, asked_s: float) -> None:
    assert asked_s <= pause_s(failures, chance, asked_s) <= asked_s + 10


def test_pauses_double_until_the_cap() -> None:
    assert [pause_s(n, 1.0) for n in range(1, 8)] == [0.25, 0.5, 1, 2, 4, 8, 10]


@pytest.mark.parametrize(
    ("header", "expected_s"),
    [
        (None, None),
        ("5", 5.0),
        (" 12 ", 12.0),
        ("Mon, 01 Jan 2024 12:00:30 GMT", 30.0),
        ("Mon, 01 Jan 2024 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
        ("9" * 5000, 999_999_999.0),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header: str | None, expected_s: float | None) -> None:
    now = datetime(2024, 1, 1, 12, tzinfo=UTC)

    assert read_retry_after(header, now) == expected_s
