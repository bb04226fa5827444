"""Deployments, runs, steps and log lines in the shapes in which the API shows them.

Pure. Instants are RFC 3339 with milliseconds, durations seconds, and null is what is unknown.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tocsin.model.attempts import Attempt
from tocsin.model.runs import Run, Step
from tocsin.model.times import from_us, rfc3339
from tocsin.model.words import DeploymentState, deployment_state

# Senders measure in whole seconds and by another clock.
DURATION_TOLERANCE_S = 1.0

# The facts a reader is shown; `source` is the sender's own word, see `summary_json`.
FACTS = (
    "branch",
    "commit_hash",
    "workflow_name",
    "workflow_id",
    "log_stream_id",
    "source_repo",
    "deploy_type",
    "server_host",
    "error_message",
    "environment",
    "actor",
    "url",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """A deployment as it stands now, by its newest run. Instants are microseconds."""

    pk: int
    project: str
    deployment_id: str
    status: DeploymentState
    is_stalled: bool
    conclusion: str
    run: int
    progress: int
    steps_known: int
    steps_ended: int
    steps_failed: int
    current_step: str | None
    started_at: int | None
    completed_at: int | None
    duration_s: float | None
    source: str
    first_seen_at: int
    last_seen_at: int
    opened_seq: int
    last_seq: int
    line_count: int
    facts: Mapping[str, str]


class Line(NamedTuple):
    """One kept log line; `at` is in microseconds."""

    line: int
    at: int
    level: str
    step: str
    text: str
    seq: int


def summary_json(summary: Summary) -> dict[str, Any]:
    """A deployment as lists show it.

    `source` is what the sender calls itself; when it says nothing, the way its messages came.
    """
    facts = summary.facts
    return {
        "id": summary.deployment_id,
        "project": summary.project,
        "status": summary.status.value,
        "stalled": summary.is_stalled,
        "conclusion": summary.conclusion or None,
        "progress": summary.progress,
        "run": summary.run,
        "duration": summary.duration_s,
        "started_at": _instant(summary.started_at),
        "completed_at": _instant(summary.completed_at),
        "first_seen_at": _instant(summary.first_seen_at),
        "last_seen_at": _instant(summary.last_seen_at),
        "steps_known": summary.steps_known,
        "steps_ended": summary.steps_ended,
        "steps_failed": summary.steps_failed,
        "current_step": summary.current_step,
        "source": facts.get("source", summary.source),
        **{name: facts.get(name) for name in FACTS},
        "lines": summary.line_count,
        "seq": summary.last_seq,
    }


def detail_json(summary: Summary, runs: Sequence[Run]) -> dict[str, Any]:
    """A deployment with all its runs, the oldest first."""
    return {**summary_json(summary), "runs": [run_json(run) for run in runs]}


def run_json(run: Run) -> dict[str, Any]:
    """One run with its steps, and the sender's figures beside what was seen."""
    return {
        "run": run.number,
        "status": run.state.value,
        "conclusion": run.conclusion or None,
        "started_at": _instant(run.started_at),
        "completed_at": _instant(run.completed_at),
        "duration": run.duration_s,
        "progress": run.progress,
        "steps": [step_json(step, run.number) for step in run.steps],
        "figures": {"sent": run.sent, "seen": run.seen, "agree": agree(run.sent, run.seen)},
    }


def step_json(step: Step, run: int) -> dict[str, Any]:
    """One step of a run: begun with its first attempt, ended with its last."""
    return {
        "name": step.name,
        "run": run,
        "status": step.state.value,
        "conclusion": step.last.conclusion or None,
        "started_at": _instant(step.started_at),
        "completed_at": _instant(step.ended_at),
        "duration": step.duration_s,
        "attempts": [
            _attempt_json(number, attempt)
            for number, attempt in enumerate(step.attempts, step.first_attempt)
        ],
    }


def line_json(line: Line, received_at: int | None) -> dict[str, Any]:
    """One log line; escape sequences of terminals are kept in its text.

    `received_at` is in microseconds, None once its event is no longer kept.
    """
    return {
        "line": line.line,
        "at": _instant(line.at),
        "level": line.level,
        "step": line.step,
        "text": line.text,
        "seq": line.seq,
        "received_at": _instant(received_at),
    }


def agree(sent: Mapping[str, Any] | None, seen: Mapping[str, Any]) -> bool | None:
    """Whether the sender's figures are what was seen; None when none of them can be compared."""
    answers = [
        answer
        for name, here in seen.items()
        if sent is not None and (answer := _agrees(name, sent.get(name), here)) is not None
    ]
    return all(answers) if answers else None


def _agrees(name: str, sent: Any, seen: Any) -> bool | None:
    if seen is None or sent is None:
        return None
    if name == "status":
        state = deployment_state(sent) if isinstance(sent, str) else None
        return None if state is None else state.value == seen
    number = _number(sent)
    if number is None:
        return None
    tolerance = DURATION_TOLERANCE_S if name == "total_duration" else 0.0
    return abs(number - float(seen)) <= tolerance


def _number(said: Any) -> float | None:
    """A number, or one as text; None for anything else."""
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _attempt_json(number: int, attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": number,
        "status": attempt.state.value,
        "conclusion": attempt.conclusion or None,
        "started_at": _instant(attempt.started_at),
        "completed_at": _instant(attempt.ended_at),
        "duration": attempt.duration_s,
    }


def _instant(us: int | None) -> str | None:
    return None if us is None else rfc3339(from_us(us))
