"""The attempts of a step are told from what was said about it, whatever the order was."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.stories import SECOND, Truth, at, end, start, stories, update
from tocsin.model.attempts import attempts_of
from tocsin.model.change import Change, Mark, Move, mark_order
from tocsin.model.words import StepState

RUNNING, COMPLETED = StepState.RUNNING, StepState.COMPLETED
FAILED, RETRYING = StepState.FAILED, StepState.RETRYING

# What was said, and the attempts it means as (state, started, ended, duration) in seconds.
Told = tuple[StepState, int | None, int | None, float | None]
CASES: dict[str, tuple[list[Mark], list[Told]]] = {
    "nothing": ([], []),
    "started": ([start(0)], [(RUNNING, 0, None, None)]),
    "done": ([start(0), end(9, COMPLETED)], [(COMPLETED, 0, 9, 9)]),
    "measured by the sender": ([start(0), end(9, FAILED, 7.5)], [(FAILED, 0, 9, 7.5)]),
    "not measured, sent as 0": ([start(0), end(9, FAILED, 0)], [(FAILED, 0, 9, 9)]),
    "only its end": ([end(9, COMPLETED)], [(COMPLETED, None, 9, None)]),
    "only its end, with a duration": ([end(9, COMPLETED, 4)], [(COMPLETED, 5, 9, 4)]),
    "only its end, with 0": ([end(9, COMPLETED, 0)], [(COMPLETED, None, 9, 0)]),
    "under way is all that was said": ([update(3, RUNNING)], [(RUNNING, 3, None, None)]),
    "a word nobody knows": ([update(3, None)], [(RUNNING, 3, None, None)]),
    "an end that says nothing": ([start(0), end(9, None)], [(RUNNING, 0, None, None)]),
    "ended by an update": ([start(0), update(9, COMPLETED)], [(COMPLETED, 0, 9, 9)]),
    "a word after the end": (
        [start(0), end(9, COMPLETED), update(10, RUNNING)],
        [(COMPLETED, 0, 9, 9)],
    ),
    "started again": (
        [start(0), end(5, FAILED), start(6), end(9, COMPLETED)],
        [(FAILED, 0, 5, 5), (COMPLETED, 6, 9, 3)],
    ),
    "started again without an end": (
        [start(0), start(6)],
        [(RETRYING, 0, None, None), (RUNNING, 6, None, None)],
    ),
    "started again before its end was told": (
        [start(0), start(6), end(9, COMPLETED)],
        [(RETRYING, 0, None, None), (COMPLETED, 6, 9, 3)],
    ),
    "announced as a retry": (
        [start(0), end(5, FAILED), update(6, RETRYING)],
        [(FAILED, 0, 5, 5), (RETRYING, None, None, None)],
    ),
    "announced, then started": (
        [start(0), end(5, FAILED), update(6, RETRYING), start(7), end(9, COMPLETED)],
        [(FAILED, 0, 5, 5), (COMPLETED, 7, 9, 2)],
    ),
    "announced, then under way": (
        [start(0), end(5, FAILED), update(6, RETRYING), update(7, RUNNING)],
        [(FAILED, 0, 5, 5), (RUNNING, 7, None, None)],
    ),
    "announced, then a word nobody knows": (
        [start(0), end(5, FAILED), update(6, RETRYING), update(7, None, "stale")],
        [(FAILED, 0, 5, 5), (RETRYING, None, None, None)],
    ),
    "announced, then only its end": (
        [start(0), end(5, FAILED), update(6, RETRYING), end(9, COMPLETED)],
        [(FAILED, 0, 5, 5), (COMPLETED, None, 9, None)],
    ),
    "announced while it ran": (
        [start(0), update(6, RETRYING), start(7)],
        [(FAILED, 0, 6, 6), (RUNNING, 7, None, None)],
    ),
    "announced twice": (
        [update(6, RETRYING), update(8, RETRYING)],
        [(FAILED, None, 6 + 2, None), (RETRYING, None, None, None)],
    ),
    "started as a retry": (
        [start(0), end(5, FAILED), start(6, state=RETRYING)],
        [(FAILED, 0, 5, 5), (RETRYING, 6, None, None)],
    ),
    "started as a retry, then under way": (
        [start(0), end(5, FAILED), start(6, state=RETRYING), update(7, RUNNING)],
        [(FAILED, 0, 5, 5), (RUNNING, 6, None, None)],
    ),
    "a first start that is a retry": (
        [start(6, state=RETRYING), end(9, COMPLETED)],
        [(COMPLETED, 6, 9, 3)],
    ),
    "begun and ended at once": ([start(4), end(4, COMPLETED)], [(COMPLETED, 4, 4, 0)]),
    "failed, announced and started at once": (
        [start(0), end(5, FAILED), update(5, RETRYING), start(5), end(9, COMPLETED)],
        [(FAILED, 0, 5, 5), (COMPLETED, 5, 9, 4)],
    ),
    "ended twice": (
        [start(0), end(5, FAILED), end(8, COMPLETED)],
        [(FAILED, 0, 5, 5), (COMPLETED, None, 8, None)],
    ),
    "an untimed start after its end": (
        [end(5, COMPLETED), start(8, is_timed=False)],
        [(COMPLETED, 5, 5, None)],
    ),
    "an untimed start of another attempt": (
        [start(0), end(5, FAILED), start(8, is_timed=False)],
        [(FAILED, 0, 5, 5), (RUNNING, 8, None, None)],
    ),
    "a timed start after an end without one": (
        [end(5, FAILED), start(8)],
        [(FAILED, None, 5, None), (RUNNING, 8, None, None)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_attempts_are_what_was_said(case: str) -> None:
    marks, expected = CASES[case]

    found = attempts_of(sorted(marks, key=mark_order))

    assert [
        (one.state, _second(one.started_at), _second(one.ended_at), one.duration_s) for one in found
    ] == expected


def _second(instant: int | None) -> int | None:
    return None if instant is None else (instant - at(0)) // SECOND


def test_the_senders_own_word_is_kept() -> None:
    marks = [
        start(0),
        update(1, RUNNING, "in_progress"),
        update(2, None, ""),
        end(3, FAILED)._replace(conclusion="timed_out"),
    ]

    assert attempts_of(marks[:1])[0].conclusion == "started"
    assert attempts_of(marks[:3])[0].conclusion == "in_progress"
    assert attempts_of(marks)[0].conclusion == "timed_out"


def test_a_retry_leaves_the_failed_attempt_its_own_word() -> None:
    first, second = attempts_of([start(0), update(5, RETRYING)])

    assert (first.conclusion, second.conclusion) == ("started", "retrying")


@given(stories())
def test_every_attempt_of_a_story_is_found(
    story: tuple[Sequence[Truth], Sequence[Change]],
) -> None:
    truths, told = story
    marks = sorted((mark for one in told for mark in one.marks if one.step == "a"), key=mark_order)
    expected = [one for run in truths for name, tries in run.steps if name == "a" for one in tries]

    found = attempts_of(marks)

    assert [one.state for one in found] == [one.state for one in expected]
    assert [one.started_at for one in found] == [at(one.started_s) for one in expected]
    assert [one.ended_at for one in found] == [at(one.ended_s) for one in expected]


_any_mark = st.builds(
    Mark,
    at=st.integers(0, 5).map(at),
    is_timed=st.booleans(),
    move=st.sampled_from(Move),
    state=st.sampled_from([*StepState, None]),
    conclusion=st.sampled_from(["", "success"]),
    duration_s=st.sampled_from([-1.0, 0.0, 1.0, 60.0]),
)


@given(st.lists(_any_mark, max_size=8), st.randoms(use_true_random=False))
def test_attempts_do_not_depend_on_the_order_of_arrival(
    marks: list[Mark], chance: random.Random
) -> None:
    shuffled = chance.sample(marks, len(marks))

    assert attempts_of(sorted(shuffled, key=mark_order)) == attempts_of(
        sorted(marks, key=mark_order)
    )


@given(st.lists(_any_mark, min_size=1, max_size=8))
def test_attempts_hold_together(marks: list[Mark]) -> None:
    found = attempts_of(sorted(marks, key=mark_order))

    assert 0 < len(found) <= 2 * len(marks)
    for one in found:
        assert one.state.is_final == (one.ended_at is not None)
        assert one.duration_s is None or one.duration_s >= 0
        if one.started_at is not None and one.ended_at is not None:
            assert one.started_at <= one.ended_at
    # Only the last may be open, but for one whose end was never told.
    assert all(one.state.is_final or one.state is RETRYING for one in found[:-1])
