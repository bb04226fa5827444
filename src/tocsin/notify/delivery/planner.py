"""Decide which deliveries an event makes, and when each may go. Pure."""

from collections.abc import Iterable, Iterator, MutableMapping
from datetime import datetime, timedelta

from tocsin.model.callback import Grouping
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState
from tocsin.model.event import Event, new_event_id, steady_id
from tocsin.notify.delivery.routes import group_key, hold_until, order_key, subject_of, wanted
from tocsin.notify.known import Target, is_for

# When the newest of each group goes, or went, out.
Groups = MutableMapping[str, datetime]


def deliveries_of(
    event: Event, targets: Iterable[Target], groups: Groups, now: datetime
) -> Iterator[Delivery]:
    """A delivery for each target that wants the event; `groups` is brought up to date."""
    answered: dict[str, bool] = {}
    for target in targets:
        callback = target.callback
        if not is_for(callback, event.project) or event.seq <= callback.from_seq:
            continue
        if callback.id not in answered:
            answered[callback.id] = wanted(callback, event)
        if answered[callback.id]:
            yield _delivery(event, target, groups, now)


def _delivery(event: Event, target: Target, groups: Groups, now: datetime) -> Delivery:
    callback = target.callback
    key, next_at = group_of(event, target), now
    if key is not None and callback.grouping is not None:
        next_at = groups[key] = goes_at(callback.grouping, groups.get(key), now)
    quiet_until = hold_until(callback.quiet_hours, event.type, next_at)
    if quiet_until is not None:
        next_at = quiet_until
        key = key or f"{callback.id}\n{target.row.id}\nquiet"
    steady = steady_id(event.received_at, str(event.seq), callback.id, target.row.id)
    return new_delivery(event, target, now, delivery_id=steady, next_at=next_at, group=key)


def new_delivery(
    event: Event,
    target: Target,
    now: datetime,
    *,
    delivery_id: str | None = None,
    next_at: datetime | None = None,
    group: str | None = None,
    kind: DeliveryKind = DeliveryKind.EVENT,
) -> Delivery:
    """A delivery that nobody has tried; without `delivery_id` unlike all others."""
    return Delivery(
        id=delivery_id or new_event_id(),
        kind=kind,
        state=DeliveryState.WAITING,
        config_id=target.callback.id,
        channel_id=target.row.id,
        channel_type=target.type,
        destination=target.destination,
        shard=target.shard,
        event_seq=event.seq,
        event_id=event.id,
        event_type=event.type,
        project=event.project,
        subject=event.subject,
        task_id=subject_of(event),
        order_key=order_key(event),
        group_key=group,
        digest_id=None,
        attempts=0,
        tries=0,
        next_at=next_at or now,
        created_at=now,
        ended_at=None,
        status=None,
        response="",
        duration_ms=None,
        reason=None,
        error=None,
    )


def group_of(event: Event, target: Target) -> str | None:
    """What the event is grouped by at this target; None where nothing is."""
    grouping = target.callback.grouping
    if grouping is None:
        return None
    return f"{target.callback.id}\n{target.row.id}\n{group_key(grouping, event)}"


def goes_at(grouping: Grouping, newest: datetime | None, now: datetime) -> datetime:
    """When an event of a group goes out, of which the newest goes, or went, out at `newest`."""
    if newest is not None and newest > now:
        return newest
    first = now + timedelta(seconds=grouping.wait_s)
    if newest is None:
        return first
    return max(first, newest + timedelta(seconds=grouping.interval_s))
