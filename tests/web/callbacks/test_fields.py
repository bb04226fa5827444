"""Of each field what is taken, and what is said of anything else."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tocsin.web.callbacks import fields
from tocsin.web.callbacks.fields import project_name


@pytest.mark.parametrize(
    ("field", "taken"),
    [
        (fields.Name, "news"),
        (fields.Config, {"url": "https://a.example", "n": 1}),
        (fields.EventPatterns, ["canary_*"]),
        (fields.GroupedBy, ["project", "data.host.name"]),
        (fields.Zone, "Asia/Shanghai"),
        (fields.TimeOfDay, "23:59"),
        (fields.Seconds, 86_400),
        (fields.AnyId, "x" * 64),
    ],
)
def test_what_is_meant_is_taken_as_it_is(field: Any, taken: Any) -> None:
    assert TypeAdapter(field).validate_python(taken) == taken


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (fields.Name, " a"),
        (fields.Config, {"n": 2**64}),
        (fields.Config, {"url": "x" * fields.MAX_CONFIG_BYTES}),
        (fields.Config, {"url": "\0"}),
        (fields.EventPatterns, [""]),
        (fields.GroupedBy, ["data."]),
        (fields.Zone, "Mars/Base"),
        (fields.TimeOfDay, "24:00"),
        (fields.Seconds, True),
        (fields.AnyId, "a\0"),
    ],
)
def test_of_anything_else_it_is_said_what_was_expected(field: Any, said: Any) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(field).validate_python(said)

    assert "expected" in raised.value.errors()[0]["msg"]


@pytest.mark.parametrize("name", ["", "a\nb", " a", "x" * 201, "\ud800"])
def test_a_project_has_a_name_that_people_can_read(name: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        project_name(name)
