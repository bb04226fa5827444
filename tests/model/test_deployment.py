"""The fold keeps what was said: the same in any order and batches, and never too much of it."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.stories import at, changes, completed, end, folded, said, shown, start, step
from tocsin.model.change import Change
from tocsin.model.deployment import (
    MAX_FACT_CHARS,
    MAX_FIGURES,
    MAX_FIGURES_CHARS,
    MAX_MARKS_A_STEP,
    MAX_RUN_ENDS,
    MAX_STEPS,
    Deployment,
    Fact,
    StepLog,
    fold,
)
from tocsin.model.logline import LogLine
from tocsin.model.words import StepState

_messages = st.lists(changes(), max_size=12)


@given(_messages, st.randoms(use_true_random=False))
def test_the_same_messages_in_any_order_are_the_same_deployment(
    messages: Sequence[Change], chance: random.Random
) -> None:
    shuffled = chance.sample(messages, len(messages))

    assert said(folded(shuffled)) == said(folded(messages))
    assert shown(folded(shuffled)) == shown(folded(messages))


@given(_messages, st.lists(st.integers(0, 12)))
def test_folding_in_batches_is_folding_one_by_one(
    messages: Sequence[Change], cuts: Sequence[int]
) -> None:
    numbered = list(enumerate(messages, 1))
    borders = [0, *sorted(min(cut, len(numbered)) for cut in cuts), len(numbered)]

    deployment = Deployment()
    for begin, stop in pairwise(borders):
        deployment = fold(deployment, numbered[begin:stop])

    assert deployment == folded(messages)
    assert list(deployment.steps) == list(folded(messages).steps)


@given(_messages)
def test_folding_leaves_what_was_there_untouched(messages: Sequence[Change]) -> None:
    before = folded(messages[:6])
    kept = replace(before, steps=dict(before.steps), facts=dict(before.facts))

    fold(before, enumerate(messages[6:], 7))

    assert before == kept


# --- facts, figures and lines


def test_the_latest_text_of_a_field_counts_however_late_it_came() -> None:
    late = Change("1", at(5), facts={"branch": "main", "workflow_name": "deploy"})
    early = Change("1", at(1), facts={"branch": "dev", "workflow_id": "7"})

    assert folded([late, early]).facts == {
        "branch": Fact(at(5), "main"),
        "workflow_name": Fact(at(5), "deploy"),
        "workflow_id": Fact(at(1), "7"),
    }


def test_a_long_text_is_cut_so_that_a_list_of_deployments_stays_small() -> None:
    deployment = folded([Change("1", at(0), facts={"error_message": "x" * 10_000_000})])

    assert len(deployment.facts["error_message"].text) == MAX_FACT_CHARS


def test_lines_are_counted() -> None:
    lines = (LogLine("a", "info", "", None),) * 3

    deployment = folded([Change("1", at(0), lines=lines), Change("1", at(0), lines=lines[:1])])

    assert deployment.line_count == 4


def test_figures_are_kept_in_the_order_of_their_times() -> None:
    late, early = ({"steps_count": 5}, {"steps_count": 4})

    deployment = folded([Change("1", at(9), figures=late), Change("1", at(1), figures=early)])

    assert deployment.figures == ((at(1), early), (at(9), late))


# --- senders that tell all they know each time


@given(st.lists(st.sampled_from(["build", "test"]), unique=True), st.integers(1, 4))
def test_what_is_told_again_is_known_already(names: list[str], times: int) -> None:
    told = Change("1", at(2), restated={name: (start(1), end(2, None)) for name in names})

    once, often = folded([told]), folded([told] * times)

    assert said(often) == said(once)
    assert {name: log.marks for name, log in once.steps.items()} == (told.restated or {})


def test_what_is_told_again_adds_what_is_new_of_it() -> None:
    begun = Change("1", at(1), restated={"build": (start(1),)})
    ended = Change("1", at(2), restated={"build": (start(1), end(2, StepState.COMPLETED))})

    (attempt,) = folded([ended, begun, ended]).steps["build"].attempts

    assert (attempt.started_at, attempt.ended_at) == (at(1), at(2))


# --- having gone quiet


QUIET = Change("1", at(0), quiet_since=2)


def test_it_has_stalled_if_nothing_came_since() -> None:
    deployment = folded([step("build", start(0)), step("test", start(1)), QUIET])

    assert deployment.is_stalled
    assert deployment.last_seq == 2


def test_it_has_not_stalled_if_something_came_meanwhile() -> None:
    deployment = folded([step("build", start(0)), step("test", start(1)), completed(2), QUIET])

    assert not deployment.is_stalled


def test_whatever_comes_ends_the_stall() -> None:
    stalled = folded([step("build", start(0)), step("test", start(1)), QUIET])

    assert not fold(stalled, [(4, Change("1", at(9)))]).is_stalled
    assert fold(stalled, [(4, QUIET)]).is_stalled


# --- nothing grows without bound


def test_a_step_keeps_its_newest_marks_and_counts_the_others() -> None:
    marks = [start(second) for second in range(3 * MAX_MARKS_A_STEP)]
    shuffled = [*marks[::2], *marks[1::2]]

    log = folded([step("build", mark) for mark in shuffled]).steps["build"]

    assert log == StepLog(tuple(marks[-MAX_MARKS_A_STEP:]), 2 * MAX_MARKS_A_STEP)


def test_no_more_steps_are_kept_than_a_pipeline_can_have() -> None:
    named = [step(f"step {number}", start(number)) for number in range(MAX_STEPS + 7)]

    deployment = folded(named)
    again = fold(deployment, [(9_999, step("step 0", end(5_000, StepState.COMPLETED)))])

    assert len(deployment.steps) == MAX_STEPS
    assert deployment.steps_omitted == 7
    assert len(again.steps["step 0"].marks) == 2


KINDS: Mapping[str, tuple[int, Callable[[int], Change]]] = {
    "ends": (MAX_RUN_ENDS, completed),
    "begins": (MAX_RUN_ENDS, lambda second: Change("1", at(second), begins=True)),
    "figures": (MAX_FIGURES, lambda second: Change("1", at(second), figures={"count": second})),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_newest_of_each_kind_are_kept(kind: str) -> None:
    limit, told = KINDS[kind]
    messages = [told(second) for second in range(2 * limit)]
    shuffled = [*messages[::2], *messages[1::2]]

    deployment = folded(shuffled)

    assert len(getattr(deployment, kind)) == limit
    assert said(deployment) == said(folded(messages[-limit:]))


def test_figures_that_are_too_many_stay_in_the_journal_only() -> None:
    huge = {"note": "x" * MAX_FIGURES_CHARS}
    small = {"note": "x" * (MAX_FIGURES_CHARS // 2)}

    deployment = folded([Change("1", at(0), figures=huge), Change("1", at(1), figures=small)])

    assert [figures for _, figures in deployment.figures] == [small]


def test_a_step_named_without_a_mark_is_not_shown() -> None:
    deployment = folded([Change("1", at(0), step="build")])

    assert deployment.steps == {"build": StepLog()}
    assert shown(deployment)[0].steps == ()
