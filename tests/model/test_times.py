"""What senders give as time is an instant or it is none; it never is an error."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.times import EPOCH, from_us, parse_instant, rfc3339, to_us

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "2024-01-01T12:00:00.000Z",
        "2024-01-01T12:00:00Z",
        " 2024-01-01T12:00:00Z\n",
        "2024-01-01T20:00:00+08:00",
        "2024-01-01 12:00:00",
        "2024-01-01T12:00:00",
        "2024-01-01T12:00:00.000000000Z",
        1_704_110_400,
        1_704_110_400.0,
        1_704_110_400_000,
        "1704110400",
        "1704110400000",
    ],
)
def test_a_time_is_read_however_it_is_written(said: object) -> None:
    at = parse_instant(said)

    assert at == NOON
    assert at is not None
    assert at.tzinfo is UTC


@pytest.mark.parametrize(
    "said",
    [
        *(None, True, False, [], {}, "", "...", "null", "yesterday", "12:00", "²"),
        *(0, 0.0, -1, 1e300, -1e300, float("nan"), float("inf"), 10**400, -(10**400)),
        *("0", "99999999999999999999", "1" * 5000, "0001-01-01T00:00:00Z"),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-01-01"),
        *("1969-12-31T23:59:59Z", "1970-01-01T00:00:00+14:00", "9998-12-31T23:59:59-14:00"),
        *("2024-02-30T00:00:00Z", "2024-01-01T25:00:00Z", "\ud800", "\x00", "１２"),
    ],
)
def test_what_is_no_time_is_none(said: object) -> None:
    assert parse_instant(said) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
_digits = st.text("0123456789-+:.TZ W", max_size=40)


@given(_json | _digits | st.integers(-(10**18), 10**18) | st.datetimes().map(str))
def test_nothing_a_sender_says_is_an_error(said: Any) -> None:
    at = parse_instant(said)

    if at is not None:
        assert at.tzinfo is UTC
        assert 1970 <= at.year <= 9998
        # What follows must hold a duration of a year to either side.
        assert to_us(at) >= 0
        assert from_us(to_us(at)) == at


_instants = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31)).map(  # noqa: DTZ001 - takes naive ones only
    lambda naive: naive.replace(tzinfo=UTC)
)


@given(_instants)
def test_what_is_written_is_read_again_to_the_millisecond(at: datetime) -> None:
    text = rfc3339(at)

    assert parse_instant(text) == at.replace(microsecond=at.microsecond // 1000 * 1000)


@given(_instants)
def test_microseconds_hold_an_instant(at: datetime) -> None:
    assert from_us(to_us(at)) == at


@given(_instants, _instants)
def test_microseconds_and_texts_sort_as_instants_do(one: datetime, other: datetime) -> None:
    assert (to_us(one) < to_us(other)) == (one < other)
    assert str(rfc3339(min(one, other))) <= str(rfc3339(max(one, other)))


@given(_instants, st.integers(-14 * 60, 14 * 60))
def test_a_zone_does_not_change_the_instant(at: datetime, minutes: int) -> None:
    there = at.astimezone(timezone(timedelta(minutes=minutes)))

    assert to_us(there) == to_us(at)
    assert parse_instant(there.isoformat()) in (at, None)


def test_unknown_stays_unknown() -> None:
    assert rfc3339(None) is None


def test_milliseconds_are_written_always_and_cut() -> None:
    assert rfc3339(EPOCH) == "1970-01-01T00:00:00.000Z"
    assert rfc3339(NOON + timedelta(microseconds=1999)) == "2024-01-01T12:00:00.001Z"
