"""What a try says of its destination."""

from dataclasses import replace
from datetime import datetime

import pytest

from tests.notify.deliveries import after
from tocsin.errors import Reason
from tocsin.model.delivery import Outcome
from tocsin.notify.delivery.attempt import Tried
from tocsin.notify.delivery.standing import SEEN_EVERY, is_to_be_paused, standing_after
from tocsin.notify.exchange import Shown
from tocsin.store.destinations import Destination
from tocsin.testing.clock import START

NEW = Destination(id="d", channel_type="custom", label="", changed_at=START)
PAUSE_AFTER_S = 100.0


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
