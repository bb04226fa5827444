"""When a delivery is tried again, and when its destination is left alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.deliveries import after
from tocsin.notify.channel import MAX_PAUSE_S
from tocsin.notify.delivery.policy import (
    BREAK_AFTER,
    BREAK_S,
    CLOSED,
    MAX_AFTER_S,
    Breaker,
    next_attempt_at,
)
from tocsin.testing.clock import START

PAUSES = (5.0, 10.0, 20.0, 40.0)


@pytest.mark.parametrize(("tries", "pause_s"), [(1, 5), (2, 10), (3, 20), (4, 40)])
def test_each_try_has_its_pause(tries: int, pause_s: float) -> None:
    assert next_attempt_at(PAUSES, tries, None, START, 0.5) == after(pause_s)


def test_after_the_last_try_there_is_none() -> None:
    assert next_attempt_at(PAUSES, 5, None, START, 0.5) is None


def test_what_the_platform_says_lengthens_a_pause() -> None:
    assert next_attempt_at(PAUSES, 1, 60, START, 0.5) == after(60)


def test_what_the_platform_says_never_shortens_a_pause() -> None:
    assert next_attempt_at(PAUSES, 4, 1, START, 0.5) == after(40)


def test_a_year_is_a_day() -> None:
    assert next_attempt_at(PAUSES, 1, 31_536_000, START, 0.5) == after(MAX_AFTER_S)


def test_exact_pauses_are_exact() -> None:
    assert next_attempt_at((7,), 1, None, START, 1.0, is_exact=True) == after(7)


@given(
    tries=st.integers(1, 4),
    after_s=st.none() | st.floats(-1e9, 1e9),
    spread=st.floats(0, 1),
)
def test_a_pause_is_never_early_and_never_without_end(
    tries: int, after_s: float | None, spread: float
) -> None:
    at = next_attempt_at(PAUSES, tries, after_s, START, spread)

    assert at is not None
    pause_s = (at - START).total_seconds()
    assert pause_s >= PAUSES[tries - 1] * 0.75 - 1e-5
    assert pause_s >= min(after_s or 0, MAX_AFTER_S) - 1e-5
    assert pause_s <= max(PAUSES[tries - 1] * 1.25, MAX_AFTER_S) + 1e-5


def broken(times: int, spread: float = 0.0) -> Breaker:
    breaker = CLOSED
    for _ in range(times):
        breaker = breaker.failed(START, spread)
    return breaker


def test_some_failures_break_nothing() -> None:
    breaker = broken(BREAK_AFTER - 1)

    assert not breaker.is_tripped
    assert not breaker.is_open(START)


def test_one_more_leaves_the_destination_alone() -> None:
    breaker = broken(BREAK_AFTER)

    assert breaker.is_open(after(BREAK_S - 1))
    assert not breaker.is_open(after(BREAK_S))
    assert breaker.is_tripped


def test_a_trial_that_fails_doubles_the_time() -> None:
    breaker = broken(BREAK_AFTER)
    breaker = breaker.failed(after(BREAK_S), 0.0)
    assert breaker.open_until == after(BREAK_S * 3)
    breaker = breaker.failed(after(BREAK_S * 3), 0.0)

    assert breaker.open_until == after(BREAK_S * 7)


def test_what_was_under_way_when_it_opened_doubles_nothing() -> None:
    breaker = broken(BREAK_AFTER + 3)

    assert breaker.failures == BREAK_AFTER + 3
    assert breaker.open_until == after(BREAK_S)


@given(st.integers(BREAK_AFTER, 60), st.floats(0, 1))
def test_it_is_left_alone_for_a_bounded_time(times: int, spread: float) -> None:
    breaker, now = broken(BREAK_AFTER, spread), START
    for _ in range(BREAK_AFTER, times):
        now = breaker.open_until or now
        breaker = breaker.failed(now, spread)

    assert breaker.open_until is not None
    left_alone = breaker.open_until - now
    assert timedelta(seconds=BREAK_S * 0.75) <= left_alone <= timedelta(seconds=MAX_PAUSE_S)
