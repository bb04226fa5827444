"""Events as CloudEvents 1.0, for readers and senders of that format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
What a CloudEvents sender gave comes back as it was. Tocsin adds the extension attributes
`sequence` (the seq as text: CloudEvents integers have 32 bits) and `project`.
"""

from collections.abc import Mapping
from typing import Any

from tocsin.model.event import OWN_SOURCE, Event
from tocsin.model.times import rfc3339

SPEC_VERSION = "1.0"
# The `source` that no sender may give: by it readers of this format know Tocsin's own events.
OWN_CLOUD_SOURCE = f"/tocsin/{OWN_SOURCE}"


def cloudevent_of(event: Event) -> dict[str, Any]:
    """`event` in the JSON event format."""
    answer: dict[str, Any] = {
        "specversion": SPEC_VERSION,
        "id": event.id,
        "source": f"/tocsin/{event.source}",
        "type": event.type,
        "time": rfc3339(event.occurred_at),
        "datacontenttype": "application/json",
        **(event.attributes or {}),
    }
    if event.subject:
        answer.setdefault("subject", event.subject)
    if event.project:
        answer["project"] = event.project
    answer["sequence"] = str(event.seq)
    if "data_base64" not in answer and event.data is not None:
        answer["data"] = event.data
    return answer


def event_json(event: Event) -> Mapping[str, Any]:
    """`event` as Tocsin's own API shows it."""
    answer: dict[str, Any] = {
        "seq": event.seq,
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "project": event.project,
        "subject": event.subject,
        "occurred_at": rfc3339(event.occurred_at),
        "received_at": rfc3339(event.received_at),
        "data": event.data,
    }
    if event.occurred_text is not None:
        answer["occurred_text"] = event.occurred_text
    if event.attributes is not None:
        answer["attributes"] = event.attributes
    return answer
