"""A delivery: one event on its way to one channel of a callback; an attempt is one try of it."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class DeliveryState(StrEnum):
    """Where a delivery stands; a folded one shares the fate of its digest."""

    WAITING = "waiting"
    FOLDED = "folded"
    DELIVERED = "delivered"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        return self in (DeliveryState.DELIVERED, DeliveryState.FAILED)


class DeliveryKind(StrEnum):
    """What a delivery carries."""

    EVENT = "event"
    DIGEST = "digest"
    TEST = "test"


class Outcome(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    LATER = "later"
    GIVEN_UP = "given_up"
    DISABLED = "disabled"


class Delivery(NamedTuple):
    """One delivery as it is kept; a tuple, as it is made anew at each step of its way.

    `destination` names the credential that it goes by, whoever uses it; `shard` which part of the
    destinations that is in. `order_key` is what keeps its order: nothing of the same key and
    destination overtakes it. Deliveries of one `group_key` go out together, as a digest, at
    `next_at`. `task_id` is the standard message's `task.id`, or the deployment's id.
    """

    id: str
    kind: DeliveryKind
    state: DeliveryState
    config_id: str
    channel_id: str
    channel_type: str
    destination: str
    shard: int
    event_seq: int
    event_id: str
    event_type: str
    project: str
    subject: str
    task_id: str
    order_key: str
    group_key: str | None
    digest_id: str | None
    attempts: int
    # Attempts of the present budget; a retry by hand begins a new one.
    tries: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None
    status: int | None
    response: str
    duration_ms: int | None
    reason: str | None
    error: str | None


class Attempt(NamedTuple):
    """One try: the request and the answer with all secrets masked, cut to what can be looked at.

    `request` is JSON: {method, url, headers, body} or [] of several; `status` is None when there
    was no answer.
    """

    delivery_id: str
    number: int
    destination: str
    at: datetime
    duration_ms: int
    outcome: Outcome
    status: int | None
    reason: str | None
    error: str | None
    request: str
    response: str
