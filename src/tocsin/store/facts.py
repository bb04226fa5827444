"""What the journal knows of itself: its epoch, and up to where retention has removed events.

A journal that was put back from a backup is another one from there on: what clients have seen
since then is not in it, and its next events get the same numbers. So it gets an epoch of its own,
and remembers up to which seq the one before was the same.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, delete, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.errors import ConfigError
from tocsin.store.statement import insert_for
from tocsin.store.tables.journal import events, journal_facts
from tocsin.store.tables.metadata import BigInt

EPOCH = "epoch"
# The highest seq that retention has removed; numbers are not given twice, and who wants to
# go on from before it is told that it cannot.
PRUNED_THROUGH = "pruned_through"
# How often retention has removed what was folded from events; who remembers such things reads
# them again when this has changed.
REMOVALS = "removals"
# The epochs before this one, each with the last seq up to which it is the same journal.
FORMER_EPOCHS = "former_epochs"
# The oldest schema whose code can work with the database as it is now; see `migrate.py`.
SCHEMA_SERVES_FROM = "schema_serves_from"
# Stands in backups only: the newest seq when it was made. The first start on it takes it away.
BACKUP_THROUGH = "backup_through"
# Stands in a journal that `tocsin copy` writes: `begun`, or `done` until it is first started on.
COPY = "copy"
COPY_BEGUN = "begun"
COPY_DONE = "done"


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """`epoch` is the journal's identity: offsets of another epoch mean nothing here.

    But for those of `former_epochs`, up to the seq that stands there.
    """

    epoch: str
    pruned_through: int
    former_epochs: Mapping[str, int] = field(default_factory=dict)


async def read_facts(conn: AsyncConnection) -> JournalFacts:
    """What stands there now."""
    rows = await conn.execute(select(journal_facts.c.name, journal_facts.c.value))
    found: dict[str, str] = {row.name: row.value for row in rows}
    return JournalFacts(
        found.get(EPOCH, ""),
        int(found.get(PRUNED_THROUGH, 0)),
        orjson.loads(found.get(FORMER_EPOCHS, "{}")),
    )


def ensure_epoch(conn: Connection) -> str:
    """The epoch, made when the journal is new, and anew when it was put back from a backup.

    Raises:
        ConfigError: the journal is an unfinished copy.
    """
    if read(conn, COPY) == COPY_BEGUN:
        message = "database_url: the copy into this database is not finished; run it again"
        raise ConfigError([message])
    conn.execute(delete(journal_facts).where(journal_facts.c.name == COPY))
    # Of several instances that start at once, one gets it.
    marked = delete(journal_facts).where(journal_facts.c.name == BACKUP_THROUGH)
    through = conn.execute(marked.returning(journal_facts.c.value)).scalar()
    before = read(conn, EPOCH)
    if before is not None and through is not None:
        former: dict[str, int] = orjson.loads(read(conn, FORMER_EPOCHS) or "{}")
        former[before] = int(through)
        write(conn, FORMER_EPOCHS, orjson.dumps(former).decode())
        write(conn, EPOCH, secrets.token_hex(6))
    made = insert_for(conn.dialect, journal_facts).values(name=EPOCH, value=secrets.token_hex(6))
    conn.execute(made.on_conflict_do_nothing())
    return read(conn, EPOCH) or ""


def mark_as_backup(conn: Connection) -> int:
    """Say in a backup that it is one, and up to which seq; `conn` is of it, not of the journal."""
    newest = conn.execute(select(sql.max(events.c.seq))).scalar() or 0
    through = max(newest, int(read(conn, PRUNED_THROUGH) or 0))
    write(conn, BACKUP_THROUGH, str(through))
    return through


def read(conn: Connection, name: str) -> str | None:
    """A fact; None when it does not stand there."""
    found = select(journal_facts.c.value).where(journal_facts.c.name == name)
    value: str | None = conn.execute(found).scalar()
    return value


def write(conn: Connection, name: str, value: str) -> None:
    """Have a fact stand there."""
    statement = insert_for(conn.dialect, journal_facts).values(name=name, value=value)
    changed = {"value": statement.excluded.value}
    index = [journal_facts.c.name]
    conn.execute(statement.on_conflict_do_update(index_elements=index, set_=changed))


def raise_pruned_through(conn: Connection, seq: int) -> None:
    """Remember that events up to `seq` may be missing."""
    statement = insert_for(conn.dialect, journal_facts).values(name=PRUNED_THROUGH, value=str(seq))
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=[journal_facts.c.name],
            set_={"value": statement.excluded.value},
            where=journal_facts.c.value.cast(BigInt) < seq,
        )
    )


def count_removal(conn: Connection) -> None:
    """Tell other instances that what was folded from events is removed."""
    counted = (journal_facts.c.value.cast(BigInt) + 1).cast(journal_facts.c.value.type)
    statement = insert_for(conn.dialect, journal_facts).values(name=REMOVALS, value="1")
    index = [journal_facts.c.name]
    conn.execute(statement.on_conflict_do_update(index_elements=index, set_={"value": counted}))
