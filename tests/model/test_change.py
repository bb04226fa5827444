"""Marks sort by the senders' times, and the same in whatever order they came."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.model.stories import at, end, start, update
from tocsin.model.change import Mark, Move, mark_order
from tocsin.model.words import StepState

_marks = st.builds(
    Mark,
    at=st.integers(0, 2).map(at),
    is_timed=st.booleans(),
    move=st.sampled_from(Move),
    state=st.sampled_from([*StepState, None]),
    conclusion=st.sampled_from(["", "success", "日"]),
    duration_s=st.sampled_from([-1.0, 0.0, 1.5]),
)


def test_time_counts_first() -> None:
    late, early = start(2), end(1, StepState.FAILED)

    assert sorted([late, early], key=mark_order) == [early, late]


def test_a_mark_without_a_state_sorts_beside_those_with_one() -> None:
    marks = [update(1, StepState.RUNNING), update(1, None)]

    assert sorted(marks, key=mark_order) == marks[::-1]


@given(st.lists(_marks), st.randoms(use_true_random=False))
def test_every_order_sorts_alike(marks: list[Mark], chance: random.Random) -> None:
    shuffled = chance.sample(marks, len(marks))

    assert sorted(shuffled, key=mark_order) == sorted(marks, key=mark_order)


@given(_marks, _marks)
def test_only_equal_marks_sort_as_equals(one: Mark, other: Mark) -> None:
    assert (mark_order(one) == mark_order(other)) == (one == other)
