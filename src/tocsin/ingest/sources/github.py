"""GitHub's webhooks: signed, each kept under the name of its event; some tell of a deployment.

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
The signature is HMAC-SHA256 of the body in `X-Hub-Signature-256`; `X-GitHub-Delivery` is the
delivery's id, which a redelivery repeats. `workflow_run`, `workflow_job`, `deployment` and
`deployment_status` become deployments, as `docs/github.md` tells. A payload is a picture of how
things stand, not a piece of news: the same thing comes in several deliveries, in any order.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.fields import MAX_NAME_CHARS, bad_fields
from tocsin.ingest.signature import bad_signature, hmac_sha256_hex, is_same
from tocsin.ingest.source import Envelope, InboundCall, Verdict, dedupe_key
from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import from_us, parse_instant, to_us
from tocsin.model.words import StepState, conclusion_of, deployment_state, step_state
from tocsin.settings.schema import Network, Secret

SOURCE = "github"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
UNNAMED = "(unnamed)"
_FORM = "application/x-www-form-urlencoded"
_MICROSECONDS = 1_000_000
# Room for the number behind a name that a job has several times.
_MAX_STEP_CHARS = MAX_NAME_CHARS - 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the one given to GitHub when the webhook was made there."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, options: Options) -> Verdict:
    """Check the signature over the body's bytes as they came."""
    shown = call.headers.get("x-hub-signature-256")
    secret = options.secret.get_secret_value()
    if shown is None or not secret:
        return Verdict.NOT_SIGNED
    if not is_same(shown, f"sha256={hmac_sha256_hex(secret, call.body)}"):
        raise bad_signature("X-Hub-Signature-256 is not this body's signature.")
    return Verdict.VERIFIED


def read(call: InboundCall) -> list[NewEvent]:
    """The one event of a delivery: its kind as type, the repository as project."""
    kind = call.headers.get("x-github-event", "").strip()[:MAX_NAME_CHARS]
    if not kind:
        raise bad_fields([FieldFault("X-GitHub-Event", "expected the name of the event")])
    data = _payload(call)
    project = _text(_part(data, "repository").get("full_name"))
    told = Told(data, _part(data, kind), project, to_us(call.received_at))
    change = _TELLING[kind](told) if kind in _TELLING else None
    if change is not None and not change.deployment_id:
        change = None
    at = told.said_at if change is not None else None
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=kind,
            project=project,
            subject="" if change is None else change.deployment_id,
            occurred_at=call.received_at if at is None else from_us(at),
            received_at=call.received_at,
            data=data,
            dedupe=dedupe_key(SOURCE, call, "", call.headers.get("x-github-delivery", "")),
            change=change,
        )
    ]


def _payload(call: InboundCall) -> Any:
    body = call.body
    if call.headers.get("content-type", "").startswith(_FORM):
        body = "".join(parse_qs(body.decode("latin-1")).get("payload", [])).encode()
    else:
        check_is_json(call.headers)
    return keepable(read_json_object(body, call.limits), body)


# --- what a payload has, or has not: none of it is a reason to refuse one


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
        return next((at for name in names if (at := _instant(self.about, name)) is not None), None)

    @property
    def at(self) -> int:
        at = self.said_at
        return self.received_at if at is None else at

    @property
    def action(self) -> str:
        return _text(self.body.get("action"))


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`, empty when there is none."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    """A name or a word, cut where it would not fit; empty for anything else."""
    return value.strip()[:MAX_NAME_CHARS].rstrip() if isinstance(value, str) else ""


def _id(about: Mapping[str, Any], name: str = "id") -> str:
    value = about.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else _text(value)


def _instant(about: Mapping[str, Any], name: str) -> int | None:
    at = parse_instant(about.get(name))
    return None if at is None else to_us(at)


def _seconds(begin: int | None, end: int) -> float:
    """From begin to end, -1 while the begin is unknown."""
    return -1.0 if begin is None else (end - begin) / _MICROSECONDS


# --- workflow_run: a run of the deployment begins and ends


def _workflow_run(told: Told) -> Change:
    run = told.about
    # A run that is started again keeps its id and `created_at`; this is when the attempt began.
    begun_at = _instant(run, "run_started_at")
    if begun_at is None:
        begun_at = told.at
    return Change(
        _id(run),
        begun_at,
        begins=True,
        end=_run_end(told, begun_at),
        facts=_run_facts(run, told.body),
    )


def _run_end(told: Told, begun_at: int) -> RunEnd | None:
    # With `requested` a conclusion can come too, of a run that waits for an approval.
    word = _text(told.about.get("conclusion")) if told.action == "completed" else ""
    state = deployment_state(word)
    if state is None or not state.is_final:
        return None
    at = max(told.at, begun_at)
    return RunEnd(at, state, conclusion_of(word) or "", _seconds(begun_at, at), begun_at, at)


def _run_facts(run: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, str]:
    actor = _part(run, "triggering_actor") or _part(run, "actor")
    return _known(
        branch=run.get("head_branch"),
        commit_hash=run.get("head_sha"),
        workflow_name=run.get("name") or _part(body, "workflow").get("name"),
        workflow_id=_id(run, "workflow_id"),
        source_repo=_part(run, "head_repository").get("full_name"),
        actor=actor.get("login"),
        url=_web_address(run.get("html_url")),
    )


def _known(**facts: Any) -> dict[str, str]:
    """The facts that are told."""
    return {name: text for name, said in facts.items() if (text := _text(said))}


def _web_address(said: Any) -> str:
    """An address that a reader may be given as a link."""
    is_one = isinstance(said, str) and said.startswith(("https://", "http://"))
    return said if is_one and len(said) <= MAX_NAME_CHARS else ""


# --- workflow_job: the job is a step, and so is each step of it


def _workflow_job(told: Told) -> Change:
    job = told.about
    name = _text(job.get("name")) or UNNAMED
    marks: dict[str, tuple[Mark, ...]] = {}
    # A job that is queued or waits for an approval has not begun, and may never.
    if told.action in ("in_progress", "completed"):
        marks = {name: (_job_mark(told),), **dict(_steps(told, name))}
    return Change(
        _id(job, "run_id"),
        told.at,
        restated=marks,
        facts=_known(
            branch=job.get("head_branch"),
            commit_hash=job.get("head_sha"),
            workflow_name=job.get("workflow_name"),
        ),
    )


def _job_mark(told: Told) -> Mark:
    started_at = _instant(told.about, "started_at")
    if told.action == "in_progress":
        at = told.at if started_at is None else started_at
        is_timed = told.said_at is not None
        return Mark(at, is_timed, Move.START, StepState.RUNNING, "in_progress", -1.0)
    return _end(told, told.about, started_at, _text(told.about.get("conclusion")))


def _end(told: Told, about: Mapping[str, Any], started_at: int | None, word: str) -> Mark:
    ended_at = _instant(about, "completed_at")
    at = told.at if ended_at is None else ended_at
    # The two are by different clocks; an end from before its start would leave that open for ever.
    at = at if started_at is None else max(at, started_at)
    is_timed = ended_at is not None or told.said_at is not None
    said = conclusion_of(word) or ""
    return Mark(at, is_timed, Move.END, step_state(word), said, _seconds(started_at, at))


def _steps(told: Told, job_name: str) -> Iterator[tuple[str, tuple[Mark, ...]]]:
    """The steps that have begun, as "job / step"; one that repeats a name is numbered."""
    steps = told.about.get("steps")
    seen: Counter[str] = Counter()
    for step in steps if isinstance(steps, list) else ():
        if not isinstance(step, dict):
            continue
        name = f"{job_name} / {_text(step.get('name')) or UNNAMED}"[:_MAX_STEP_CHARS].rstrip()
        seen[name] += 1
        marks = tuple(_step_marks(told, step))
        if marks:
            yield name if seen[name] == 1 else f"{name} ({seen[name]})", marks


def _step_marks(told: Told, step: Mapping[str, Any]) -> Iterator[Mark]:
    started_at = _instant(step, "started_at")
    if started_at is not None:
        started_at = max(started_at, _not_before(told.about))
        # Not a start, which opens a further run when it comes after the end of one: the times of
        # steps are those of the runner's clock. Untimed sorts it before an end of the same second.
        yield Mark(started_at, False, Move.UPDATE, StepState.RUNNING, "", -1.0)
    word = _text(step.get("conclusion"))
    if step.get("status") == "completed":
        yield _end(told, step, started_at, word)
    elif told.action == "completed" and started_at is not None:
        # The job was cancelled or lost its runner; nothing more will come about this step.
        yield _end(told, step, started_at, word or _text(told.about.get("conclusion")))


def _not_before(job: Mapping[str, Any]) -> int:
    """The earliest that a step of `job` can have begun.

    The steps of a further attempt must not fall into the run before, however much the runner's
    clock is behind.
    """
    attempt = job.get("run_attempt")
    if not isinstance(attempt, int) or attempt < 2:
        return 0
    return _instant(job, "started_at") or 0


# --- deployment, deployment_status: a step of the workflow run that deploys, else a deployment


def _deployment(told: Told) -> Change:
    deployment, status = _part(told.body, "deployment"), _part(told.body, "deployment_status")
    environment = _text(status.get("environment")) or _text(deployment.get("environment"))
    word = _text(status.get("state"))
    facts = _known(environment=environment)
    if deployment_state(word) is not None and step_state(word) is StepState.FAILED:
        facts |= _known(error_message=status.get("description"))
    run_id = _run_id(told, status)
    if run_id:
        run = _part(told.body, "workflow_run")
        facts |= _run_facts(run, told.body) if run else {}
        name = f"environment: {environment or UNNAMED}"[:_MAX_STEP_CHARS]
        marks = {name: (mark,)} if (mark := _environment_mark(told, word)) else None
        return Change(run_id, told.at, restated=marks, facts=facts)
    state = deployment_state(word)
    is_final = state is not None and state.is_final
    return Change(
        _id(deployment),
        told.at,
        begins=state is not None and not is_final,
        end=RunEnd(told.at, state, word, -1.0, -1, -1) if state and is_final else None,
        facts=facts | _deployment_facts(told, deployment, status),
    )


def _environment_mark(told: Told, word: str) -> Mark | None:
    """What a status says of the environment's step; None when it leaves that as it was."""
    state = step_state(word)
    if state is None:
        return None
    move = Move.END if state.is_final else Move.UPDATE
    return Mark(told.at, told.said_at is not None, move, state, word, -1.0)


def _deployment_facts(
    told: Told, deployment: Mapping[str, Any], status: Mapping[str, Any]
) -> dict[str, str]:
    ref, sha = _text(deployment.get("ref")), _text(deployment.get("sha"))
    links = (_web_address(status.get(name)) for name in ("log_url", "target_url"))
    return _known(
        branch=ref if ref != sha else "",
        commit_hash=sha,
        source_repo=told.project,
        actor=_part(deployment, "creator").get("login"),
        url=next(filter(None, links), ""),
    )


def _run_id(told: Told, status: Mapping[str, Any]) -> str:
    """The id of the workflow run that deploys; "" when something else does."""
    if run_id := _id(_part(told.body, "workflow_run")):
        return run_id
    check = _part(told.body, "check_run")
    links = (status.get("log_url"), status.get("target_url"), check.get("html_url"))
    # In another repository's workflow run it would be another deployment's.
    pattern = re.compile(rf"/{re.escape(told.project)}/actions/runs/([0-9]{{1,20}})(?![0-9])")
    found = (pattern.search(link) for link in links if isinstance(link, str))
    return next((match[1] for match in found if match), "")


_TELLING: Mapping[str, Callable[[Told], Change]] = {
    "workflow_run": _workflow_run,
    "workflow_job": _workflow_job,
    "deployment": _deployment,
    "deployment_status": _deployment,
}

OPENAPI: Mapping[str, Any] = {
    "application/json": {"type": "object", "description": "A GitHub webhook payload."}
}
