"""Deployment messages of CI jobs: steps, log lines, figures, completion, and the old format.

The format is that of the notification guide its senders were written for; `docs/contracts.md`
says how each message is understood. What a newer sender adds is kept as it came.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, SecretStr

from tocsin.errors import FieldFault
from tocsin.ingest.body import check_is_json, keepable, read_json_object
from tocsin.ingest.fields import Duration, Name, bad_fields, validated
from tocsin.ingest.source import Envelope, InboundCall, Sample, Verdict, dedupe_key
from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.logline import LogLine, clean_text, level_of, split_lines
from tocsin.model.times import parse_instant, rfc3339, to_us
from tocsin.model.words import StepState, conclusion_of, deployment_state, step_state
from tocsin.settings.schema import Network, Secret

SOURCE = "deployment"
ENTRANCES = ("/api/webhooks/deployment",)
ENVELOPE = Envelope.WEBHOOK
# What a message without a type is stored as: the format from before there were types.
OLD_FORMAT = "deployment"
UNNAMED_STEP = "(unnamed)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` is shown as `Authorization: Bearer`, `X-Webhook-Token` or `?token=`."""

    secret: Secret = field(default_factory=lambda: SecretStr(""))
    previous_secret: Secret = field(default_factory=lambda: SecretStr(""))
    unsigned_networks: tuple[Network, ...] = ()


class Message(BaseModel):
    """The fields that are understood; the rest is kept in the event's data."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    type: Name = None
    project: Name = None
    deployment_id: Name = None
    event_id: Name = None
    step_name: Name = None
    step_status: Name = None
    status: Name = None
    duration: Duration = None
    workflow_name: Name = None
    workflow_id: Name = None
    log_stream_id: Name = None
    source: Name = None
    branch: Name = None
    commit_hash: Name = None
    metrics: dict[str, Any] | None = None
    runId: Name = None  # noqa: N815 - the old format's own names
    sourceRepo: Name = None  # noqa: N815
    deployType: Name = None  # noqa: N815
    serverHost: Name = None  # noqa: N815


# What a reader is shown of a deployment: our name, and the message's field.
_FACTS = (
    ("workflow_name", "workflow_name"),
    ("workflow_id", "workflow_id"),
    ("log_stream_id", "log_stream_id"),
    ("source", "source"),
    ("branch", "branch"),
    ("commit_hash", "commit_hash"),
    ("source_repo", "sourceRepo"),
    ("deploy_type", "deployType"),
    ("server_host", "serverHost"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A message with the time it speaks of, and the body it was read from."""

    said: Message
    body: Mapping[str, Any]
    at: datetime
    is_timed: bool

    @property
    def at_us(self) -> int:
        return to_us(self.at)


def verify(_call: InboundCall, _options: Options, _secrets: tuple[str, ...]) -> Verdict:
    """These messages carry no signature of their own."""
    return Verdict.NOT_SIGNED


def sample(_options: Options, secrets: tuple[str, ...], now: datetime) -> Sample:
    """A message of the type that is kept and changes nothing."""
    said = {"type": "test", "event_id": new_event_id(), "timestamp": rfc3339(now)}
    shown = {"X-Webhook-Token": secrets[0]} if secrets else {}
    return Sample({"Content-Type": "application/json", **shown}, orjson.dumps(said))


def read(call: InboundCall, _options: Options) -> list[NewEvent]:
    """The one event a message is."""
    check_is_json(call.headers)
    raw = read_json_object(call.body, call.limits)
    said = validated(Message, raw)
    body = keepable(raw, call.body)
    if said.type is None or not said.type:
        _check_old_format(body)
    at = parse_instant(body.get("timestamp"))
    told = Told(said, body, at or call.received_at, at is not None)
    event_type = said.type or OLD_FORMAT
    understand = _TYPES.get(event_type)
    new_id = new_event_id()
    deployment_id = said.deployment_id or ""
    # Without the id made here, which a repeat of the same delivery would not have.
    scope = f"{said.project or ''}\n{said.runId or ''}\n{deployment_id}"
    if event_type == OLD_FORMAT:
        deployment_id = said.runId or deployment_id or new_id
    change = understand(told, deployment_id) if understand else None
    return [
        NewEvent(
            id=new_id,
            source=SOURCE,
            type=event_type,
            project=said.project or "",
            subject=deployment_id,
            occurred_at=told.at,
            received_at=call.received_at,
            data=body,
            dedupe=dedupe_key(SOURCE, call, scope, said.event_id or ""),
            occurred_text=None if told.is_timed else _as_said(body.get("timestamp")),
            change=change if deployment_id else None,
        )
    ]


def _check_old_format(body: Mapping[str, Any]) -> None:
    """A body without a type is of the old format only if it has what that is about."""
    if not any(body.get(name) for name in ("project", "status", "runId", "sourceRepo")):
        raise bad_fields(
            [FieldFault("type", "expected a type, or the old format's project and status")]
        )


def _as_said(timestamp: Any) -> str | None:
    """What was given as time and is none, as text."""
    if timestamp is None:
        return None
    text = timestamp if isinstance(timestamp, str) else orjson.dumps(timestamp).decode()
    return clean_text(text)[:200]


def _change(told: Told, deployment_id: str, **changed: Any) -> Change:
    """A change with what every message may tell."""
    said = told.said
    facts = {name: text for name, key in _FACTS if (text := getattr(said, key))}
    if isinstance(error := told.body.get("errorMessage"), str) and error:
        facts["error_message"] = error
    return Change(deployment_id, told.at_us, facts=facts or None, **changed)


def _step_started(told: Told, deployment_id: str) -> Change:
    word = _step_word(told, "started")
    state = step_state(word)
    if state is StepState.RETRYING:
        return _step(told, deployment_id, [_mark(told, Move.START, state, word)])
    marks = [_mark(told, Move.START, StepState.RUNNING, word)]
    # A start may already tell how it ended: the word of the state counts before the type.
    if state is not None and state.is_final:
        marks.append(_mark(told, Move.END, state, word))
    return _step(told, deployment_id, marks)


def _step_completed(told: Told, deployment_id: str) -> Change:
    word = _step_word(told, "completed")
    return _step(told, deployment_id, [_mark(told, Move.END, step_state(word), word)])


def _step_updated(told: Told, deployment_id: str) -> Change:
    word = _step_word(told, "")
    return _step(told, deployment_id, [_mark(told, Move.UPDATE, step_state(word), word)])


def _step_manual(told: Told, deployment_id: str) -> Change:
    """A step somebody reports by hand, as a rule after it is done."""
    word = _step_word(told, "completed")
    state = step_state(word)
    move = Move.START if state is StepState.RUNNING else Move.END
    return _step(told, deployment_id, [_mark(told, move, state, word)])


def _step_word(told: Told, when_missing: str) -> str:
    """The word for the step's state; the type's own meaning only when there is no field for it."""
    said = told.said
    for name, word in (("step_status", said.step_status), ("status", said.status)):
        if word:
            return word
        if name in told.body:
            return ""
    return when_missing


def _mark(told: Told, move: Move, state: StepState | None, word: str) -> Mark:
    duration_s = None if move is Move.START else told.said.duration
    return Mark(
        told.at_us,
        told.is_timed,
        move,
        state,
        conclusion_of(word) or "",
        -1.0 if duration_s is None else duration_s,
    )


def _step(told: Told, deployment_id: str, marks: Iterable[Mark]) -> Change:
    if "step_name" not in told.body:
        raise bad_fields([FieldFault("step_name", "expected the step's name")])
    # A shell's empty variable: better an unnamed step than a lost one.
    name = told.said.step_name or UNNAMED_STEP
    lines = _lines(told, told.body.get("logs"), name)
    return _change(told, deployment_id, step=name, marks=tuple(marks), lines=lines)


def _completed(told: Told, deployment_id: str) -> Change:
    word = (told.said.status or "") if "status" in told.body else "completed"
    return _change(
        told,
        deployment_id,
        end=_end(told, word),
        lines=_lines(told, told.body.get("logs"), ""),
    )


def _end(told: Told, word: str) -> RunEnd | None:
    """The end of a run that `word` tells; None when it tells none."""
    state = deployment_state(word)
    if state is None or not state.is_final:
        return None
    started_at = parse_instant(told.body.get("started_at"))
    completed_at = parse_instant(told.body.get("completed_at"))
    duration_s = told.said.duration
    return RunEnd(
        told.at_us,
        state,
        conclusion_of(word) or "",
        -1.0 if duration_s is None else duration_s,
        -1 if started_at is None else to_us(started_at),
        -1 if completed_at is None else to_us(completed_at),
    )


def _old_format(told: Told, deployment_id: str) -> Change:
    end = _end(told, told.said.status or "")
    return _change(
        told,
        deployment_id,
        end=end,
        begins=end is None,
        lines=_lines(told, told.body.get("logs"), ""),
    )


def _log_entry(told: Told, deployment_id: str) -> Change:
    text = told.body.get("message")
    if isinstance(text, int | float):
        text = str(text)
    if not isinstance(text, str):
        raise bad_fields([FieldFault("message", "expected the text of the log line")])
    at = told.at if told.is_timed else None
    level, step = level_of(told.body.get("level")), told.said.step_name or ""
    lines = tuple(LogLine(line, level, step, at) for line in split_lines(text))
    return _change(told, deployment_id, lines=lines)


def _log_batch(told: Told, deployment_id: str) -> Change:
    logs = told.body.get("logs")
    if not isinstance(logs, list):
        raise bad_fields([FieldFault("logs", "expected a list of log lines")])
    return _change(told, deployment_id, lines=_lines(told, logs, told.said.step_name or ""))


def _metrics(told: Told, deployment_id: str) -> Change:
    if told.said.metrics is None:
        raise bad_fields([FieldFault("metrics", "expected an object with the run's figures")])
    return _change(told, deployment_id, figures=told.body["metrics"])


def _lines(told: Told, logs: Any, step: str) -> tuple[LogLine, ...]:
    """The lines of a text or a list; what is neither text nor object is kept as its JSON."""
    if logs is None or logs == "":
        return ()
    at = told.at if told.is_timed else None
    entries = logs if isinstance(logs, list) else [logs]
    found: list[LogLine] = []
    for entry in entries:
        level, line_step, line_at = told.body.get("level"), step, at
        text = entry
        if isinstance(entry, dict) and "message" in entry:
            text, level = entry["message"], entry.get("level")
            own_step = entry.get("step_name") or entry.get("step")
            line_step = clean_text(own_step)[:200] if isinstance(own_step, str) else step
            line_at = parse_instant(entry.get("timestamp")) or at
        if not isinstance(text, str):
            text = orjson.dumps(text).decode()
        kind = level_of(level)
        found.extend(LogLine(line, kind, line_step, line_at) for line in split_lines(text))
    return tuple(found)


_TYPES: Mapping[str, Callable[[Told, str], Change]] = {
    "step_started": _step_started,
    "step_completed": _step_completed,
    "step_updated": _step_updated,
    "step_manual": _step_manual,
    "deployment_completed": _completed,
    "log_entry": _log_entry,
    "log_batch": _log_batch,
    "metrics_update": _metrics,
    OLD_FORMAT: _old_format,
}

OPENAPI: Mapping[str, Any] = {
    "application/json": {
        "type": "object",
        "description": "One deployment message; fields that are not named here are kept.",
        "properties": {
            "type": {"type": "string", "maxLength": 200, "examples": [*_TYPES]},
            "project": {"type": "string", "maxLength": 200},
            "deployment_id": {"type": "string", "maxLength": 200},
            "timestamp": {"type": "string", "examples": ["2024-01-01T12:00:00.000Z"]},
            "step_name": {"type": "string", "maxLength": 200},
            "step_status": {"type": "string", "maxLength": 200, "examples": ["started"]},
            "status": {"type": "string", "maxLength": 200, "examples": ["success"]},
            "duration": {"type": "number", "minimum": 0, "maximum": 31_536_000},
            "logs": {"description": "Text, or a list of log lines."},
            "level": {"type": "string"},
            "message": {"type": "string"},
            "metrics": {"type": "object"},
        },
    }
}
