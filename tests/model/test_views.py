"""Deployments, runs, steps and lines, as they are shown."""

from typing import Any

import pytest

from tocsin.model.attempts import Attempt
from tocsin.model.runs import Run, Step
from tocsin.model.views import Line, Summary, agree, detail_json, line_json, run_json, step_json
from tocsin.model.words import DeploymentState, StepState

S = 1_000_000
SEEN = {
    "total_duration": 45.4,
    "status": "success",
    "steps_count": 5,
    "successful_steps": 5,
    "failed_steps": 0,
}
SENT = {**SEEN, "total_duration": 45, "start_time": "2024-01-01T12:00:15.000Z"}
SUMMARY = Summary(
    pk=1,
    project="shop",
    deployment_id="1",
    status=DeploymentState.RUNNING,
    is_stalled=True,
    conclusion="",
    run=1,
    progress=50,
    steps_known=2,
    steps_ended=1,
    steps_failed=0,
    current_step="build",
    started_at=None,
    completed_at=None,
    duration_s=None,
    source="deployment",
    first_seen_at=0,
    last_seen_at=1_500,
    opened_seq=1,
    last_seq=4,
    line_count=3,
    facts={"branch": "main"},
)


def ended(state: StepState, began: int | None, until: int, duration_s: float | None) -> Attempt:
    return Attempt(state, state.value, None if began is None else began * S, until * S, duration_s)


def test_a_deployment_shows_null_for_what_nobody_told() -> None:
    shown = detail_json(SUMMARY, ())

    assert shown["stalled"] is True
    assert shown["conclusion"] is None
    assert shown["started_at"] is None
    assert shown["commit_hash"] is None
    assert shown["branch"] == "main"
    assert shown["last_seen_at"] == "1970-01-01T00:00:00.001Z"
    assert shown["source"] == "deployment"
    assert shown["runs"] == []


def test_a_step_tried_once_has_its_senders_duration() -> None:
    step = Step("build", (ended(StepState.COMPLETED, 10, 15, 4.5),))

    assert step_json(step, 2) == {
        "name": "build",
        "run": 2,
        "status": "completed",
        "conclusion": "completed",
        "started_at": "1970-01-01T00:00:10.000Z",
        "completed_at": "1970-01-01T00:00:15.000Z",
        "duration": 4.5,
        "attempts": [
            {
                "attempt": 1,
                "status": "completed",
                "conclusion": "completed",
                "started_at": "1970-01-01T00:00:10.000Z",
                "completed_at": "1970-01-01T00:00:15.000Z",
                "duration": 4.5,
            }
        ],
    }


def test_a_step_tried_again_lasts_from_its_first_begin_to_its_last_end() -> None:
    attempts = (ended(StepState.FAILED, 10, 15, 5), ended(StepState.COMPLETED, 20, 22, 2))
    shown = step_json(Step("build", attempts, first_attempt=4), 1)

    assert shown["duration"] == 12
    assert shown["status"] == "completed"
    assert [one["attempt"] for one in shown["attempts"]] == [4, 5]


def test_a_step_under_way_again_has_no_end() -> None:
    again = Attempt(StepState.RUNNING, "", 20 * S, None, None)
    shown = step_json(Step("build", (ended(StepState.FAILED, 10, 15, 5), again)), 1)

    assert shown["duration"] is None
    assert shown["completed_at"] is None
    assert shown["started_at"] == "1970-01-01T00:00:10.000Z"


def test_a_run_shows_the_senders_figures_beside_what_was_seen() -> None:
    run = Run(1, None, DeploymentState.SUCCESS, "", 0, S, 1.0, (), {"steps_count": 3})

    assert run_json(run)["figures"] == {
        "sent": {"steps_count": 3},
        "seen": {
            "total_duration": 1.0,
            "status": "success",
            "steps_count": 0,
            "successful_steps": 0,
            "failed_steps": 0,
        },
        "agree": False,
    }


@pytest.mark.parametrize(
    ("sent", "verdict"),
    [
        (None, None),
        ({}, None),
        ({"start_time": "x"}, None),
        (SENT, True),
        ({**SENT, "steps_count": "5"}, True),
        ({**SENT, "steps_count": 6}, False),
        ({**SENT, "total_duration": 47}, False),
        ({**SENT, "status": "succeeded"}, True),
        ({**SENT, "status": "failure"}, False),
        ({**SENT, "status": "whatever", "failed_steps": "none"}, True),
        ({"status": 3, "steps_count": [5], "failed_steps": True}, None),
        ({"steps_count": "nan", "failed_steps": 10**400}, None),
    ],
)
def test_figures_agree_when_all_that_can_be_compared_does(
    sent: dict[str, Any] | None, verdict: bool | None
) -> None:
    assert agree(sent, SEEN) is verdict


def test_what_was_not_seen_is_not_compared() -> None:
    assert agree({"total_duration": 3}, {**SEEN, "total_duration": None}) is None


def test_a_line_keeps_its_colours() -> None:
    assert line_json(Line(3, 0, "info", "", "\x1b[31mred", 7), S) == {
        "line": 3,
        "at": "1970-01-01T00:00:00.000Z",
        "level": "info",
        "step": "",
        "text": "\x1b[31mred",
        "seq": 7,
        "received_at": "1970-01-01T00:00:01.000Z",
    }
