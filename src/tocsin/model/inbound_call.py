"""A call at a receiver as it is kept to be looked at, secrets masked; and what is counted."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from tocsin.model.times import to_us

# Beside the time, so that no two calls have the same id.
_NOISE_BYTES = 6

SetUpKey = tuple[str, str]
"""A set-up of a source: its kind, and its name, "" for the kind itself."""


def new_call_id(at: datetime) -> str:
    """An id that sorts by the time of the call, whichever instance took it."""
    return f"{to_us(at):016x}-{secrets.token_hex(_NOISE_BYTES)}"


class Outcome(StrEnum):
    """What became of a call. `ANSWERED`: taken, and there was nothing to store."""

    STORED = "stored"
    REJECTED = "rejected"
    ANSWERED = "answered"


class StoredEvent(NamedTuple):
    """An event that a call became, or became before, when it is a repeat."""

    event_id: str
    seq: int
    type: str


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """What was sent, as far as it may be shown; `is_cut` tells that the body was longer."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: str | None
    body_base64: str | None
    is_cut: bool


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A call, and what became of it. `request` is None where only a list is shown."""

    id: str
    set_up: SetUpKey
    at: datetime
    outcome: Outcome
    reason: str | None
    message: str | None
    status: int
    address: str
    size_bytes: int
    instance: str
    events: Sequence[StoredEvent]
    request: KeptRequest | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What came to a set-up."""

    stored: int = 0
    rejected: int = 0
    last_stored_at: datetime | None = None
    last_rejected_at: datetime | None = None
    last_rejected_reason: str | None = None
