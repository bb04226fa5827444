"""How far each stage has read the journal.

A stage moves its cursor in the transaction that stores its own rows, so that nothing is
missed or done twice after a crash. With several instances, whoever has the row locked works what
comes next; the others pass.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Dialect, Select, bindparam, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import to_us
from tocsin.store.statement import Insert, compiled, in_list, insert_for, json_list
from tocsin.store.tables.journal import cursors


@dataclass(frozen=True, slots=True)
class Position:
    """A stage has read up to `seq`."""

    stage: str
    seq: int
    at: datetime


async def position(conn: AsyncConnection, stage: str) -> int:
    """The seq up to which the stage has read; 0 before its first."""
    found = await conn.execute(select(cursors.c.seq).where(cursors.c.stage == stage))
    return found.scalar_one_or_none() or 0


async def lowest(conn: AsyncConnection, stages: Collection[str]) -> int:
    """The seq up to which each of these has read that has begun; 0 before the first has."""
    found = select(sql.min(cursors.c.seq)).where(in_list(cursors.c.stage, "stages"))
    return (await conn.execute(found, {"stages": json_list(stages)})).scalar_one() or 0


def locked_position(conn: Connection, stage: str) -> int | None:
    """The seq up to which the stage has read; nobody else moves it until the transaction ends.

    None while another instance has it locked. (On SQLite a transaction that writes is alone.)
    """
    compiled(conn.dialect, _begun).run(conn, stage, 0, 0)
    rows = compiled(conn.dialect, _locked).fetch(conn, stage)
    return rows[0][0] if rows else None


def move(conn: Connection, to: Position) -> None:
    """Say how far a stage has read."""
    compiled(conn.dialect, _moved).run(conn, to.stage, to.seq, to_us(to.at))


def _row(dialect: Dialect) -> Insert:
    names = ("stage", "seq", "moved_at")
    return insert_for(dialect, cursors).values({name: bindparam(name) for name in names})


def _begun(dialect: Dialect) -> Insert:
    return _row(dialect).on_conflict_do_nothing()


def _locked(_dialect: Dialect) -> Select[tuple[int]]:
    row = select(cursors.c.seq).where(cursors.c.stage == bindparam("stage"))
    return row.with_for_update(skip_locked=True)


def _moved(dialect: Dialect) -> Insert:
    row = _row(dialect)
    changed = {"seq": row.excluded.seq, "moved_at": row.excluded.moved_at}
    return row.on_conflict_do_update(index_elements=[cursors.c.stage], set_=changed)
