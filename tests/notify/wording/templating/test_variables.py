"""What the names stand for, in the document's events and in any other."""

from dataclasses import replace
from typing import Any

import pytest

from tocsin.model.event import Event
from tocsin.notify.wording.messages import message_of
from tocsin.notify.wording.templating.samples import sample_event
from tocsin.notify.wording.templating.variables import VARIABLES, values_of

TYPES = ["canary_started", "full_completed", "deployment_completed", "alert.firing", "note"]


def values(event: Event) -> dict[str, Any]:
    return dict(values_of(event, message_of(event, "en")))


def with_deployment(**changed: Any) -> Event:
    event = sample_event("full_completed")
    deployment = {**event.data["deployment"], **changed}
    return replace(event, data={**event.data, "deployment": deployment})


def test_a_documents_event_has_a_value_for_every_name() -> None:
    found = values(sample_event("canary_completed"))

    assert {name: value for name, value in found.items() if name != "event"} == {
        "event_type": "canary_completed",
        "environment": "production",
        "timestamp": "2026-01-06T20:00:00Z",
        "duration": "5m30s",
        "project_id": "my-app",
        "project_name": "my-app",
        "project_description": "The shop",
        "version_id": "v-123",
        "version_name": "v1.2.3",
        "version_description": "Faster search",
        "task_id": "task-42",
        "task_type": "deploy",
        "task_strategy": "canary",
        "task_status": "running",
        "total_count": 100,
        "canary_count": 10,
        "completed_count": 10,
        "failed_count": 0,
        "success_rate": 100,
        "hosts_count": 2,
        "hosts_string": "web-1, web-2",
        "is_success": True,
        "is_failed": False,
        "has_canary": True,
        "has_failed": False,
        "has_hosts": True,
    }
    assert found["event"]["occurred_at"] == "2026-01-06T20:00:00.000Z"
    assert found["event"]["data"]["duration"] == 330.0


@pytest.mark.parametrize("event_type", TYPES)
def test_every_event_has_a_value_for_every_name_that_is_listed(event_type: str) -> None:
    assert set(values(sample_event(event_type))) == set(VARIABLES)


@pytest.mark.parametrize(
    ("completed", "failed", "rate"), [(0, 0, 100), (9, 1, 90), (2, 1, 66.7), (0, 3, 0)]
)
def test_the_rate_is_of_those_that_ended(completed: int, failed: int, rate: float) -> None:
    found = values(with_deployment(completed_count=completed, failed_count=failed))

    assert found["success_rate"] == rate
    assert found["has_failed"] is (failed > 0)


def test_of_many_hosts_the_first_are_named() -> None:
    found = values(with_deployment(hosts=[f"web-{n}" for n in range(60)]))

    assert found["hosts_count"] == 60
    assert found["hosts_string"].endswith("web-49, …")


def test_what_is_null_is_empty() -> None:
    event = sample_event("full_completed")
    nulls = {"project": {"name": None}, "deployment": {"hosts": None, "failed_count": None}}

    found = values(replace(event, data={**event.data, **nulls}))

    assert (found["project_name"], found["hosts_string"], found["failed_count"]) == (
        "my-app",
        "",
        0,
    )


def test_what_went_wrong_is_failed_and_no_success() -> None:
    event = sample_event("deployment_completed")

    found = values(replace(event, data={**event.data, "status": "failure"}))

    assert (found["is_success"], found["is_failed"]) == (False, True)
