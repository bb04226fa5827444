"""Remember the last calls of each set-up until they are written, and count all of them.

Bounded, whatever comes: so many calls of each sort and set-up, and so many bytes in all. Names
that somebody makes up are no set-ups. To note a call is cheap, as each one is; masking is left to
whoever writes those that are still here by then.
"""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tocsin.ingest.masking import MAX_BODY_BYTES, masked_request
from tocsin.model.event import NewEvent, Receipt
from tocsin.model.inbound_call import (
    Counts,
    KeptCall,
    Outcome,
    SetUpKey,
    StoredEvent,
    new_call_id,
)
from tocsin.model.masks import forms_of, without_secrets

# Of all set-ups together; beyond it a call is kept without its body.
MAX_BYTES = 16 * 1024 * 1024
# Of a batch; its answer has told the sender all of them.
MAX_EVENTS = 20


class NotedCall(NamedTuple):
    """A call as it came, and what became of it; with all its secrets."""

    set_up: SetUpKey
    at: datetime
    outcome: Outcome
    reason: str | None
    message: str | None
    status: int
    address: str
    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    size_bytes: int
    events: tuple[StoredEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejections:
    """What was refused at a set-up, for people to be told; `address` is the last caller's."""

    reasons: Counter[str]
    address: str


@dataclass(frozen=True, slots=True)
class Drained:
    """All that came since the last time; calls in their order."""

    calls: Sequence[NotedCall] = ()
    counts: Mapping[SetUpKey, Counts] = field(default_factory=dict)
    rejections: Mapping[SetUpKey, Rejections] = field(default_factory=dict)


class _OfSetUp:
    """What is remembered of one set-up."""

    __slots__ = ("last_rejected", "last_stored_at", "others", "reasons", "refused", "stored")

    def __init__(self, keep_calls: int) -> None:
        # Apart, so that whoever is refused again and again does not drive out what was taken.
        self.refused: deque[NotedCall] = deque(maxlen=keep_calls)
        self.others: deque[NotedCall] = deque(maxlen=keep_calls)
        self.stored = 0
        self.last_stored_at: datetime | None = None
        self.last_rejected: NotedCall | None = None
        self.reasons: Counter[str] = Counter()


class CallLog:
    """Used from one event loop; `keep_calls` of each sort and set-up, 0 for none."""

    def __init__(self, keep_calls: int) -> None:
        self.keep_calls = keep_calls
        self._set_ups: dict[SetUpKey, _OfSetUp] = {}
        self._bytes = 0

    def note(self, call: NotedCall) -> None:
        """Remember a call for the moment."""
        here = self._set_ups.get(call.set_up)
        if here is None:
            here = self._set_ups[call.set_up] = _OfSetUp(self.keep_calls)
        if call.outcome is Outcome.REJECTED:
            here.reasons[call.reason or ""] += 1
            here.last_rejected = call
            self._keep(here.refused, call)
        else:
            if call.outcome is Outcome.STORED:
                here.stored += 1
                here.last_stored_at = call.at
            self._keep(here.others, call)

    def _keep(self, ring: deque[NotedCall], call: NotedCall) -> None:
        if not self.keep_calls:
            return
        if len(ring) == self.keep_calls:
            self._bytes -= len(ring[0].body)
        size = len(call.body)
        if size > MAX_BODY_BYTES:
            call, size = call._replace(body=call.body[:MAX_BODY_BYTES]), MAX_BODY_BYTES
        if self._bytes + size > MAX_BYTES:
            call, size = call._replace(body=b""), 0
        self._bytes += size
        ring.append(call)

    def take(self) -> Drained:
        """All that was noted; forgotten here."""
        taken, self._set_ups, self._bytes = self._set_ups, {}, 0
        calls = [call for one in taken.values() for call in (*one.refused, *one.others)]
        return Drained(
            sorted(calls, key=lambda call: call.at),
            {key: _counts(one) for key, one in taken.items()},
            {
                key: Rejections(one.reasons, one.last_rejected.address)
                for key, one in taken.items()
                if one.last_rejected is not None
            },
        )


def _counts(one: _OfSetUp) -> Counts:
    last = one.last_rejected
    return Counts(
        one.stored,
        one.reasons.total(),
        one.last_stored_at,
        None if last is None else last.at,
        None if last is None else last.reason,
    )


def added(one: Counts, other: Counts) -> Counts:
    """Both together; `other` is the later one."""
    return Counts(
        one.stored + other.stored,
        one.rejected + other.rejected,
        other.last_stored_at or one.last_stored_at,
        other.last_rejected_at or one.last_rejected_at,
        other.last_rejected_reason or one.last_rejected_reason,
    )


def stored_events(
    events: Sequence[NewEvent], receipts: Sequence[Receipt]
) -> tuple[StoredEvent, ...]:
    """What a call became; of a batch the first ones."""
    if len(events) == 1:
        return (StoredEvent(receipts[0].id, receipts[0].seq, events[0].type),)
    pairs = zip(events[:MAX_EVENTS], receipts[:MAX_EVENTS], strict=True)
    return tuple(StoredEvent(one.id, one.seq, event.type) for event, one in pairs)


def kept(call: NotedCall, secrets: Sequence[str], instance: str) -> KeptCall:
    """A call as it may be stored and shown; `secrets` are all its set-up has and lately had."""
    message = call.message
    if message is not None:
        # It may tell what was expected in place of what came.
        message = without_secrets(message, forms_of(secrets))
    is_cut = call.size_bytes > len(call.body)
    return KeptCall(
        id=new_call_id(call.at),
        set_up=call.set_up,
        at=call.at,
        outcome=call.outcome,
        reason=call.reason,
        message=message,
        status=call.status,
        address=call.address,
        size_bytes=call.size_bytes,
        instance=instance,
        events=call.events,
        request=masked_request(
            call.method, call.path, call.headers, call.query, call.body, secrets, is_cut=is_cut
        ),
    )
