"""Workflow runs as they truly were, and the deliveries that GitHub would make of them.

All instants are seconds after noon.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from tests.ingest.samples import RECEIVED_AT, call
from tocsin.ingest.sources import github
from tocsin.model.event import NewEvent
from tocsin.model.times import rfc3339, to_us

NOON = RECEIVED_AT.replace(hour=12, minute=0)
REPOSITORY = {"id": 1, "full_name": "shop-team/shop"}
BAD = ("failure", "cancelled", "timed_out")
GOOD = ("success", "neutral")

Delivery = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A step, a job or a whole attempt: from when to when, and how it ended."""

    name: str
    started: int
    ended: int
    conclusion: str
    parts: tuple["Part", ...] = ()


def second(number: int) -> int:
    """So many seconds after noon, in microseconds."""
    return to_us(NOON + timedelta(seconds=number))


def said(number: int | None) -> str | None:
    return None if number is None else rfc3339(NOON + timedelta(seconds=number))


def read(kind: str, body: dict[str, Any], **headers: str) -> NewEvent:
    """The event of a delivery."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    (event,) = github.read(call(body, {"x-github-event": kind, **named}), github.Options())
    return event


def run_delivery(action: str, attempt: int, whole: Part, **changed: Any) -> Delivery:
    """What is said of a workflow run, with the fields in `changed` as they are there."""
    is_over = action == "completed"
    run = {
        "id": 42,
        "name": "deploy",
        "head_branch": "main",
        "head_sha": "3f" * 20,
        "run_attempt": attempt,
        "workflow_id": 7,
        "html_url": "https://github.com/shop-team/shop/actions/runs/42",
        "status": "completed" if is_over else "in_progress",
        "conclusion": whole.conclusion if is_over else None,
        "created_at": said(0),
        "run_started_at": said(whole.started),
        "updated_at": said(whole.ended if is_over else whole.started),
        "head_repository": {"full_name": "mina/shop"},
        "triggering_actor": {"login": "mina"},
        **changed,
    }
    return "workflow_run", {"action": action, "workflow_run": run, "repository": REPOSITORY}


def job_delivery(action: str, attempt: int, job: Part, **changed: Any) -> Delivery:
    """What is said of a job; of its steps, those that had begun by then."""
    is_over = action == "completed"
    told_until = job.ended if is_over else job.started
    steps = [_step(number, one, told_until) for number, one in enumerate(job.parts, 1)]
    told = {
        "id": 1000 * attempt,
        "run_id": 42,
        "run_attempt": attempt,
        "workflow_name": "deploy",
        "head_branch": "main",
        "head_sha": "3f" * 20,
        "name": job.name,
        "status": action,
        "conclusion": job.conclusion if is_over else None,
        "created_at": said(job.started),
        "started_at": said(job.started),
        "completed_at": said(job.ended) if is_over else None,
        "steps": [] if action == "queued" else steps,
        **changed,
    }
    return "workflow_job", {"action": action, "workflow_job": told, "repository": REPOSITORY}


def _step(number: int, step: Part, told_until: int) -> dict[str, Any]:
    has_begun, is_over = step.started <= told_until, step.ended <= told_until
    return {
        "number": number,
        "name": step.name,
        "status": "completed" if is_over else "in_progress" if has_begun else "queued",
        "conclusion": step.conclusion if is_over else None,
        "started_at": said(step.started) if has_begun else None,
        "completed_at": said(step.ended) if is_over else None,
    }


def status_delivery(state: str, at: int, *, of_run: bool, **changed: Any) -> Delivery:
    """What is said of a deployment to an environment."""
    body = {
        "action": "created",
        "deployment": {
            "id": 9,
            "environment": "production",
            "ref": "main",
            "sha": "3f" * 20,
            "creator": {"login": "jun"},
            "created_at": said(0),
        },
        "deployment_status": {"state": state, "created_at": said(at), "updated_at": said(at)},
        "workflow_run": {"id": 42, "head_branch": "main"} if of_run else None,
        "repository": REPOSITORY,
        **changed,
    }
    return "deployment_status", body


# --- any workflow run at all


@st.composite
def attempts(draw: st.DrawFn) -> list[Part]:
    """The attempts of a run, each begun after the end of the one before."""
    found: list[Part] = []
    begun = 0
    for _ in range(draw(st.integers(1, 3))):
        names = draw(st.lists(st.sampled_from(["build", "test", "部署"]), unique=True, max_size=3))
        jobs = tuple(_job(draw, name, begun) for name in names)
        ended = max((job.ended for job in jobs), default=begun) + draw(st.integers(0, 2))
        found.append(Part("", begun, ended, draw(st.sampled_from(GOOD + BAD)), jobs))
        begun = ended + draw(st.integers(1, 100))
    return found


def _job(draw: st.DrawFn, name: str, begun: int) -> Part:
    started = at = begun + draw(st.integers(0, 5))
    steps: list[Part] = []
    for number in range(draw(st.integers(0, 3))):
        ended = at + draw(st.integers(0, 5))
        steps.append(
            Part(f"step {number}", at, ended, draw(st.sampled_from([*GOOD, *BAD, "skipped"])))
        )
        at = ended
    return Part(name, started, at + 1, draw(st.sampled_from(GOOD + BAD)), tuple(steps))


def deliveries_of(told: Sequence[Part]) -> Iterator[Delivery]:
    """Everything that GitHub says of the attempts of a run, in order."""
    for attempt, whole in enumerate(told, 1):
        yield run_delivery("requested", attempt, whole)
        yield run_delivery("in_progress", attempt, whole)
        for job in whole.parts:
            yield job_delivery("queued", attempt, job)
            yield job_delivery("in_progress", attempt, job)
            yield job_delivery("completed", attempt, job)
        yield run_delivery("completed", attempt, whole)
