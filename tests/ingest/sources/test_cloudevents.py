"""CloudEvents are taken in structured, binary and batched form, and come back as they were."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.receiving import receiving_in
from tests.ingest.samples import RECEIVED_AT, call, sample
from tocsin.errors import Reason, Rejected
from tocsin.ingest.sources import cloudevents
from tocsin.ingest.sources.cloudevents import BATCH, MAX_BATCH_EVENTS, STRUCTURED
from tocsin.model.cloudevent import cloudevent_of
from tocsin.model.event import Event, NewEvent

OPTIONS = cloudevents.Options()
EVENT = {"specversion": "1.0", "id": "1", "source": "/sensors/7", "type": "temperature"}
HEADERS = {f"ce-{name}": value for name, value in EVENT.items()}


def read(said: Any, content_type: str = STRUCTURED) -> list[NewEvent]:
    return cloudevents.read(
        call(json.dumps(said).encode(), {"content-type": content_type}), OPTIONS
    )


def refusal(said: Any, content_type: str = STRUCTURED) -> Rejected:
    with pytest.raises(Rejected) as raised:
        read(said, content_type)
    return raised.value


def as_read(new: NewEvent) -> dict[str, Any]:
    """How a reader of CloudEvents sees the event, but for its place in the journal."""
    stored = Event(
        7,
        new.id,
        new.source,
        new.type,
        new.project,
        new.subject,
        new.occurred_at,
        new.received_at,
        new.data,
        new.occurred_text,
        new.attributes,
    )
    told = cloudevent_of(stored)
    assert told.pop("sequence") == "7"
    return told


def test_a_structured_event_comes_back_as_it_was() -> None:
    one = sample("cloudevents", "structured")

    (event,) = cloudevents.read(one.call(), OPTIONS)

    assert as_read(event) == json.loads(one.body)
    assert (event.type, event.project) == ("org.example.job.finished", "axi-star-cloud")
    assert (event.id, event.subject) == ("A234-1234-1234", "job 118")
    assert event.occurred_at == datetime(2024, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def test_the_events_of_a_batch_come_back_as_they_were() -> None:
    one = sample("cloudevents", "batch")

    events = cloudevents.read(one.call(), OPTIONS)

    said = json.loads(one.body)
    assert [event.id for event in events] == ["1", "2", "3"]
    for event, was in zip(events, said, strict=True):
        told = as_read(event)
        assert {name: told[name] for name in was} == was
        assert event.occurred_at == RECEIVED_AT


def test_a_binary_event_has_its_attributes_in_headers() -> None:
    (event,) = cloudevents.read(sample("cloudevents", "binary").call(), OPTIONS)

    assert (event.id, event.subject) == ("B234", "100% 完成")
    assert event.data == {"status": "success"}
    assert event.attributes is not None
    assert event.attributes["datacontenttype"] == "application/json"


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        ("", b"[1]", [1]),
        ("application/json; charset=utf-8", b"7", 7),
        ("application/problem+json", b"{}", {}),
        ("text/plain", "21.5 °C".encode(), "21.5 °C"),
        ("text/plain", b"a\x00b", "a\ufffdb"),
        ("", b"", None),
        ("text/plain", b"", None),
    ],
)
def test_binary_data_is_what_its_content_type_says(
    content_type: str, body: bytes, data: object
) -> None:
    headers = {**HEADERS, **({"content-type": content_type} if content_type else {})}

    (event,) = cloudevents.read(call(body, headers), OPTIONS)

    assert event.data == data
    assert "data_base64" not in as_read(event)


@given(st.binary(min_size=1))
def test_binary_data_that_is_no_text_comes_back_byte_for_byte(body: bytes) -> None:
    (event,) = cloudevents.read(call(body, {**HEADERS, "content-type": "image/png"}), OPTIONS)

    told = as_read(event)
    if "data_base64" in told:
        assert base64.b64decode(told["data_base64"]) == body
    else:
        assert told["data"] == body.decode().replace("\x00", "\ufffd")


def test_source_and_id_together_are_the_identity() -> None:
    (one,), (again,), (other,) = (
        read(said) for said in (EVENT, {**EVENT, "data": 1}, {**EVENT, "source": "/sensors/8"})
    )

    assert one.dedupe == again.dedupe
    assert one.dedupe != other.dedupe


@pytest.mark.parametrize(
    "changed",
    [
        {"specversion": "0.3"},
        {"specversion": 1.0},
        {"id": ""},
        {"id": None},
        {"id": 7},
        {"id": "x" * 201},
        {"id": "a\x00b"},
        {"source": ""},
        {"source": "x" * 1_001},
        {"source": "/tocsin/tocsin"},
        {"type": ["temperature"]},
        {"type": "x" * 201},
        {"type": "\ud800"},
        {"subject": "x" * 201},
        {"subject": 7},
        {"project": "x" * 201},
        {"time": "yesterday"},
        {"time": 1_704_110_400},
        {"time": ""},
        {"data_base64": "no Base64"},
        {"data_base64": 7},
        {"attempt": 1.5},
        {"attempt": []},
        {"attempt": 2**31},
        {"attempt": -(2**31) - 1},
        {"Attempt": 1},
        {"my_attempt": 1},
        {"x" * 61: 1},
        {"": 1},
    ],
    ids=str,
)
def test_an_attribute_that_is_wrong_is_named(changed: dict[str, Any]) -> None:
    (name,) = changed

    error = refusal({**EVENT, **changed})
    of_batch = refusal([EVENT, {**EVENT, **changed}], BATCH)

    assert (error.status, error.reason) == (422, Reason.BAD_FIELD)
    assert [fault.field for fault in error.fields] == [name[:60]]
    assert [fault.field for fault in of_batch.fields] == [f"1.{name[:60]}"]


@pytest.mark.parametrize(
    "more",
    [
        {"subject": ""},
        {"subject": None},
        {"time": None},
        {"data": None},
        {"attempt": 2**31 - 1},
        {"attempt": -(2**31)},
        {"sampled": True},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"x" * 60: ""},
        {"data_base64": "AAE="},
    ],
    ids=str,
)
def test_an_attribute_that_is_right_is_kept(more: dict[str, Any]) -> None:
    (event,) = read({**EVENT, **more})

    expected = {name: value for name, value in more.items() if value is not None}
    assert event.attributes == {**EVENT, **expected}


@pytest.mark.parametrize("content_type", ["", "application/json", f"{STRUCTURED}; charset=utf-8"])
def test_a_structured_event_is_known_by_several_content_types(content_type: str) -> None:
    assert len(read(EVENT, content_type)) == 1


@pytest.mark.parametrize(("said", "content_type"), [([EVENT], STRUCTURED), (EVENT, BATCH)])
def test_an_array_is_no_event_and_an_event_no_batch(said: Any, content_type: str) -> None:
    error = refusal(said, content_type)

    assert (error.status, error.reason) == (400, Reason.UNREADABLE)


def test_what_is_no_event_refuses_the_whole_batch_and_is_named() -> None:
    error = refusal([EVENT, 7], BATCH)

    assert (error.status, error.fields[0].field) == (422, "1")


def test_a_batch_may_be_empty_but_not_endless() -> None:
    assert read([], BATCH) == []
    assert refusal([EVENT] * (MAX_BATCH_EVENTS + 1), BATCH).status == 422


def test_another_content_type_is_415() -> None:
    error = refusal(EVENT, "text/plain")

    assert (error.status, error.reason) == (415, Reason.WRONG_CONTENT_TYPE)


def test_what_cannot_be_kept_in_data_is_replaced() -> None:
    (event,) = read({**EVENT, "note": "a\x00", "data": {"a\x00": ["\ud800"]}})

    assert event.data == {"a\ufffd": ["\ufffd"]}
    assert event.attributes is not None
    assert event.attributes["note"] == "a\ufffd"


def test_a_wrong_header_is_named_like_a_wrong_attribute() -> None:
    with pytest.raises(Rejected) as raised:
        cloudevents.read(call(b"", {**HEADERS, "ce-time": "yesterday"}), OPTIONS)

    assert [fault.field for fault in raised.value.fields] == ["time"]


# --- the two addresses


@pytest.mark.parametrize("name", ["structured", "binary", "batch", "wrong_specversion"])
async def test_both_addresses_are_one(name: str, tmp_path: Path) -> None:
    one = sample("cloudevents", name)
    async with receiving_in(tmp_path) as receiving:
        hook = await receiving.post("/hooks/cloudevents", one.body, one.headers)
        stored = await receiving.stored()
        api = await receiving.post("/api/v1/events", one.body, one.headers)

        # The same delivery, wherever it comes in.
        assert (hook.status, hook.body) == (api.status, api.body)
        assert await receiving.stored() == stored
