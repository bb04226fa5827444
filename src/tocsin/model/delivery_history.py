"""What became of deliveries, in the three words that people are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tocsin.errors import Reason
from tocsin.model.delivery import Attempt, Delivery, DeliveryKind, DeliveryState
from tocsin.model.times import EPOCH

PAUSED_ERROR = "The destination is paused; nothing is sent there until somebody resumes it."


class HistoryStatus(StrEnum):
    """How a delivery stands; see `status_of`."""

    SUCCESS = "success"
    FAILED = "failed"
    PENDING = "pending"


def status_of(state: DeliveryState, *, is_paused: bool) -> HistoryStatus:
    """What is shown of a delivery.

    One that waits at a paused destination has failed, as far as anybody can tell. A folded one
    is done with; when its digest ends badly, so does it.
    """
    if state is DeliveryState.WAITING:
        return HistoryStatus.FAILED if is_paused else HistoryStatus.PENDING
    return HistoryStatus.FAILED if state is DeliveryState.FAILED else HistoryStatus.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Deliveries that fit in every field; several values mean any of them.

    `event_types` may hold patterns. The times are when the delivery was made, `until` exclusive.
    `text` stands in one of the ids, or in the error.
    """

    task_id: str | None = None
    config_id: str | None = None
    project_id: str | None = None
    event_id: str | None = None
    destination_id: str | None = None
    digest_id: str | None = None
    event_types: tuple[str, ...] = ()
    channel_types: tuple[str, ...] = ()
    statuses: tuple[HistoryStatus, ...] = ()
    kinds: tuple[DeliveryKind, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """A delivery with what people ask about it.

    `attempts` are in order; in lists without request, answer and call. `request` is that of the
    last one, as JSON; "" before the first.
    """

    delivery: Delivery
    is_paused: bool
    config_name: str
    attempts: Sequence[Attempt]
    request: str
    # Until when its destination is left alone.
    held_until: datetime | None = None

    @property
    def status(self) -> HistoryStatus:
        return status_of(self.delivery.state, is_paused=self.is_paused)

    @property
    def is_held(self) -> bool:
        """Whether it waits at a destination that is paused."""
        return self.is_paused and self.delivery.state is DeliveryState.WAITING

    @property
    def reason(self) -> str | None:
        return Reason.PAUSED.value if self.is_held else self.delivery.reason

    @property
    def error(self) -> str | None:
        return PAUSED_ERROR if self.is_held else self.delivery.error

    @property
    def next_at(self) -> datetime | None:
        """When it is tried next, at the earliest; None unless it waits."""
        if self.status is not HistoryStatus.PENDING:
            return None
        return max(self.delivery.next_at, self.held_until or EPOCH)

    @property
    def updated_at(self) -> datetime:
        """When something last happened to it."""
        one = self.delivery
        tried_at = self.attempts[-1].at if self.attempts else EPOCH
        return max(one.created_at, one.ended_at or EPOCH, tried_at)


@dataclass(frozen=True, slots=True)
class Folded:
    """A delivery that went into a digest."""

    id: str
    event_id: str
    event_type: str
    task_id: str
    created_at: datetime
