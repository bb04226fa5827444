"""An id used for years: its numbers go on, its newest runs are whole, the rest is let go of."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.deployment import MAX_MARKS_A_STEP, Deployment, fold
from tocsin.model.runs import runs_of, span_of
from tocsin.model.trimming import MAX_RUNS, trimmed
from tocsin.model.words import DeploymentState, StepState

MINUTE = 60_000_000


def began(at: int, step: str = "build") -> Change:
    mark = Mark(at, True, Move.START, StepState.RUNNING, "", -1)
    return Change("1", at, step=step, marks=(mark,))


def done(at: int, step: str = "build") -> Change:
    mark = Mark(at, True, Move.END, StepState.COMPLETED, "success", -1)
    return Change("1", at, step=step, marks=(mark,))


def ended(at: int) -> Change:
    return Change("1", at, end=RunEnd(at, DeploymentState.SUCCESS, "success", -1, -1, -1))


def run(number: int, tries: int = 1) -> list[Change]:
    """The messages of one run, which takes a minute."""
    at = number * MINUTE
    tried = [
        change
        for one in range(tries)
        for change in (began(at + 2 * one + 1), done(at + 2 * one + 2))
    ]
    return [*tried, ended(at + MINUTE - 1)]


def told(changes: list[Change]) -> Deployment:
    deployment = Deployment()
    for seq, change in enumerate(changes, start=1):
        deployment = trimmed(fold(deployment, [(seq, change)]))
    return deployment


def test_few_runs_are_all_kept() -> None:
    deployment = told([change for number in range(MAX_RUNS) for change in run(number)])

    assert [one.number for one in runs_of(deployment)] == list(range(1, MAX_RUNS + 1))
    assert deployment.runs_dropped == 0


# Each example folds some thousand changes one by one.
@settings(max_examples=25)
@given(st.integers(MAX_RUNS + 1, 3 * MAX_RUNS), st.integers(1, 8))
def test_of_many_the_newest_are_kept_with_their_numbers(count: int, tries: int) -> None:
    deployment = told([change for number in range(count) for change in run(number, tries)])

    runs = runs_of(deployment)
    assert [one.number for one in runs] == list(range(count - MAX_RUNS + 1, count + 1))
    assert {one.state for one in runs} == {DeploymentState.SUCCESS}
    assert len(runs[-1].steps[0].attempts) == tries
    assert len(deployment.ends) == MAX_RUNS


def test_where_a_kept_run_opened_is_known_when_its_marks_are_gone() -> None:
    tries = MAX_MARKS_A_STEP
    deployment = told([change for number in range(3) for change in run(number, tries)])

    runs = runs_of(deployment)
    assert [one.number for one in runs] == [1, 2, 3]
    assert runs[1].opens_at == MINUTE + 1
    assert len(runs[-1].steps[0].attempts) == MAX_MARKS_A_STEP // 2


def test_the_oldest_kept_run_begins_where_it_began() -> None:
    count = MAX_RUNS + 5
    deployment = told([change for number in range(count) for change in run(number)])

    oldest = runs_of(deployment)[0]
    assert span_of(runs_of(deployment), oldest.number) == (5 * MINUTE + 1, 6 * MINUTE + 1)


def test_what_comes_late_for_a_run_let_go_of_changes_no_number() -> None:
    count = MAX_RUNS + 5
    deployment = told([change for number in range(count) for change in run(number)])

    late = trimmed(fold(deployment, [(10_000, ended(MINUTE + 5)), (10_001, began(3, "other"))]))

    assert [one.number for one in runs_of(late)] == [one.number for one in runs_of(deployment)]
