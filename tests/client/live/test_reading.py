"""What comes is read into messages, whatever comes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.live.messages import (
    Alert,
    AlertAction,
    ConnectionStatus,
    DeploymentEvent,
    DeploymentStep,
    LogUpdate,
    Message,
    Offset,
    Other,
    Rubbish,
    StatusUpdate,
    Subscribed,
)
from tocsin.client.live.reading import read_message


def read(kind: str, data: object, **rest: Any) -> Message:
    return read_message(json.dumps({"type": kind, "data": data, **rest}))


def test_an_event_of_a_deployment_is_read_with_its_steps_and_its_place() -> None:
    data = {
        "event_type": "deployment_started",
        "branch": "main",
        "commit_hash": None,
        "deployment_id": "42",
        "progress": 25,
        "steps": [
            {"name": "Build", "status": "completed", "duration_ms": 1500},
            {"name": "部署", "status": "in_progress", "progress": 60},
        ],
    }

    message = read("posco_event", data, seq=7, epoch="e", broadcast_id="b", timestamp="t")

    assert isinstance(message, DeploymentEvent)
    assert message.offset == Offset("e", 7)
    assert (message.type, message.broadcast_id, message.timestamp) == ("posco_event", "b", "t")
    assert (message.branch, message.commit_hash, message.progress) == ("main", None, 25)
    assert message.steps == (
        DeploymentStep("Build", "completed", 1500),
        DeploymentStep("部署", "in_progress", progress=60),
    )
    assert message.data == data


def test_where_an_answer_stands_is_not_its_own_place() -> None:
    message = read("subscribed", {"recovered": True, "epoch": "e", "seq": 3}, request_id="r")

    assert isinstance(message, Subscribed)
    assert (message.position, message.offset) == (Offset("e", 3), None)
    assert (message.recovered, message.request_id) == (True, "r")


def test_a_type_of_tomorrow_is_kept() -> None:
    message = read("of_tomorrow", {"a": [1]}, seq=1, epoch="e")

    assert message == Other(type="of_tomorrow", data={"a": [1]}, offset=Offset("e", 1))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"cpu_percent": 45}, {"cpu_percent": 45.0}),
        ({"cpu_percent": "45"}, {"cpu_percent": None}),
        ({"cpu_percent": True}, {"cpu_percent": None}),
        ({"active_services": 6.0}, {"active_services": 6}),
        ({"active_services": 6.5}, {"active_services": None}),
        ({"network_status": None}, {"network_status": ""}),
        ({}, {"cpu_percent": None, "network_status": ""}),
    ],
)
def test_a_field_of_another_shape_stays_empty(
    data: dict[str, object], expected: dict[str, object]
) -> None:
    message = read("status_update", data)

    assert isinstance(message, StatusUpdate)
    assert {name: getattr(message, name) for name in expected} == expected


def test_what_is_wrong_in_a_list_is_left_out() -> None:
    message = read("alert", {"actions": [{"label": "a"}, 3, None], "metadata": []})

    assert isinstance(message, Alert)
    assert message.actions == (AlertAction("a"),)
    assert message.metadata == {}


def test_lists_of_words_and_of_lines_are_read() -> None:
    status = read("connection_status", {"features": ["resume", 3], "uptime_seconds": 1})
    update = read("log_update", {"entries": [{"message": "日志", "line_number": 45}]})

    assert isinstance(status, ConnectionStatus)
    assert status.features == ("resume",)
    assert isinstance(update, LogUpdate)
    assert (update.entries[0].message, update.entries[0].line_number) == ("日志", 45)


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        (b"\x00\x01", "not text"),
        ("{broken", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not an object"),
        ("3", "not an object"),
        ('{"data": {}}', "without a type"),
        ('{"type": 3, "data": {}}', "without a type"),
        ('{"type": "alert"}', "without data"),
        ('{"type": "alert", "data": []}', "without data"),
    ],
)
def test_what_is_no_message_is_told_as_such(heard: str | bytes, reason: str) -> None:
    message = read_message(heard)

    assert isinstance(message, Rubbish)
    assert message.reason == reason
    assert len(message.raw) <= 1_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["posco_event", "alert", "log_update", "subscribed", "pong", "error", "x"]),
    st.dictionaries(
        st.sampled_from(["steps", "actions", "entries", "epoch", "seq", "recovered", "details"]),
        json_values,
    ),
    json_values,
)
def test_nothing_that_comes_is_an_error(kind: str, data: object, anything: object) -> None:
    rest = {"seq": anything, "epoch": anything, "request_id": anything, "timestamp": anything}

    assert read(kind, data, **rest).data == json.loads(json.dumps(data))
