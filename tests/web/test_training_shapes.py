"""What one may register a training with."""

import pytest
from pydantic import ValidationError

from tocsin.model.training import EVENT_TYPES, REGISTERED, TrainingStatus
from tocsin.store.training_files import FileState
from tocsin.web import training_shapes
from tocsin.web.training_shapes import NewTraining, TrainingsQuery


def test_the_words_of_the_document_are_those_of_the_model() -> None:
    def words(name: str) -> set[str]:
        return set(getattr(training_shapes, name).__args__)

    assert words("Status") == {status.value for status in TrainingStatus}
    assert words("FileStatus") == {state.value for state in FileState}
    assert words("EventType") == {REGISTERED, *EVENT_TYPES.values()}


def test_what_is_left_out_is_not_known() -> None:
    new = NewTraining(request_id="r-1")

    assert (new.endpoint, new.training_type, new.meta) == ("", None, {})


@pytest.mark.parametrize("endpoint", ["fal-ai/trainer", "fal-ai/trainer/v2", "Me.1/my_app"])
def test_an_endpoint_is_two_names_or_more(endpoint: str) -> None:
    assert NewTraining(request_id="r-1", endpoint=endpoint).endpoint == endpoint


@pytest.mark.parametrize("endpoint", ["/a/b", "a//b", "a/b/", "a/..", "a/b?c", "a b/c", "a"])
def test_what_could_lead_elsewhere_is_none(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        NewTraining(request_id="r-1", endpoint=endpoint)


def test_empty_values_of_a_query_are_passed_over() -> None:
    query = TrainingsQuery.model_validate({"status": ["", "error"], "training_type": [""]})

    assert (query.status, query.training_type) == ([TrainingStatus.ERROR], [])
