"""Events leave as CloudEvents 1.0, with what their sender gave as it was."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tocsin.model.cloudevent import cloudevent_of, event_json
from tocsin.model.event import Event

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2024, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
EVENT = Event(
    seq=7,
    id="an-id",
    source="deployment",
    type="step_started",
    project="shop",
    subject="42",
    occurred_at=NOON,
    received_at=LATER,
    data={"step_name": "build"},
    occurred_text=None,
    attributes=None,
)
SENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "A-1",
    "source": "https://ci.example.org/jobs",
    "type": "org.example.built",
    "subject": "job 3",
    "time": "2024-01-01T20:00:00+08:00",
    "dataschema": "https://example.org/schema",
    "attempt": 2,
}


def test_an_event_of_another_source_becomes_a_cloudevent() -> None:
    assert cloudevent_of(EVENT) == {
        "specversion": "1.0",
        "id": "an-id",
        "source": "/tocsin/deployment",
        "type": "step_started",
        "subject": "42",
        "time": "2024-01-01T12:00:00.000Z",
        "datacontenttype": "application/json",
        "project": "shop",
        "sequence": "7",
        "data": {"step_name": "build"},
    }


def test_what_is_empty_is_left_out() -> None:
    told = cloudevent_of(replace(EVENT, project="", subject="", data=None))

    assert not {"project", "subject", "data"} & set(told)


def test_what_a_sender_of_cloudevents_gave_comes_back_as_it_was() -> None:
    told = cloudevent_of(replace(EVENT, source="cloudevents", attributes=SENT))

    assert {name: told[name] for name in SENT} == SENT


def test_data_in_base64_comes_back_in_base64() -> None:
    sent = SENT | {"data_base64": "AAE=", "datacontenttype": "application/octet-stream"}

    told = cloudevent_of(replace(EVENT, attributes=sent, data=None))

    assert told["data_base64"] == "AAE="
    assert "data" not in told


def test_an_event_has_all_its_fields_in_our_own_form() -> None:
    assert event_json(EVENT) == {
        "seq": 7,
        "id": "an-id",
        "source": "deployment",
        "type": "step_started",
        "project": "shop",
        "subject": "42",
        "occurred_at": "2024-01-01T12:00:00.000Z",
        "received_at": "2024-01-01T12:00:00.250Z",
        "data": {"step_name": "build"},
    }


def test_a_time_that_was_none_and_attributes_are_shown_where_there_are_any() -> None:
    told = event_json(replace(EVENT, occurred_text="...", attributes=SENT))

    assert (told["occurred_text"], told["attributes"]) == ("...", SENT)
