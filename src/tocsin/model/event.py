"""An event: one thing that happened, as taken in, and its place in the journal."""

import hashlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.model.change import Change
from tocsin.model.training import TrainingChange

# Whose events Tocsin's own are. Types are anybody's words: what counts as Tocsin's own is told by
# this, which no receiver gives.
OWN_SOURCE = "tocsin"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event on its way into the journal.

    `subject` is what it is about: a deployment's id, a service's, a request's; "" is nothing
    in particular. `dedupe` is the key under which a repeat of the same delivery is told; None
    means that no repeat can be told. `occurred_text` is what the sender gave as time when
    that was none; then `occurred_at` is when it was received. `attributes` are the CloudEvents
    context attributes as sent. `change` is what the event says about a deployment, `training`
    what it says about a training.
    """

    id: str
    source: str
    type: str
    project: str
    subject: str
    occurred_at: datetime
    received_at: datetime
    data: Any
    dedupe: str | None = None
    occurred_text: str | None = None
    attributes: Mapping[str, Any] | None = None
    change: Change | None = None
    training: TrainingChange | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it stands in the journal; `seq` is its place in commit order."""

    seq: int
    id: str
    source: str
    type: str
    project: str
    subject: str
    occurred_at: datetime
    received_at: datetime
    data: Any
    occurred_text: str | None
    attributes: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The journal's answer to one event; a duplicate gets the first one's `seq` and `id`."""

    seq: int
    id: str
    is_duplicate: bool


# Seeded by the system. An id has to be unlike all others, not hard to guess: it opens nothing.
_noise = random.Random().getrandbits  # noqa: S311


def new_event_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7): sorts by time, so that the index on it grows at its end."""
    return _uuid7(time.time_ns() // 1_000_000, _noise(74))


def steady_id(at: datetime, *parts: str) -> str:
    """A UUIDv7 of that time that is the same for the same parts."""
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return _uuid7(int(at.timestamp() * 1000), int.from_bytes(digest[:10]) >> 6)


def _uuid7(stamp_ms: int, noise: int) -> str:
    value = (stamp_ms << 80) | (0x7 << 76) | ((noise >> 62) << 64) | (0x2 << 62)
    text = f"{value | (noise & ((1 << 62) - 1)):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
