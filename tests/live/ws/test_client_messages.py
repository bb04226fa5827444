"""What a client may say: the guide's own messages, word for word."""

import re
from dataclasses import is_dataclass
from typing import Any

import orjson
import pytest

from tests.live.ws.described import check_said
from tocsin.live.ws.client_messages import CLIENT_MESSAGES
from tocsin.live.ws.reading import Said, read
from tocsin.live.ws.server_messages import SERVER_MESSAGES

GUIDE: list[Any] = [
    {
        "type": "subscribe",
        "data": {
            "event_types": ["status_update", "service_event", "alert"],
            "filters": {
                "service_ids": ["posco_news", "github_pages"],
                "alert_levels": ["warning", "error", "critical"],
                "log_levels": ["INFO", "WARNING", "ERROR"],
            },
        },
        "timestamp": "2024-01-01T12:00:00Z",
    },
    {"type": "unsubscribe", "data": {"event_types": ["log_update"]}},
    {
        "type": "service_control",
        "data": {
            "service_id": "posco_news",
            "action": "restart",
            "options": {"force": False, "timeout": 30},
        },
    },
    {
        "type": "send_webhook",
        "data": {
            "webhook_type": "discord",
            "url": "https://discord.com/api/webhooks/...",
            "message": "테스트 메시지",
            "template_id": "posco_news_alert",
            "variables": {"title": "뉴스 제목", "timestamp": "2024-01-01 12:00:00"},
        },
    },
    {"type": "ping", "data": {"client_time": "2024-01-01T12:00:00Z"}},
    {"type": "client_info", "data": {"client_id": "react_dashboard", "timezone": None}},
]


@pytest.mark.parametrize("message", GUIDE, ids=lambda message: message["type"])
def test_the_guides_messages_are_read_and_described(message: Any) -> None:
    check_said(message)

    found = read(orjson.dumps(message))
    assert isinstance(found, Said)
    assert type(found.data) is CLIENT_MESSAGES[message["type"]].shape


def test_every_answer_can_be_said() -> None:
    assert {one.answer for one in CLIENT_MESSAGES.values()} <= {None, *SERVER_MESSAGES}


@pytest.mark.parametrize("kind", CLIENT_MESSAGES)
def test_every_type_has_a_shape_of_its_own_and_a_sentence(kind: str) -> None:
    one = CLIENT_MESSAGES[kind]

    assert is_dataclass(one.shape)
    assert re.fullmatch(r"[A-Z].*\.", one.what)
    assert [other.shape for other in CLIENT_MESSAGES.values()].count(one.shape) == 1
