"""A standard message is read as it was meant, and refused by its fields where it cannot be."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.appending import after
from tocsin.errors import FieldFault, Reason, Rejected
from tocsin.model.event import NewEvent
from tocsin.model.standard_reading import read_standard

SENT = {
    "event_type": "canary_started",
    "project": {"id": "my-app", "name": "My App"},
    "task": {"id": "task-1", "status": "running"},
    "timestamp": "2026-01-06T20:00:00Z",
    "duration": "5m30s",
}


def read(**changed: Any) -> NewEvent:
    return read_standard({**SENT, **changed}, after(1))


def refused(body: dict[str, Any]) -> Rejected:
    with pytest.raises(Rejected) as caught:
        read_standard(body, after(1))
    return caught.value


def test_the_event_is_of_its_project_and_about_its_task() -> None:
    new = read()

    assert (new.source, new.type, new.project, new.subject) == (
        "release",
        "canary_started",
        "my-app",
        "task-1",
    )
    assert new.occurred_at.isoformat() == "2026-01-06T20:00:00+00:00"
    assert new.received_at == after(1)


def test_a_duration_is_kept_as_seconds_so_that_it_can_be_compared() -> None:
    said = ["5m30s", 330, "330", 330.5, "", None]

    assert [read(duration=one).data["duration"] for one in said] == [
        330.0,
        330.0,
        330.0,
        330.5,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ({"id": "a", "name": "b"}, "a"),
        ({"id": "", "name": "b"}, "b"),
        ({"name": "b"}, "b"),
        ({"id": 17}, "17"),
        ("a", "a"),
        (17, "17"),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_project_goes_by_its_id_else_by_its_name(project: Any, expected: str) -> None:
    assert read(project=project).project == expected


def test_numbers_as_text_are_numbers_and_what_is_unknown_stays() -> None:
    new = read(deployment={"total_count": "12", "hosts": ["a", 7], "rack": 3}, ticket={"n": [1]})

    assert new.data["deployment"] == {"total_count": 12, "hosts": ["a", "7"], "rack": 3}
    assert new.data["ticket"] == {"n": [1]}


def test_what_was_not_sent_is_not_made_up() -> None:
    new = read_standard({"event_type": "backup.done"}, after(1))

    assert new.data == {"event_type": "backup.done"}
    assert (new.project, new.subject, new.occurred_at) == ("", "", after(1))
    assert (new.dedupe, new.occurred_text) == (None, None)


@pytest.mark.parametrize(("said", "kept"), [("soon", "soon"), (0, "0"), ("", "")])
def test_a_time_that_is_none_is_kept_as_it_was_said(said: Any, kept: str) -> None:
    new = read(timestamp=said)

    assert (new.occurred_at, new.occurred_text) == (after(1), kept)


def test_a_repeat_is_told_by_the_id_of_its_delivery() -> None:
    keys = [read_standard(SENT, after(n), key).dedupe for n, key in enumerate(["a", "a", "b"])]
    long = read_standard(SENT, after(1), "k" * 5000).dedupe

    assert keys[0] == keys[1] != keys[2]
    assert long is not None
    assert len(long) < 100


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"event_type": ""}, "event_type", "expected a value"),
        ({"event_type": None}, "event_type", "expected text"),
        ({"event_type": "a\0"}, "event_type", "without NUL"),
        ({"event_type": "\ud800"}, "event_type", "without NUL"),
        ({"event_type": "a" * 201}, "event_type", "at most 200"),
        ({"project": ["a"]}, "project", "expected an object"),
        ({"project": True}, "project", "expected an object"),
        ({"project": {"id": "\0"}}, "project.id", "without NUL"),
        ({"task": "task-1"}, "task", "expected an object"),
        ({"task": {"id": ["a"]}}, "task.id", "expected text"),
        ({"deployment": {"total_count": "many"}}, "deployment.total_count", "a whole number"),
        ({"deployment": {"failed_count": -1}}, "deployment.failed_count", "0 or more"),
        ({"deployment": {"hosts": "a"}}, "deployment.hosts", "expected a list"),
        ({"deployment": {"hosts": ["a", {}]}}, "deployment.hosts.1", "expected text"),
        ({"duration": "soon"}, "duration", "such as 5m30s"),
        ({"duration": [1]}, "duration", "such as 5m30s"),
        ({"duration": "-5s"}, "duration", "0 or more"),
        ({"duration": "NaN"}, "duration", "such as 5m30s"),
        ({"environment": {"name": "prod"}}, "environment", "expected text"),
    ],
)
def test_a_field_that_cannot_be_meant_is_named(
    changed: dict[str, Any], field: str, sentence: str
) -> None:
    error = refused({**SENT, **changed})

    assert (error.status, error.reason) == (422, Reason.BAD_FIELD)
    assert [one.field for one in error.fields] == [field]
    assert sentence in error.fields[0].message


def test_all_that_is_wrong_is_told_at_once_and_no_value_of_it() -> None:
    error = refused({"project": {"id": "sesame\0"}, "duration": "sesame"})

    assert [one.field for one in error.fields] == ["event_type", "project.id", "duration"]
    assert "sesame" not in f"{error} {error.fields}"


def test_what_no_database_keeps_is_replaced_where_it_is_no_name() -> None:
    new = read(note={"text\0": "a\0b\ud800", "n": 2**80, "list": ["\0"]})

    assert new.data["note"] == {"text\ufffd": "a\ufffdb\ufffd", "n": str(2**80), "list": ["\ufffd"]}


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]

    assert refused({**SENT, "note": deep}).reason is Reason.TOO_DEEP


@given(
    st.dictionaries(
        st.sampled_from([*SENT, "deployment", "x"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
            max_leaves=6,
        ),
    )
)
def test_whatever_comes_is_kept_or_refused_with_its_fields(body: dict[str, Any]) -> None:
    faults: Sequence[FieldFault] = ()
    kept = b""
    try:
        kept = orjson.dumps(read_standard(body, after(1)).data)
    except Rejected as error:
        faults = error.fields

    assert bool(kept) is not bool(faults)
