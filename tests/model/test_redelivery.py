"""What failed and is not stored is asked for, after growing pauses, as long as it can be had."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.redelivery import (
    FIRST_PAUSE,
    KEPT,
    MAX_ASKS,
    MAX_WAITING,
    OVERLAP,
    Delivery,
    Sweep,
    asked,
    due,
    first_sweep,
    looked,
    without,
)
from tocsin.testing.clock import START


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def attempt(guid: str, minutes: float, *, is_ok: bool = False, number: int = 1) -> Delivery:
    return Delivery(number, guid, at(minutes), is_ok)


BEGIN = first_sweep(START)


def test_the_first_look_goes_back_as_far_as_deliveries_are_kept() -> None:
    assert BEGIN.looks_from(START) == START - KEPT


def test_the_next_look_goes_on_a_little_before_where_the_last_one_ended() -> None:
    after = looked(BEGIN, [attempt("a", 5, is_ok=True)], at(6))

    assert after.looks_from(at(10)) == at(5) - OVERLAP
    assert looked(after, [], at(10)).looked_through == at(5)


def test_after_a_long_pause_nothing_is_looked_for_that_is_gone() -> None:
    after = looked(BEGIN, [attempt("a", 0)], at(1))

    assert after.looks_from(START + 2 * KEPT) == START + KEPT
    assert looked(after, [], START + KEPT).waiting == {}


def test_a_senders_clock_that_is_ahead_skips_nothing() -> None:
    assert looked(BEGIN, [attempt("a", 60)], at(1)).looked_through == at(1)


@pytest.mark.parametrize("order", [1, -1])
def test_what_failed_waits_until_an_attempt_is_taken(order: int) -> None:
    found = [attempt("a", 0), attempt("b", 1), attempt("a", 2, is_ok=True), attempt("b", 3)]

    after = looked(BEGIN, found[::order], at(4))

    assert [*after.waiting] == ["b"]


def test_a_repeat_that_fails_is_the_one_to_repeat_next_and_does_not_begin_anew() -> None:
    once = asked(looked(BEGIN, [attempt("a", 0, number=1)], at(1)), ["a"], at(1))

    after = looked(once, [attempt("a", 2, number=2)], at(3))

    assert (after.waiting["a"].id, after.waiting["a"].asks) == (2, 1)
    assert after.waiting["a"].delivered_at == at(0)


def test_what_came_in_some_other_way_is_not_asked_for() -> None:
    after = looked(BEGIN, [attempt("a", 0), attempt("b", 0)], at(1))

    assert [*without(after, {"a", "c"}).waiting] == ["b"]


def test_the_oldest_are_asked_for_first_and_only_so_many() -> None:
    found = [attempt(f"{minutes}", minutes) for minutes in (3, 1, 2)]

    assert due(looked(BEGIN, found, at(9)), at(9), 2) == ["1", "2"]


def test_pauses_grow_and_end() -> None:
    sweep = looked(BEGIN, [attempt("a", 0)], START)
    minutes, times = 0.0, []
    while START + timedelta(minutes=minutes) < START + KEPT:
        now = at(minutes)
        if due(sweep, now, 9):
            sweep = asked(sweep, ["a"], now)
            times.append(minutes)
        minutes += FIRST_PAUSE.total_seconds() / 60

    assert times == [0, 5, 25, 105, 425, 1705]
    assert len(times) == MAX_ASKS


def test_asking_for_what_is_gone_is_nothing() -> None:
    assert asked(BEGIN, ["a"], START) == BEGIN


def test_of_very_many_the_newest_wait() -> None:
    found = [attempt(f"{number}", number / 10) for number in range(MAX_WAITING + 1)]

    after = looked(BEGIN, found, at(200))

    assert len(after.waiting) == MAX_WAITING
    assert "0" not in after.waiting


_attempts = st.lists(
    st.builds(
        attempt,
        st.sampled_from("abc"),
        st.integers(0, 100),
        is_ok=st.booleans(),
        number=st.integers(1, 99),
    ),
    max_size=12,
)


@given(_attempts, st.integers(0, 12), st.integers(100, 6_000))
def test_looks_that_overlap_find_the_same_as_one(
    found: list[Delivery], cut: int, minutes: int
) -> None:
    def waiting(sweep: Sweep) -> set[str]:
        return set(sweep.waiting)

    ordered = sorted(found, key=lambda one: (one.delivered_at, one.id))
    now = at(minutes)

    once = looked(BEGIN, ordered, now)
    twice = looked(looked(BEGIN, ordered[:cut], now), ordered, now)

    assert waiting(once) == waiting(twice)
    assert waiting(once).isdisjoint({one.guid for one in found if one.is_ok})
