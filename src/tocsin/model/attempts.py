"""Tell the attempts of a step from all that was said about it, in whatever order it came.

Pure. Messages overtake each other on their way (two jobs, a retried POST), so nothing
here depends on the order of arrival: attempts are read from the marks sorted by the
senders' times. At one and the same instant an end closes the attempt that is open, then
"retrying" announces the next, then a start opens it, because a step fails and is retried within
a second of a shell's `date`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from tocsin.model.change import Mark, Move
from tocsin.model.words import StepState

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a step. `started_at` and `ended_at` are microseconds, None while not told."""

    state: StepState
    conclusion: str
    started_at: int | None
    ended_at: int | None
    duration_s: float | None


def attempts_of(marks: Sequence[Mark]) -> tuple[Attempt, ...]:
    """The attempts, oldest first. `marks` are sorted and all of one step in one run."""
    found: list[Attempt] = []
    for _, group in groupby(marks, key=attrgetter("at")):
        _apply_instant(found, tuple(group))
    return tuple(found)


def _apply_instant(found: list[Attempt], marks: Iterable[Mark]) -> None:
    """Apply what was said for one instant, alternating so that ends close what is open."""
    starts: list[Mark] = []
    others: list[Mark] = []
    for mark in marks:
        (starts if mark.move is Move.START else others).append(mark)
    starts.reverse()
    others.reverse()
    while starts or others:
        is_open = bool(found) and not found[-1].state.is_final
        is_announced = bool(found and others) and others[-1].state is StepState.RETRYING
        if others and (is_open or is_announced or not starts):
            _apply_other(found, others.pop())
        else:
            _apply_start(found, starts.pop())


def _apply_start(found: list[Attempt], mark: Mark) -> None:
    is_retry = mark.state is StepState.RETRYING
    state = StepState.RETRYING if is_retry else StepState.RUNNING
    last = found[-1] if found else None
    if last is not None and last.started_at is None:
        if last.state is StepState.RETRYING:
            # "retrying" announced this very attempt.
            found[-1] = replace(last, state=state, started_at=mark.at)
            return
        if not mark.is_timed:
            # The end overtook a start that carries no time of its own: it is its start.
            found[-1] = replace(last, started_at=last.ended_at)
            return
    if last is not None and not last.state.is_final:
        # Its end was never told; that the step began anew says that it was tried again.
        found[-1] = replace(last, state=StepState.RETRYING)
    found.append(Attempt(state, mark.conclusion, mark.at, None, None))


def _apply_other(found: list[Attempt], mark: Mark) -> None:
    last = found[-1] if found else None
    is_open = last is not None and not last.state.is_final
    if mark.state is None or mark.state is StepState.RUNNING:
        if last is None:
            found.append(Attempt(StepState.RUNNING, mark.conclusion, mark.at, None, None))
        elif is_open:
            found[-1] = _under_way(last, mark)
    elif mark.state is StepState.RETRYING:
        if last is not None and is_open:
            failed = _ended(mark._replace(duration_s=-1), StepState.FAILED, last.started_at)
            found[-1] = replace(failed, conclusion=last.conclusion)
        found.append(Attempt(StepState.RETRYING, mark.conclusion, None, None, None))
    elif last is not None and is_open:
        found[-1] = _ended(mark, mark.state, last.started_at)
    else:
        found.append(_ended(mark, mark.state, None))


def _under_way(last: Attempt, mark: Mark) -> Attempt:
    """The open attempt `last` after `mark`, which may be the first word that it has begun."""
    told = replace(last, conclusion=mark.conclusion or last.conclusion)
    if mark.state is None or last.state is not StepState.RETRYING:
        return told
    started_at = mark.at if last.started_at is None else last.started_at
    return replace(told, state=mark.state, started_at=started_at)


def _ended(mark: Mark, state: StepState, started_at: int | None) -> Attempt:
    """The attempt that `mark` ends; what is missing of start and duration comes from the other."""
    duration_s = mark.duration_s if mark.duration_s >= 0 else None
    # 0 is what scripts send that do not measure.
    if not duration_s and started_at is not None:
        duration_s = (mark.at - started_at) / _MICROSECONDS
    elif duration_s and started_at is None:
        started_at = mark.at - round(duration_s * _MICROSECONDS)
    return Attempt(state, mark.conclusion, started_at, mark.at, duration_s)
