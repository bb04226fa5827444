"""Workflow runs and jobs, as GitHub's webhooks tell of them, and Gitea's in the same format.

Pure. Each delivery is kept under the name of its event; a run is a deployment, a job is a step of
it, and so is each step of a job. A payload is a picture of how things stand, not a piece of news:
the same thing comes in several deliveries, in any order.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.ingest.body import keepable, payload_of, read_json_object
from tocsin.ingest.fields import MAX_NAME_CHARS
from tocsin.ingest.parts import id_of, instant, known, part, seconds, text, web_address
from tocsin.ingest.source import InboundCall, dedupe_key
from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import from_us, to_us
from tocsin.model.words import StepState, conclusion_of, deployment_state, step_state

UNNAMED = "(unnamed)"
# Room for the number behind a name that a job has several times.
MAX_STEP_CHARS = MAX_NAME_CHARS - 8


@dataclass(frozen=True, slots=True)
class Told:
    """A payload, and the object in it that its event is about."""

    body: Mapping[str, Any]
    about: Mapping[str, Any]
    project: str
    received_at: int

    @property
    def said_at(self) -> int | None:
        """The instant of which the payload is the picture; None when it gives none."""
        names = ("completed_at", "updated_at", "started_at", "created_at")
        return next((at for name in names if (at := instant(self.about, name)) is not None), None)

    @property
    def at(self) -> int:
        at = self.said_at
        return self.received_at if at is None else at

    @property
    def action(self) -> str:
        return text(self.body.get("action"))


Telling = Mapping[str, Callable[[Told], Change]]


def read_delivery(
    source: str, call: InboundCall, kind: str, delivery_id: str, telling: Telling
) -> NewEvent:
    """The event of a delivery: its kind as type, the repository as project.

    `telling` has the kinds that tell of a deployment, and how.
    """
    payload = payload_of(call.headers, call.body)
    data = keepable(read_json_object(payload, call.limits), payload)
    project = text(part(data, "repository").get("full_name"))
    told = Told(data, part(data, kind), project, to_us(call.received_at))
    change = telling[kind](told) if kind in telling else None
    if change is not None and not change.deployment_id:
        change = None
    at = told.said_at if change is not None else None
    return NewEvent(
        id=new_event_id(),
        source=source,
        type=kind,
        project=project,
        subject="" if change is None else change.deployment_id,
        occurred_at=call.received_at if at is None else from_us(at),
        received_at=call.received_at,
        data=data,
        dedupe=dedupe_key(source, call, "", delivery_id),
        change=change,
    )


# --- workflow_run: a run of the deployment begins and ends


def workflow_run(told: Told) -> Change:
    run = told.about
    # A run that is started again keeps its id and `created_at`; this is when the attempt began,
    # under GitHub's name and under Gitea's.
    names = ("run_started_at", "started_at")
    begun_at = next((at for name in names if (at := instant(run, name)) is not None), told.at)
    return Change(
        id_of(run),
        begun_at,
        begins=True,
        end=_run_end(told, begun_at),
        facts=run_facts(run, told.body),
    )


def _run_end(told: Told, begun_at: int) -> RunEnd | None:
    # With `requested` a conclusion can come too, of a run that waits for an approval.
    word = text(told.about.get("conclusion")) if told.action == "completed" else ""
    state = deployment_state(word)
    if state is None or not state.is_final:
        return None
    at = max(told.at, begun_at)
    return RunEnd(at, state, conclusion_of(word) or "", seconds(begun_at, at), begun_at, at)


def run_facts(run: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, str]:
    actors = (part(run, name) for name in ("triggering_actor", "trigger_actor", "actor"))
    return known(
        branch=run.get("head_branch"),
        commit_hash=run.get("head_sha"),
        workflow_name=run.get("name") or part(body, "workflow").get("name"),
        workflow_id=id_of(run, "workflow_id") or id_of(part(body, "workflow")),
        source_repo=part(run, "head_repository").get("full_name"),
        actor=next(filter(None, actors), {}).get("login"),
        url=web_address(run.get("html_url")),
    )


# --- workflow_job: the job is a step, and so is each step of it


def workflow_job(told: Told) -> Change:
    job = told.about
    name = text(job.get("name")) or UNNAMED
    marks: dict[str, tuple[Mark, ...]] = {}
    # A job that is queued or waits for an approval has not begun, and may never.
    if told.action in ("in_progress", "completed"):
        marks = {name: (_job_mark(told),), **dict(_steps(told, name))}
    return Change(
        id_of(job, "run_id"),
        told.at,
        restated=marks,
        facts=known(
            branch=job.get("head_branch"),
            commit_hash=job.get("head_sha"),
            workflow_name=job.get("workflow_name"),
        ),
    )


def _job_mark(told: Told) -> Mark:
    started_at = instant(told.about, "started_at")
    if told.action == "in_progress":
        at = told.at if started_at is None else started_at
        is_timed = told.said_at is not None
        return Mark(at, is_timed, Move.START, StepState.RUNNING, "in_progress", -1.0)
    return _end(told, told.about, started_at, text(told.about.get("conclusion")))


def _end(told: Told, about: Mapping[str, Any], started_at: int | None, word: str) -> Mark:
    ended_at = instant(about, "completed_at")
    at = told.at if ended_at is None else ended_at
    # The two are by different clocks; an end from before its start would leave that open for ever.
    at = at if started_at is None else max(at, started_at)
    is_timed = ended_at is not None or told.said_at is not None
    said = conclusion_of(word) or ""
    return Mark(at, is_timed, Move.END, step_state(word), said, seconds(started_at, at))


def _steps(told: Told, job_name: str) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """The steps that have begun, as "job / step"; one that repeats a name is numbered."""
    steps = told.about.get("steps")
    seen: Counter[str] = Counter()
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        name = f"{job_name} / {text(step.get('name')) or UNNAMED}"[:MAX_STEP_CHARS].rstrip()
        seen[name] += 1
        marks = tuple(_step_marks(told, step))
        if marks:
            yield name if seen[name] == 1 else f"{name} ({seen[name]})", marks


def _step_marks(told: Told, step: Mapping[str, Any]) -> Iterator[Mark]:
    started_at = instant(step, "started_at")
    if started_at is not None:
        started_at = max(started_at, _not_before(told.about))
        # Not a start, which opens a further run when it comes after the end of one: the times of
        # steps are those of the runner's clock. Untimed sorts it before an end of the same second.
        yield Mark(started_at, False, Move.UPDATE, StepState.RUNNING, "", -1.0)
    word = text(step.get("conclusion"))
    if step.get("status") == "completed":
        yield _end(told, step, started_at, word)
    elif told.action == "completed" and started_at is not None:
        # The job was cancelled or lost its runner; nothing more will come about this step.
        yield _end(told, step, started_at, word or text(told.about.get("conclusion")))


def _not_before(job: Mapping[str, Any]) -> int:
    """The earliest that a step of `job` can have begun.

    The steps of a further attempt must not fall into the run before, however much the runner's
    clock is behind.
    """
    attempt = job.get("run_attempt")
    if not isinstance(attempt, int) or attempt < 2:
        return 0
    return instant(job, "started_at") or 0
