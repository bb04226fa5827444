"""How a delivery stands, in the three words that people are shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.deliveries import attempt, delivery
from tocsin.model.delivery import DeliveryState
from tocsin.model.delivery_history import PAUSED_ERROR, HistoryRow, HistoryStatus, status_of
from tocsin.testing.clock import START


@pytest.mark.parametrize(
    ("state", "is_paused", "status"),
    [
        (DeliveryState.WAITING, False, HistoryStatus.PENDING),
        (DeliveryState.WAITING, True, HistoryStatus.FAILED),
        (DeliveryState.FOLDED, True, HistoryStatus.SUCCESS),
        (DeliveryState.DELIVERED, True, HistoryStatus.SUCCESS),
        (DeliveryState.FAILED, False, HistoryStatus.FAILED),
    ],
)
def test_each_state_has_its_word(
    state: DeliveryState, is_paused: bool, status: HistoryStatus
) -> None:
    assert status_of(state, is_paused=is_paused) is status


def row(state: DeliveryState, *, is_paused: bool = False) -> HistoryRow:
    one = delivery(state)
    return HistoryRow(
        delivery=one, is_paused=is_paused, config_name="", attempts=(attempt(one, 5),), request=""
    )


def test_one_that_waits_at_a_paused_destination_says_why() -> None:
    held, failed = row(DeliveryState.WAITING, is_paused=True), row(DeliveryState.FAILED)

    assert (held.status, held.reason, held.error) == (HistoryStatus.FAILED, "paused", PAUSED_ERROR)
    assert (failed.status, failed.reason, failed.error) == (HistoryStatus.FAILED, "busy", "Busy.")


def test_it_is_tried_next_once_its_destination_is_not_left_alone_any_more() -> None:
    waiting, later = row(DeliveryState.WAITING), START + timedelta(hours=1)

    assert waiting.next_at == waiting.delivery.next_at
    assert replace(waiting, held_until=later).next_at == later
    assert replace(waiting, held_until=START - timedelta(hours=1)).next_at == waiting.next_at
    assert replace(waiting, held_until=later, is_paused=True).next_at is None
    assert row(DeliveryState.FAILED).next_at is None


def test_it_is_as_new_as_what_last_happened_to_it() -> None:
    tried = row(DeliveryState.WAITING)

    assert tried.updated_at == START + timedelta(seconds=5)
    assert replace(tried, attempts=()).updated_at == START
