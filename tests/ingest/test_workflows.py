"""Workflow runs and jobs are told alike by all who have GitHub's format.

What becomes of them is looked at in `sources/test_github.py`; here is what those beside GitHub
say in another way.
"""

from typing import Any

import pytest

from tests.ingest.samples import RECEIVED_AT, call
from tests.ingest.sources.github_stories import Part, job_delivery, run_delivery, said, second
from tests.model.stories import folded, shown
from tocsin.ingest.workflows import (
    MAX_STEP_CHARS,
    Told,
    read_delivery,
    workflow_job,
    workflow_run,
)
from tocsin.model.change import Change
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState, StepState

TELLING = {"workflow_run": workflow_run, "workflow_job": workflow_job}
BUILD = Part("build", 5, 40, "failure", (Part("Compile", 6, 30, "failure"),))
WHOLE = Part("", 0, 41, "failure", (BUILD,))


def told(kind: str, body: dict[str, Any]) -> Told:
    return Told(body, body.get(kind, {}), "shop-team/shop", to_us(RECEIVED_AT))


def change(kind: str, body: dict[str, Any]) -> Change:
    return TELLING[kind](told(kind, body))


def of_gitea(body: dict[str, Any]) -> dict[str, Any]:
    """The same run in Gitea's words."""
    run = body["workflow_run"]
    is_over = body["action"] == "completed"
    told_there = {
        name: run[name] for name in ("id", "html_url", "head_branch", "head_sha", "conclusion")
    }
    told_there |= {
        "started_at": run["run_started_at"],
        "completed_at": run["updated_at"] if is_over else "1970-01-01T00:00:00Z",
        "trigger_actor": run["triggering_actor"],
        "head_repository": run["head_repository"],
    }
    workflow = {"id": str(run["workflow_id"]), "name": run["name"]}
    return {**body, "workflow_run": told_there, "workflow": workflow}


def test_gitea_tells_the_same_run_in_its_own_words() -> None:
    for action in ("requested", "in_progress", "completed"):
        kind, body = run_delivery(action, 1, WHOLE)

        assert change(kind, of_gitea(body)) == change(kind, body)


def test_a_run_and_its_job_are_one_deployment() -> None:
    deliveries = [run_delivery("completed", 1, WHOLE), job_delivery("completed", 1, BUILD)]

    (run,) = shown(folded([change(*one) for one in deliveries]))

    assert (run.state, run.started_at) == (DeploymentState.FAILED, second(0))
    assert {step.name: step.state for step in run.steps} == {
        "build": StepState.FAILED,
        "build / Compile": StepState.FAILED,
    }


def test_a_job_that_is_under_way_has_an_end_in_1970_with_gitea() -> None:
    kind, body = job_delivery("in_progress", 1, BUILD, completed_at="1970-01-01T00:00:00Z")

    assert change(kind, body) == change(*job_delivery("in_progress", 1, BUILD))


def test_a_delivery_is_read_under_the_name_of_its_source() -> None:
    kind, body = run_delivery("completed", 1, WHOLE)

    event = read_delivery("forge", call(body), kind, "d-1", TELLING)
    other = read_delivery("forge", call(body), "push", "", TELLING)

    assert (event.source, event.type, event.project) == ("forge", kind, "shop-team/shop")
    assert (event.subject, to_us(event.occurred_at)) == ("42", second(41))
    assert event.dedupe == "forge\n\n\nd-1"
    assert (other.change, other.subject, other.dedupe) == (None, "", None)


@pytest.mark.parametrize("number", [None, 0, "x", True])
def test_a_step_of_the_first_attempt_may_have_begun_at_any_time(number: object) -> None:
    kind, body = job_delivery("completed", 1, BUILD, run_attempt=number, started_at=said(20))

    marks = (change(kind, body).restated or {})["build / Compile"]

    assert [mark.at for mark in marks] == [second(6), second(30)]


def test_a_name_leaves_room_for_a_number() -> None:
    long = Part("b" * 150, 5, 40, "success", (Part("s" * 150, 6, 7, "success"),) * 2)

    names = [*(change(*job_delivery("completed", 1, long)).restated or {})]

    assert [len(name) for name in names] == [150, MAX_STEP_CHARS, MAX_STEP_CHARS + 4]
    assert names[2].endswith(" (2)")
