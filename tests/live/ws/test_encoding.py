"""Encoding: what is None is left out where it may be, and every message fits its description."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live.ws.described import check_told
from tests.live.ws.samples import DATA, anything_like
from tocsin.live.offset import Offset
from tocsin.live.ws.encoding import encode
from tocsin.live.ws.server_messages import (
    EVENT_TYPES,
    SERVER_MESSAGES,
    ErrorCode,
    ErrorData,
    ErrorDetails,
    Pong,
    ServerData,
    StepStatus,
)

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def told(kind: str, data: ServerData) -> Any:
    """The message with all that one of its type has."""
    is_stored = kind in {"posco_event", "deployment_event"}
    payload = encode(
        kind,
        data,
        AT,
        broadcast_id="id" if kind in EVENT_TYPES else None,
        offset=Offset("e", 7) if is_stored else None,
        request_id=None if is_stored else "r",
    )
    return orjson.loads(payload)


@pytest.mark.parametrize("kind", SERVER_MESSAGES)
def test_every_message_fits_its_description(kind: str) -> None:
    for data in DATA[SERVER_MESSAGES[kind].shape]:
        message = told(kind, data)

        check_told(message)
        assert message["type"] == kind
        assert message["timestamp"] == "2026-01-01T12:00:00.000Z"


@given(st.data())
def test_whatever_is_said_fits_its_description(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(SERVER_MESSAGES)))
    value = data.draw(anything_like(SERVER_MESSAGES[kind].shape))

    check_told(told(kind, value))


def test_what_may_be_missing_is_left_out() -> None:
    [pong] = [data for data in DATA[Pong] if isinstance(data, Pong) and data.latency_ms is None]

    assert orjson.loads(encode("pong", pong, AT)) == {
        "type": "pong",
        "data": {"client_time": None, "server_time": pong.server_time, "latency_ms": None},
        "timestamp": "2026-01-01T12:00:00.000Z",
    }


def test_what_is_inside_is_left_out_too() -> None:
    error = ErrorData(ErrorCode.PERMISSION_DENIED, "no", ErrorDetails(type="ping"), "t")

    message = orjson.loads(encode("error", error, AT, request_id=3))

    assert message["data"]["details"] == {"type": "ping"}
    assert message["data"]["error_code"] == "PERMISSION_DENIED"
    assert message["request_id"] == 3


def test_a_step_under_way_has_no_duration() -> None:
    [event] = [
        one
        for one in DATA[SERVER_MESSAGES["posco_event"].shape]
        if getattr(one, "steps", ()) == (StepStatus("Build", "in_progress"),)
    ]

    message = told("posco_event", event)

    assert message["data"]["steps"] == [{"name": "Build", "status": "in_progress"}]
    assert message["data"]["branch"] is None
    assert (message["seq"], message["epoch"]) == (7, "e")
