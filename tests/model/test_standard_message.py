"""Any event as the standard message: the document's as they were sent, others as far as known."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.appending import after
from tocsin.model.event import Event
from tocsin.model.standard_message import standard_digest, standard_of, task_id_of
from tocsin.model.standard_reading import read_standard

DOCUMENT = {
    "event_type": "canary_started",
    "project": {"id": "my-app", "name": "My App", "description": "The shop"},
    "version": {"id": "v-17", "name": "v1.2.3", "description": "Faster"},
    "task": {"id": "task-1", "type": "deploy", "strategy": "canary", "status": "running"},
    "deployment": {
        "total_count": 100,
        "canary_count": 10,
        "completed_count": 10,
        "failed_count": 0,
        "hosts": ["host1", "host2"],
    },
    "timestamp": "2026-01-06T20:00:00Z",
    "duration": "30s",
    "environment": "production",
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "project", "deployment", "hosts", "duration", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def event(kind: str, data: Any, **other: Any) -> Event:
    fields = {
        "seq": 7,
        "id": "e-7",
        "source": "deployment",
        "project": "shop",
        "subject": "run-1",
        "occurred_at": after(0),
        "received_at": after(1),
        "occurred_text": None,
        "attributes": None,
    }
    return Event(type=kind, data=data, **{**fields, **other})


def stored(body: dict[str, Any]) -> Event:
    """An event that came as a standard message."""
    new = read_standard(body, after(1))
    return Event(
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


def test_the_documents_own_message_comes_out_as_it_was_sent() -> None:
    assert standard_of(stored(DOCUMENT)) == DOCUMENT


def test_what_a_sender_added_stays_and_what_it_left_out_is_there_but_empty() -> None:
    sent = {
        "event_type": "full_completed",
        "project": {"name": "my-app", "owner": "ops", "description": None},
        "duration": 330,
        "ticket": "OPS-1",
    }

    told = standard_of(stored(sent))

    assert told["project"] == {"id": "my-app", "name": "my-app", "description": "", "owner": "ops"}
    assert told["deployment"] == {
        "total_count": 0,
        "completed_count": 0,
        "failed_count": 0,
        "hosts": [],
    }
    assert (told["duration"], told["ticket"], told["environment"]) == ("5m30s", "OPS-1", "")
    assert told["timestamp"] == "2026-01-01T00:00:01.000Z"


@pytest.mark.parametrize("sent", ["5", True, [1], {"a": 1}, "many"])
def test_what_is_no_number_is_no_count_and_what_is_no_list_of_texts_no_hosts(sent: Any) -> None:
    """Not all that comes as a standard message was looked at when it came."""
    names = ("total_count", "canary_count", "completed_count", "failed_count")
    data = DOCUMENT | {"deployment": {**dict.fromkeys(names, sent), "hosts": sent, "kept": sent}}

    told = standard_of(event("canary_started", data))

    assert told["deployment"] == {**dict.fromkeys(names, 0), "hosts": [], "kept": sent}


def test_of_hosts_those_are_told_that_have_a_name() -> None:
    told = standard_of(stored(DOCUMENT | {"deployment": {"hosts": ["a", None, "b"]}}))

    assert told["deployment"]["hosts"] == ["a", "b"]


def test_a_count_of_canaries_is_there_for_events_of_canaries_only() -> None:
    kinds = ["canary_started", "canary_completed", "full_completed", "step_started"]

    has = [kind for kind in kinds if "canary_count" in standard_of(event(kind, {}))["deployment"]]

    assert has == ["canary_started", "canary_completed"]


def test_a_deployment_message_is_told_as_far_as_it_is_known_with_the_whole_event() -> None:
    data = {
        "type": "deployment_completed",
        "status": "success",
        "duration": 330,
        "commit_hash": "abc123",
        "branch": "main",
        "serverHost": "web-1",
        "environment": "staging",
    }

    told = standard_of(event("deployment_completed", data))

    assert told == {
        "event_type": "deployment_completed",
        "project": {"id": "shop", "name": "shop", "description": ""},
        "version": {"id": "abc123", "name": "main", "description": ""},
        "task": {"id": "run-1", "type": "deploy", "strategy": "", "status": "success"},
        "deployment": {
            "total_count": 0,
            "completed_count": 0,
            "failed_count": 0,
            "hosts": ["web-1"],
        },
        "timestamp": "2026-01-01T00:00:00.000Z",
        "duration": "5m30s",
        "environment": "staging",
        "event": {
            "specversion": "1.0",
            "id": "e-7",
            "source": "/tocsin/deployment",
            "type": "deployment_completed",
            "time": "2026-01-01T00:00:00.000Z",
            "datacontenttype": "application/json",
            "subject": "run-1",
            "project": "shop",
            "sequence": "7",
            "data": data,
        },
    }


@pytest.mark.parametrize(
    ("kind", "data", "part", "value"),
    [
        ("push", {"deployment": {"environment": "staging"}}, "environment", "staging"),
        ("training.completed", {"status": "COMPLETED"}, "task", ("", "", "COMPLETED")),
        (
            "workflow_run",
            {"workflow_run": {"head_sha": "abc", "head_branch": "main", "conclusion": "success"}},
            "version",
            {"id": "abc", "name": "main", "description": ""},
        ),
        ("deployment.stalled", {}, "task", ("deploy", "", "")),
        (
            "note",
            {"deployType": "rollback", "strategy": "rolling"},
            "task",
            ("rollback", "rolling", ""),
        ),
        ("deployment_completed", {"deployType": "docker"}, "task", ("deploy", "", "")),
        ("note", {"duration": "soon"}, "duration", ""),
        ("note", {"duration": 1e300, "metrics": {"total_duration": 5}}, "duration", "5s"),
        ("note", {"duration": True}, "duration", ""),
        ("note", [1, 2], "duration", ""),
        ("note", {"hosts": ["a", 1, "b"]}, "hosts", ["a", "b"]),
        ("note", {"hosts": "a"}, "hosts", []),
    ],
)
def test_what_an_event_tells_is_found_under_its_many_names(
    kind: str, data: Any, part: str, value: Any
) -> None:
    told = standard_of(event(kind, data))

    found = {**told, "hosts": told["deployment"]["hosts"]}[part]
    if part == "task":
        found = (found["type"], found["strategy"], found["status"])
    assert found == value


def test_a_task_is_known_by_its_id_else_by_what_the_event_is_about() -> None:
    assert task_id_of(event("note", {"task": {"id": 12}})) == "12"
    assert task_id_of(event("note", {"task": "12"})) == "run-1"


@given(JSON, st.sampled_from(["canary_started", "note", "deployment_completed"]))
def test_every_event_has_a_standard_message_of_one_form(data: Any, kind: str) -> None:
    told = standard_of(event(kind, data))

    assert set(told) >= set(DOCUMENT)
    assert {name: type(value) for name, value in told["task"].items()} == dict.fromkeys(
        ("id", "type", "strategy", "status"), str
    )
    assert set(told["deployment"]) >= {"total_count", "completed_count", "failed_count", "hosts"}
    assert orjson.dumps(told)


def test_a_digest_has_what_all_have_in_common_and_all_of_them() -> None:
    one = stored(DOCUMENT)
    other = stored(
        DOCUMENT
        | {"task": {"id": "2"}, "environment": "staging", "timestamp": "2026-01-06T20:09:00Z"}
    )

    digest = standard_digest([one, other])

    assert digest == DOCUMENT | {
        "event_type": "digest",
        "task": {"id": "", "type": "", "strategy": "", "status": ""},
        "timestamp": "2026-01-06T20:09:00.000Z",
        "duration": "",
        "environment": "",
        "events": [standard_of(one), standard_of(other)],
    }
