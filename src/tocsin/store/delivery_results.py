"""Store what the stage that sends has done: what it planned, what it folded, what came of tries."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from tocsin.model.delivery import Attempt, Delivery, DeliveryKind
from tocsin.store import callbacks, cursors, deliveries, destinations
from tocsin.store.cursors import Position
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.destinations import Destination


class Outdated(Exception):
    """What was planned does not count: a callback was changed, or it was planned already."""


class Result(NamedTuple):
    """What one try, or the end without one, changes."""

    delivery: Delivery
    attempt: Attempt | None = None
    # Where how it is was changed.
    destination: Destination | None = None
    # By what the message can be replaced from now on.
    handle: str | None = None
    # Whether nothing more is to be sent to the destination.
    pauses: bool = False


def plan(
    conn: Connection,
    rows: DeliveryRows,
    new: Sequence[Delivery],
    after: int,
    to: Position,
    mark: tuple[int, int],
) -> None:
    """Store deliveries of what is behind `after`, together with how far was read for them.

    Raises:
        Outdated: the callbacks are not those of `mark` any more, or somebody has read on from
            `after` already; nothing is stored.
    """
    if callbacks.mark(conn) != mark or cursors.locked_position(conn, to.stage) != after:
        raise Outdated
    rows.add(conn, new)
    cursors.move(conn, to)


def fold(
    conn: Connection, rows: DeliveryRows, digest: Delivery, folded: Sequence[Delivery]
) -> None:
    """Put a digest in place of what it stands for."""
    rows.add(conn, [digest])
    rows.change(conn, folded)


def record(conn: Connection, rows: DeliveryRows, results: Sequence[Result]) -> None:
    """Store what came of tries, in their order."""
    # Of what was tried twice meanwhile the last counts.
    newest = {one.delivery.id: one.delivery for one in results}
    rows.change(conn, newest.values())
    rows.add_attempts(conn, [one.attempt for one in results if one.attempt is not None])
    for delivery in newest.values():
        if delivery.kind is DeliveryKind.DIGEST and delivery.state.is_final:
            deliveries.settle_folded(conn, delivery)
    learnt = {one.destination.id: one.destination for one in results if one.destination}
    pausing = {one.delivery.destination for one in results if one.pauses}
    for destination in learnt.values():
        destinations.save(conn, destination)
        if destination.id in pausing and destination.paused_at is not None:
            at, seen = destination.paused_at, destination.touched_at
            destinations.pause(conn, destination.id, "", at, seen)
    for one in results:
        if one.handle is not None and one.attempt is not None:
            place = (one.delivery.destination, one.delivery.order_key)
            destinations.save_handle(conn, *place, one.handle, one.attempt.at)


def record_test(conn: Connection, rows: DeliveryRows, delivery: Delivery, attempt: Attempt) -> None:
    """Store a test with its only try."""
    rows.add(conn, [delivery])
    rows.add_attempts(conn, [attempt])


def begin_anew(
    conn: Connection,
    rows: DeliveryRows,
    failed: Collection[str],
    new: Sequence[Delivery],
    now: datetime,
) -> None:
    """Have what failed tried again, and what takes the place of what had arrived."""
    deliveries.put_back(conn, failed, now)
    rows.add(conn, new)
