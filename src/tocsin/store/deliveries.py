"""Deliveries under way: made with the cursor that read their events, and what came of each try.

Only who has the lease of a shard writes what waits in it; others may put back to waiting what has
ended.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Dialect, Row, select, update
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.delivery import Attempt, Delivery, DeliveryKind, DeliveryState
from tocsin.model.times import from_us, to_us
from tocsin.store.statement import (
    compile_rows,
    in_list,
    insert_new,
    json_list,
    upsert_all,
)
from tocsin.store.tables.callbacks import deliveries, delivery_attempts

# What changes in the life of a delivery.
_CHANGING = frozenset(
    {
        "state",
        "digest_id",
        "attempts",
        "tries",
        "next_at",
        "ended_at",
        "status",
        "response",
        "duration_ms",
        "reason",
        "error",
    }
)
# So many of a callback's newest deliveries are looked through for what one of a group was.
_LATELY = 1_000
_WAITING = deliveries.c.state == DeliveryState.WAITING.value


class Way(NamedTuple):
    """By which channel of a callback something goes where."""

    shard: int
    destination: str
    config_id: str
    channel_id: str


class DeliveryRows:
    """Writes deliveries and attempts, many at once; made once for a database."""

    def __init__(self, dialect: Dialect) -> None:
        kept = {column.name for column in deliveries.columns} - _CHANGING
        self._insert = compile_rows(dialect, insert_new(deliveries))
        self._change = compile_rows(dialect, upsert_all(deliveries, kept=kept))
        # One that was stored without its being heard of is stored again.
        self._attempts = compile_rows(dialect, upsert_all(delivery_attempts))

    def add(self, conn: Connection, new: Iterable[Delivery]) -> None:
        """Store deliveries; one that is there already stays as it is."""
        self._insert.run(conn, [_row(one) for one in new])

    def change(self, conn: Connection, changed: Iterable[Delivery]) -> None:
        """Store what became of deliveries; no two of them may be the same."""
        self._change.run(conn, [_row(one) for one in changed])

    def add_attempts(self, conn: Connection, attempts: Iterable[Attempt]) -> None:
        """Store tries, each under its number."""
        rows = [
            (
                one.delivery_id,
                one.number,
                one.destination,
                to_us(one.at),
                one.duration_ms,
                one.outcome.value,
                one.status,
                one.reason,
                one.error,
                one.request,
                one.response,
            )
            for one in attempts
        ]
        self._attempts.run(conn, rows)


async def counted_waiting(conn: AsyncConnection, shard: int) -> Mapping[str, int]:
    """How many wait for each destination of a shard; those for which none does are left out."""
    found = (
        select(deliveries.c.destination, sql.count())
        .where(_WAITING, deliveries.c.shard == shard)
        .group_by(deliveries.c.destination)
    )
    return {row.destination: row[1] for row in await conn.execute(found)}


async def waiting(
    conn: AsyncConnection, shard: int, destination: str, after: tuple[int, str], limit: int
) -> Sequence[Delivery]:
    """What waits for a destination behind that place (event's seq, id), in order."""
    seq, last = after
    behind = (deliveries.c.event_seq > seq) | (
        (deliveries.c.event_seq == seq) & (deliveries.c.id > last)
    )
    found = (
        select(deliveries)
        .where(
            _WAITING, deliveries.c.shard == shard, deliveries.c.destination == destination, behind
        )
        .order_by(deliveries.c.event_seq, deliveries.c.id)
        .limit(limit)
    )
    return [delivery_of(row) for row in await conn.execute(found)]


async def due(conn: AsyncConnection, ids: Collection[str], now: datetime) -> Sequence[Delivery]:
    """Those of `ids` that wait and may be tried by now."""
    found = select(deliveries).where(
        in_list(deliveries.c.id, "ids"), _WAITING, deliveries.c.next_at <= to_us(now)
    )
    return [delivery_of(row) for row in await conn.execute(found, {"ids": json_list(ids)})]


async def stored(conn: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Those of `ids` that have a row."""
    found = select(deliveries.c.id).where(in_list(deliveries.c.id, "ids"))
    return set((await conn.execute(found, {"ids": json_list(ids)})).scalars())


async def tries_of(conn: AsyncConnection, ids: Collection[str]) -> set[tuple[str, int]]:
    """The attempts that are stored of these deliveries: whose, and its number."""
    columns = (delivery_attempts.c.delivery_id, delivery_attempts.c.number)
    found = select(*columns).where(in_list(delivery_attempts.c.delivery_id, "ids"))
    rows = await conn.execute(found, {"ids": json_list(ids)})
    return {(row.delivery_id, row.number) for row in rows}


async def ended_of(conn: AsyncConnection, ids: Collection[str]) -> set[str]:
    """Those of `ids` that do not wait any more."""
    found = select(deliveries.c.id).where(in_list(deliveries.c.id, "ids"), ~_WAITING)
    return set((await conn.execute(found, {"ids": json_list(ids)})).scalars())


async def with_id(conn: AsyncConnection, delivery_id: str) -> Delivery | None:
    """The delivery of this id."""
    row = (await conn.execute(select(deliveries).where(deliveries.c.id == delivery_id))).first()
    return None if row is None else delivery_of(row)


async def folded_in(conn: AsyncConnection, digest_id: str) -> Sequence[Delivery]:
    """What a digest stands for, in the order in which it happened."""
    found = select(deliveries).where(deliveries.c.digest_id == digest_id)
    order = (deliveries.c.event_seq, deliveries.c.id)
    return [delivery_of(row) for row in await conn.execute(found.order_by(*order))]


async def sent_since(
    conn: AsyncConnection, destinations: Collection[str], since: datetime
) -> Sequence[datetime]:
    """When something was sent to any of these destinations since then."""
    found = select(delivery_attempts.c.at).where(
        in_list(delivery_attempts.c.destination, "ids"), delivery_attempts.c.at > to_us(since)
    )
    rows = await conn.execute(found, {"ids": json_list(destinations)})
    return [from_us(one) for one in rows.scalars()]


async def ways(conn: AsyncConnection, shard: int) -> Sequence[Way]:
    """By which channels what waits in a shard goes, and where to."""
    columns = (deliveries.c.destination, deliveries.c.config_id, deliveries.c.channel_id)
    found = select(*columns).where(_WAITING, deliveries.c.shard == shard).distinct()
    return [Way(shard, *row) for row in await conn.execute(found)]


def lead(conn: Connection, way: Way, shard: int, destination: str, but: Collection[str]) -> None:
    """Have what waits on `way` go to another destination or be in another shard, but for these."""
    moved = (
        update(deliveries)
        .where(*_waits_on(way), ~in_list(deliveries.c.id, "ids"))
        .values(shard=shard, destination=destination)
    )
    conn.execute(moved, {"ids": json_list(but)})


def hasten_on(conn: Connection, way: Way, now: datetime) -> None:
    """Have what waits on `way` be due by now."""
    later = (*_waits_on(way), deliveries.c.next_at > to_us(now))
    conn.execute(update(deliveries).where(*later).values(next_at=to_us(now)))


def _waits_on(way: Way) -> Sequence[ColumnElement[bool]]:
    return (
        _WAITING,
        deliveries.c.shard == way.shard,
        deliveries.c.destination == way.destination,
        deliveries.c.config_id == way.config_id,
        deliveries.c.channel_id == way.channel_id,
    )


async def group_goes_at(conn: AsyncConnection, config_id: str, group_key: str) -> datetime | None:
    """When the newest of a group goes, or went, out; None when there was none lately."""
    lately = (
        select(deliveries.c.next_at, deliveries.c.group_key)
        .where(deliveries.c.config_id == config_id)
        .order_by(deliveries.c.id.desc())
        .limit(_LATELY)
        .subquery()
    )
    found = select(sql.max(lately.c.next_at)).where(lately.c.group_key == group_key)
    at = (await conn.execute(found)).scalar_one()
    return None if at is None else from_us(at)


def settle_folded(conn: Connection, digest: Delivery) -> None:
    """Let what a digest stands for share what became of it."""
    conn.execute(
        update(deliveries)
        .where(deliveries.c.digest_id == digest.id)
        .values(
            state=digest.state.value,
            ended_at=None if digest.ended_at is None else to_us(digest.ended_at),
            status=digest.status,
            response=digest.response,
            duration_ms=digest.duration_ms,
            reason=digest.reason,
            error=digest.error,
        )
    )


def put_back(conn: Connection, ids: Collection[str], now: datetime) -> int:
    """Have what failed tried again from now on, with all its tries; gives how many these were."""
    again = (
        update(deliveries)
        .where(in_list(deliveries.c.id, "ids"), deliveries.c.state == DeliveryState.FAILED.value)
        .values(
            state=DeliveryState.WAITING.value,
            # What was folded into a digest that failed goes out by itself.
            digest_id=None,
            group_key=None,
            tries=0,
            next_at=to_us(now),
            ended_at=None,
            reason=None,
            error=None,
        )
    )
    return conn.execute(again, {"ids": json_list(ids)}).rowcount


def hasten(conn: Connection, delivery_id: str, now: datetime) -> None:
    """Have one that waits for its next try be due by now, with all its tries."""
    later = (deliveries.c.id == delivery_id, _WAITING, deliveries.c.next_at > to_us(now))
    conn.execute(update(deliveries).where(*later).values(tries=0, next_at=to_us(now)))


def delivery_of(row: Row[Any]) -> Delivery:
    """A row as what it is; it may have further columns behind those of the table."""
    said = Delivery._make(row[: len(Delivery._fields)])
    return said._replace(
        kind=DeliveryKind(said.kind),
        state=DeliveryState(said.state),
        next_at=from_us(row.next_at),
        created_at=from_us(row.created_at),
        ended_at=None if row.ended_at is None else from_us(row.ended_at),
    )


def _row(one: Delivery) -> tuple[Any, ...]:
    return (
        one.id,
        one.kind.value,
        one.state.value,
        one.config_id,
        one.channel_id,
        one.channel_type,
        one.destination,
        one.shard,
        one.event_seq,
        one.event_id,
        one.event_type,
        one.project,
        one.subject,
        one.task_id,
        one.order_key,
        one.group_key,
        one.digest_id,
        one.attempts,
        one.tries,
        to_us(one.next_at),
        to_us(one.created_at),
        None if one.ended_at is None else to_us(one.ended_at),
        one.status,
        one.response,
        one.duration_ms,
        one.reason,
        one.error,
    )
