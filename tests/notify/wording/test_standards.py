"""Standard messages that are made once for all destinations."""

from tests.notify.deliveries import event
from tocsin.model.standard_message import standard_of
from tocsin.notify.wording.standards import KEPT, MAX_KEPT_BYTES, Standards

EVENT = event(1, type="canary_started")


def test_the_second_destination_gets_what_was_made_for_the_first() -> None:
    standards = Standards()
    first = standards.of(EVENT)

    assert first == standard_of(EVENT)
    assert standards.of(EVENT) is first


def test_each_event_has_its_own() -> None:
    standards = Standards()
    other = event(2, type="canary_completed")

    assert standards.of(EVENT)["event_type"] == "canary_started"
    assert standards.of(other)["event_type"] == "canary_completed"


def test_one_that_is_large_is_not_kept() -> None:
    standards = Standards()
    large = event(1, data={"note": "x" * MAX_KEPT_BYTES})

    assert standards.of(large) == standards.of(large)
    assert standards.of(large) is not standards.of(large)


def test_only_the_newest_are_kept() -> None:
    standards = Standards()
    first = standards.of(EVENT)
    for number in range(KEPT):
        standards.of(event(number + 2))

    assert standards.of(EVENT) is not first
    assert standards.of(EVENT) == first
