"""A training as the API shows it.

Pure. `web/training_shapes.py` has the same for the OpenAPI document; tests hold the two together.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from tocsin.model.event import Event
from tocsin.model.times import from_us, rfc3339
from tocsin.model.training import EVENT_TYPES, Training

_MICROSECONDS = 1_000_000
_STATUSES = {event_type: status.value for status, event_type in EVENT_TYPES.items()}


def training_json(
    training_id: str, training: Training, files: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """What is known of it; null is what nobody said."""
    began_at, ended_at = training.began_at, training.ended_at
    duration_s = None
    if began_at is not None and ended_at is not None:
        duration_s = (ended_at - began_at) / _MICROSECONDS
    return {
        "id": training_id,
        "request_id": training.fact("request_id") or None,
        "finetune_id": training.fact("finetune_id") or None,
        "training_type": training.fact("training_type") or None,
        "endpoint": training.fact("endpoint") or None,
        "project": training.project,
        "status": training.status.value,
        "status_text": training.word[1] or None,
        "progress": training.progress,
        "queue_position": None if training.queue is None else training.queue[1],
        "registered_at": _instant(training.registered_at),
        "first_seen_at": _instant(training.first_seen_at),
        "updated_at": _instant(training.updated_at),
        "completed_at": _instant(ended_at),
        "duration_s": duration_s,
        "error": training.error or None,
        "result": training.result,
        "meta": {} if training.meta is None else training.meta[1],
        "files": list(files),
    }


def told_json(event: Event) -> dict[str, Any]:
    """An event of a training, as its history shows it; `status` is what it told."""
    return {
        "seq": event.seq,
        "event_id": event.id,
        "type": event.type,
        "occurred_at": rfc3339(event.occurred_at),
        "status": _STATUSES.get(event.type),
    }


def _instant(us: int | None) -> str | None:
    return None if us is None else rfc3339(from_us(us))
