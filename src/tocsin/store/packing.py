"""How a folded deployment stands in its columns, as JSON, and back.

Marks are arrays, not objects: a step's marks are read and written with every change of it.
"""

from collections.abc import Iterable

import orjson

from tocsin.model.change import Mark, Move, RunEnd
from tocsin.model.deployment import Deployment, Fact, StepLog
from tocsin.model.words import DeploymentState, StepState


def pack_marks(log: StepLog) -> str:
    """A step's marks as JSON."""
    return orjson.dumps([log.dropped, [tuple(mark) for mark in log.marks]]).decode()


def unpack_marks(packed: str) -> StepLog:
    """The other way of `pack_marks`."""
    dropped, marks = orjson.loads(packed)
    return StepLog(tuple(_mark(*mark) for mark in marks), dropped)


def _mark(
    at: int, is_timed: bool, move: str, state: str | None, conclusion: str, duration_s: float
) -> Mark:
    known = None if state is None else StepState(state)
    return Mark(at, is_timed, Move(move), known, conclusion, duration_s)


def pack_state(deployment: Deployment) -> tuple[str, str]:
    """The facts a reader is shown, and all else that the next fold needs; steps stand apart."""
    facts = {name: fact.text for name, fact in deployment.facts.items()}
    state = [
        [tuple(end) for end in deployment.ends],
        deployment.begins,
        deployment.figures,
        {name: (fact.at, fact.text) for name, fact in deployment.facts.items()},
        deployment.line_count,
        deployment.steps_omitted,
        deployment.last_seq,
        deployment.is_stalled,
        deployment.runs_dropped,
        deployment.kept_since,
    ]
    return orjson.dumps(facts).decode(), orjson.dumps(state).decode()


def unpack_state(packed: str, steps: Iterable[tuple[str, str]]) -> Deployment:
    """The other way of `pack_state`; `steps` are names with `pack_marks`, in their order."""
    ends, begins, figures, facts, *numbers = orjson.loads(packed)
    line_count, steps_omitted, last_seq, is_stalled, runs_dropped, kept_since = numbers
    return Deployment(
        steps={name: unpack_marks(marks) for name, marks in steps},
        ends=tuple(RunEnd(end[0], DeploymentState(end[1]), *end[2:]) for end in ends),
        begins=tuple(begins),
        figures=tuple((at, sent) for at, sent in figures),
        facts={name: Fact(*fact) for name, fact in facts.items()},
        line_count=line_count,
        steps_omitted=steps_omitted,
        last_seq=last_seq,
        is_stalled=is_stalled,
        runs_dropped=runs_dropped,
        kept_since=kept_since,
    )
