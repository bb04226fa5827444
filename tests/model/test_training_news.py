"""What a training's result has to bring, and which files it names."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tests.ingest.samples import ANY_JSON
from tocsin.model.logline import clean_text
from tocsin.model.training import (
    MAX_FILES,
    ResultFile,
    Training,
    TrainingChange,
    TrainingStatus,
)
from tocsin.model.training_news import (
    error_text,
    files_of,
    judged,
    lora_address,
    missing_of,
    registration,
    training_event,
    web_address,
)
from tocsin.testing.clock import START

URL = "https://v3.fal.media/files/a/weights.safetensors"


@pytest.mark.parametrize(
    ("result", "address"),
    [
        ({"diffusers_lora_file": {"url": URL}}, URL),
        ({"lora_file": URL}, URL),
        ({"diffusers_lora_file": {"url": 7}, "lora_file": {"url": URL}}, URL),
        ({"config_file": {"url": URL}}, ""),
        ({"diffusers_lora_file": {}}, ""),
        ({"diffusers_lora_file": "not an address"}, ""),
        ({}, ""),
    ],
)
def test_the_lora_is_where_the_trainers_put_it(result: Any, address: str) -> None:
    assert lora_address(result) == address


def test_what_is_missing_is_told_by_type() -> None:
    assert missing_of("portrait", None, "f")
    assert missing_of("style", {"diffusers_lora_file": {"url": URL}}, "")
    assert not missing_of("portrait", {"diffusers_lora_file": {"url": URL}}, "")
    assert not missing_of("style", None, "f")
    assert not missing_of("", None, "")


def test_an_end_is_held_against_what_is_known() -> None:
    def said(**what: Any) -> TrainingChange:
        return TrainingChange(training_id="r-1", at=5, status=TrainingStatus.COMPLETED, **what)

    portrait = Training(facts={"training_type": (1, "portrait")})
    style = Training(facts={"training_type": (1, "style"), "finetune_id": (1, "f")})
    lora = said(result={"diffusers_lora_file": {"url": URL}})
    late = replace(portrait, status=TrainingStatus.COMPLETED)
    progress = TrainingChange(training_id="r-1", at=5)

    failed = judged(portrait, said(result={"seed": 1}, files=(ResultFile("a", URL),)))

    assert (failed.status, failed.result, failed.files) == (TrainingStatus.ERROR, None, ())
    assert failed.error
    for known, change in ((portrait, lora), (style, said()), (None, said()), (late, said())):
        assert judged(known, change) is change
    assert judged(portrait, progress) is progress


def test_each_file_of_a_result_is_named_once() -> None:
    result = {
        "diffusers_lora_file": {"url": URL, "file_name": "../lora.safetensors"},
        "same": {"url": URL},
        "images": [{"url": "https://fal.media/1.png"}, {"url": "https://fal.media/"}],
        "deep": {"er": {"and": {"deeper": {"url": "https://fal.media/never"}}}},
        "text": URL,
    }

    assert files_of(result) == (
        ResultFile("lora.safetensors", URL),
        ResultFile("1.png", "https://fal.media/1.png"),
        ResultFile("images", "https://fal.media/"),
    )


def test_there_are_never_too_many_files() -> None:
    many = {"images": [{"url": f"https://fal.media/{n}"} for n in range(100)]}

    assert len(files_of(many)) == MAX_FILES


@given(ANY_JSON)
def test_whatever_is_a_result_has_files_that_can_be_kept(result: Any) -> None:
    for file in files_of({"payload": result}):
        assert file.name
        assert clean_text(file.name) == file.name
        assert "/" not in file.name


@given(ANY_JSON)
def test_whatever_is_told_as_an_error_is_a_text(said: Any) -> None:
    assert isinstance(error_text(said, {"detail": said}), str)


def test_the_first_that_tells_what_went_wrong_counts() -> None:
    detail = {"detail": [{"msg": "a"}, {"msg": ""}, "b", 7]}

    assert error_text(None, "", " said ", detail) == "said"
    assert error_text(None, {"detail": ""}, detail) == "a; b"
    assert error_text({"message": "m"}) == "m"
    assert error_text(7, [], {}) == ""


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        (URL, True),
        (f" {URL} ", True),
        ("http://fal.media/a", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://[bad/", False),
        ("https://fal.media/a\nb", False),
        ("https://fal.media/" + "a" * 2000, False),
        (None, False),
    ],
)
def test_an_address_is_one_of_the_web(said: Any, is_one: bool) -> None:
    assert web_address(said) == (said.strip() if is_one else "")


def test_a_second_registration_is_the_repeat_of_the_first() -> None:
    parts: dict[str, Any] = {"endpoint": "a/b", "training_type": "", "by": "me", "at": START}
    first = registration(request_id="r-1", meta={"n": 1}, **parts)
    again = registration(request_id="r-1", meta={"n": 2}, **parts)
    other = registration(request_id="r-2", meta={}, **parts)

    assert first.dedupe == again.dedupe
    assert first.dedupe != other.dedupe
    assert first.data["by"] == "me"


def test_an_event_without_a_status_tells_of_progress() -> None:
    change = TrainingChange(training_id="r-1", at=1)
    failed = TrainingChange(training_id="r-1", at=1, status=TrainingStatus.ERROR)

    assert training_event(change, {}, START, None).type == "training.progressed"
    assert training_event(failed, {}, START, "k").type == "training.failed"
