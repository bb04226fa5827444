"""How far each stage has read the journal.

A stage moves its cursor in the transaction that stores its own rows, so that nothing is
missed or done twice after a crash. With several instances, whoever has the row locked works what
comes next; the others pass.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import to_us
from tocsin.store.statement import insert_for
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


def locked_position(conn: Connection, stage: str) -> int | None:
    """The seq up to which the stage has read; nobody else moves it until the transaction ends.

    None while another instance has it locked. (On SQLite a transaction that writes is alone.)
    """
    begun = insert_for(conn.dialect, cursors).values(stage=stage, seq=0, moved_at=0)
    conn.execute(begun.on_conflict_do_nothing())
    row = select(cursors.c.seq).where(cursors.c.stage == stage).with_for_update(skip_locked=True)
    return conn.execute(row).scalar_one_or_none()


def move(conn: Connection, to: Position) -> None:
    """Say how far a stage has read."""
    statement = insert_for(conn.dialect, cursors).values(
        stage=to.stage, seq=to.seq, moved_at=to_us(to.at)
    )
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[cursors.c.stage],
            set_={"seq": statement.excluded.seq, "moved_at": statement.excluded.moved_at},
        )
    )
