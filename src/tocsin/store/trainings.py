"""Read trainings as they look now: lists, one by its id, and those to ask after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, or_, select, update
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.filters import TrainingFilter
from tocsin.model.paging import Page
from tocsin.model.times import to_us
from tocsin.model.training import Training, TrainingStatus
from tocsin.store.folded_trainings import unpack_training
from tocsin.store.keyset import Order, first_keys, keys_within, unindexed
from tocsin.store.search import contains
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.trainings import trainings


@dataclass(frozen=True, slots=True)
class StoredTraining:
    """A training under its id; `opened_seq` is the event by which it was first heard of."""

    id: str
    opened_seq: int
    training: Training


@dataclass(frozen=True, slots=True)
class Pauses:
    """When a training without news is asked after: first, then how often, and for how long."""

    after: timedelta
    every: timedelta


_SHOWN = (trainings.c.id, trainings.c.opened_seq, trainings.c.state)


async def page(
    conn: AsyncConnection, wanted: TrainingFilter, limit: int, before: int | None = None
) -> Page[StoredTraining]:
    """Trainings that fit, the newest on top; `before` is the last one's `opened_seq` so far."""
    opened_seq = trainings.c.opened_seq
    where: list[ColumnElement[bool]] = [] if before is None else [opened_seq < before]
    if wanted.text:
        columns = (trainings.c.id, trainings.c.finetune_id, trainings.c.endpoint)
        where.append(or_(*(contains(column, wanted.text) for column in columns)))
    driver: tuple[ColumnElement[str], Sequence[str]] | None = None
    if wanted.training_types:
        driver = (trainings.c.training_type, wanted.training_types)
        if wanted.statuses:
            where.append(unindexed(trainings.c.status.in_(wanted.statuses)))
    elif wanted.statuses:
        driver = (trainings.c.status, wanted.statuses)
    order = Order(opened_seq, is_ascending=False)
    keys = first_keys(order, driver, where, limit + 1)
    sizes = select(opened_seq, sql.length(trainings.c.state)).where(opened_seq.in_(keys))
    fitting = await keys_within(conn, sizes.order_by(order.by), limit)
    statement = select(*_SHOWN).where(in_list(opened_seq, "seqs")).order_by(order.by)
    rows = await conn.execute(statement, {"seqs": json_list(fitting.items)})
    return Page(
        [StoredTraining(row.id, row.opened_seq, unpack_training(row.state)) for row in rows],
        fitting.is_more,
    )


async def with_id(conn: AsyncConnection, training_id: str) -> StoredTraining | None:
    """The training with this id; None when nothing was heard of one."""
    found = await conn.execute(select(*_SHOWN).where(trainings.c.id == training_id))
    row = found.first()
    if row is None:
        return None
    return StoredTraining(row.id, row.opened_seq, unpack_training(row.state))


async def to_ask_after(
    conn: AsyncConnection, now: datetime, heard_since: datetime, pauses: Pauses, limit: int
) -> Sequence[StoredTraining]:
    """Trainings under way that have been silent for long enough, the longest unasked first."""
    asked_at, updated_at = trainings.c.asked_at, trainings.c.updated_at
    statement = (
        select(*_SHOWN)
        .where(
            trainings.c.status == TrainingStatus.TRAINING.value,
            updated_at >= to_us(heard_since),
            updated_at <= to_us(now - pauses.every),
            or_(
                asked_at.is_(None) & (updated_at <= to_us(now - pauses.after)),
                asked_at <= to_us(now - pauses.every),
            ),
        )
        .order_by(sql.coalesce(asked_at, 0), updated_at)
        .limit(limit)
    )
    rows = await conn.execute(statement)
    return [StoredTraining(row.id, row.opened_seq, unpack_training(row.state)) for row in rows]


def mark_asked(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """Remember that these were asked after."""
    statement = update(trainings).where(in_list(trainings.c.id, "ids")).values(asked_at=to_us(now))
    conn.execute(statement, {"ids": json_list(ids)})
