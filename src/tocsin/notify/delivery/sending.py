"""Send what a lane lets go: fold what goes together, try it, and have the outcome stored."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

import structlog

from tocsin.errors import Reason, StoreDown
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState, Outcome
from tocsin.model.entry import read_out
from tocsin.model.event import Event, NewEvent, new_event_id
from tocsin.model.logline import clean_text
from tocsin.model.message import Outgoing
from tocsin.model.standard_message import DIGEST
from tocsin.notify.delivery.attempt import Tried, after, answered, attempt_of, tried
from tocsin.notify.delivery.lanes import Lanes, Place
from tocsin.notify.delivery.policy import CLOSED, MAX_AFTER_S, busy_pause_s
from tocsin.notify.delivery.recorder import Recorder, Told, delivery_event, destination_event
from tocsin.notify.delivery.standing import is_to_be_paused, standing_after
from tocsin.notify.delivery.tools import Tools
from tocsin.notify.known import Target
from tocsin.notify.wording.outgoing import is_of_its_own, outgoing_of
from tocsin.store import deliveries, destinations, events
from tocsin.store.delivery_results import Result, fold
from tocsin.store.destinations import Destination

# Events of deliveries that wait behind one whose event is not in memory are read with that.
READ_AHEAD = 100
# After a store that did not answer.
STORE_PAUSE = timedelta(seconds=2)

log = structlog.get_logger(__name__)


class _Done(NamedTuple):
    """A delivery after a try; `tell` works out all there is to be stored of it."""

    delivery: Delivery
    tell: Callable[[], Told]
    pauses: bool = False


class Sending:
    """Sends for the lanes of one shard; `wake` is called when a lane may go on.

    What comes of it is handed to `recorder`, who calls `recorded` once it is stored.
    """

    def __init__(
        self, lanes: Lanes, recorder: Recorder, tools: Tools, wake: Callable[[], None]
    ) -> None:
        self._lanes = lanes
        self._recorder = recorder
        self._tools = tools
        self._wake = wake
        # How each delivery stands after its last try, until that is stored.
        self._unstored: dict[str, Delivery] = {}

    async def send(self, place: Place, some: Sequence[Delivery]) -> None:
        """Send one delivery, or several as one digest, and have stored what came of it.

        Raises:
            LeaseLost: another instance does it now.
        """
        delivery = some[0]
        try:
            if len(some) > 1:
                delivery = await self._folded(place, some)
            done = await self._tried(place, delivery)
        except StoreDown:
            # Nothing was sent yet, or nobody could say what.
            pause_until = self._tools.clock.now() + STORE_PAUSE
            for one in some if delivery is some[0] else [delivery]:
                place.lane.end(one._replace(next_at=max(one.next_at, pause_until)))
            self._wake()
            return
        changed = done.delivery
        self._unstored[delivery.id] = changed
        self._lanes.unrecorded[delivery.id] = delivery.destination
        place.lane.end(changed)
        if changed.state.is_final:
            place.total -= 1
        self._wake()
        place.is_pausing |= done.pauses
        self._recorder.record(done.tell)

    def recorded(self, told: Told) -> None:
        """What came of a try is stored."""
        delivery = told.result.delivery
        if self._unstored.get(delivery.id) is delivery:
            # Else there was a later try, which the store knows nothing of yet.
            del self._unstored[delivery.id]
            self._lanes.recorded(delivery.id)
        if told.result.pauses:
            self._lanes.places[delivery.destination].is_pausing = False

    async def _folded(self, place: Place, some: Sequence[Delivery]) -> Delivery:
        """A digest in place of several deliveries; stored before it is sent."""
        now, first = self._tools.clock.now(), some[0]
        digest = first._replace(
            id=new_event_id(),
            kind=DeliveryKind.DIGEST,
            event_type=DIGEST,
            task_id=_common({one.task_id for one in some}),
            subject=_common({one.subject for one in some}),
            project=_common({one.project for one in some}),
            order_key=_common({one.order_key for one in some}),
            group_key=None,
            created_at=now,
            next_at=now,
        )
        folded = [one._replace(state=DeliveryState.FOLDED, digest_id=digest.id) for one in some]

        rows = self._tools.rows
        await self._tools.journal.append([], also=lambda conn: fold(conn, rows, digest, folded))
        for one in folded:
            place.lane.end(one)
            self._lanes.recorded(one.id)
        place.lane.begin([digest])
        place.total -= len(folded) - 1
        self._tools.figures.folded.labels(first.channel_type).inc(len(folded))
        return digest

    async def _tried(self, place: Place, delivery: Delivery) -> _Done:
        target = self._tools.known.target(delivery.config_id, delivery.channel_id)
        now = self._tools.clock.now()
        if target is None or not target.is_enabled:
            return _ended(delivery, Reason.DISABLED, "The callback was removed or disabled.", now)
        told = await self._told(place, delivery)
        if not told:
            return _ended(delivery, Reason.EXPIRED, "Its event is not kept any more.", now)
        handle = await self._handle(delivery, target)
        outgoing: Outgoing | None = None

        async def draw() -> Outgoing:
            nonlocal outgoing
            template = self._tools.known.template(target.row.template_id)
            outgoing = await outgoing_of(
                delivery,
                told,
                target.callback.language,
                template,
                self._tools.settings.public_url,
                handle,
                has_message=target.extras.HAS_MESSAGE,
                standard=self._tools.standards.of,
            )
            return outgoing

        found = await tried(target, draw, self._tools.make_line)
        if outgoing is not None and is_of_its_own(outgoing.message):
            found = found._replace(handle=None)
        changed = after(delivery, target, found)
        if not changed.state.is_final:
            # It goes on with what it knows.
            changed = answered(changed, found)
        return self._done(place, changed, target, found, told)

    async def _told(self, place: Place, delivery: Delivery) -> Sequence[Event]:
        """The events that a delivery tells of, as far as they are still there."""
        if delivery.kind is not DeliveryKind.DIGEST:
            seq, found = delivery.event_seq, self._tools.feed.kept(delivery.event_seq)
            if found is None:
                behind = islice(place.lane.waiting.values(), READ_AHEAD)
                found = await self._tools.feed.read_back(seq, [one.event_seq for one in behind])
            return [] if found is None else [found]
        async with self._tools.database.read() as conn:
            seqs = [one.event_seq for one in await deliveries.folded_in(conn, delivery.id)]
            return [read_out(one) for one in await events.with_seqs(conn, seqs)]

    async def _handle(self, delivery: Delivery, target: Target) -> str | None:
        """By what the message is replaced that tells of the same deployment so far."""
        if not _may_replace(delivery, target):
            return None
        async with self._tools.database.read() as conn:
            return await destinations.handle(conn, delivery.destination, delivery.order_key)

    def _count(self, delivery: Delivery, found: Tried, told: Sequence[Event]) -> None:
        figures, channel = self._tools.figures, delivery.channel_type
        reason = "" if found.reason is None else found.reason.value
        figures.attempts(channel, found.outcome.value, reason).inc()
        figures.attempt_s(channel).observe(found.duration_ms / 1000)
        if found.outcome is Outcome.DELIVERED:
            arrived_at = found.at + timedelta(milliseconds=found.duration_ms)
            taken_s = (arrived_at - told[-1].received_at).total_seconds()
            figures.delay_s(channel).observe(max(0.0, taken_s))
        else:
            log.warning(
                "delivery_failed",
                delivery=delivery.id,
                channel=channel,
                attempt=delivery.attempts,
                is_last=delivery.state.is_final,
                reason=reason,
                cause=found.error,
            )

    def _done(
        self, place: Place, delivery: Delivery, target: Target, found: Tried, told: Sequence[Event]
    ) -> _Done:
        before = place.destination
        is_paused = self._learn(place, target, found)
        learnt = place.destination if place.destination is not before else None
        if is_paused:
            log.warning("destination_paused", destination=delivery.destination, reason=found.reason)

        def tell() -> Told:
            full = answered(delivery, found)
            if self._unstored.get(full.id) is delivery:
                self._unstored[full.id] = full
            self._count(full, found, told)
            return _told(full, target, found, learnt, pauses=is_paused)

        return _Done(delivery, tell, is_paused)

    def _learn(self, place: Place, target: Target, found: Tried) -> bool:
        """What a try says of its destination; True when that is to be paused."""
        lane, now = place.lane, self._tools.clock.now()
        if found.outcome is Outcome.DELIVERED:
            lane.breaker, lane.times_busy = CLOSED, 0
        elif found.is_destinations:
            lane.breaker = lane.breaker.failed(now, random.random())  # noqa: S311 - jitter
        # Who says to wait for nothing has not said for how long.
        pause_s = found.after_s if found.after_s is not None and found.after_s > 0 else None
        # What was under way when it was held says nothing new.
        is_held = lane.held_until is not None and lane.held_until > now
        if found.is_rate and pause_s is None and not is_held:
            pause_s = busy_pause_s(lane.times_busy, random.random())  # noqa: S311 - jitter
            lane.times_busy += 1
        if pause_s is not None and not found.is_destinations:
            lane.held_until = now + timedelta(seconds=min(pause_s, MAX_AFTER_S))
            if found.is_accounts and lane.account is not None:
                lane.account.hold(lane.held_until)
        ends = (lane.breaker.open_until, lane.held_until)
        held_until = max((one for one in ends if one is not None), default=None)
        after_it = standing_after(place.destination, found, held_until, now)
        if after_it is place.destination:
            return False
        is_over = is_to_be_paused(after_it, found, self._tools.settings.pause_after_s, now)
        if is_over:
            lane.is_paused = True
            after_it = replace(after_it, is_paused=True, paused_at=now)
        place.destination = replace(after_it, channel_type=target.type, label=target.label)
        return is_over


def _told(
    delivery: Delivery,
    target: Target,
    found: Tried,
    learnt: Destination | None,
    *,
    pauses: bool,
) -> Told:
    """What is stored of a try; `learnt` is how its destination is now, where that is news."""
    events = []
    if delivery.state is not DeliveryState.FOLDED:
        events.append(delivery_event(delivery, found.at, target.label))
    if pauses:
        events.append(_paused_event(delivery, target, found))
    handle = None
    if found.handle is not None and _may_replace(delivery, target):
        # The platform's own words, in a commit with those of all others.
        handle = clean_text(found.handle)
    result = Result(delivery, attempt_of(delivery, found), learnt, handle, pauses=pauses)
    return Told(result, tuple(events))


def _ended(delivery: Delivery, reason: Reason, error: str, now: datetime) -> _Done:
    """What cannot be tried at all."""
    ended = delivery._replace(
        state=DeliveryState.FAILED,
        reason=reason.value,
        error=error,
        ended_at=now,
    )
    return _Done(ended, lambda: Told(Result(ended), (delivery_event(ended, now),)))


def _may_replace(delivery: Delivery, target: Target) -> bool:
    """Whether one message tells of all that comes of a deployment.

    Alerts are each their own: that one is over is news.
    """
    can = target.extras.CAN_UPDATE
    is_able = can(target.options) if callable(can) else can
    is_one_thing = bool(delivery.subject) and not delivery.event_type.startswith("alert.")
    return is_able and delivery.kind is DeliveryKind.EVENT and is_one_thing


def _common(values: set[str]) -> str:
    """What all have alike; "" where they differ."""
    return values.pop() if len(values) == 1 else ""


def _paused_event(delivery: Delivery, target: Target, found: Tried) -> NewEvent:
    reason = None if found.reason is None else found.reason.value
    return destination_event(
        "destination.paused",
        delivery.destination,
        target.type,
        target.label,
        "",
        reason,
        found.at,
    )
