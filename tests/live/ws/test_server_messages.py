"""What the server may say: the guide's types and words, and no shape without a sample."""

from dataclasses import is_dataclass

import pytest

from tests.live.ws.samples import DATA
from tocsin.live.ws.server_messages import (
    BROADCAST_TYPES,
    DEFAULT_TYPES,
    EVENT_TYPES,
    SERVER_MESSAGES,
    ErrorCode,
)


def test_the_guides_types_are_all_there() -> None:
    guide = {
        *("status_update", "service_event", "alert", "log_update", "webhook_event"),
        *("posco_event", "connection_status"),
    }

    assert guide == DEFAULT_TYPES
    assert {*guide, "pong", "error"} <= set(SERVER_MESSAGES)


def test_all_that_can_be_subscribed_to_can_be_said() -> None:
    assert set(EVENT_TYPES) <= set(SERVER_MESSAGES)
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES))


def test_every_broadcast_is_said_under_its_own_type() -> None:
    for shape, kind in BROADCAST_TYPES.items():
        assert SERVER_MESSAGES[kind].shape is shape


def test_the_guides_error_codes_are_all_there() -> None:
    assert set(ErrorCode) == {
        "INVALID_MESSAGE_FORMAT",
        "UNKNOWN_MESSAGE_TYPE",
        "AUTHENTICATION_REQUIRED",
        "PERMISSION_DENIED",
        "SERVICE_NOT_FOUND",
        "INTERNAL_SERVER_ERROR",
        "RATE_LIMIT_EXCEEDED",
    }


@pytest.mark.parametrize("kind", SERVER_MESSAGES)
def test_every_shape_has_samples(kind: str) -> None:
    shape = SERVER_MESSAGES[kind].shape

    assert is_dataclass(shape)
    assert DATA[shape]
    assert all(type(one) is shape for one in DATA[shape])
