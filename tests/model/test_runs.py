"""Runs are told from times alone: every order of the messages shows the same ones."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.stories import (
    SECOND,
    Truth,
    at,
    attempts_shown,
    changes,
    completed,
    end,
    folded,
    start,
    step,
    stories,
    update,
)
from tocsin.model.change import Change
from tocsin.model.deployment import MAX_MARKS_A_STEP, Deployment
from tocsin.model.logline import LogLine
from tocsin.model.runs import Run, boundaries_of, runs_of, span_of
from tocsin.model.words import DeploymentState, StepState

COMPLETED, FAILED = StepState.COMPLETED, StepState.FAILED


def only_run(*messages: Change) -> Run:
    (run,) = runs_of(folded(messages))
    return run


# --- the law: what was told in any order is what was


@given(stories(), st.randoms(use_true_random=False))
def test_a_story_told_in_any_order_is_shown_as_it_was(
    story: tuple[Sequence[Truth], Sequence[Change]], chance: random.Random
) -> None:
    truths, messages = story
    shuffled = chance.sample(messages, len(messages))

    runs = runs_of(folded(shuffled))

    assert [sorted(attempts_shown(run)) for run in runs] == [sorted(one.steps) for one in truths]
    assert [(run.state, run.completed_at) for run in runs] == [
        (one.state, at(one.ended_s)) for one in truths
    ]
    assert [run.number for run in runs] == list(range(1, len(truths) + 1))


@given(stories())
def test_a_story_told_in_order_shows_its_steps_in_order(
    story: tuple[Sequence[Truth], Sequence[Change]],
) -> None:
    truths, messages = story
    # A step that failed in the first run keeps its place among those that began with it.
    runs = runs_of(folded(messages))

    assert [name for name, _ in attempts_shown(runs[0])] == [name for name, _ in truths[0].steps]
    assert all(run.progress == 100 for run in runs)


@given(st.lists(changes(), max_size=12))
def test_runs_hold_together(messages: Sequence[Change]) -> None:
    runs = runs_of(folded(messages))

    assert [run.number for run in runs] == list(range(1, len(runs) + 1))
    assert all(run.state.is_final for run in runs[:-1])
    assert [run.opens_at is None for run in runs] == [True, *[False] * (len(runs) - 1)]
    for run in runs:
        assert run.state.is_final == (run.completed_at is not None)
        assert 0 <= run.progress <= 100
        assert run.steps_failed <= run.steps_ended <= len(run.steps)
        assert (run.current_step is None) == (run.steps_ended == len(run.steps))
        assert run.duration_s is None or run.duration_s >= 0
        assert all(one.attempts for one in run.steps)


@given(st.lists(changes(), max_size=12))
def test_every_instant_is_in_the_span_of_one_run(messages: Sequence[Change]) -> None:
    deployment = folded(messages)
    runs = runs_of(deployment)

    spans = [span_of(runs, run.number) for run in runs]

    assert [begin for begin, _ in spans] == [None, *boundaries_of(deployment)]
    assert [stop for _, stop in spans] == [*boundaries_of(deployment), None]


# --- where a run begins and ends


def test_nothing_said_is_pending() -> None:
    run = only_run(Change("1", at(0), facts={"branch": "main"}))

    assert (run.state, run.progress, run.conclusion) == (DeploymentState.PENDING, 0, "")
    assert runs_of(Deployment())[0].state is DeploymentState.PENDING


@pytest.mark.parametrize(
    "sign",
    [
        step("build", start(0)),
        Change("1", at(0), begins=True),
        Change("1", at(0), lines=(LogLine("ready", "info", "", None),)),
    ],
    ids=["a step", "the whole has begun", "a log line"],
)
def test_any_sign_of_life_is_running(sign: Change) -> None:
    assert only_run(sign).state is DeploymentState.RUNNING


def test_what_comes_after_the_end_does_not_reopen() -> None:
    run = only_run(
        step("build", start(0)),
        completed(10),
        step("build", end(12, FAILED)),
        Change("1", at(13), lines=(LogLine("late", "info", "", None),)),
    )

    assert run.state is DeploymentState.SUCCESS
    assert run.steps[0].state is FAILED


def test_a_start_after_the_end_opens_another_run() -> None:
    first, second = runs_of(
        folded([step("build", start(0)), completed(10), step("test", start(11))])
    )

    assert (first.state, second.state) == (DeploymentState.SUCCESS, DeploymentState.RUNNING)
    assert [one.name for one in first.steps] == ["build"]
    assert [one.name for one in second.steps] == ["test"]
    assert (first.opens_at, second.opens_at) == (None, at(11))


def test_a_start_in_the_second_of_the_end_belongs_to_the_run_that_ended() -> None:
    assert len(runs_of(folded([completed(10), step("build", start(10))]))) == 1


def test_the_old_formats_begin_opens_another_run_too() -> None:
    assert len(runs_of(folded([completed(10), Change("1", at(20), begins=True)]))) == 2


def test_an_end_told_twice_is_one_end_and_the_later_word_counts() -> None:
    run = only_run(completed(10, DeploymentState.FAILED), completed(11))

    assert (run.state, run.completed_at) == (DeploymentState.SUCCESS, at(11))


def test_each_run_has_its_own_figures() -> None:
    first, second = runs_of(
        folded(
            [
                Change("1", at(9), figures={"steps_count": 4}),
                completed(10),
                step("build", start(20)),
                Change("1", at(29), figures={"steps_count": 5}),
            ]
        )
    )

    assert first.sent == {"steps_count": 4}
    assert second.sent == {"steps_count": 5}


# --- times


def test_the_senders_own_times_count() -> None:
    run = only_run(
        step("build", start(2)),
        completed(60, duration_s=45, started_at=at(14), completed_at=at(59)),
    )

    assert (run.started_at, run.completed_at, run.duration_s) == (at(14), at(59), 45)


def test_missing_times_come_from_what_was_seen() -> None:
    run = only_run(step("build", start(2)), step("test", start(30)), completed(60))

    assert (run.started_at, run.completed_at, run.duration_s) == (at(2), at(60), 58)


def test_the_duration_tells_the_start_when_nothing_else_does() -> None:
    run = only_run(completed(60, duration_s=45))

    assert run.started_at == at(60) - 45 * SECOND


def test_an_end_alone_has_no_start() -> None:
    run = only_run(completed(60))

    assert (run.started_at, run.duration_s) == (None, None)


def test_a_step_whose_start_was_never_told_has_begun_by_its_end() -> None:
    run = only_run(step("build", end(5, COMPLETED)), completed(60))

    assert run.started_at == at(5)


def test_a_duration_is_never_negative() -> None:
    run = only_run(completed(60, started_at=at(90), completed_at=at(60)))

    assert run.duration_s == 0


# --- steps and figures


def test_progress_is_ended_of_known_steps() -> None:
    run = only_run(
        step("a", start(0), end(1, COMPLETED)),
        step("b", start(1), end(2, FAILED)),
        step("c", start(2)),
    )

    assert (run.progress, run.steps_ended, run.steps_failed) == (66, 2, 1)
    assert run.current_step == "c"
    assert only_run(completed(5)).progress == 100


def test_of_several_steps_under_way_the_newest_is_the_current_one() -> None:
    run = only_run(step("a", start(3)), step("b", start(1)), step("c", update(0, None)))

    assert run.current_step == "a"
    assert [one.name for one in run.steps] == ["c", "b", "a"]


def test_what_was_seen_stands_under_the_senders_names() -> None:
    run = only_run(
        step("a", start(0), end(1, COMPLETED)),
        step("b", start(1), end(2, FAILED)),
        completed(9, DeploymentState.FAILED),
    )

    assert run.seen == {
        "total_duration": 9,
        "status": "failed",
        "steps_count": 2,
        "successful_steps": 1,
        "failed_steps": 1,
    }


def test_attempts_keep_their_numbers_when_the_oldest_are_no_longer_kept() -> None:
    tries = 100
    told = [
        step("flaky", start(2 * number), end(2 * number + 1, FAILED)) for number in range(tries)
    ]

    (one,) = only_run(*told).steps

    assert len(one.attempts) == MAX_MARKS_A_STEP // 2
    assert one.first_attempt + len(one.attempts) - 1 == tries
    assert one.last.ended_at == at(2 * tries - 1)


def test_only_the_run_that_lost_marks_counts_them() -> None:
    many = [start(second) for second in range(MAX_MARKS_A_STEP)]
    first, second = runs_of(
        folded([step("flaky", *many), completed(500), step("flaky", start(501), start(502))])
    )

    assert first.steps[0].first_attempt > 1
    assert second.steps[0].first_attempt == 1
