"""Reading: whatever a client sends is a message or a fault, and the fault says what is wrong."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.ws.described import may_be_said
from tocsin.live.ws.client_messages import CLIENT_MESSAGES, ClientInfo, Ping, Since, Subscribe
from tocsin.live.ws.reading import MAX_SHOWN_CHARS, Fault, Said, read
from tocsin.live.ws.server_messages import ErrorCode

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        *("event_types", "filters", "projects", "deployment_ids", "since", "token", "client_id"),
        *("service_id", "action", "options", "client_time", "webhook_type", "variables"),
    ]
)
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from([*CLIENT_MESSAGES, "dance"]) | ANYTHING,
        "data": st.dictionaries(NAMES, ANYTHING, max_size=4) | ANYTHING,
        "request_id": ANYTHING,
        "client_id": ANYTHING,
        "timestamp": ANYTHING,
    },
)


def fault_of(message: str | bytes) -> Fault:
    found = read(message)
    assert isinstance(found, Fault), found
    return found


def said(message: Any) -> Said:
    found = read(orjson.dumps(message))
    assert isinstance(found, Said), found
    return found


def test_a_message_needs_type_and_data_only() -> None:
    found = read('{"type": "ping", "data": {}}')

    assert found == Said("ping", Ping())


def test_fields_that_nobody_knows_and_bad_timestamps_are_passed_over() -> None:
    found = said({"type": "ping", "data": {"more": [1]}, "timestamp": "yesterday", "x": {}})

    assert found == Said("ping", Ping())


def test_a_binary_message_is_taken_as_text() -> None:
    assert read(b'{"type": "ping", "data": {}}') == read('{"type": "ping", "data": {}}')


@pytest.mark.parametrize("request_id", ["r-1", 7, "", "x" * 200])
def test_a_request_id_is_kept(request_id: str | int) -> None:
    assert said({"type": "ping", "data": {}, "request_id": request_id}).request_id == request_id


@pytest.mark.parametrize("request_id", [True, 1.5, [], {}, "x" * 201])
def test_a_request_id_that_is_none_is_a_fault(request_id: Any) -> None:
    message = orjson.dumps({"type": "ping", "data": {}, "request_id": request_id})

    fault = fault_of(message)

    assert fault.code is ErrorCode.INVALID_MESSAGE_FORMAT
    assert fault.request_id is None
    assert fault.details.type == "ping"


def test_names_may_come_as_numbers_and_words_in_any_case() -> None:
    found = said(
        {
            "type": "subscribe",
            "data": {
                "deployment_ids": [42, " a "],
                "filters": {"alert_levels": ["ERROR"]},
                "since": {"epoch": "e", "seq": "12"},
            },
        }
    )

    data = found.data
    assert isinstance(data, Subscribe)
    assert data.deployment_ids == ("42", "a")
    assert data.filters is not None
    assert data.filters.alert_levels == ("error",)
    assert data.since == Since("e", 12)


@pytest.mark.parametrize(
    ("client_id", "taken"),
    [(" d-1 ", "d-1"), ("", None), (5, None), ("x" * 201, None), ("a\x00", None)],
)
def test_a_clients_id_may_stand_beside_the_data(client_id: Any, taken: str | None) -> None:
    assert said({"type": "ping", "data": {}, "client_id": client_id}).client_id == taken


def test_the_documents_client_info_is_read() -> None:
    found = said(
        {
            "type": "client_info",
            "data": {
                "client_id": "dashboard_client_1",
                "client_type": "web_dashboard",
                "user_agent": "Mozilla/5.0",
                "screen_resolution": "1920x1080",
                "timezone": "Asia/Seoul",
                "language": "ko-KR",
                "features": ["real_time_updates"],
                "timestamp": "2024-01-01T12:00:00Z",
            },
        }
    )

    assert isinstance(found.data, ClientInfo)
    assert found.data.client_id == "dashboard_client_1"


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "ping", "data": {',
        "",
        "ping",
        '{"type": "ping", "data": {"client_time": 1e400}}',
        '{"type": "ping", "data": NaN}',
        '{"type": "ping", "data": {"client_time": "\\ud800"}}',
        "[" * 100_000,
        '{"type":"ping","data":' + '{"a":' * 100_000,
        b"\x00\xff",
        b'{"type": "ping", "data": "\xff"}',
        "\ud800",
    ],
)
def test_what_is_not_json_is_told_so(message: str | bytes) -> None:
    fault = fault_of(message)

    assert fault.code is ErrorCode.INVALID_MESSAGE_FORMAT
    assert fault.details.expected_fields == ("type", "data")
    assert fault.details.received_message is not None
    assert len(fault.details.received_message) <= MAX_SHOWN_CHARS
    orjson.dumps(fault)


@pytest.mark.parametrize("message", ["[]", "null", '"ping"', "1", "true"])
def test_json_that_is_no_object_is_told_so(message: str) -> None:
    fault = fault_of(message)

    assert fault.code is ErrorCode.INVALID_MESSAGE_FORMAT
    assert fault.details.received_message == message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"data": {}}, "type"),
        ({"type": None, "data": {}}, "type"),
        ({"type": 5, "data": {}}, "type"),
        ({"type": "ping"}, "data"),
        ({"type": "ping", "data": None}, "data"),
        ({"type": "ping", "data": []}, "data"),
        ({"type": "ping", "data": {"client_time": []}}, "data.client_time"),
        ({"type": "auth", "data": {}}, "data.token"),
        ({"type": "subscribe", "data": {"event_types": "alert"}}, "data.event_types"),
        ({"type": "subscribe", "data": {"event_types": ["x"]}}, "data.event_types.0"),
        ({"type": "subscribe", "data": {"projects": ["a\x00"]}}, "data.projects.0"),
        ({"type": "subscribe", "data": {"projects": ["a"] * 101}}, "data.projects"),
        ({"type": "subscribe", "data": {"since": {"epoch": "e"}}}, "data.since.seq"),
        (
            {"type": "subscribe", "data": {"since": {"epoch": "e", "seq": 2**63}}},
            "data.since.seq",
        ),
        (
            {"type": "service_control", "data": {"service_id": "a", "action": "dance"}},
            "data.action",
        ),
    ],
)
def test_a_wrong_field_is_named(message: Any, field: str) -> None:
    fault = fault_of(orjson.dumps(message))

    assert fault.code is ErrorCode.INVALID_MESSAGE_FORMAT
    assert fault.details.errors is not None
    assert field in [error.field for error in fault.details.errors]
    assert field in fault.message
    if isinstance(message.get("type"), str):
        assert fault.details.type == message["type"]


def test_a_type_that_nobody_knows_is_told_with_those_that_are_known() -> None:
    fault = fault_of('{"type": "dance", "request_id": 3}')

    assert fault.code is ErrorCode.UNKNOWN_MESSAGE_TYPE
    assert (fault.details.type, fault.request_id) == ("dance", 3)
    assert all(kind in fault.message for kind in CLIENT_MESSAGES)


def test_a_token_is_never_sent_back() -> None:
    fault = fault_of('{"type": "auth", "data": {"token": ["tsn_secret"]}}')

    assert b"tsn_secret" not in orjson.dumps(fault)


def test_what_is_shown_is_cut() -> None:
    fault = fault_of("é" * 1_000)

    assert fault.details.received_message == "é" * MAX_SHOWN_CHARS
    assert fault_of(("é" * 1_000).encode()).details == fault.details


@given(st.text(st.characters()) | st.binary())
def test_any_text_or_bytes_give_a_fault_that_can_be_told(message: str | bytes) -> None:
    found = read(message)

    if isinstance(found, Fault):
        orjson.dumps(found)


@given(MESSAGES)
def test_any_json_is_read_or_a_fault_that_can_be_told(message: Any) -> None:
    found = read(json.dumps(message))

    assert isinstance(found, Said | Fault)
    if isinstance(found, Fault):
        orjson.dumps(found)


@given(MESSAGES)
def test_what_its_description_allows_is_read(message: Any) -> None:
    found = read(json.dumps(message))

    if (
        isinstance(found, Fault)
        and is_json(message)
        and str(message.get("type")) in CLIENT_MESSAGES
    ):
        assert not may_be_said(message), found


def is_json(message: Any) -> bool:
    try:
        orjson.loads(json.dumps(message))
    except orjson.JSONDecodeError:
        return False
    return True
