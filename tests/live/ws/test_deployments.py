"""Events of deployments as `posco_event`: what happened, how it stands, in the guide's words."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal import at, ended, message, step
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment, gitea, github, gitlab
from tocsin.live.ws.deployments import MAX_MESSAGE_CHARS, deployment_event
from tocsin.live.ws.server_messages import DeploymentEvent, StepStatus
from tocsin.model.deployment import Deployment, fold
from tocsin.model.entry import Entry
from tocsin.model.event import Event, NewEvent
from tocsin.model.standing import standing_of


def told(*messages: Any) -> list[DeploymentEvent]:
    """What is said of each message, when it is the newest."""
    found: list[DeploymentEvent] = []
    state = Deployment()
    for seq, said in enumerate(messages, 1):
        call = InboundCall({}, {}, orjson.dumps(said), "", at(0), BodyLimits())
        [new] = deployment.read(call, deployment.Options())
        assert new.change is not None
        state = fold(state, [(seq, new.change)])
        found.append(_told(new, seq, state))
    return found


def _told(new: NewEvent, seq: int, state: Deployment) -> DeploymentEvent:
    event = Event(
        seq,
        new.id,
        new.source,
        new.type,
        new.project,
        new.subject,
        new.occurred_at,
        new.received_at,
        orjson.Fragment(orjson.dumps(new.data)),
        None,
        None,
    )
    standing = standing_of(new.project, new.subject, state)
    return deployment_event(Entry(event, standing), standing)


def words(*messages: Any) -> list[str]:
    return [one.event_type for one in told(*messages)]


def test_a_deployment_is_told_from_beginning_to_end() -> None:
    begun, ended_step, failed = told(
        step("step_started", "Build", 0, branch="main", commit_hash="abc"),
        step("step_completed", "Build", 2, step_status="success"),
        ended(3, "failure"),
    )

    assert begun == DeploymentEvent(
        event_type="deployment_started",
        branch="main",
        commit_hash="abc",
        deployment_id="1",
        project="shop",
        status="in_progress",
        progress=0,
        message="Build: started",
        steps=(StepStatus("Build", "in_progress"),),
        run=1,
        source_type="step_started",
        occurred_at="2026-01-01T00:00:00.000Z",
        step_name="Build",
    )
    assert ended_step.event_type == "deployment_progress"
    assert ended_step.steps == (StepStatus("Build", "completed", 2_000),)
    assert ended_step.progress == 100
    assert ended_step.message == "Build: success"
    assert failed.event_type == "deployment_failed"
    assert failed.status == "failed"
    assert failed.message == "Deployment failed"
    assert failed.step_name is None


@pytest.mark.parametrize(
    ("status", "word", "state"),
    [
        ("success", "deployment_completed", "completed"),
        ("skipped", "deployment_completed", "completed"),
        ("failure", "deployment_failed", "failed"),
        ("cancelled", "deployment_failed", "failed"),
        ("in_progress", "deployment_progress", "in_progress"),
        ("", "deployment_progress", "in_progress"),
        ("null", "deployment_progress", "in_progress"),
    ],
)
def test_a_completion_is_told_by_the_senders_word(status: str, word: str, state: str) -> None:
    *_, last = told(step("step_started", "Build", 0), ended(1, status))

    assert (last.event_type, last.status) == (word, state)


def test_a_completion_without_a_status_is_a_good_one() -> None:
    [last] = told(message("deployment_completed"))

    assert last.event_type == "deployment_completed"


def test_only_the_first_start_begins_a_deployment() -> None:
    assert words(
        message("log_entry", message="first"),
        step("step_started", "Build", 1),
        step("step_started", "Test", 1),
        step("step_started", "Build", 2),
    ) == [
        "deployment_progress",
        "deployment_started",
        "deployment_progress",
        "deployment_progress",
    ]


def test_a_start_after_the_end_begins_again() -> None:
    found = told(step("step_started", "Build", 0), ended(1), step("step_started", "Build", 2))

    assert found[-1].event_type == "deployment_started"
    assert found[-1].run == 2
    assert found[-1].status == "in_progress"


def test_a_step_after_the_end_does_not_open_it_again() -> None:
    *_, late = told(step("step_started", "Build", 0), ended(2), step("step_completed", "Build", 3))

    assert (late.event_type, late.status) == ("deployment_progress", "completed")


def test_the_old_format_begins_and_ends() -> None:
    old = {"project": "shop", "runId": "1"}

    assert words({**old, "status": "started"}, {**old, "status": "success"})[1] == (
        "deployment_completed"
    )
    assert words({**old, "status": "running"}) == ["deployment_started"]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (message("log_entry", message="第一行"), "第一行"),
        (message("log_entry", message=7), "7"),
        (message("log_batch", logs=["a", {"message": "b"}, 5]), "a\nb"),
        (message("deployment_completed", status="failure", logs="出错了"), "出错了"),
        (message("deployment_completed", status="failure", errorMessage="no disk"), "no disk"),
        (message("deployment_completed", status="cancelled"), "Deployment cancelled"),
        (message("deployment_completed", status="success"), "Deployment completed"),
        (message("metrics_update", metrics={}), "Metrics update"),
        (message("step_manual", step_name="Check", step_status="skipped"), "Check: skipped"),
        (message("step_updated", step_name="Check", step_status=""), "Check: went on"),
        (message("step_started", step_name=""), "Step started"),
        (message("log_entry", message="x" * 100_000), "x" * MAX_MESSAGE_CHARS),
    ],
)
def test_its_message_is_the_senders_or_a_short_sentence(said: Any, text: str) -> None:
    assert told(said)[-1].message == text


def test_a_step_that_is_tried_again_is_in_progress() -> None:
    *_, last = told(
        step("step_started", "Build", 0),
        step("step_completed", "Build", 1, step_status="failure"),
        step("step_updated", "Build", 2, step_status="retrying"),
    )

    assert last.steps == (StepStatus("Build", "in_progress"),)
    assert last.progress == 0


def test_data_that_is_no_object_is_told_by_its_type() -> None:
    state = Deployment()
    event = Event(1, "e", "other", "thing.done", "shop", "1", at(0), at(0), [1], None, None)
    standing = standing_of("shop", "1", state)

    found = deployment_event(Entry(event, standing), standing)

    assert (found.message, found.status) == ("Thing done", "pending")


STATUS = st.sampled_from(["success", "failure", "started", "", "null", 5])
SAID = st.one_of(
    st.builds(
        lambda kind, name, at_s, status: step(kind, name, at_s, step_status=status),
        st.sampled_from(["step_started", "step_completed", "step_updated", "step_manual"]),
        st.sampled_from(["Build", "Test"]),
        st.integers(0, 9),
        STATUS,
    ),
    st.builds(lambda at_s, status: ended(at_s, str(status)), st.integers(0, 9), STATUS),
    st.builds(lambda text: message("log_entry", message=text), st.text(max_size=20)),
)


@given(st.lists(SAID, min_size=1, max_size=12))
def test_whatever_is_said_gives_something_in_the_guides_words(said: list[Any]) -> None:
    for one in told(*said):
        assert one.message
        assert 0 <= one.progress <= 100
        is_end = one.event_type in {"deployment_completed", "deployment_failed"}
        assert not is_end or one.status in {"completed", "failed"}


# --- GitHub


def told_by_github(*deliveries: tuple[str, dict[str, Any]]) -> list[DeploymentEvent]:
    found: list[DeploymentEvent] = []
    state = Deployment()
    for seq, (kind, body) in enumerate(deliveries, 1):
        whole = {"repository": {"full_name": "o/shop"}, **body}
        headers = {"x-github-event": kind}
        call = InboundCall(headers, {}, orjson.dumps(whole), "", at(0), BodyLimits())
        [new] = github.read(call, github.Options())
        assert new.change is not None
        state = fold(state, [(seq, new.change)])
        found.append(_told(new, seq, state))
    return found


def run_said(action: str, **more: Any) -> tuple[str, dict[str, Any]]:
    times = {"run_started_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:02Z"}
    return "workflow_run", {"action": action, "workflow_run": {"id": 42, **times, **more}}


def job_said(action: str, name: str | None, **more: Any) -> tuple[str, dict[str, Any]]:
    job = {"run_id": 42, "name": name, "started_at": "2026-01-01T00:00:01Z", **more}
    return "workflow_job", {"action": action, "workflow_job": job}


def status_said(state: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    status = {"state": state, "created_at": "2026-01-01T00:00:01Z"}
    return "deployment_status", {"deployment": {"id": 9}, "deployment_status": status, **more}


def test_a_workflow_run_of_github_is_told_from_beginning_to_end() -> None:
    found = told_by_github(
        run_said("requested"),
        job_said("in_progress", "build"),
        job_said("completed", "build", conclusion="failure"),
        run_said("completed", conclusion="failure"),
    )

    assert [(one.event_type, one.status, one.step_name, one.message) for one in found] == [
        ("deployment_started", "in_progress", None, "Workflow run"),
        ("deployment_progress", "in_progress", "build", "build: in_progress"),
        ("deployment_progress", "in_progress", "build", "build: failure"),
        ("deployment_failed", "failed", None, "Deployment failed"),
    ]


def test_a_deployment_of_githubs_ends_by_its_status() -> None:
    [begun, ended_well] = told_by_github(status_said("in_progress"), status_said("success"))

    assert (begun.event_type, begun.message) == ("deployment_progress", "Deployment status")
    assert (ended_well.event_type, ended_well.status) == ("deployment_completed", "completed")


def test_what_a_workflow_run_deploys_does_not_end_it() -> None:
    [last] = told_by_github(status_said("success", workflow_run={"id": 42}))

    assert (last.event_type, last.status) == ("deployment_progress", "in_progress")


@pytest.mark.parametrize("conclusion", [None, 7, "stale", ["success"]])
def test_a_run_completed_without_a_good_word_has_not_ended(conclusion: Any) -> None:
    [last] = told_by_github(run_said("completed", conclusion=conclusion))

    assert last.event_type == "deployment_progress"


def test_a_job_of_which_nothing_is_known_is_told_too() -> None:
    [unnamed] = told_by_github(job_said("queued", None))
    _, said = job_said("queued", "build")

    [wordless] = told_by_github(("workflow_job", {**said, "action": None}))

    assert (unnamed.message, wordless.message) == ("Workflow job", "build")


# --- those who are like it, and GitLab


def told_of(
    source: Any, *deliveries: tuple[Mapping[str, str], dict[str, Any]]
) -> list[DeploymentEvent]:
    found: list[DeploymentEvent] = []
    state = Deployment()
    for seq, (headers, body) in enumerate(deliveries, 1):
        call = InboundCall(headers, {}, orjson.dumps(body), "", at(0), BodyLimits())
        [new] = source.read(call, source.Options())
        assert new.change is not None
        state = fold(state, [(seq, new.change)])
        found.append(_told(new, seq, state))
    return found


def test_a_workflow_run_of_gitea_is_told_as_githubs() -> None:
    said = [run_said("requested"), run_said("completed", conclusion="success")]
    found = told_of(gitea, *(({"x-gitea-event": kind}, body) for kind, body in said))

    assert [one.event_type for one in found] == ["deployment_started", "deployment_completed"]


def pipeline_said(status: str) -> tuple[Mapping[str, str], dict[str, Any]]:
    attributes = {"id": 31, "status": status, "created_at": "2026-01-01 00:00:00 UTC"}
    return {}, {"object_kind": "pipeline", "object_attributes": attributes}


def build_said(**more: Any) -> tuple[Mapping[str, str], dict[str, Any]]:
    started_at = "2026-01-01 00:00:01 UTC"
    build = {"pipeline_id": 31, "build_name": "unit", "build_started_at": started_at}
    return {}, {"object_kind": "build", **build, **more}


def test_a_pipeline_of_gitlab_is_told_from_beginning_to_end() -> None:
    found = told_of(
        gitlab,
        pipeline_said("pending"),
        pipeline_said("running"),
        build_said(build_status="running"),
        build_said(),
        pipeline_said("canceled"),
    )

    assert [(one.event_type, one.status, one.step_name, one.message) for one in found] == [
        ("deployment_started", "in_progress", None, "Pipeline"),
        ("deployment_progress", "in_progress", None, "Pipeline"),
        ("deployment_progress", "in_progress", "unit", "unit: running"),
        ("deployment_progress", "in_progress", "unit", "unit"),
        ("deployment_failed", "failed", None, "Deployment cancelled"),
    ]


def test_a_deployment_of_gitlabs_ends_by_its_status() -> None:
    body = {"object_kind": "deployment", "deployment_id": 9, "status": "success"}

    [last] = told_of(gitlab, ({}, body))

    assert (last.event_type, last.deployment_id) == ("deployment_completed", "deployment-9")
