"""Senders' words, as `docs/contracts.md` has them; none of them is ever an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.words import (
    DeploymentState,
    StepState,
    conclusion_of,
    deployment_state,
    step_state,
)

RUNNING, COMPLETED = StepState.RUNNING, StepState.COMPLETED
FAILED, RETRYING = StepState.FAILED, StepState.RETRYING

# The sender's word; what it means for a step; what it means for a deployment.
WORDS: list[tuple[str, StepState | None, DeploymentState | None]] = [
    ("started", RUNNING, DeploymentState.RUNNING),
    ("in_progress", RUNNING, DeploymentState.RUNNING),
    ("running", RUNNING, DeploymentState.RUNNING),
    ("queued", RUNNING, DeploymentState.RUNNING),
    ("retrying", RETRYING, DeploymentState.RUNNING),
    ("success", COMPLETED, DeploymentState.SUCCESS),
    ("completed", COMPLETED, DeploymentState.SUCCESS),
    ("skipped", COMPLETED, DeploymentState.SUCCESS),
    ("neutral", COMPLETED, DeploymentState.SUCCESS),
    ("failed", FAILED, DeploymentState.FAILED),
    ("failure", FAILED, DeploymentState.FAILED),
    ("timed_out", FAILED, DeploymentState.FAILED),
    ("startup_failure", FAILED, DeploymentState.FAILED),
    ("action_required", FAILED, DeploymentState.FAILED),
    ("cancelled", FAILED, DeploymentState.CANCELLED),
    ("canceled", FAILED, DeploymentState.CANCELLED),
    ("", None, None),
    ("null", None, None),
    ("stale", None, None),
    ("a word of tomorrow", None, None),
]


@pytest.mark.parametrize(("word", "step", "deployment"), WORDS)
def test_a_word_means_what_the_contract_says(
    word: str, step: StepState | None, deployment: DeploymentState | None
) -> None:
    assert step_state(word) is step
    assert deployment_state(word) is deployment


@pytest.mark.parametrize("word", [" Success ", "SUCCESS", "success\n"])
def test_spelling_does_not_matter(word: str) -> None:
    assert step_state(word) is COMPLETED
    assert deployment_state(word) is DeploymentState.SUCCESS


@pytest.mark.parametrize("word", ["", "  ", "null", "None", "undefined", "NULL"])
def test_nothing_said_is_no_conclusion(word: str) -> None:
    assert conclusion_of(word) is None


@pytest.mark.parametrize("word", ["stale", "Success", "日本"])
def test_a_word_is_shown_as_it_was_said(word: str) -> None:
    assert conclusion_of(f" {word} ") == word


def test_states_know_whether_they_are_final() -> None:
    assert {state for state in StepState if state.is_final} == {COMPLETED, FAILED}
    assert {state for state in DeploymentState if not state.is_final} == {
        DeploymentState.PENDING,
        DeploymentState.RUNNING,
    }


@given(st.text(st.characters()))
def test_no_word_is_an_error(word: str) -> None:
    step_state(word)
    deployment_state(word)
    conclusion_of(word)


@given(st.sampled_from(WORDS))
def test_a_step_and_its_deployment_agree_whether_a_word_is_an_end(
    row: tuple[str, StepState | None, DeploymentState | None],
) -> None:
    word, _, _ = row
    step, deployment = step_state(word), deployment_state(word)

    assert (step is None) == (deployment is None)
    if step is not None and deployment is not None:
        assert step.is_final == deployment.is_final
