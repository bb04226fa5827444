"""Fields are lenient about spelling and strict about meaning; each fault is named."""

from typing import Any

import pytest
from hypothesis import given
from pydantic import BaseModel, ConfigDict

from tests.ingest.samples import ANY_JSON
from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.ingest.fields import (
    MAX_DURATION_S,
    MAX_NAME_CHARS,
    Duration,
    Name,
    bad_fields,
    validated,
)
from tocsin.model.logline import clean_text


class Message(BaseModel):
    """A message with one field of each type."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    name: Name = None
    duration: Duration = None
    metrics: dict[str, Any] | None = None


def faults(value: Any) -> list[tuple[str, str]]:
    with pytest.raises(Rejected) as raised:
        validated(Message, value)
    assert (raised.value.status, raised.value.reason) == (400, Reason.BAD_FIELD)
    return [(fault.field, fault.message) for fault in raised.value.fields]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("build", "build"),
        ("  build\n", "build"),
        ("", ""),
        (" ", ""),
        (None, None),
        (118, "118"),
        (0, "0"),
        (1.5, "1.5"),
        ("x" * MAX_NAME_CHARS, "x" * MAX_NAME_CHARS),
        (" " + "x" * MAX_NAME_CHARS, "x" * MAX_NAME_CHARS),
        ("日" * MAX_NAME_CHARS, "日" * MAX_NAME_CHARS),
        ("a\nb", "a\nb"),
    ],
)
def test_a_name_is_short_text_without_surrounding_space(said: Any, name: str | None) -> None:
    assert validated(Message, {"name": said}).name == name


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("x" * (MAX_NAME_CHARS + 1), "expected at most 200 characters"),
        ("a\x00b", "expected text without NUL and lone surrogates"),
        ("a\ud800b", "expected text without NUL and lone surrogates"),
        (True, "expected text"),
        ([], "expected text"),
        ({}, "expected text"),
    ],
)
def test_what_can_be_no_name_is_refused_in_words(said: Any, message: str) -> None:
    assert faults({"name": said}) == [("name", message)]


@pytest.mark.parametrize(
    ("said", "duration"),
    [
        (12, 12.0),
        (0, 0.0),
        (-0.0, 0.0),
        ("12", 12.0),
        (" 12.5 ", 12.5),
        ("", None),
        ("null", None),
        ("None", None),
        ("undefined", None),
        (None, None),
        (MAX_DURATION_S, MAX_DURATION_S),
    ],
)
def test_a_duration_is_seconds_also_as_text(said: Any, duration: float | None) -> None:
    found = validated(Message, {"duration": said}).duration

    assert str(found) == str(duration)


@pytest.mark.parametrize(
    "said",
    [
        *(-1, -0.001, MAX_DURATION_S + 1, 10**400, float("nan"), float("inf"), "NaN", "-1"),
        *("1e999", "soon", "12s", True, [], {}, "\ud800"),
    ],
)
def test_what_can_be_no_duration_is_refused_in_words(said: Any) -> None:
    ((field, message),) = faults({"duration": said})

    assert field == "duration"
    assert message.startswith("expected a number of seconds")


def test_every_fault_is_named_and_no_value_is_shown() -> None:
    said = {"name": ["a secret"], "duration": "a secret", "metrics": "a secret"}

    found = faults(said)

    assert [field for field, _ in found] == ["name", "duration", "metrics"]
    assert ("metrics", "expected an object") in found
    assert "a secret" not in str(found)


def test_a_refusal_tells_its_first_faults_in_its_text() -> None:
    error = bad_fields([FieldFault(f"f{at}", "expected text") for at in range(9)], status=422)

    assert error.status == 422
    assert error.message.count("expected text") == 5
    assert len(error.fields) == 9


def taken_or_refused(said: Any) -> Rejected | Message:
    try:
        return validated(Message, said)
    except Rejected as error:
        return error


@given(ANY_JSON, ANY_JSON, ANY_JSON)
def test_any_value_is_taken_or_refused(name: Any, duration: Any, metrics: Any) -> None:
    said = {"name": name, "duration": duration, "metrics": metrics}

    found = taken_or_refused(said)

    if isinstance(found, Rejected):
        assert {fault.field.partition(".")[0] for fault in found.fields} <= set(said)
        assert clean_text(found.message) == found.message
        return
    if found.name is not None:
        assert len(found.name) <= MAX_NAME_CHARS
        assert clean_text(found.name) == found.name
    assert found.duration is None or 0 <= found.duration <= MAX_DURATION_S
