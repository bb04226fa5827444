"""What FAL's answers tell of a training."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import ANY_JSON
from tocsin.model.training import Training, TrainingStatus
from tocsin.watch.fal_answers import (
    address_of,
    is_complete,
    is_news,
    news_in_result,
    news_in_status,
    progress_of,
)

QUEUE = "https://queue.fal.run"


def status(**said: Any) -> Any:
    return news_in_status("r-1", said, 5)


@pytest.mark.parametrize(
    ("endpoint", "request_id", "address"),
    [
        ("fal-ai/trainer", "r-1", f"{QUEUE}/fal-ai/trainer/requests/r-1"),
        ("fal-ai/trainer/v2/fast", "r-1", f"{QUEUE}/fal-ai/trainer/requests/r-1"),
        ("workflows/me/mine/x", "r-1", f"{QUEUE}/workflows/me/mine/requests/r-1"),
        ("a/b", "../../x?y#z", f"{QUEUE}/a/b/requests/..%2F..%2Fx%3Fy%23z"),
    ],
)
def test_a_request_is_asked_after_at_its_application(
    endpoint: str, request_id: str, address: str
) -> None:
    assert address_of(f"{QUEUE}/", endpoint, request_id) == address


def test_a_place_in_the_queue_is_told() -> None:
    change = status(status="IN_QUEUE", queue_position=4)

    assert (change.status, change.queue_position) == (TrainingStatus.TRAINING, 4)


def test_progress_is_read_out_of_the_log() -> None:
    logs = [{"message": "step 100/1000"}, {"message": "step 450/1000"}, {"message": "saved"}]

    change = status(status="IN_PROGRESS", logs=logs)

    assert (change.status, change.progress) == (TrainingStatus.TRAINING, 45)


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        (" 45%|####5     | 450/1000 [01:02<01:15, 7.3it/s]", 45),
        ("10%\r 20%\r 31.5% done", 31),
        ("Steps: 7 / 20", 35),
        ("epoch 3/3, step 1/4", 25),
        ("100% | 1000/1000", 100),
        ("loss 0.25 on 2026/11/22", None),
        ("1000/10", None),
        ("5/0", None),
        ("250% of the memory", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_a_line_tells(line: str, progress: int | None) -> None:
    assert progress_of([{"message": line}]) == progress
    assert progress_of([line]) == progress


@given(ANY_JSON)
def test_whatever_stands_for_a_log_is_read(logs: Any) -> None:
    found = progress_of(logs)

    assert found is None or 0 <= found <= 100


def test_an_end_is_told_by_its_result() -> None:
    said = {"status": "COMPLETED", "metrics": {"inference_time": 3}}

    assert status(**said) is None
    assert is_complete(said)
    assert not is_complete({"status": "IN_PROGRESS"})
    assert not is_complete({"status": 7})


def test_an_end_with_an_error_has_failed() -> None:
    change = status(status="COMPLETED", error="out of memory", error_type="oom")

    assert (change.status, change.error) == (TrainingStatus.ERROR, "out of memory")


@given(st.dictionaries(st.sampled_from(["status", "error", "logs", "queue_position"]), ANY_JSON))
def test_whatever_is_answered_is_read(said: dict[str, Any]) -> None:
    change = news_in_status("r-1", said, 5)

    assert change is None or change.training_id == "r-1"


def test_a_result_brings_its_files_and_its_finetune_id() -> None:
    said = {"diffusers_lora_file": {"url": "https://v3.fal.media/l"}, "finetune_id": " f "}

    change = news_in_result("r-1", Training(), 200, said, 5)

    assert change.status is TrainingStatus.COMPLETED
    assert (change.result, change.facts["finetune_id"]) == (said, "f")
    assert [file.url for file in change.files] == ["https://v3.fal.media/l"]


@pytest.mark.parametrize("kind", ["portrait", "style"])
def test_a_result_without_what_its_type_brings_is_a_failure(kind: str) -> None:
    registered = Training(facts={"training_type": (1, kind)})

    change = news_in_result("r-1", registered, 200, {"seed": 1}, 5)

    assert (change.status, change.result, change.files) == (TrainingStatus.ERROR, None, ())
    assert change.error


def test_a_refused_result_is_what_went_wrong() -> None:
    said = {"detail": [{"msg": "images are too small"}]}

    assert news_in_result("r-1", Training(), 422, said, 5).error == "images are too small"
    assert "422" in news_in_result("r-1", Training(), 422, None, 5).error


def test_what_is_known_already_is_no_news() -> None:
    known = Training(word=(3, "IN_QUEUE"), progress=10, queue=(3, 4))

    assert not is_news(known, status(status="IN_QUEUE", queue_position=4))
    assert is_news(known, status(status="IN_QUEUE", queue_position=3))
    assert is_news(known, status(status="IN_PROGRESS"))
    assert is_news(known, status(status="IN_QUEUE", logs=["11%"]))
    assert not is_news(known, status(status="IN_QUEUE", logs=["9%"]))
    assert is_news(known, status(status="ERROR"))
