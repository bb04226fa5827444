"""The fold of trainings: an end is never left, and nothing that comes again or late does harm."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.training import (
    EVENT_TYPES,
    MAX_FILES,
    MAX_RESULT_BYTES,
    ResultFile,
    Training,
    TrainingChange,
    TrainingStatus,
    fold,
    training_status,
)

_ENDS = [status for status in TrainingStatus if status.is_final]


@st.composite
def changes(draw: st.DrawFn, statuses: Sequence[TrainingStatus | None]) -> TrainingChange:
    """Anything that may be said of one training."""
    facts = st.dictionaries(
        st.sampled_from(["request_id", "finetune_id", "training_type", "endpoint"]),
        st.sampled_from(["", "a", "b"]),
    )
    result = draw(st.sampled_from([None, {}, {"lora": 1}, {"lora": 2}]))
    return TrainingChange(
        training_id="r-1",
        at=draw(st.integers(1, 20)),
        is_registration=draw(st.booleans()),
        facts=draw(facts),
        meta=draw(st.sampled_from([None, {"user": 1}])),
        status=draw(st.sampled_from(statuses)),
        word=draw(st.sampled_from(["", "x", "IN_PROGRESS"])),
        progress=draw(st.sampled_from([None, 0, 50, 100])),
        queue_position=draw(st.sampled_from([None, 0, 7])),
        error=draw(st.sampled_from(["", "broken"])),
        result=result,
        files=(ResultFile("l", "https://v3.fal.media/l"),) if result else (),
    )


_under_way = changes([None, TrainingStatus.TRAINING])
_any = changes([None, *TrainingStatus])


def ended(status: TrainingStatus = TrainingStatus.COMPLETED, at: int = 50) -> TrainingChange:
    return TrainingChange(training_id="r-1", at=at, status=status, word=status.value)


@given(st.lists(_any, min_size=1, max_size=12))
def test_an_end_is_never_left(said: Sequence[TrainingChange]) -> None:
    states = [fold(None, said[:count]) for count in range(1, len(said) + 1)]

    for before, after in pairwise(states):
        if before.status.is_final:
            kept = ("status", "word", "progress", "queue", "ended_at", "error", "updated_at")
            assert [getattr(after, name) for name in kept] == [
                getattr(before, name) for name in kept
            ]
            assert before.result is None or after.result == before.result


@given(st.lists(_any, min_size=1, max_size=12))
def test_what_is_said_twice_is_said_once(said: Sequence[TrainingChange]) -> None:
    doubled = [one for change in said for one in (change, change)]

    assert fold(None, doubled) == fold(None, said)


@given(st.lists(_under_way, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_until_the_end_any_order_gives_the_same(
    said: Sequence[TrainingChange], chance: random.Random
) -> None:
    shuffled = chance.sample(said, len(said))

    # Two that are said at one and the same instant are told apart by what they say.
    assert fold(None, [*shuffled, ended()]) == fold(None, [*said, ended()])


@given(st.lists(_under_way, min_size=1, max_size=10))
def test_progress_only_grows(said: Sequence[TrainingChange]) -> None:
    shown = [fold(None, said[:count]).progress or 0 for count in range(1, len(said) + 1)]

    assert shown == sorted(shown)


@given(st.lists(_any, max_size=8), st.sampled_from(_ENDS))
def test_a_late_call_changes_nothing_that_was_known(
    said: Sequence[TrainingChange], status: TrainingStatus
) -> None:
    first = TrainingChange(
        training_id="r-1", at=0, facts={"request_id": "r-1", "finetune_id": "f"}, meta={}
    )
    over = fold(None, [first, *said, replace(ended(status), result={"lora": 0})])
    late = TrainingChange(
        training_id="r-1",
        at=99,
        facts={"request_id": "forged", "finetune_id": "forged"},
        status=TrainingStatus.ERROR if over.status is not TrainingStatus.ERROR else status,
        word="forged",
        progress=1,
        queue_position=1,
        error="forged",
        meta={"forged": True},
    )

    assert fold(over, [late]) == over


def test_a_result_that_comes_after_the_end_is_taken_once() -> None:
    brought = replace(ended(at=60), result={"lora": 1}, files=(ResultFile("l", "https://a/l"),))
    other = replace(brought, result={"lora": 2})

    training = fold(None, [ended(), brought, other])

    assert (training.result, training.ended_at) == ({"lora": 1}, 50)
    assert [file.name for file in training.files] == ["l"]


def test_a_training_that_failed_takes_no_result() -> None:
    late = replace(ended(at=60), result={"lora": 1})

    training = fold(None, [ended(TrainingStatus.ERROR), late])

    assert (training.status, training.result) == (TrainingStatus.ERROR, None)


def test_what_is_too_large_is_left_in_its_event() -> None:
    files = tuple(ResultFile(f"{n}", f"https://a/{n}") for n in range(MAX_FILES + 5))
    training = fold(None, [replace(ended(), result={"a": "x" * MAX_RESULT_BYTES}, files=files)])

    assert training.result == {}
    assert len(training.files) == MAX_FILES


def test_a_training_first_heard_of_by_its_end_has_no_beginning() -> None:
    alone = fold(None, [ended()])
    registered = TrainingChange(training_id="r-1", at=20, is_registration=True)

    assert alone.began_at is None
    assert fold(None, [registered, ended()]).began_at == 20
    assert fold(None, [replace(registered, at=70), ended()]).began_at is None
    assert fold(None, [ended(), replace(registered, at=70)]).registered_at == 70


def test_the_registration_names_the_project() -> None:
    said = TrainingChange(training_id="r-1", at=1, is_registration=True, meta={"project": " ava "})

    assert fold(None, [said]).project == "ava"
    assert fold(None, [replace(said, meta={"project": 7})]).project == ""
    assert Training().project == ""


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((word, TrainingStatus.COMPLETED) for word in ("OK", "COMPLETED", "completed")),
        *((word, TrainingStatus.ERROR) for word in ("ERROR", "FAILED", "failed", "payload_error")),
        *(
            (word, TrainingStatus.TRAINING)
            for word in ("IN_QUEUE", "IN_PROGRESS", "queued", "in_progress")
        ),
        *((word, TrainingStatus.CANCELLED) for word in ("CANCELLED", "cancelled")),
        *((word, None) for word in ("", "null", "whatever", "success")),
    ],
)
def test_a_word_means(word: str, status: TrainingStatus | None) -> None:
    assert training_status(word) is status


def test_every_status_has_its_event_type() -> None:
    assert set(EVENT_TYPES) == set(TrainingStatus)
