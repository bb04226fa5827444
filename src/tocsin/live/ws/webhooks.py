"""Tell what became of a delivery as `webhook_event` does.

Pure. All of it is read from the event alone, so that it is told alike when it is given again.
"""

from typing import Any

from tocsin.live.ws.server_messages import WebhookEvent
from tocsin.model.entry import Entry
from tocsin.model.event import OWN_SOURCE
from tocsin.model.filters import EventFilter
from tocsin.model.times import rfc3339

# What each type is called here, how it stands by then, and what is said where nothing failed.
_WORDS = {
    "delivery.sent": ("sent", "success", "Sent"),
    "delivery.failed": ("failed", "failed", "Not sent"),
    "delivery.retrying": ("retrying", "pending", "Tried again later"),
}

DELIVERIES = EventFilter(sources=(OWN_SOURCE,), types=tuple(_WORDS))


def webhook_event(entry: Entry) -> WebhookEvent:
    """The data of the message about `entry`, an event that `DELIVERIES` matches."""
    event = entry.event
    said = entry.data if isinstance(entry.data, dict) else {}
    word, status, sentence = _WORDS[event.type]
    return WebhookEvent(
        webhook_id=event.subject,
        event_type=word,
        webhook_type=_text(said.get("channel")),
        url=_text(said.get("label")),
        status=status,
        message=_text(said.get("error")) or sentence,
        sent_at=rfc3339(event.occurred_at) or "",
        response_code=_number(said.get("status")),
        response_time_ms=_number(said.get("duration_ms")),
    )


def _text(said: Any) -> str:
    return said if isinstance(said, str) else ""


def _number(said: Any) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) else None
