"""What is taken of callbacks from outside, also as programs of other languages send it."""

from datetime import time
from typing import Any

import pytest
from pydantic import ValidationError

from tocsin.model.callback import Grouping, QuietHours
from tocsin.web.callbacks.shapes import CallbackChange, GroupingShape, NewCallback, QuietHoursShape

QUIET = QuietHours("Asia/Shanghai", time(22), time(8, 30), ("alert.*",))
GROUPING = Grouping(("project", "data.host"), 30, 300)


def test_quiet_hours_and_groups_come_back_as_they_were() -> None:
    assert QuietHoursShape.of(QUIET).as_model() == QUIET
    assert GroupingShape.of(GROUPING).as_model() == GROUPING
    assert QuietHoursShape.of(QUIET).model_dump(by_alias=True)["from"] == "22:00"


def test_null_is_an_empty_list_and_an_empty_text_is_no_project() -> None:
    channels = [{"type": "feishu", "config": {}, "template_id": ""}]
    said = NewCallback.model_validate({"events": None, "condition": None, "channels": channels})
    changed = CallbackChange.model_validate({"project_id": ""})

    assert (said.events, said.condition, said.channels[0].template_id) == ([], "", None)
    assert changed.project_id is None


def test_what_answers_have_beside_it_is_passed_over() -> None:
    beside = {"id": "x", "project_id": "p", "created_at": "0001-01-01T00:00:00Z", "updated_at": ""}
    channel: Any = {
        "type": "feishu",
        "config": {},
        "label": "l",
        "destination_id": None,
        "state": {},
    }
    said = NewCallback.model_validate({"channels": [channel], "state": {}, **beside})

    assert said.channels[0].type == "feishu"


@pytest.mark.parametrize("said", [[], "text", None, {"channels": {}}, {"channels": ["x"]}])
def test_other_things_are_no_callback(said: Any) -> None:
    with pytest.raises(ValidationError):
        NewCallback.model_validate(said)


def test_of_very_many_fields_not_each_is_told() -> None:
    with pytest.raises(ValidationError) as raised:
        NewCallback.model_validate({f"field-{number}": 1 for number in range(101)})

    assert [one["msg"] for one in raised.value.errors()] == [
        "Value error, expected at most 100 fields"
    ]
