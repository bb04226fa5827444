"""Made-up deployments for the tests of the fold: anything, and stories whose truth is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.deployment import Deployment, fold
from tocsin.model.logline import LogLine
from tocsin.model.runs import Run, runs_of
from tocsin.model.words import DeploymentState, StepState

SECOND = 1_000_000
# 2024-01-01T12:00:00Z, the documents' own noon.
NOON = 1_704_110_400 * SECOND

WORDS = {
    StepState.COMPLETED: "success",
    StepState.FAILED: "failure",
    StepState.RETRYING: "retrying",
    StepState.RUNNING: "in_progress",
    None: "",
}


def at(second: float) -> int:
    """The instant so many seconds after noon, in microseconds."""
    return NOON + round(second * SECOND)


def start(second: float, *, is_timed: bool = True, state: StepState = StepState.RUNNING) -> Mark:
    word = "retrying" if state is StepState.RETRYING else "started"
    return Mark(at(second), is_timed, Move.START, state, word, -1)


def update(second: float, state: StepState | None, word: str | None = None) -> Mark:
    return Mark(at(second), True, Move.UPDATE, state, WORDS[state] if word is None else word, -1)


def end(second: float, state: StepState | None, duration_s: float = -1) -> Mark:
    return Mark(at(second), True, Move.END, state, WORDS[state], duration_s)


def step(name: str, *marks: Mark) -> Change:
    return Change("1", marks[0].at, step=name, marks=marks)


def completed(
    second: float,
    state: DeploymentState = DeploymentState.SUCCESS,
    *,
    duration_s: float = -1,
    started_at: int = -1,
    completed_at: int = -1,
) -> Change:
    told = RunEnd(at(second), state, state.value, duration_s, started_at, completed_at)
    return Change("1", at(second), end=told)


def folded(changes: Iterable[Change]) -> Deployment:
    """What the changes add up to, numbered in their order."""
    return fold(Deployment(), enumerate(changes, 1))


def said(deployment: Deployment) -> Deployment:
    """The deployment without what depends on the order of arrival."""
    return replace(deployment, last_seq=0, is_stalled=False)


def shown(deployment: Deployment) -> list[Run]:
    """Its runs, with steps that began at one and the same time put in the order of their names."""
    return [
        replace(run, steps=tuple(sorted(run.steps, key=lambda one: one.name)))
        for run in runs_of(deployment)
    ]


# --- anything at all

_instants = st.integers(0, 12).map(at)
_durations = st.sampled_from([-1.0, 0.0, 2.0, 30.5])


@st.composite
def _marks(draw: st.DrawFn) -> tuple[Mark, ...]:
    state = draw(st.sampled_from([*StepState, None]))
    move = draw(st.sampled_from(Move))
    word = draw(st.sampled_from([WORDS[state], "", "a word"]))
    first = Mark(draw(_instants), draw(st.booleans()), move, state, word, draw(_durations))
    if draw(st.booleans()):
        return (first,)
    # What a start with the word of an end is read as.
    started = Mark(first.at, first.is_timed, Move.START, StepState.RUNNING, word, -1)
    return started, first._replace(move=Move.END)


@st.composite
def _ends(draw: st.DrawFn) -> RunEnd:
    state = draw(st.sampled_from([one for one in DeploymentState if one.is_final]))
    told = st.one_of(st.just(-1), _instants)
    return RunEnd(draw(_instants), state, state.value, draw(_durations), draw(told), draw(told))


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Any one message."""
    nothing = Change("1", draw(_instants))
    match draw(st.integers(0, 6)):
        case 0 | 1 | 2:
            name = draw(st.sampled_from(["build", "test", "部署"]))
            return replace(nothing, step=name, marks=draw(_marks()))
        case 3:
            return replace(nothing, end=draw(_ends()))
        case 4:
            return replace(nothing, begins=True)
        case 5:
            return replace(nothing, figures={"steps_count": draw(st.integers(0, 3))})
        case _:
            lines = (LogLine("ready", "info", "", None),) * draw(st.integers(0, 2))
            branch = draw(st.sampled_from(["main", "dev"]))
            return replace(nothing, facts={"branch": branch}, lines=lines)


# --- stories whose truth is known


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of a step, as it truly was; in seconds after noon."""

    state: StepState
    started_s: int
    ended_s: int


@dataclass(frozen=True, slots=True)
class Truth:
    """One run, as it truly was: its steps in their order, and how and when it ended."""

    steps: tuple[tuple[str, tuple[Try, ...]], ...]
    state: DeploymentState
    ended_s: int


@st.composite
def stories(draw: st.DrawFn) -> tuple[tuple[Truth, ...], tuple[Change, ...]]:
    """Runs as they were, and the messages that tell of them, in the order of their times.

    Whatever takes no time is told within one and the same second, as a shell's `date` does:
    an end, the word that it will be tried again, the next start, the start of the next step.
    """
    truths: list[Truth] = []
    told: list[Change] = []
    now = 0
    for _ in range(draw(st.integers(1, 3))):
        steps = []
        for name in draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
            tries, now = _told_step(draw, told, name, now)
            steps.append((name, tries))
        now += draw(st.integers(0, 2))
        state = draw(st.sampled_from([DeploymentState.SUCCESS, DeploymentState.FAILED]))
        told.append(completed(now, state))
        truths.append(Truth(tuple(steps), state, now))
        now += draw(st.integers(1, 3))
    return tuple(truths), tuple(told)


def _told_step(
    draw: st.DrawFn, told: list[Change], name: str, now: int
) -> tuple[tuple[Try, ...], int]:
    failures = draw(st.integers(0, 2))
    last = draw(st.sampled_from([StepState.COMPLETED, StepState.FAILED]))
    tries = []
    for number, state in enumerate([*[StepState.FAILED] * failures, last]):
        if number:
            now += draw(st.integers(0, 2))
            how = draw(st.sampled_from(["only started", "announced", "started as a retry"]))
            if how == "announced":
                told.append(step(name, update(now, StepState.RETRYING)))
                now += draw(st.integers(0, 1))
            again = StepState.RETRYING if how == "started as a retry" else StepState.RUNNING
            told.append(step(name, start(now, state=again)))
        else:
            told.append(step(name, start(now)))
        began, now = now, now + draw(st.integers(1, 3))
        told.append(step(name, end(now, state)))
        tries.append(Try(state, began, now))
    return tuple(tries), now


def attempts_shown(run: Run) -> Sequence[tuple[str, tuple[Try, ...]]]:
    """The steps of a run in the form of a `Truth`."""
    return [
        (
            one.name,
            tuple(
                Try(
                    attempt.state,
                    ((attempt.started_at or 0) - NOON) // SECOND,
                    ((attempt.ended_at or 0) - NOON) // SECOND,
                )
                for attempt in one.attempts
            ),
        )
        for one in run.steps
    ]
