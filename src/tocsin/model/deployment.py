"""Fold what events say into what a deployment looks like now.

Pure. The folded state keeps what was said (marks and ends, sorted by the senders' times),
and everything shown is derived from it by `model/runs.py`, so the same messages in any order
give the same deployment. What a deployment may hold is bounded: a sender that repeats one
step for ever costs as much as one that behaves.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tocsin.model.attempts import Attempt, attempts_of
from tocsin.model.change import Change, Mark, RunEnd, mark_order

# Far above any real pipeline (GitHub allows 256 jobs a matrix and 1,000 steps a job), low
# enough that one deployment's state stays within a megabyte. Everything beyond is still an
# event in the journal.
MAX_STEPS = 1_000
MAX_MARKS_A_STEP = 60
MAX_RUN_ENDS = 100
MAX_FIGURES = 20
MAX_FIGURES_CHARS = 32_768
MAX_FACT_CHARS = 4_096


@dataclass(frozen=True, slots=True)
class StepLog:
    """All marks of one step, sorted; `dropped` counts the oldest, no longer kept.

    `attempts` are told from the marks, once, as a deployment's other steps are looked at with
    every message about one of them.
    """

    marks: tuple[Mark, ...] = ()
    dropped: int = 0
    attempts: tuple[Attempt, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "attempts", attempts_of(self.marks))


@dataclass(frozen=True, slots=True)
class Fact:
    """The latest text a sender gave for one field, and when it was said."""

    at: int
    text: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is known of one deployment.

    `last_seq` is its newest event other than Tocsin's own verdict that it stalled.
    `figures` are the sender's own counts with their times. `begins` are the times at which the
    whole began, as old-format messages tell it. Of `runs_dropped` runs before `kept_since`
    nothing is kept here any more, see `model/trimming.py`.
    """

    steps: Mapping[str, StepLog] = field(default_factory=dict)
    ends: tuple[RunEnd, ...] = ()
    begins: tuple[int, ...] = ()
    figures: tuple[tuple[int, Mapping[str, Any]], ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    line_count: int = 0
    steps_omitted: int = 0
    last_seq: int = 0
    is_stalled: bool = False
    runs_dropped: int = 0
    kept_since: int | None = None


def fold(deployment: Deployment, changes: Iterable[tuple[int, Change]]) -> Deployment:
    """`deployment` after `changes`, each with its event's seq.

    Only `last_seq`, the stalled flag and the order of steps of one and the same time depend
    on the order of the changes.
    """
    steps = dict(deployment.steps)
    facts = dict(deployment.facts)
    ends, begins = list(deployment.ends), list(deployment.begins)
    figures = list(deployment.figures)
    lines, omitted = deployment.line_count, deployment.steps_omitted
    last_seq, is_stalled = deployment.last_seq, deployment.is_stalled
    for seq, change in changes:
        if change.quiet_since is not None:
            is_stalled = is_stalled or change.quiet_since == last_seq
            continue
        last_seq, is_stalled = seq, False
        lines += len(change.lines)
        for name, log in _steps_after(steps, change):
            if name in steps or len(steps) < MAX_STEPS:
                steps[name] = log
            else:
                omitted += 1
        if change.end is not None:
            insort(ends, change.end)
        if change.begins:
            insort(begins, change.at)
        if change.figures is not None and len(repr(change.figures)) <= MAX_FIGURES_CHARS:
            insort(figures, (change.at, change.figures), key=_figures_order)
        if change.facts:
            _take_facts(facts, change)
    return replace(
        deployment,
        steps=steps,
        ends=tuple(ends[-MAX_RUN_ENDS:]),
        begins=tuple(begins[-MAX_RUN_ENDS:]),
        figures=tuple(figures[-MAX_FIGURES:]),
        facts=facts,
        line_count=lines,
        steps_omitted=omitted,
        last_seq=last_seq,
        is_stalled=is_stalled,
    )


def _steps_after(steps: Mapping[str, StepLog], change: Change) -> Iterator[tuple[str, StepLog]]:
    """The steps that `change` tells of, as they are with it."""
    if change.step:
        yield change.step, _add_marks(steps.get(change.step, StepLog()), change.marks)
    for name, marks in (change.restated or {}).items():
        log = steps.get(name, StepLog())
        yield name, _add_marks(log, tuple(mark for mark in marks if mark not in log.marks))


def _add_marks(step: StepLog, added: tuple[Mark, ...]) -> StepLog:
    if not added:
        return step
    marks = sorted((*step.marks, *added), key=mark_order)
    excess = max(0, len(marks) - MAX_MARKS_A_STEP)
    return StepLog(tuple(marks[excess:]), step.dropped + excess)


def _take_facts(facts: dict[str, Fact], change: Change) -> None:
    """Keep the latest text of each field; at one instant the greater one, to be orderless."""
    for name, said in (change.facts or {}).items():
        text = said[:MAX_FACT_CHARS]
        known = facts.get(name)
        if known is None or (change.at, text) > (known.at, known.text):
            facts[name] = Fact(change.at, text)


def _figures_order(entry: tuple[int, Mapping[str, Any]]) -> tuple[int, str]:
    at, figures = entry
    return at, repr(sorted(figures.items()))
