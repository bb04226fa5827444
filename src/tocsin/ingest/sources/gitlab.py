"""GitLab's webhooks: with a token or signed, each kept under its kind; some tell of a deployment.

https://docs.gitlab.com/user/project/integrations/webhook_events/
A signing token signs as Standard Webhooks does; a secret token is shown in `X-Gitlab-Token`, and a
hook may have both. A pipeline is a deployment and its jobs are the steps, told by `pipeline` and
`build`, alone or together; a job that is retried has attempts. What is deployed by something else
(`deployment`) is a deployment of its own, as GitLab does not say which pipeline it belongs to.
GitLab switches off a hook that is refused four times in a row, so whatever it sends is taken.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from pydantic import SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.fields import bad_fields
from tocsin.ingest.parts import id_of, instant, known, part, seconds, text, web_address
from tocsin.ingest.signature import bad_signature, check_standard, is_same, standard_headers
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import from_us, rfc3339, to_us
from tocsin.model.words import StepState, deployment_state, step_state
from tocsin.settings.schema import Network, Secret

SOURCE = "gitlab"
ENTRANCES: tuple[str, ...] = ()
ENVELOPE = Envelope.OBJECT
UNNAMED = "(unnamed)"
_SIGNING_TOKEN = "whsec_"  # noqa: S105 - what such tokens begin with
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is the hook's secret token, or its signing token, which begins with `whsec_`.

    While one takes the other's place, the other is `previous_secret`.
    """

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


def verify(call: InboundCall, _options: Options, secrets: tuple[str, ...]) -> Verdict:
    """Check the signature, if there is a signing token; else the token that is shown."""
    signing = [one for one in secrets if one.startswith(_SIGNING_TOKEN)]
    if check_standard(call, signing) is Verdict.VERIFIED:
        return Verdict.VERIFIED
    shown = call.headers.get("x-gitlab-token", "")
    if not shown or not secrets:
        return Verdict.NOT_SIGNED
    if not any(is_same(shown, one) for one in secrets):
        raise bad_signature("X-Gitlab-Token is none of this source's secrets.")
    return Verdict.VERIFIED


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event of a delivery."""
    check_is_json(call.headers)
    data = keepable(read_json_object(call.body, call.limits), call.body)
    kind = _kind(call, data)
    if not kind:
        raise bad_fields([FieldFault("X-Gitlab-Event", "expected the name of the event")])
    told = Told(data, to_us(call.received_at))
    change = _TELLING[kind](told) if kind in _TELLING else None
    if change is not None and not change.deployment_id:
        change = None
    at = None if change is None else change.end.at if change.end else change.at
    return [
        NewEvent(
            id=new_event_id(),
            source=SOURCE,
            type=kind,
            project=_project(data),
            subject="" if change is None else change.deployment_id,
            occurred_at=call.received_at if at is None else from_us(at),
            received_at=call.received_at,
            data=data,
            dedupe=dedupe_key(SOURCE, call, "", _delivery_id(call)),
            change=change,
        )
    ]


def _kind(call: InboundCall, data: Mapping[str, Any]) -> str:
    """Its kind, which system hooks call an event's name; a template of one's own may lack both."""
    named = text(call.headers.get("x-gitlab-event")).lower().removesuffix(" hook")
    said = (text(data.get("object_kind")), text(data.get("event_name")))
    return next(filter(None, said), named.replace(" ", "_"))


def _delivery_id(call: InboundCall) -> str:
    """What stays the same when GitLab sends it again.

    Older versions give the hook's id and one that hooks share which set each other off, so that
    what they say has to be alike too.
    """
    for name in ("webhook-id", "idempotency-key"):
        if own_id := call.headers.get(name):
            return own_id
    ids = [call.headers.get(f"x-gitlab-{name}-uuid", "") for name in ("event", "webhook")]
    digest = hashlib.sha256(call.body).hexdigest()
    return "\n".join((*ids, digest)) if ids[0] else ""


def _project(data: Mapping[str, Any]) -> str:
    """The project's path with its groups; older versions tell of a job with its address only."""
    said = (part(data, "project").get("path_with_namespace"), data.get("path_with_namespace"))
    homepage = web_address(part(data, "repository").get("homepage"))
    return next(filter(None, map(text, said)), text(_path(homepage)))


def _path(address: str) -> str:
    try:
        return urlsplit(address).path.strip("/")
    except ValueError:
        return ""


# --- what is told of a deployment; none of it is a reason to refuse a payload


@dataclass(frozen=True, slots=True)
class Told:
    """A payload, and when it came."""

    body: Mapping[str, Any]
    received_at: int


def _pipeline(told: Told) -> Change:
    pipeline = part(told.body, "object_attributes")
    created_at = instant(pipeline, "created_at")
    end = _pipeline_end(told, pipeline)
    jobs = told.body.get("builds")
    marks: defaultdict[str, list[Mark]] = defaultdict(list)
    for job in jobs if isinstance(jobs, list) else ():
        if isinstance(job, dict) and (found := list(_job_marks(told, job, ""))):
            marks[_job_name(job, "name")] += found
    return Change(
        id_of(pipeline),
        told.received_at if created_at is None else created_at,
        restated={name: tuple(found) for name, found in marks.items()},
        # It stays the same when jobs are retried, whose own starts then open a further run.
        begins=created_at is not None,
        end=end,
        facts=known(
            branch=pipeline.get("ref"),
            commit_hash=pipeline.get("sha"),
            workflow_name=pipeline.get("name"),
            actor=part(told.body, "user").get("username"),
            url=web_address(pipeline.get("url")),
        ),
    )


def _pipeline_end(told: Told, pipeline: Mapping[str, Any]) -> RunEnd | None:
    word = text(pipeline.get("status"))
    state = deployment_state(word)
    if state is None or not state.is_final:
        return None
    finished_at = instant(pipeline, "finished_at")
    at = told.received_at if finished_at is None else finished_at
    # Its own duration leaves out the time in which it waited for runners.
    return RunEnd(at, state, word, -1.0, -1, at)


def _job(told: Told) -> Change:
    job = told.body
    marks = tuple(_job_marks(told, job, "build_"))
    at = max((mark.at for mark in marks), default=told.received_at)
    return Change(
        id_of(job, "pipeline_id") or id_of(part(job, "commit")),
        at,
        restated={_job_name(job, "build_name"): marks} if marks else None,
        facts=known(
            branch=job.get("ref"),
            commit_hash=job.get("sha"),
            actor=part(job, "user").get("username"),
        ),
    )


def _job_name(job: Mapping[str, Any], name: str) -> str:
    return text(job.get(name)) or UNNAMED


def _job_marks(told: Told, job: Mapping[str, Any], prefix: str) -> Iterator[Mark]:
    """When the job began and ended, as far as it has; alike from both hooks that tell it."""
    word = text(job.get(f"{prefix}status"))
    state = step_state(word)
    started_at = _second(job, f"{prefix}started_at")
    if started_at is not None:
        yield Mark(started_at, True, Move.START, StepState.RUNNING, "", -1.0)
    elif word == "running":
        yield Mark(told.received_at, False, Move.UPDATE, StepState.RUNNING, "", -1.0)
    if state is None or not state.is_final:
        return
    finished_at = _second(job, f"{prefix}finished_at")
    if finished_at is None:
        # One that was skipped never began, and has no times.
        finished_at = started_at or _second(job, f"{prefix}created_at") or told.received_at
    at = finished_at if started_at is None else max(finished_at, started_at)
    yield Mark(at, True, Move.END, state, word, seconds(started_at, at))


def _second(about: Mapping[str, Any], name: str) -> int | None:
    """An instant to the second, which is what one of the two hooks says."""
    at = instant(about, f"{name}_iso")
    at = instant(about, name) if at is None else at
    return None if at is None else at - at % _SECOND


def _deployment(told: Told) -> Change:
    said = told.body
    own_id, word = id_of(said, "deployment_id"), text(said.get("status"))
    state = deployment_state(word)
    changed_at = instant(said, "status_changed_at")
    at = told.received_at if changed_at is None else changed_at
    is_final = state is not None and state.is_final
    return Change(
        # Its number may be that of a pipeline too.
        f"deployment-{own_id}" if own_id else "",
        at,
        begins=state is not None and not is_final,
        end=RunEnd(at, state, word, -1.0, -1, -1) if state and is_final else None,
        facts=known(
            branch=said.get("ref"),
            commit_hash=said.get("short_sha"),
            environment=said.get("environment"),
            actor=part(said, "user").get("username"),
            url=web_address(said.get("deployable_url"))
            or web_address(said.get("environment_external_url")),
        ),
    )


_TELLING: Mapping[str, Callable[[Told], Change]] = {
    "pipeline": _pipeline,
    "build": _job,
    "deployment": _deployment,
}


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """The begin of a pipeline."""
    pipeline = {
        "id": 1,
        "ref": "main",
        "status": "running",
        "created_at": rfc3339(now),
        "url": "https://gitlab.example.org/shop-team/shop/-/pipelines/1",
    }
    body = orjson.dumps(
        {
            "object_kind": "pipeline",
            "object_attributes": pipeline,
            "project": {"path_with_namespace": "shop-team/shop"},
            "builds": [],
        }
    )
    own_id = new_event_id()
    headers = {
        "Content-Type": "application/json",
        "X-Gitlab-Event": "Pipeline Hook",
        "Idempotency-Key": own_id,
    }
    if secrets and secrets[0].startswith(_SIGNING_TOKEN):
        headers |= standard_headers(secrets[0], own_id, now, body)
    elif secrets:
        headers["X-Gitlab-Token"] = secrets[0]
    return Sample(headers, body)


OPENAPI: Mapping[str, Any] = {
    "application/json": {"type": "object", "description": "A GitLab webhook payload."}
}
