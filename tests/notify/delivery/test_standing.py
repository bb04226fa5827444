"""What a try says of its destination."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.notify.deliveries import after
from tocsin.errors import Reason
from tocsin.model.delivery import Outcome
from tocsin.notify.channel import CHAT_PAUSES_S
from tocsin.notify.channels import custom, email
from tocsin.notify.delivery.attempt import Tried
from tocsin.notify.delivery.policy import next_attempt_at
from tocsin.notify.delivery.standing import SEEN_EVERY, is_to_be_paused, standing_after
from tocsin.notify.exchange import Shown
from tocsin.store.destinations import Destination
from tocsin.testing.clock import START

NEW = Destination(id="d", channel_type="custom", label="", changed_at=START)
PAUSE_AFTER_S = 100.0
HOUR_S = 3_600.0


def found(outcome: Outcome, reason: Reason | None = None) -> Tried:
    nothing = Shown("[]", "", None)
    return Tried(outcome, START, 1, lambda: nothing, reason=reason, error="It was away.")


def failing(times: int) -> Destination:
    one = NEW
    for at in range(times):
        one = standing_after(one, found(Outcome.LATER, Reason.BUSY), after(at + 10), after(at))
    return one


def test_a_failure_is_counted_from_the_first_on() -> None:
    one = failing(3)

    assert (one.failures, one.failing_since, one.last_failed_at) == (3, START, after(2))
    assert (one.last_reason, one.last_error) == ("busy", "It was away.")
    assert one.held_until == after(12)


def test_a_success_ends_it() -> None:
    one = standing_after(failing(3), found(Outcome.DELIVERED), None, after(5))

    assert (one.failures, one.failing_since, one.held_until) == (0, None, None)
    assert (one.last_ok_at, one.last_failed_at) == (after(5), after(2))


@pytest.mark.parametrize(("at", "is_written"), [(after(1), False), (START + SEEN_EVERY, True)])
def test_that_all_is_well_is_written_down_now_and_then(at: datetime, is_written: bool) -> None:
    fine = standing_after(NEW, found(Outcome.DELIVERED), None, START)

    assert fine is not NEW
    assert (standing_after(fine, found(Outcome.DELIVERED), None, at) is not fine) is is_written


def test_what_the_message_is_to_blame_for_is_no_failure_of_the_destination() -> None:
    one = standing_after(NEW, found(Outcome.GIVEN_UP, Reason.REFUSED), None, START)

    assert (one.failures, one.failing_since, one.last_reason) == (0, None, "refused")


def failing_at(*at_s: float) -> Destination:
    one = NEW
    for at in at_s:
        one = standing_after(one, found(Outcome.LATER, Reason.BUSY), None, after(at))
    return one


@pytest.mark.parametrize(
    ("at_s", "since_s"),
    [
        # All tries of a message by a chat failed in the evening, and one in the morning.
        ((0, 5, 15, 35, 75, 13 * HOUR_S), 13 * HOUR_S),
        ((0, 12 * HOUR_S, 24 * HOUR_S), 24 * HOUR_S),
        # As often as somebody may have a message tried again.
        ((0, 6 * HOUR_S, 12 * HOUR_S), 0),
        # It has failed for the better part of the time.
        ((0, 4 * HOUR_S, 8 * HOUR_S, 20 * HOUR_S), 0),
    ],
)
def test_after_a_lull_it_fails_anew(at_s: Sequence[float], since_s: float) -> None:
    assert failing_at(*at_s).failing_since == after(since_s)


@given(
    st.sampled_from([custom.STANDARD_PAUSES_S, email.PAUSES_S, CHAT_PAUSES_S]),
    st.lists(st.floats(0, 1), min_size=9, max_size=9),
)
@example(custom.STANDARD_PAUSES_S, [0.0, 0, 0, 0, 0, 1, 1, 1, 1])
@example(custom.STANDARD_PAUSES_S, [0.0, 0, 0, 0, 1, 1, 1, 1, 1])
def test_by_no_schedule_there_is_a_lull_between_tries(
    pauses_s: Sequence[float], spreads: Sequence[float]
) -> None:
    now, one = START, failing(1)
    for tries, spread in zip(range(1, len(pauses_s) + 1), spreads, strict=False):
        now = next_attempt_at(pauses_s, tries, None, now, spread) or now
        one = standing_after(one, found(Outcome.LATER, Reason.BUSY), None, now)

    assert one.failing_since == START
    assert one.failures == 1 + len(pauses_s)


@pytest.mark.parametrize(
    ("outcome", "at", "is_paused"),
    [
        (Outcome.LATER, after(PAUSE_AFTER_S - 1), False),
        (Outcome.LATER, after(PAUSE_AFTER_S), True),
        (Outcome.GIVEN_UP, after(PAUSE_AFTER_S), False),
        (Outcome.DISABLED, START, True),
        (Outcome.DELIVERED, after(PAUSE_AFTER_S), False),
    ],
)
def test_it_is_paused_when_it_is_gone_or_has_failed_for_long(
    outcome: Outcome, at: datetime, is_paused: bool
) -> None:
    one = replace(failing(1), failing_since=START)

    assert is_to_be_paused(one, found(outcome), PAUSE_AFTER_S, at) is is_paused
