"""Read what became of deliveries: lists by what people look for, and one with every attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, case, or_, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import Reason, Rejected
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.delivery import Attempt, Delivery, DeliveryState, Outcome
from tocsin.model.delivery_history import Folded, HistoryFilter, HistoryRow, HistoryStatus
from tocsin.model.times import from_us, to_us
from tocsin.store import callbacks
from tocsin.store.deliveries import delivery_of
from tocsin.store.functions import fits_glob
from tocsin.store.search import contains
from tocsin.store.tables.callbacks import deliveries, delivery_attempts, destinations

_BRIEF = [
    column
    for column in delivery_attempts.c
    if column.name not in ("request", "response", "destination")
]


async def page(
    conn: AsyncConnection, wanted: HistoryFilter, limit: int, offset: int
) -> tuple[Sequence[HistoryRow], int]:
    """At most `limit` that fit, the newest first, from the one at `offset`; and how many fit."""
    where = _conditions(wanted)
    origin: FromClause = joined() if wanted.statuses else deliveries
    counted = select(sql.count()).select_from(origin).where(*where)
    total = (await conn.execute(counted)).scalar_one()
    found = _rows().where(*where).order_by(deliveries.c.id.desc())
    rows = (await conn.execute(found.limit(limit).offset(offset))).all()
    return await _with_more(conn, rows), total


async def one(conn: AsyncConnection, delivery_id: str) -> HistoryRow:
    """A delivery with all of its attempts, whole.

    Raises:
        Rejected: 404, there is none.
    """
    rows = (await conn.execute(_rows().where(deliveries.c.id == delivery_id))).all()
    if not rows:
        raise Rejected(404, Reason.NOT_FOUND, "There is no delivery with this id.")
    (found,) = await _with_more(conn, rows)
    tried = select(delivery_attempts).where(delivery_attempts.c.delivery_id == delivery_id)
    attempts = await conn.execute(tried.order_by(delivery_attempts.c.number))
    return replace(found, attempts=[_attempt(row) for row in attempts])


async def folded_into(
    conn: AsyncConnection, digest_id: str, limit: int
) -> tuple[Sequence[Folded], int]:
    """The first deliveries that went into a digest, and how many did."""
    here = deliveries.c.digest_id == digest_id
    counted = select(sql.count()).select_from(deliveries).where(here)
    total = (await conn.execute(counted)).scalar_one()
    order = (deliveries.c.event_seq, deliveries.c.id)
    found = select(deliveries).where(here).order_by(*order).limit(limit)
    return [
        Folded(row.id, row.event_id, row.event_type, row.task_id, from_us(row.created_at))
        for row in await conn.execute(found)
    ], total


async def ended(conn: AsyncConnection, wish: ReplayWish, limit: int) -> Sequence[Delivery]:
    """The deliveries that a person wants made once more, in the order in which they were made.

    Of more than `limit` these are the oldest, so that the same wish again goes on from there.
    """
    like = HistoryFilter(
        task_id=wish.task_id,
        config_id=wish.config_id,
        project_id=wish.project_id,
        event_id=wish.event_id,
        destination_id=wish.destination_id,
        event_types=wish.event_types,
        channel_types=(wish.channel_type,) if wish.channel_type else (),
        since=wish.since,
        until=wish.until,
    )
    states = [wish.state] if wish.state else [one for one in DeliveryState if one.is_final]
    is_ended = deliveries.c.state.in_([one.value for one in states if one.is_final])
    where = [is_ended, *_conditions(like)]
    found = select(deliveries).where(*where).order_by(deliveries.c.id).limit(limit)
    return [delivery_of(row) for row in await conn.execute(found)]


async def exists(conn: AsyncConnection, delivery_id: str) -> bool:
    """Whether there is a delivery with that id."""
    found = select(deliveries.c.id).where(deliveries.c.id == delivery_id)
    return (await conn.execute(found)).first() is not None


def status_column() -> ColumnElement[str]:
    """`model.delivery_history.status_of` in SQL, over `joined`."""
    state, is_paused = deliveries.c.state, destinations.c.is_paused.is_(True)
    success, failed = HistoryStatus.SUCCESS.value, HistoryStatus.FAILED.value
    return case(
        (and_(state == DeliveryState.WAITING.value, is_paused), failed),
        (state == DeliveryState.WAITING.value, HistoryStatus.PENDING.value),
        (state == DeliveryState.FAILED.value, failed),
        else_=success,
    )


def reason_column() -> ColumnElement[str | None]:
    """Why a delivery failed, over `joined`."""
    is_waiting = deliveries.c.state == DeliveryState.WAITING.value
    is_held = and_(is_waiting, destinations.c.is_paused.is_(True))
    return case((is_held, Reason.PAUSED.value), else_=deliveries.c.reason)


def joined() -> FromClause:
    """Deliveries with their destination, as far as that is known yet."""
    return deliveries.outerjoin(destinations, destinations.c.id == deliveries.c.destination)


def _rows() -> Select[Any]:
    tried = delivery_attempts.alias("tried")
    request = (
        select(tried.c.request)
        .where(tried.c.delivery_id == deliveries.c.id)
        .order_by(tried.c.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        deliveries,
        sql.coalesce(destinations.c.is_paused, False).label("is_paused"),
        destinations.c.held_until,
        sql.coalesce(request, "").label("last_request"),
    ).select_from(joined())


def _conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    d = deliveries.c
    equal = {
        d.task_id: wanted.task_id,
        d.config_id: wanted.config_id,
        d.project: wanted.project_id,
        d.destination: wanted.destination_id,
        d.digest_id: wanted.digest_id,
        d.event_id: wanted.event_id,
    }
    where = [column == value for column, value in equal.items() if value is not None]
    if wanted.event_types:
        where.append(or_(*(fits_glob(d.event_type, one) for one in wanted.event_types)))
    if wanted.channel_types:
        where.append(d.channel_type.in_(wanted.channel_types))
    if wanted.kinds:
        where.append(d.kind.in_([one.value for one in wanted.kinds]))
    if wanted.statuses:
        where.append(status_column().in_([one.value for one in wanted.statuses]))
    if wanted.since is not None:
        where.append(d.created_at >= to_us(wanted.since))
    if wanted.until is not None:
        where.append(d.created_at < to_us(wanted.until))
    if wanted.text:
        places = (d.id, d.event_id, d.task_id, d.subject, d.error)
        where.append(or_(*(contains(place, wanted.text) for place in places)))
    return where


# --- rows


async def _with_more(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> Sequence[HistoryRow]:
    names = await callbacks.names(conn, {row.config_id for row in rows})
    attempts = await _attempts(conn, [row.id for row in rows])
    return [
        HistoryRow(
            delivery=delivery_of(row),
            is_paused=bool(row.is_paused),
            held_until=None if row.held_until is None else from_us(row.held_until),
            config_name=names.get(row.config_id, ""),
            attempts=attempts.get(row.id, ()),
            request=row.last_request,
        )
        for row in rows
    ]


async def _attempts(conn: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Sequence[Attempt]]:
    """Of each delivery its attempts in order, without what was sent and answered."""
    order = (delivery_attempts.c.delivery_id, delivery_attempts.c.number)
    found = select(*_BRIEF).where(delivery_attempts.c.delivery_id.in_(ids)).order_by(*order)
    attempts: dict[str, list[Attempt]] = {}
    for row in await conn.execute(found):
        attempts.setdefault(row.delivery_id, []).append(_attempt(row))
    return attempts


def _attempt(row: Row[Any]) -> Attempt:
    said = {"destination": "", "request": "", "response": "", **row._asdict()}
    return Attempt(**{**said, "at": from_us(row.at), "outcome": Outcome(row.outcome)})
