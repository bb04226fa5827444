"""What became of a delivery is told as `webhook_event`, from its event alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.journal import at
from tocsin.live.ws.server_messages import WebhookEvent
from tocsin.live.ws.webhooks import DELIVERIES, webhook_event
from tocsin.model.entry import Entry
from tocsin.model.event import Event

DATA = {
    "delivery_id": "d-1",
    "config_id": "c-1",
    "channel": "feishu",
    "label": "open.feishu.cn",
    "status": 200,
    "duration_ms": 87,
}


def event(kind: str = "delivery.sent", data: Any = DATA) -> Event:
    return Event(7, "e-1", "tocsin", kind, "shop", "d-1", at(0), at(0), data, None, None)


def test_a_delivery_that_was_sent_is_told_whole() -> None:
    assert webhook_event(Entry(event())) == WebhookEvent(
        webhook_id="d-1",
        event_type="sent",
        webhook_type="feishu",
        url="open.feishu.cn",
        status="success",
        message="Sent",
        sent_at="2026-01-01T00:00:00.000Z",
        response_code=200,
        response_time_ms=87,
    )


@pytest.mark.parametrize(
    ("kind", "more", "word", "status", "message"),
    [
        (
            "delivery.failed",
            {"error": "The key is wrong."},
            "failed",
            "failed",
            "The key is wrong.",
        ),
        ("delivery.failed", {}, "failed", "failed", "Not sent"),
        ("delivery.retrying", {"error": "It is busy."}, "retrying", "pending", "It is busy."),
        ("delivery.retrying", {}, "retrying", "pending", "Tried again later"),
    ],
)
def test_what_failed_is_told_with_its_error(
    kind: str, more: Mapping[str, Any], word: str, status: str, message: str
) -> None:
    found = webhook_event(Entry(event(kind, {**DATA, **more})))

    assert (found.event_type, found.status, found.message) == (word, status, message)


@pytest.mark.parametrize(
    "data",
    [{}, None, [1], {"channel": 5, "label": None, "status": None, "duration_ms": True, "error": 3}],
)
def test_what_is_not_known_is_left_out(data: Any) -> None:
    found = webhook_event(Entry(event("delivery.sent", data)))

    assert (found.webhook_type, found.url, found.message) == ("", "", "Sent")
    assert (found.response_code, found.response_time_ms) == (None, None)


def test_a_sender_with_the_same_words_is_not_taken_for_tocsin() -> None:
    assert DELIVERIES.matches(event())
    assert not DELIVERIES.matches(replace(event(), source="generic"))
    assert not DELIVERIES.matches(event("deployment.stalled"))
