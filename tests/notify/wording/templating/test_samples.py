"""Examples are events as they come, of the type that is asked for."""

import pytest

from tocsin.model.standard_message import is_standard, standard_of
from tocsin.notify.wording.messages import message_of
from tocsin.notify.wording.templating.samples import sample_event

TYPES = [
    *("canary_started", "canary_completed", "full_completed"),
    *("step_started", "step_completed", "deployment_completed", "log_entry"),
    *("deployment.stalled", "deployment.running_long", "alert.firing", "alert.resolved"),
    *("training.completed", "training.failed", "backup.done"),
]


@pytest.mark.parametrize("event_type", TYPES)
def test_it_is_of_its_type_and_can_be_told(event_type: str) -> None:
    event = sample_event(event_type)

    assert event.type == event_type
    assert message_of(event, "en").full_title
    assert standard_of(event)["event_type"] == event_type


def test_those_of_the_document_are_as_it_has_them() -> None:
    event = sample_event("canary_started")

    assert is_standard(event)
    assert standard_of(event)["duration"] == "30s"


def test_without_a_type_it_is_one_of_a_deployment() -> None:
    assert sample_event("").type == "deployment_completed"
