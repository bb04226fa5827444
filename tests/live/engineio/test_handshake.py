"""What a call on an Engine.IO address wants, from its query alone."""

from collections.abc import Mapping

import orjson
import pytest

from tocsin.errors import Rejected
from tocsin.live.engineio.handshake import (
    EngineCall,
    EngineOptions,
    mark_of,
    open_data,
    read_call,
)


@pytest.mark.parametrize(
    ("query", "call"),
    [
        ({"EIO": "4", "transport": "polling"}, EngineCall("polling", "")),
        ({"EIO": "4", "transport": "websocket"}, EngineCall("websocket", "")),
        ({"EIO": "4", "transport": "polling", "sid": "a", "t": "1"}, EngineCall("polling", "a")),
    ],
)
def test_a_call_names_its_transport_and_its_session(
    query: Mapping[str, str], call: EngineCall
) -> None:
    assert read_call(query) == call


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "EIO=4 is missing"),
        ({"transport": "polling"}, "EIO=4 is missing"),
        ({"EIO": "3", "transport": "polling"}, "EIO is not 4"),
        ({"EIO": "abc", "transport": "polling"}, "EIO is not 4"),
        ({"EIO": "4"}, "transport is missing"),
        ({"EIO": "4", "transport": "webtransport"}, "neither polling nor websocket"),
        ({"EIO": "4", "transport": "polling", "j": "0"}, "JSONP"),
    ],
)
def test_a_call_that_cannot_be_answered_is_told_why(query: Mapping[str, str], said: str) -> None:
    with pytest.raises(Rejected, match=said) as refused:
        read_call(query)

    assert refused.value.status == 400


def test_a_session_opens_with_all_that_a_client_has_to_know() -> None:
    options = EngineOptions(("/",), ping_interval_s=0.3, ping_timeout_s=20, max_payload_bytes=10)

    assert orjson.loads(open_data("abc", "polling", options)) == {
        "sid": "abc",
        "upgrades": ["websocket"],
        "pingInterval": 300,
        "pingTimeout": 20_000,
        "maxPayload": 10,
    }
    assert orjson.loads(open_data("abc", "websocket", options))["upgrades"] == []


@pytest.mark.parametrize(
    ("instance", "mark"),
    [("api-1", "api-1."), ("web_2", "web_2."), ("a.example.org", "a-example-org."), ("", ".")],
)
def test_a_proxy_can_tell_the_mark_of_an_instance_from_all_others(instance: str, mark: str) -> None:
    assert mark_of(instance) == mark
