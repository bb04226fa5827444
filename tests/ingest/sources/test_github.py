"""GitHub's deliveries are kept as they are; those of Actions and deployments are understood.

Whatever a payload has or has not, it is taken if its signature is right, and only then.
"""

import hmac
import json
import random
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import (
    ANY_TEXT,
    REAL_JSON,
    RECEIVED_AT,
    SAMPLES,
    call,
    sample,
    verify,
)
from tests.ingest.sources.github_stories import (
    Delivery,
    Part,
    attempts,
    deliveries_of,
    job_delivery,
    read,
    run_delivery,
    said,
    second,
    status_delivery,
)
from tests.model.stories import folded, shown
from tocsin.errors import Reason, Rejected
from tocsin.ingest.source import Verdict, find_sources
from tocsin.ingest.sources import github
from tocsin.model.change import Change
from tocsin.model.runs import Run, Step
from tocsin.model.standing import TELLING as TELLING_BY_SOURCE
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState, StepState, deployment_state, step_state

SOURCE = find_sources()["github"]
OPTIONS = github.Options()
# https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

# A small payload of each further event that GitHub documents.
EVENTS: Mapping[str, Any] = json.loads((SAMPLES / "github_events.json").read_bytes())
TELLING = ("workflow_run", "workflow_job", "deployment", "deployment_status")

FIELDS = (
    *("id", "run_id", "run_attempt", "name", "steps", "state", "status", "conclusion", "ref"),
    *("run_started_at", "started_at", "completed_at", "updated_at", "html_url", "log_url"),
)
LIKELY = (7, "7", "success", "2024-01-01T12:00:00Z", [{"status": "completed", "name": "a"}])

BUILD = Part(
    "build",
    5,
    40,
    "failure",
    (
        Part("Set up job", 5, 5, "success"),
        Part("Compile", 6, 30, "failure"),
        Part("Upload", 30, 30, "skipped"),
    ),
)
WHOLE = Part("", 0, 41, "failure", (BUILD,))


# --- taking in


@pytest.mark.parametrize(
    ("name", "kind", "project"),
    [
        ("push", "push", "MoseLu/axi-star-cloud"),
        ("workflow_run", "workflow_run", "MoseLu/axi-star-cloud"),
        ("workflow_job_completed", "workflow_job", "MoseLu/axi-star-cloud"),
        ("ping_of_an_organization", "ping", ""),
    ],
)
def test_a_delivery_is_one_event_with_its_body_as_data(name: str, kind: str, project: str) -> None:
    one = sample("github", name)

    (event,) = github.read(one.call(), OPTIONS)

    assert (event.source, event.type, event.project) == ("github", kind, project)
    assert event.data == json.loads(one.body)
    assert event.dedupe == f"github\n\n\n{one.headers['x-github-delivery']}"


@pytest.mark.parametrize("kind", EVENTS)
def test_every_other_event_is_kept_and_tells_of_no_deployment(kind: str) -> None:
    event = read(kind, EVENTS[kind])

    assert (event.type, event.data) == (kind, EVENTS[kind])
    assert (event.change, event.subject, event.occurred_at) == (None, "", RECEIVED_AT)


@given(
    kind=st.sampled_from([*TELLING, "ping", "push", "of a newer GitHub"]),
    body=st.dictionaries(ANY_TEXT, REAL_JSON, max_size=3),
    about=st.dictionaries(st.sampled_from(FIELDS), REAL_JSON | st.sampled_from(LIKELY)),
    action=st.sampled_from(["queued", "in_progress", "completed"]) | REAL_JSON,
    is_form=st.booleans(),
)
def test_any_object_that_is_signed_is_taken_under_any_event(
    kind: str, body: dict[str, Any], about: dict[str, Any], action: Any, is_form: bool
) -> None:
    whole = {**body, "action": action, "repository": {"full_name": "o/r"}}
    whole |= {"deployment": {"id": 9}, "deployment_status": about, kind: about}
    payload = json.dumps(whole).encode()
    body_bytes = b"payload=" + quote_plus(payload).encode() if is_form else payload
    mac = hmac.new(SECRET.encode(), body_bytes, "sha256").hexdigest()
    form = {"content-type": "application/x-www-form-urlencoded"} if is_form else {}
    signed = {"x-github-event": kind, "x-hub-signature-256": f"sha256={mac}", **form}
    told = call(body_bytes, signed)

    verdict = verify(SOURCE, told, SECRET)
    (event,) = SOURCE.read(told, OPTIONS)

    assert verdict is Verdict.VERIFIED
    assert event.type == kind
    assert event.change is None or shown(folded([event.change]))


def test_it_is_known_which_events_tell_of_a_deployment() -> None:
    assert TELLING_BY_SOURCE["github"] == set(TELLING)


def test_a_form_carries_the_same_payload() -> None:
    one = sample("github", "push")
    body = b"payload=" + quote_plus(one.body).encode()

    (event,) = github.read(
        one.call(body, content_type="application/x-www-form-urlencoded"), OPTIONS
    )

    assert event.data == json.loads(one.body)


@pytest.mark.parametrize("body", [b"", b"payload=", b"other=%7B%7D", b"payload=%FF", b"\xff=\xfe"])
def test_a_form_without_a_payload_is_refused(body: bytes) -> None:
    one = sample("github", "push")

    with pytest.raises(Rejected) as raised:
        github.read(one.call(body, content_type="application/x-www-form-urlencoded"), OPTIONS)

    assert (raised.value.status, raised.value.reason) == (400, Reason.UNREADABLE)


@pytest.mark.parametrize("repository", [None, "a/b", {}, {"full_name": 7}, ["full_name"]])
def test_a_body_without_a_repository_has_no_project(repository: object) -> None:
    assert read("fork", {"repository": repository}).project == ""


def test_names_are_cut_rather_than_a_delivery_lost() -> None:
    event = read("e" * 300, {"repository": {"full_name": "o/" + "x" * 300}})

    assert (len(event.type), len(event.project)) == (200, 200)


@pytest.mark.parametrize("headers", [{}, {"x-github-event": " "}])
def test_a_delivery_without_the_name_of_its_event_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Rejected) as raised:
        github.read(call({}, headers), OPTIONS)

    assert [fault.field for fault in raised.value.fields] == ["X-GitHub-Event"]


# --- the signature


def test_the_example_of_githubs_documentation_verifies() -> None:
    signed = call(BODY, {"x-hub-signature-256": SIGNATURE})

    assert verify(SOURCE, signed, SECRET) is Verdict.VERIFIED


@pytest.mark.parametrize(
    "shown_signature",
    [
        "",
        "sha256=",
        SIGNATURE.upper(),
        SIGNATURE.removeprefix("sha256="),
        "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(),
        SIGNATURE + ", " + SIGNATURE,
        "sha256=\xff",
    ],
)
def test_anything_but_the_signature_is_refused(shown_signature: str) -> None:
    signed = call(BODY, {"x-hub-signature-256": shown_signature})

    with pytest.raises(Rejected) as raised:
        verify(SOURCE, signed, SECRET)

    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_the_old_signature_alone_proves_nothing() -> None:
    sha1 = "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest()

    verdict = verify(SOURCE, call(BODY, {"x-hub-signature": sha1}), SECRET)

    assert verdict is Verdict.NOT_SIGNED


# --- a workflow run is a deployment


def changes(deliveries: Iterable[Delivery]) -> list[Change]:
    found = [read(kind, body).change for kind, body in deliveries]
    return [one for one in found if one is not None]


def runs(*deliveries: Delivery) -> list[Run]:
    """The runs that the deliveries add up to."""
    return shown(folded(changes(deliveries)))


def steps(*deliveries: Delivery) -> dict[str, Step]:
    """The steps of the newest of them."""
    return {one.name: one for one in runs(*deliveries)[-1].steps}


def facts(*deliveries: Delivery) -> dict[str, str]:
    return {name: one.text for name, one in folded(changes(deliveries)).facts.items()}


def check_step(step: Step, true: Part) -> None:
    (one,) = step.attempts
    assert (one.state, one.conclusion) == (step_state(true.conclusion), true.conclusion)
    assert (one.started_at, one.ended_at) == (second(true.started), second(true.ended))
    assert one.duration_s == true.ended - true.started


def check_run(run: Run, true: Part) -> None:
    assert (run.state, run.conclusion) == (deployment_state(true.conclusion), true.conclusion)
    assert (run.started_at, run.completed_at) == (second(true.started), second(true.ended))
    parts = {job.name: job for job in true.parts}
    parts |= {f"{job.name} / {one.name}": one for job in true.parts for one in job.parts}
    assert {step.name for step in run.steps} == set(parts)
    for step in run.steps:
        check_step(step, parts[step.name])


@given(attempts(), st.randoms(use_true_random=False))
def test_deliveries_in_any_order_and_twice_tell_what_truly_was(
    told: list[Part], chance: random.Random
) -> None:
    deliveries = list(deliveries_of(told))
    # Twice with ids of their own: a webhook of the organization and one of the repository.
    doubled = [*deliveries, *chance.sample(deliveries, len(deliveries) // 2)]
    chance.shuffle(doubled)

    found = runs(*doubled)

    assert found == runs(*deliveries)
    assert len(found) == len(told)
    for run, true in zip(found, told, strict=True):
        check_run(run, true)


@given(attempts(), st.randoms(use_true_random=False))
def test_what_was_never_delivered_is_made_up_for_by_the_ends(
    told: list[Part], chance: random.Random
) -> None:
    deliveries = list(deliveries_of(told))
    came = [one for one in deliveries if one[1]["action"] == "completed" or chance.random() < 0.3]

    assert runs(*came) == runs(*deliveries)


def test_a_run_is_under_way_until_it_is_completed() -> None:
    (requested,) = runs(run_delivery("requested", 1, WHOLE))
    (begun,) = runs(run_delivery("in_progress", 1, WHOLE), job_delivery("in_progress", 1, BUILD))

    assert (requested.state, requested.started_at) == (DeploymentState.RUNNING, second(0))
    assert (begun.state, begun.progress) == (DeploymentState.RUNNING, 50)
    assert [(one.name, one.state) for one in begun.steps] == [
        ("build", StepState.RUNNING),
        ("build / Set up job", StepState.COMPLETED),
    ]


def test_the_run_names_its_project_and_its_facts() -> None:
    event = read(*run_delivery("completed", 2, WHOLE))

    assert (event.project, event.subject) == ("shop-team/shop", "42")
    assert to_us(event.occurred_at) == second(41)
    assert facts(run_delivery("completed", 2, WHOLE)) == {
        "branch": "main",
        "commit_hash": "3f" * 20,
        "workflow_name": "deploy",
        "workflow_id": "7",
        "source_repo": "mina/shop",
        "actor": "mina",
        "url": "https://github.com/shop-team/shop/actions/runs/42",
    }


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://" + "x" * 300, 7, None])
def test_only_an_address_of_the_web_is_given_as_a_link(address: object) -> None:
    assert "url" not in facts(run_delivery("requested", 1, WHOLE, html_url=address))


@pytest.mark.parametrize(
    ("conclusion", "state"),
    [
        ("success", DeploymentState.SUCCESS),
        ("neutral", DeploymentState.SUCCESS),
        ("skipped", DeploymentState.SUCCESS),
        ("failure", DeploymentState.FAILED),
        ("timed_out", DeploymentState.FAILED),
        ("startup_failure", DeploymentState.FAILED),
        ("action_required", DeploymentState.FAILED),
        ("cancelled", DeploymentState.CANCELLED),
        ("stale", DeploymentState.RUNNING),
        ("of a newer GitHub", DeploymentState.RUNNING),
        ("", DeploymentState.RUNNING),
        (None, DeploymentState.RUNNING),
        (7, DeploymentState.RUNNING),
    ],
)
def test_a_conclusion_is_read_as_the_contract_says(
    conclusion: object, state: DeploymentState
) -> None:
    (run,) = runs(run_delivery("completed", 1, WHOLE, conclusion=conclusion))

    assert run.state is state


def test_a_run_that_waits_for_an_approval_has_not_ended() -> None:
    (run,) = runs(run_delivery("requested", 1, WHOLE, conclusion="action_required"))

    assert run.state is DeploymentState.RUNNING


def test_an_end_told_from_before_the_begin_is_one_at_the_begin() -> None:
    (run,) = runs(run_delivery("completed", 1, WHOLE, updated_at=said(-9)))

    assert (run.started_at, run.completed_at) == (second(0), second(0))


@pytest.mark.parametrize("run_id", [None, "", True, 1.5, [], {}])
def test_a_run_without_an_id_is_an_event_only(run_id: object) -> None:
    event = read(*run_delivery("completed", 1, WHOLE, id=run_id))

    assert (event.change, event.subject) == (None, "")


def test_a_payload_without_times_is_of_when_it_came() -> None:
    nothing = {"workflow_run": {"id": "42"}, "repository": None, "action": "requested"}

    event = read("workflow_run", nothing)

    assert (event.occurred_at, event.subject) == (RECEIVED_AT, "42")
    assert event.change == Change("42", to_us(RECEIVED_AT), begins=True, facts={})


# --- its jobs and their steps


@pytest.mark.parametrize("action", ["queued", "waiting"])
def test_a_job_that_has_not_begun_is_no_step(action: str) -> None:
    event = read(*job_delivery(action, 1, BUILD))

    assert event.subject == "42"
    assert not steps(job_delivery(action, 1, BUILD))


def test_a_job_is_a_step_and_so_is_each_of_its_steps() -> None:
    found = steps(job_delivery("completed", 1, BUILD))

    assert list(found) == ["build", "build / Compile", "build / Set up job", "build / Upload"]
    assert [one.state for one in found.values()] == [
        StepState.FAILED,
        StepState.FAILED,
        StepState.COMPLETED,
        StepState.COMPLETED,
    ]


def test_a_skipped_job_has_ended_without_having_begun() -> None:
    skipped = Part("deploy", 9, 9, "skipped")

    (one,) = steps(job_delivery("completed", 1, skipped))["deploy"].attempts

    assert (one.state, one.conclusion) == (StepState.COMPLETED, "skipped")
    assert (one.started_at, one.ended_at) == (None, second(9))


def test_a_job_that_ended_before_it_began_has_ended() -> None:
    told = (job_delivery("in_progress", 1, BUILD), job_delivery("completed", 1, BUILD))
    told[1][1]["workflow_job"]["completed_at"] = said(2)

    found = steps(*told)["build"]

    assert [one.state for one in found.attempts] == [StepState.FAILED]
    assert found.last.ended_at == found.last.started_at == second(5)


def test_steps_of_a_name_that_a_job_has_several_times_are_numbered() -> None:
    names = ("Run make", "Run make", "Post", "Run make")
    job = Part("build", 0, 9, "success", tuple(Part(one, 1, 2, "success") for one in names))

    assert list(steps(job_delivery("completed", 1, job))) == [
        "build",
        "build / Post",
        "build / Run make",
        "build / Run make (2)",
        "build / Run make (3)",
    ]


def test_long_names_are_cut_and_missing_ones_said_to_be() -> None:
    parts = (Part("x" * 300, 1, 2, "success"), Part("x" * 301, 2, 3, "failure"))
    job = Part("build", 0, 9, "failure", parts)

    long = steps(job_delivery("completed", 1, job))
    unnamed = steps(job_delivery("completed", 1, job, name=None, steps=[{"status": "completed"}]))

    assert sorted(map(len, long)) == [5, 192, 196]
    assert list(unnamed) == ["(unnamed)", "(unnamed) / (unnamed)"]


@pytest.mark.parametrize("listed", [None, {}, "steps", [None, 7, "x", []]])
def test_a_job_whose_steps_are_none_is_a_step_alone(listed: object) -> None:
    assert list(steps(job_delivery("completed", 1, BUILD, steps=listed))) == ["build"]


def test_what_a_cancelled_job_left_open_ends_with_it() -> None:
    begun = {"name": "Compile", "status": "in_progress", "started_at": said(6)}
    never = {"name": "Upload", "status": "queued", "started_at": None, "completed_at": None}
    job = job_delivery("completed", 1, BUILD, conclusion="cancelled", steps=[begun, never])

    found = steps(job_delivery("in_progress", 1, BUILD, steps=[begun, never]), job)

    assert list(found) == ["build", "build / Compile"]
    assert found["build / Compile"].last.conclusion == "cancelled"
    assert found["build / Compile"].last.ended_at == second(40)


def test_a_runners_clock_that_is_ahead_opens_no_further_run() -> None:
    ahead = Part("build", 5, 40, "success", (Part("Compile", 3600, 3600, "success"),))

    found = runs(run_delivery("completed", 1, WHOLE), job_delivery("completed", 1, ahead))

    assert len(found) == 1


def test_a_runners_clock_that_is_behind_puts_no_step_into_the_run_before() -> None:
    again = Part("", 100, 150, "success", ())
    behind = Part("build", 101, 140, "success", (Part("Compile", 7, 30, "success"),))

    first, second_run = runs(
        run_delivery("completed", 1, WHOLE),
        job_delivery("completed", 2, behind),
        run_delivery("completed", 2, again),
    )

    assert not first.steps
    assert [one.name for one in second_run.steps] == ["build", "build / Compile"]


# --- deployments to an environment


@given(st.randoms(use_true_random=False))
def test_what_a_workflow_run_deploys_is_a_step_of_it(chance: random.Random) -> None:
    states = ["waiting", "queued", "in_progress", "success", "inactive"]
    told = [status_delivery(state, at, of_run=True) for at, state in enumerate(states, 10)]
    doubled = [*told, *told]
    chance.shuffle(doubled)

    found = steps(run_delivery("requested", 1, WHOLE), *doubled)

    (one,) = found["environment: production"].attempts
    assert (one.state, one.conclusion) == (StepState.COMPLETED, "success")
    assert (one.started_at, one.ended_at) == (second(10), second(13))


@pytest.mark.parametrize(
    ("where", "links"),
    [
        (
            "deployment_status",
            {"log_url": "https://github.com/shop-team/shop/actions/runs/42/job/1"},
        ),
        ("deployment_status", {"target_url": "https://github.com/shop-team/shop/actions/runs/42"}),
        ("check_run", {"html_url": "https://ghe.example.com/shop-team/shop/actions/runs/42/job/1"}),
    ],
)
def test_a_link_to_the_workflow_run_tells_too_what_deploys(
    where: str, links: dict[str, str]
) -> None:
    kind, body = status_delivery("in_progress", 1, of_run=False)
    body[where] = {**body.get(where, {}), **links}

    assert read(kind, body).subject == "42"


@pytest.mark.parametrize(
    "link",
    [
        "https://github.com/another/shop/actions/runs/42",
        "https://ci.example.com/builds/42",
        "https://github.com/shop-team/shop/actions/runs/" + "4" * 21,
        7,
    ],
)
def test_what_deploys_elsewhere_is_a_deployment_by_its_own_id(link: object) -> None:
    kind, body = status_delivery("in_progress", 1, of_run=False)
    body["deployment_status"]["log_url"] = link

    assert read(kind, body).subject == "9"


def test_a_deployment_of_its_own_runs_by_its_statuses() -> None:
    _, created = status_delivery("", 0, of_run=False, deployment_status=None)
    told = [("deployment", created)]
    pending = runs(*told)
    told.append(status_delivery("in_progress", 5, of_run=False))
    running = runs(*told)
    told.append(status_delivery("success", 9, of_run=False))
    told.append(status_delivery("inactive", 99, of_run=False))
    (ended,) = runs(*told)

    assert [one.state for one in (*pending, *running)] == [
        DeploymentState.PENDING,
        DeploymentState.RUNNING,
    ]
    assert (ended.state, ended.conclusion) == (DeploymentState.SUCCESS, "success")
    assert (ended.started_at, ended.completed_at) == (second(5), second(9))


def test_a_failed_deployment_says_why_and_where() -> None:
    kind, body = status_delivery("error", 3, of_run=False)
    body["deployment_status"] |= {"description": "disk full", "log_url": "https://ci.example.com/7"}

    assert facts((kind, body)) == {
        "environment": "production",
        "branch": "main",
        "commit_hash": "3f" * 20,
        "source_repo": "shop-team/shop",
        "actor": "jun",
        "url": "https://ci.example.com/7",
        "error_message": "disk full",
    }


def test_a_commit_that_is_deployed_by_its_hash_is_of_no_branch() -> None:
    kind, body = status_delivery("queued", 3, of_run=False)
    body["deployment"]["ref"] = body["deployment"]["sha"]

    assert "branch" not in facts((kind, body))
