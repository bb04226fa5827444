"""No window of any length sees more messages than the platform's rates allow."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.notify.deliveries import after
from tocsin.notify.channel import Rate
from tocsin.notify.delivery.window import NO_LIMIT, Pace, Window
from tocsin.testing.clock import START

RATES = (Rate(2, 1.0), Rate(5, 10.0))


def test_without_a_rate_there_is_always_room() -> None:
    window = Window(())
    window.add(START)

    assert window.room(START) == NO_LIMIT
    assert window.free_at(START) == START


def test_the_strictest_rate_counts() -> None:
    window = Window(RATES, [START, after(2), after(2), after(4), after(4)])

    assert window.room(after(5.5)) == 0
    assert window.free_at(after(5.5)) == after(10)


def test_what_was_sent_counts_until_its_window_is_over() -> None:
    window = Window((Rate(1, 60.0),), [START])

    assert window.room(after(59.9)) == 0
    assert window.room(after(60)) == 1


def test_one_looks_back_as_far_as_the_longest_rate() -> None:
    assert Window.looks_back(RATES) == timedelta(seconds=10)
    assert Window.looks_back(()) == timedelta(0)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_who_goes_by_it_keeps_every_rate(pauses_s: list[float]) -> None:
    window, sent, now = Window(RATES), list[datetime](), START
    for pause_s in pauses_s:
        now = max(now + timedelta(seconds=pause_s), window.free_at(now))
        if window.room(now) > 0:
            window.add(now)
            sent.append(now)

    for rate in RATES:
        for last in sent:
            since = last - timedelta(seconds=rate.per_s)
            assert sum(since < one <= last for one in sent) <= rate.count
    assert sent


def test_what_was_sent_counts_by_other_rates_from_now_on() -> None:
    window = Window((Rate(5, 60.0),), [START, after(1)])

    window.change((Rate(2, 60.0),))

    assert window.room(after(2)) == 0
    assert window.free_at(after(2)) == after(60)


def test_a_clock_that_is_set_back_lets_no_more_go() -> None:
    window = Window((Rate(2, 10.0),), [after(100)])

    window.add(START)

    assert window.room(START) == 0
    assert window.free_at(START) == after(10)


def test_a_clock_that_is_set_back_holds_nothing_up_for_longer_than_the_rate() -> None:
    window = Window((Rate(2, 10.0),), [after(3600), after(3601)])

    assert window.room(START) == 0
    assert window.free_at(START) == after(10)
    assert window.room(after(10)) == 2


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(-3600, 3600)), min_size=1, max_size=60))
def test_whatever_the_clock_shows_the_rates_are_kept_and_nothing_waits_longer(
    steps: list[tuple[float, float]],
) -> None:
    window, sent, real, off = Window(RATES), list[datetime](), START, timedelta(0)
    for pause_s, off_s in steps:
        real += timedelta(seconds=pause_s)
        # Forward would let what was sent be older than it is, which nobody can tell.
        off = min(off, timedelta(seconds=off_s))
        assert window.free_at(real + off) - (real + off) <= Window.looks_back(RATES)
        if window.room(real + off) > 0:
            window.add(real + off)
            sent.append(real)

    for rate in RATES:
        for last in sent:
            since = last - timedelta(seconds=rate.per_s)
            assert sum(since < one <= last for one in sent) <= rate.count


def test_only_what_still_counts_is_remembered() -> None:
    window = Window((Rate(3, 1.0),))
    for at in range(1_000):
        window.add(after(at))

    assert window.room(after(999)) == 2
    assert len(window._sent) <= 6


def test_a_hold_is_not_shortened() -> None:
    pace = Pace(Window(()))

    pace.hold(after(60))
    pace.hold(after(5))

    assert pace.held_until == after(60)
