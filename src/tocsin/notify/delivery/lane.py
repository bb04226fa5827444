"""Decide which deliveries go to a destination next: in order, at its pace, as one or folded.

Pure: no clock, no network, no store; `shard.py` feeds it and acts on the answer. Rules:

- Nothing is sent while the destination is paused, held by its platform, or its breaker is open; a
  tripped breaker lets one delivery through as a trial.
- First tries go before retries, else what happened first goes first.
- Of one order key there is one under way at a time, and what fails holds up what comes behind it
  for `ORDER_FOR` at most.
- What the platform's rate has no room for is folded: the last place of a window takes all that
  waits of one channel, as a digest. Nothing is dropped. Where destinations of one account are
  counted together as well, their common window is asked in the same way.
- What is grouped goes out together once its time has come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState
from tocsin.notify.channel import Limits
from tocsin.notify.delivery.policy import CLOSED, ORDER_FOR, Breaker
from tocsin.notify.delivery.window import Pace, Window

# Deliveries that one digest may stand for.
MAX_FOLDED = 200
# That there is nothing to send is not worked out anew within it, where nothing has changed.
ANSWER_HOLDS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Go:
    """Send these: one as it is, several as one digest."""

    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing can go now. `until` is when to ask again; None: when something changes."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class _Answered:
    """What was answered, and goes for this state of the lane until then."""

    wait: Wait
    state: tuple[object, ...]
    until: datetime


@dataclass(slots=True)
class Lane:
    """What waits for one destination, and how that is."""

    destination: str
    limits: Limits
    window: Window
    # What it shares with other lanes.
    account: Pace | None = None
    breaker: Breaker = CLOSED
    is_paused: bool = False
    held_until: datetime | None = None
    # How often in a row it was held as too busy, without being told for how long.
    times_busy: int = 0
    # In order of what happened.
    waiting: dict[str, Delivery] = field(default_factory=dict)
    under_way: dict[str, Delivery] = field(default_factory=dict)
    # Of those that wait who may go since they were made, as far as they themselves are concerned;
    # others were tried before, or are held until later.
    _prompt: set[str] = field(default_factory=set)
    # Grows with each change of what waits or is under way.
    _changes: int = 0
    _answered: "_Answered | None" = None

    @property
    def prompt(self) -> int:
        """How many wait for nothing but their turn."""
        return len(self._prompt)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Take up what waits; what is known already stays as it is."""
        self._changes += 1
        for one in deliveries:
            if one.id not in self.under_way and one.id not in self.waiting:
                self._put(one)

    def begin(self, deliveries: Sequence[Delivery]) -> None:
        """These are under way now."""
        self._changes += 1
        for one in deliveries:
            self.waiting.pop(one.id, None)
            self._prompt.discard(one.id)
            self.under_way[one.id] = one

    def count(self, now: datetime) -> None:
        """One message goes now."""
        self.window.add(now)
        if self.account is not None:
            self.account.window.add(now)

    def end(self, delivery: Delivery) -> None:
        """It is not under way any more; what still waits is taken up again."""
        self._changes += 1
        self.under_way.pop(delivery.id, None)
        if delivery.state is DeliveryState.WAITING:
            self._put(delivery)

    def drop(self, delivery: Delivery) -> None:
        """It does not wait here any more."""
        self._changes += 1
        self._prompt.discard(delivery.id)
        del self.waiting[delivery.id]

    def next(self, now: datetime) -> Go | Wait:
        """What to send next, or how long to wait."""
        state = (self._changes, self.is_paused, self.held_until, self.breaker, self.limits)
        before = self._answered
        # A clock may be set back.
        is_fresh = before is not None and before.until - ANSWER_HOLDS <= now < before.until
        if before is not None and is_fresh and state == before.state:
            return before.wait
        step = self._next(now)
        if isinstance(step, Wait):
            latest = now + ANSWER_HOLDS
            until = latest if step.until is None else min(step.until, latest)
            self._answered = _Answered(step, state, until)
        return step

    def _next(self, now: datetime) -> Go | Wait:
        if self.is_paused or not self.waiting or len(self.under_way) >= self._concurrency:
            return Wait(None)
        held = self._held(now)
        if held is not None:
            return Wait(held)
        first = self._first(now)
        if first is None:
            return Wait(self._first_due(now))
        room = self.window.room(now)
        if self.account is not None:
            room = min(room, self.account.window.room(now))
        if room <= 0:
            return Wait(self._free_at(now))
        return Go(self._together(first, room, now))

    @property
    def _concurrency(self) -> int:
        return 1 if self.breaker.is_tripped else self.limits.concurrency

    def _put(self, delivery: Delivery) -> None:
        last = next(reversed(self.waiting.values()), None)
        self.waiting[delivery.id] = delivery
        if delivery.next_at <= delivery.created_at:
            self._prompt.add(delivery.id)
        if last is not None and _place(delivery) < _place(last):
            self.waiting = {one.id: one for one in sorted(self.waiting.values(), key=_place)}

    def _held(self, now: datetime) -> datetime | None:
        of_account = None if self.account is None else self.account.held_until
        ends = (self.held_until, self.breaker.open_until, of_account)
        return max((one for one in ends if one is not None and one > now), default=None)

    def _free_at(self, now: datetime) -> datetime:
        own = self.window.free_at(now)
        return own if self.account is None else max(own, self.account.window.free_at(now))

    def _first(self, now: datetime) -> Delivery | None:
        """The one to go first of all that may go now."""
        blocked = {one.order_key for one in self.under_way.values()}
        retried: Delivery | None = None
        for one in self.waiting.values():
            is_due = one.next_at <= now
            if (not is_due and not one.tries) or one.order_key in blocked:
                continue
            if is_due:
                if not one.tries:
                    return one
                retried = retried or one
            if one.tries and one.created_at + ORDER_FOR > now:
                # It has failed and is tried again: what comes behind it waits.
                if one.kind is DeliveryKind.DIGEST:
                    # It stands for many.
                    return retried
                blocked.add(one.order_key)
        return retried

    def _first_due(self, now: datetime) -> datetime | None:
        due = (one.next_at for one in self.waiting.values() if one.next_at > now)
        return min(due, default=None)

    def _together(self, first: Delivery, room: int, now: datetime) -> tuple[Delivery, ...]:
        """What goes out with the first: its group, or what the rate has no room for."""
        is_folding = first.group_key is not None or (self.limits.can_fold and room == 1)
        if not is_folding or first.tries or first.kind is not DeliveryKind.EVENT:
            return (first,)
        blocked = {one.order_key for one in self.under_way.values()}
        blocked |= {one.order_key for one in self.waiting.values() if one.tries}
        alike = (
            one
            for one in self.waiting.values()
            if _fold_key(one) == _fold_key(first)
            and one.next_at <= now
            and not one.tries
            and one.order_key not in blocked
        )
        return tuple(islice(alike, MAX_FOLDED)) or (first,)


def _place(delivery: Delivery) -> tuple[int, str]:
    return delivery.event_seq, delivery.id


def _fold_key(delivery: Delivery) -> tuple[object, ...]:
    return delivery.kind, delivery.config_id, delivery.channel_id, delivery.group_key
