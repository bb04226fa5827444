"""The deployment messages as their senders write them: one function a type of message.

Pure. Field names and forms are those of the deployment notification format, version 1.0.0;
what is None is left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.model.times import rfc3339
from tocsin.model.words import StepState, step_state

Message = dict[str, Any]

_BEGINNINGS = frozenset({"started", "queued", "requested"})


@dataclass(frozen=True, slots=True)
class Where:
    """What every message of one deployment has in common."""

    project: str
    deployment_id: str
    workflow_name: str | None = None
    workflow_id: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One log line and when it was written."""

    text: str
    at: datetime
    level: str = "info"


def step_type(status: str) -> str:
    """The type of message that tells a step's status; senders have one for begin, change, end."""
    word = status.strip().lower()
    if word in _BEGINNINGS:
        return "step_started"
    state = step_state(word)
    is_end = state in (StepState.COMPLETED, StepState.FAILED)
    return "step_completed" if is_end else "step_updated"


def step(
    where: Where,
    name: str,
    status: str,
    at: datetime,
    *,
    kind: str | None = None,
    duration_s: float | None = None,
    logs: str | None = None,
) -> Message:
    """A step begins, changes or ends; `kind` is the type, by default the one for `status`."""
    return _without_none(
        {
            "type": kind or step_type(status),
            "project": where.project,
            "deployment_id": where.deployment_id,
            "step_name": name,
            "step_status": status,
            "timestamp": rfc3339(at),
            "workflow_name": where.workflow_name,
            "workflow_id": where.workflow_id,
            "logs": logs,
            "duration": duration_s,
        }
    )


def completed(
    where: Where,
    status: str,
    at: datetime,
    *,
    started_at: datetime | None = None,
    duration_s: float | None = None,
    logs: str | None = None,
) -> Message:
    """The deployment has ended at `at`."""
    return _without_none(
        {
            "type": "deployment_completed",
            "project": where.project,
            "deployment_id": where.deployment_id,
            "status": status,
            "duration": duration_s,
            "timestamp": rfc3339(at),
            "workflow_name": where.workflow_name,
            "workflow_id": where.workflow_id,
            "logs": logs,
            "started_at": rfc3339(started_at),
            "completed_at": rfc3339(at),
        }
    )


def log_entry(
    where: Where,
    line: Line,
    *,
    step_name: str | None = None,
    stream_id: str | None = None,
    source: str | None = None,
) -> Message:
    """One log line."""
    return _without_none(
        {
            "type": "log_entry",
            "project": where.project,
            "deployment_id": where.deployment_id,
            "log_stream_id": stream_id,
            "timestamp": rfc3339(line.at),
            "level": line.level,
            "message": line.text,
            "source": source,
            "step_name": step_name,
        }
    )


def log_batch(where: Where, lines: Iterable[Line], *, step_name: str | None = None) -> Message:
    """Several log lines in one message, in order."""
    return _without_none(
        {
            "type": "log_batch",
            "project": where.project,
            "deployment_id": where.deployment_id,
            "step_name": step_name,
            "logs": [
                {"level": line.level, "message": line.text, "timestamp": rfc3339(line.at)}
                for line in lines
            ],
        }
    )


def metrics(where: Where, figures: Mapping[str, Any], at: datetime) -> Message:
    """The sender's own figures of the run."""
    return {
        "type": "metrics_update",
        "project": where.project,
        "deployment_id": where.deployment_id,
        "timestamp": rfc3339(at),
        "metrics": dict(figures),
    }


def _without_none(message: Message) -> Message:
    return {name: value for name, value in message.items() if value is not None}
