"""What the journal knows of itself: its epoch, and up to where retention has removed events."""

import secrets
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.store.tables.journal import journal_facts
from tocsin.store.tables.metadata import BigInt

EPOCH = "epoch"
# The highest seq that retention has removed; numbers are not given twice, and who wants to
# go on from before it is told that it cannot.
PRUNED_THROUGH = "pruned_through"


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """`epoch` is the journal's identity: offsets of another epoch mean nothing here."""

    epoch: str
    pruned_through: int


async def read_facts(conn: AsyncConnection) -> JournalFacts:
    """What stands there now."""
    rows = await conn.execute(select(journal_facts.c.name, journal_facts.c.value))
    found: dict[str, str] = {row.name: row.value for row in rows}
    return JournalFacts(found.get(EPOCH, ""), int(found.get(PRUNED_THROUGH, 0)))


def ensure_epoch(conn: Connection) -> str:
    """The epoch, made when the journal is new."""
    made = insert(journal_facts).values(name=EPOCH, value=secrets.token_hex(6))
    conn.execute(made.on_conflict_do_nothing())
    statement = select(journal_facts.c.value).where(journal_facts.c.name == EPOCH)
    return str(conn.execute(statement).scalar_one())


def raise_pruned_through(conn: Connection, seq: int) -> None:
    """Remember that events up to `seq` may be missing."""
    statement = insert(journal_facts).values(name=PRUNED_THROUGH, value=str(seq))
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[journal_facts.c.name],
            set_={"value": statement.excluded.value},
            where=journal_facts.c.value.cast(BigInt) < seq,
        )
    )
