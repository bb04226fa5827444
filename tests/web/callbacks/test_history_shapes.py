"""The calls of an attempt, however they are kept, and what is asked of the history."""

import pytest
from pydantic import ValidationError

from tocsin.model.delivery import DeliveryKind
from tocsin.model.delivery_history import HistoryFilter, HistoryStatus
from tocsin.web.callbacks.history_shapes import DeliveriesQuery, Replay, calls_of


@pytest.mark.parametrize(
    ("kept", "calls"),
    [("", []), ('{"url":"a"}', [{"url": "a"}]), ('[{"url":"a"},{"url":"b"}]', ["a", "b"])],
)
def test_an_attempt_has_one_call_or_several(kept: str, calls: list[object]) -> None:
    found = calls_of(kept)

    assert [one["url"] for one in found] == [
        one["url"] if isinstance(one, dict) else one for one in calls
    ]


def test_what_is_asked_becomes_a_filter() -> None:
    query = DeliveriesQuery.model_validate(
        {"event_type": ["a*", ""], "channel": ["lark", "x"], "status": ["failed"], "kind": ["test"]}
    )

    assert query.filter({"lark": "feishu"}.get, task_id="t") == HistoryFilter(
        task_id="t",
        event_types=("a*",),
        channel_types=("feishu", "x"),
        statuses=(HistoryStatus.FAILED,),
        kinds=(DeliveryKind.TEST,),
    )


def test_a_channel_is_asked_for_by_the_name_that_rows_have_for_it_too() -> None:
    query = DeliveriesQuery.model_validate({"channel": ["x"], "channel_type": ["lark", ""]})

    assert query.filter({"lark": "feishu"}.get).channel_types == ("x", "feishu")


@pytest.mark.parametrize(
    ("said", "types"),
    [("canary_*", ("canary_*",)), (["a", "b*"], ("a", "b*")), ("", ())],
)
def test_a_replay_takes_one_type_as_a_text(said: object, types: tuple[str, ...]) -> None:
    body = Replay.model_validate({"event_type": said, "status": "failed"})

    assert body.wish(lambda _name: None).event_types == types


def test_a_replay_of_everything_is_nothing_anybody_means() -> None:
    with pytest.raises(ValidationError):
        Replay.model_validate({"event_type": []})
