"""Derive what is shown of a deployment: its runs, their steps and figures.

Pure. A run ends with a completion, and the first start after it opens the next one; all
marks belong to the run whose span holds their time. A step or line after the end is shown
with the run that ended and does not open it again.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tocsin.model.attempts import Attempt
from tocsin.model.change import Move, RunEnd
from tocsin.model.deployment import Deployment, StepLog
from tocsin.model.words import DeploymentState, StepState

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step in one run; `attempts` is never empty.

    `first_attempt` is the number of its first attempt that is still kept.
    """

    name: str
    attempts: tuple[Attempt, ...]
    first_attempt: int = 1

    @property
    def last(self) -> Attempt:
        return self.attempts[-1]

    @property
    def state(self) -> StepState:
        return self.last.state

    @property
    def started_at(self) -> int | None:
        """When its first attempt began whose begin is known; in microseconds."""
        return next((one.started_at for one in self.attempts if one.started_at is not None), None)

    @property
    def ended_at(self) -> int | None:
        """When its last attempt ended, in microseconds; None while it is under way."""
        return self.last.ended_at if self.state.is_final else None

    @property
    def duration_s(self) -> float | None:
        """Its sender's, when it was tried once; else the time from begin to end."""
        if len(self.attempts) == 1 or self.started_at is None:
            return self.last.duration_s
        if self.ended_at is None:
            return None
        return max(0, self.ended_at - self.started_at) / _MICROSECONDS


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a deployment. Instants are microseconds, None while unknown.

    `opens_at` is where the run's span begins, None for the first. `sent` are the sender's own
    figures, None when it sent none.
    """

    number: int
    opens_at: int | None
    state: DeploymentState
    conclusion: str
    started_at: int | None
    completed_at: int | None
    duration_s: float | None
    steps: tuple[Step, ...]
    sent: Mapping[str, Any] | None

    @property
    def steps_ended(self) -> int:
        return sum(step.state.is_final for step in self.steps)

    @property
    def steps_failed(self) -> int:
        return sum(step.state is StepState.FAILED for step in self.steps)

    @property
    def progress(self) -> int:
        """Ended of known steps, in whole per cent; without any step, whether the run ended."""
        if not self.steps:
            return 100 if self.state.is_final else 0
        return 100 * self.steps_ended // len(self.steps)

    @property
    def current_step(self) -> str | None:
        """The step that is under way; of several, the one that began last."""
        under_way = [step for step in self.steps if not step.state.is_final]
        return (
            max(under_way, key=lambda step: step.last.started_at or 0).name if under_way else None
        )

    @property
    def seen(self) -> dict[str, Any]:
        """The figures that the sender's own are held against, under its names for them."""
        good = sum(step.state is StepState.COMPLETED for step in self.steps)
        return {
            "total_duration": self.duration_s,
            "status": self.state.value,
            "steps_count": len(self.steps),
            "successful_steps": good,
            "failed_steps": self.steps_failed,
        }


def boundaries_of(deployment: Deployment) -> list[int]:
    """Where the second and later runs open, ascending."""
    if not deployment.ends:
        return []
    starts = sorted(
        {
            mark.at
            for step in deployment.steps.values()
            for mark in step.marks
            if mark.move is Move.START
        }.union(deployment.begins)
    )
    ends = [end.at for end in deployment.ends]
    found: list[int] = []
    end_at = 0
    while end_at < len(ends):
        start_at = bisect_right(starts, ends[end_at])
        if start_at == len(starts):
            break
        found.append(starts[start_at])
        end_at = bisect_left(ends, starts[start_at])
    return found


def runs_of(deployment: Deployment) -> tuple[Run, ...]:
    """All runs, oldest first; never empty."""
    boundaries = boundaries_of(deployment)
    if not boundaries:
        return (_whole(deployment),)
    return tuple(
        replace(
            _whole(_within(deployment, boundaries, index)),
            number=deployment.runs_dropped + index + 1,
            opens_at=boundaries[index - 1] if index else deployment.kept_since,
        )
        for index in range(len(boundaries) + 1)
    )


def _within(deployment: Deployment, boundaries: Sequence[int], index: int) -> Deployment:
    """The part of `deployment` that belongs to the run `index`, counted from 0."""

    def belongs(at: int) -> bool:
        return bisect_right(boundaries, at) == index

    steps = {}
    for name, log in deployment.steps.items():
        marks = tuple(mark for mark in log.marks if belongs(mark.at))
        if marks:
            dropped = log.dropped if marks[0] == log.marks[0] else 0
            steps[name] = StepLog(marks, dropped)
    return replace(
        deployment,
        steps=steps,
        ends=tuple(end for end in deployment.ends if belongs(end.at)),
        begins=tuple(at for at in deployment.begins if belongs(at)),
        figures=tuple(entry for entry in deployment.figures if belongs(entry[0])),
    )


def _whole(deployment: Deployment) -> Run:
    """`deployment` as one run."""
    kept = [(name, log) for name, log in deployment.steps.items() if log.marks]
    kept.sort(key=lambda entry: entry[1].marks[0].at)
    steps = tuple(Step(name, log.attempts, _first_attempt(log)) for name, log in kept)
    end = deployment.ends[-1] if deployment.ends else None
    started_at = _started_at(end, steps, deployment.begins)
    completed_at = None
    duration_s = None
    if end is not None:
        completed_at = end.completed_at if end.completed_at >= 0 else end.at
        duration_s = end.duration_s if end.duration_s >= 0 else None
        # 0 is what scripts send that do not measure.
        if not duration_s and started_at is not None:
            duration_s = max(0, completed_at - started_at) / _MICROSECONDS
        elif duration_s and started_at is None:
            started_at = completed_at - round(duration_s * _MICROSECONDS)
    return Run(
        number=deployment.runs_dropped + 1,
        opens_at=deployment.kept_since,
        state=_state(deployment, end, steps),
        conclusion=end.conclusion if end is not None else "",
        started_at=started_at,
        completed_at=completed_at,
        duration_s=duration_s,
        steps=steps,
        sent=deployment.figures[-1][1] if deployment.figures else None,
    )


def _first_attempt(log: StepLog) -> int:
    """Attempts take two marks as a rule, so that many dropped marks were half as many attempts."""
    return 1 + (log.dropped + 1) // 2


def _state(deployment: Deployment, end: RunEnd | None, steps: Sequence[Step]) -> DeploymentState:
    if end is not None:
        return end.state
    if steps or deployment.begins or deployment.line_count:
        return DeploymentState.RUNNING
    return DeploymentState.PENDING


def _started_at(end: RunEnd | None, steps: Sequence[Step], begins: Sequence[int]) -> int | None:
    if end is not None and end.started_at >= 0:
        return end.started_at
    known = [_earliest(step.attempts[0]) for step in steps]
    return min((at for at in (*known, *begins) if at is not None), default=None)


def _earliest(attempt: Attempt) -> int | None:
    return attempt.started_at if attempt.started_at is not None else attempt.ended_at


def span_of(runs: Sequence[Run], number: int) -> tuple[int | None, int | None]:
    """From where (inclusive) to where (exclusive) the times of run `number` reach."""
    after = [run for run in runs if run.number == number + 1]
    (this,) = (run for run in runs if run.number == number)
    return this.opens_at, after[0].opens_at if after else None
