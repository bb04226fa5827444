"""GitLab's deliveries: a token or a signature, pipelines and jobs as deployments, all else kept."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import REAL_JSON, RECEIVED_AT, SECRET, call, sample
from tests.ingest.samples import read as read_call
from tests.ingest.samples import verify as verify_call
from tests.model.stories import folded, shown
from tocsin.errors import Reason, Rejected
from tocsin.ingest.signature import standard_headers
from tocsin.ingest.source import InboundCall, Verdict, find_sources
from tocsin.ingest.sources import gitlab
from tocsin.model.event import NewEvent
from tocsin.model.runs import Run
from tocsin.model.standing import TELLING
from tocsin.model.times import rfc3339, to_us
from tocsin.model.words import DeploymentState, StepState, deployment_state, step_state

SOURCE = find_sources()["gitlab"]
SIGNING = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
NOON = RECEIVED_AT.replace(minute=0)
PROJECT = {"path_with_namespace": "shop-team/shop"}


def read(body: dict[str, Any], **headers: str) -> NewEvent:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    (event,) = read_call(SOURCE, call(body, named))
    return event


def of_sample(name: str) -> NewEvent:
    (event,) = read_call(SOURCE, sample("gitlab", name).call())
    return event


# --- token and signature


def test_the_token_is_the_secret_itself() -> None:
    right, wrong = (call({}, {"x-gitlab-token": one}) for one in (SECRET, SECRET + "x"))

    assert verify_call(SOURCE, right, SECRET) is Verdict.VERIFIED
    assert verify_call(SOURCE, right) is Verdict.NOT_SIGNED
    assert verify_call(SOURCE, call({}), SECRET) is Verdict.NOT_SIGNED
    with pytest.raises(Rejected) as raised:
        verify_call(SOURCE, wrong, SECRET)
    assert raised.value.reason is Reason.BAD_SIGNATURE


def signed(secret: str = SIGNING, **headers: str) -> InboundCall:
    made = standard_headers(secret, "msg_1", RECEIVED_AT, b"{}")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(b"{}", {**made, **named})


def test_while_a_hook_has_both_either_is_enough() -> None:
    both = signed(x_gitlab_token=SECRET)

    for secrets in ((SIGNING,), (SECRET,), (SIGNING, SECRET), (SECRET, SIGNING)):
        assert SOURCE.verify(both, None, secrets) is Verdict.VERIFIED


def test_a_wrong_signature_is_refused_though_the_token_is_right() -> None:
    other = signed("whsec_b3RoZXI=", x_gitlab_token=SECRET)

    with pytest.raises(Rejected):
        SOURCE.verify(other, None, (SIGNING, SECRET))


def test_a_signing_token_may_be_shown_as_a_token_too() -> None:
    shown_only = call({}, {"x-gitlab-token": SIGNING})

    assert verify_call(SOURCE, shown_only, SIGNING) is Verdict.VERIFIED


# --- every hook is kept


@pytest.mark.parametrize(
    ("name", "kind", "subject"),
    [
        ("push", "push", ""),
        ("system_hook", "project_create", ""),
        ("pipeline_failed", "pipeline", "31"),
        ("job_running", "build", "31"),
        ("deployment", "deployment", "deployment-15"),
    ],
)
def test_a_delivery_is_one_event_under_its_kind(name: str, kind: str, subject: str) -> None:
    event = of_sample(name)

    assert (event.type, event.project, event.subject) == (kind, "shop-team/shop", subject)


@pytest.mark.parametrize(
    ("body", "header", "kind"),
    [
        ({"object_kind": "issue"}, "Confidential Issue Hook", "issue"),
        ({"event_name": "user_create"}, "System Hook", "user_create"),
        ({"of": "a template"}, "Merge Request Hook", "merge_request"),
        ({"object_kind": 7}, "Push Hook", "push"),
        ({"object_kind": "k" * 300}, "", "k" * 200),
    ],
)
def test_the_kind_is_the_bodys_word_else_the_headers(
    body: dict[str, Any], header: str, kind: str
) -> None:
    assert read(body, x_gitlab_event=header).type == kind


@given(
    st.sampled_from(["pipeline", "build", "deployment", "push"]),
    st.dictionaries(
        st.sampled_from(
            [
                *("object_attributes", "builds", "build_name", "build_status", "project", "user"),
                *("build_started_at", "status", "deployment_id", "pipeline_id", "repository"),
            ]
        ),
        REAL_JSON | st.dictionaries(st.sampled_from(["id", "status", "finished_at"]), REAL_JSON),
    ),
)
def test_whatever_stands_in_a_body_it_is_taken(kind: str, body: dict[str, Any]) -> None:
    event = read({**body, "object_kind": kind})

    assert event.type == kind
    assert event.change is None or shown(folded([event.change]))


@pytest.mark.parametrize(
    ("body", "project"),
    [
        ({"project": PROJECT}, "shop-team/shop"),
        ({"path_with_namespace": "shop-team/shop"}, "shop-team/shop"),
        (
            {"repository": {"homepage": "https://gitlab.example.org/shop-team/shop"}},
            "shop-team/shop",
        ),
        ({"repository": {"homepage": "http://[bad"}}, ""),
        ({"project": "shop"}, ""),
        ({}, ""),
    ],
)
def test_the_project_is_its_path(body: dict[str, Any], project: str) -> None:
    assert read({"object_kind": "push", **body}).project == project


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"webhook_id": "w", "idempotency_key": "i", "x_gitlab_event_uuid": "e"}, "w"),
        ({"idempotency_key": "i", "x_gitlab_event_uuid": "e"}, "i"),
    ],
)
def test_a_repeat_is_told_by_the_first_id_there_is(headers: dict[str, str], key: str) -> None:
    assert read({"object_kind": "push"}, **headers).dedupe == f"gitlab\n\n\n{key}"


def test_an_older_gitlab_names_the_event_and_the_hook() -> None:
    ids = {"x_gitlab_event_uuid": "e", "x_gitlab_webhook_uuid": "w"}

    first, again = (read({"object_kind": "push"}, **ids).dedupe for _ in range(2))
    other = read({"object_kind": "issue"}, **ids).dedupe

    assert first == again != other
    assert read({"object_kind": "push"}).dedupe is None


# --- pipelines


@dataclass(frozen=True)
class Job:
    """One try of a job as it truly was, in seconds after noon."""

    name: str
    created: int
    started: int
    ended: int
    status: str


def said(number: int | None) -> str | None:
    """As GitLab writes a time."""
    at = None if number is None else NOON + timedelta(seconds=number)
    return None if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def second(number: int) -> int:
    return to_us(NOON + timedelta(seconds=number))


def pipeline_hook(
    status: str, jobs: Sequence[Mapping[str, Any]] = (), ended: int | None = None, **changed: Any
) -> dict[str, Any]:
    attributes = {
        "id": 31,
        "ref": "main",
        "sha": "3f" * 20,
        "name": "Deploy",
        "status": status,
        "created_at": said(0),
        "finished_at": said(ended),
        "url": "https://gitlab.example.org/shop-team/shop/-/pipelines/31",
        **changed,
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": attributes,
        "builds": list(jobs),
        "project": PROJECT,
        "user": {"username": "mina"},
    }


def job_part(job: Job, until: int) -> dict[str, Any]:
    """What a pipeline's hook says of a job at an instant."""
    is_over, has_begun = job.ended <= until, job.started <= until
    return {
        "name": job.name,
        "status": job.status if is_over else "running" if has_begun else "pending",
        "created_at": said(job.created),
        "started_at": said(job.started) if has_begun else None,
        "finished_at": said(job.ended) if is_over else None,
    }


def job_hook(job: Job, until: int) -> dict[str, Any]:
    """What the job's own hook says."""
    told = {f"build_{name}": value for name, value in job_part(job, until).items()}
    return {"object_kind": "build", "pipeline_id": 31, "project": PROJECT, **told}


def runs(*bodies: dict[str, Any]) -> list[Run]:
    changes = [read(body).change for body in bodies]
    return shown(folded([one for one in changes if one is not None]))


def story(draw: st.DrawFn) -> tuple[list[Job], int, str]:
    """Tries of jobs one after the other, when the pipeline ended, and how."""
    jobs: list[Job] = []
    at = 1
    for name in draw(st.lists(st.sampled_from(["build", "unit", "部署"]), unique=True, min_size=1)):
        for number in range(draw(st.integers(1, 3))):
            begun = at + draw(st.integers(0 if number == 0 else 1, 5))
            ended = begun + draw(st.integers(1, 30))
            word = draw(st.sampled_from(["success", "failed", "canceled"]))
            jobs.append(Job(name, at, begun, ended, word))
            at = ended
    return jobs, at, draw(st.sampled_from(["success", "failed", "canceled"]))


@given(st.data())
def test_hooks_in_any_order_and_twice_tell_what_truly_was(data: st.DataObject) -> None:
    jobs, ended, status = data.draw(st.composite(story)())
    latest = {job.name: job for job in jobs}.values()
    bodies = [pipeline_hook("pending"), pipeline_hook("running")]
    bodies += [job_hook(job, at) for job in jobs for at in (job.started, job.ended)]
    bodies += [
        pipeline_hook("running", [job_part(one, job.ended)]) for one in jobs for job in [one]
    ]
    bodies.append(pipeline_hook(status, [job_part(job, ended) for job in latest], ended))
    chance = data.draw(st.randoms(use_true_random=False))
    shuffled = [*bodies, *chance.sample(bodies, len(bodies) // 2)]
    chance.shuffle(shuffled)

    (run,) = runs(*shuffled)

    assert (run.state, run.conclusion) == (deployment_state(status), status)
    assert (run.started_at, run.completed_at) == (second(0), second(ended))
    tries = {name: list(group) for name, group in itertools.groupby(jobs, key=lambda one: one.name)}
    assert {step.name for step in run.steps} == set(tries)
    for step in run.steps:
        true = tries[step.name]
        assert [one.started_at for one in step.attempts] == [second(one.started) for one in true]
        assert [one.ended_at for one in step.attempts] == [second(one.ended) for one in true]
        assert [one.state for one in step.attempts] == [step_state(one.status) for one in true]


def test_a_job_retried_after_the_end_is_a_further_run() -> None:
    first, again = Job("unit", 0, 5, 20, "failed"), Job("unit", 60, 65, 80, "success")

    former, newest = runs(
        pipeline_hook("failed", [job_part(first, 20)], 21),
        pipeline_hook("running", [job_part(again, 70)], 21),
        pipeline_hook("success", [job_part(again, 80)], 81),
    )

    assert (former.state, newest.state) == (DeploymentState.FAILED, DeploymentState.SUCCESS)
    assert (newest.started_at, newest.completed_at) == (second(65), second(81))
    assert newest.steps[0].state is StepState.COMPLETED


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", DeploymentState.RUNNING),
        ("waiting_for_resource", DeploymentState.RUNNING),
        ("pending", DeploymentState.RUNNING),
        ("manual", DeploymentState.RUNNING),
        ("canceling", DeploymentState.RUNNING),
        ("success", DeploymentState.SUCCESS),
        ("skipped", DeploymentState.SUCCESS),
        ("failed", DeploymentState.FAILED),
        ("canceled", DeploymentState.CANCELLED),
        (None, DeploymentState.RUNNING),
    ],
)
def test_the_state_of_a_pipeline_is_read_as_the_contract_says(
    status: Any, state: DeploymentState
) -> None:
    (run,) = runs(pipeline_hook(status, ended=9))

    assert run.state is state


def test_a_pipeline_names_its_facts_and_is_of_when_it_ended() -> None:
    event = of_sample("pipeline_failed")

    assert event.change is not None
    assert event.change.facts == {
        "branch": "main",
        "commit_hash": "bcbb5ec396a2c0f828686f14fac9b80b780504f2",
        "workflow_name": "Deploy main",
        "actor": "mina",
        "url": "https://gitlab.example.org/shop-team/shop/-/pipelines/31",
    }
    assert rfc3339(event.occurred_at) == "2024-01-01T12:03:20.000Z"


def test_both_hooks_tell_the_same_of_a_job() -> None:
    job = Job("unit", 0, 5, 20, "failed")
    iso = {
        "build_started_at_iso": "2024-01-01T12:00:05.250Z",
        "build_finished_at_iso": "2024-01-01T12:00:20.750Z",
    }

    (run,) = runs(
        job_hook(job, 5),
        {**job_hook(job, 20), **iso},
        pipeline_hook("failed", [job_part(job, 20)], 21),
    )

    assert [len(step.attempts) for step in run.steps] == [1]


def test_a_skipped_job_has_ended_without_having_begun() -> None:
    event = of_sample("pipeline_failed")
    assert event.change is not None

    (run,) = shown(folded([event.change]))

    skipped = {step.name: step for step in run.steps}["to production"].last
    assert (skipped.state, skipped.conclusion) == (StepState.COMPLETED, "skipped")
    assert skipped.started_at is None


def test_a_job_that_runs_and_does_not_say_since_when_runs() -> None:
    told = job_hook(Job("unit", 0, 5, 20, "failed"), 10) | {"build_started_at": None}

    (run,) = runs(told, told)

    assert [(step.name, step.state) for step in run.steps] == [("unit", StepState.RUNNING)]


@pytest.mark.parametrize("status", ["created", "pending", "manual", "scheduled", None])
def test_a_job_that_has_not_begun_is_no_step(status: Any) -> None:
    told = job_hook(Job("unit", 9, 9, 9, "failed"), 0) | {"build_status": status}

    assert read(told).change is not None
    assert not runs(told)[-1].steps


# --- deployments


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("running", DeploymentState.RUNNING),
        ("success", DeploymentState.SUCCESS),
        ("failed", DeploymentState.FAILED),
        ("canceled", DeploymentState.CANCELLED),
        ("blocked", DeploymentState.PENDING),
    ],
)
def test_what_is_deployed_is_a_deployment_of_its_own(status: str, state: DeploymentState) -> None:
    body = {"object_kind": "deployment", "deployment_id": 15, "status": status}
    told = read({**body, "status_changed_at": "2024-01-01 14:00:09 +0200"})

    assert told.subject == "deployment-15"
    assert to_us(told.occurred_at) == second(9)
    assert [run.state for run in shown(folded([told.change] if told.change else []))] == [state]


def test_a_deployment_names_its_environment_and_its_job() -> None:
    event = of_sample("deployment")

    assert event.change is not None
    assert event.change.facts == {
        "branch": "main",
        "commit_hash": "279484c0",
        "environment": "production",
        "actor": "mina",
        "url": "https://gitlab.example.org/shop-team/shop/-/jobs/796",
    }


@pytest.mark.parametrize("kind", ["pipeline", "build", "deployment"])
def test_what_has_no_id_is_an_event_only(kind: str) -> None:
    event = read({"object_kind": kind, "project": PROJECT})

    assert (event.change, event.subject) == (None, "")
    assert event.occurred_at == RECEIVED_AT


def test_it_is_known_which_events_tell_of_a_deployment() -> None:
    assert set(gitlab._TELLING) == TELLING["gitlab"]


def test_a_late_signature_is_refused() -> None:
    late = replace(signed(), received_at=RECEIVED_AT + timedelta(seconds=301))

    with pytest.raises(Rejected, match="away from now"):
        SOURCE.verify(late, None, (SIGNING,))
