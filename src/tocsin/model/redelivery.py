"""Decide which failed deliveries of a webhook are asked for again, and when.

Pure. GitHub sends a delivery once. Of what failed since the last look, all that is not stored
waits here; it is asked for at once, then after growing pauses, and given up after `MAX_ASKS` or
when its sender forgets it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# GitHub keeps a delivery for three days, and can repeat it for so long.
KEPT = timedelta(days=3)
# A delivery shows up in the list once it is over.
OVERLAP = timedelta(minutes=10)
FIRST_PAUSE = timedelta(minutes=5)
PAUSE_GROWS = 4
MAX_ASKS = 6
# Of one hook; of more, the newest.
MAX_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """An attempt as its sender lists it; a repeat has the same `guid` and another `id`."""

    id: int
    guid: str
    delivered_at: datetime
    is_ok: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that failed; `id` is its newest attempt's."""

    id: int
    delivered_at: datetime
    asks: int = 0
    asked_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to ask for it."""
        if self.asks >= MAX_ASKS:
            return False
        if self.asked_at is None:
            return True
        pause: timedelta = FIRST_PAUSE * PAUSE_GROWS ** (self.asks - 1)
        return now - self.asked_at >= pause

    def asked(self, now: datetime) -> "Waiting":
        return replace(self, asks=self.asks + 1, asked_at=now)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far a hook was looked at; `waiting` by guid."""

    looked_through: datetime
    waiting: Mapping[str, Waiting]

    def looks_from(self, now: datetime) -> datetime:
        """From when on its deliveries are to be read."""
        return max(self.looked_through - OVERLAP, now - KEPT)


def first_sweep(now: datetime) -> Sweep:
    """Of a hook that was never looked at."""
    return Sweep(now - KEPT, {})


def looked(sweep: Sweep, found: Iterable[Delivery], now: datetime) -> Sweep:
    """After a look that found these attempts, in any order."""
    through, waiting = sweep.looked_through, dict(sweep.waiting)
    done = set()
    for one in sorted(found, key=lambda attempt: (attempt.delivered_at, attempt.id)):
        through = max(through, one.delivered_at)
        before = waiting.get(one.guid)
        if one.is_ok:
            done.add(one.guid)
        elif before is None:
            waiting[one.guid] = Waiting(one.id, one.delivered_at)
        else:
            waiting[one.guid] = replace(before, id=one.id)
    left = [
        (guid, one)
        for guid, one in waiting.items()
        if guid not in done and now - one.delivered_at < KEPT
    ]
    newest = sorted(left, key=lambda pair: pair[1].delivered_at)[-MAX_WAITING:]
    # A sender's clock that is ahead must not make the next look skip anything.
    return Sweep(min(through, now), dict(newest))


def without(sweep: Sweep, stored: Collection[str]) -> Sweep:
    """After those came in some other way."""
    waiting = {guid: one for guid, one in sweep.waiting.items() if guid not in stored}
    return replace(sweep, waiting=waiting)


def due(sweep: Sweep, now: datetime, limit: int) -> list[str]:
    """The guids to ask for now, the oldest first: its sender forgets that first."""
    ready = [(one.delivered_at, guid) for guid, one in sweep.waiting.items() if one.is_due(now)]
    return [guid for _, guid in sorted(ready)[:limit]]


def asked(sweep: Sweep, guids: Iterable[str], now: datetime) -> Sweep:
    """After these were asked for."""
    fresh = {guid: sweep.waiting[guid].asked(now) for guid in guids if guid in sweep.waiting}
    return replace(sweep, waiting={**sweep.waiting, **fresh})
