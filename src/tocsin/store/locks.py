"""Locks that several instances on one PostgreSQL take, each held to the end of its transaction.

On SQLite there is nothing to do: whoever writes holds the lock on the whole database.
"""

from enum import IntEnum

from sqlalchemy import Connection, Table, select
from sqlalchemy import func as sql

# "toc" in ASCII: the server's other users may number their locks from 1 on.
_SPACE = 0x746F63


class Lock(IntEnum):
    """What one transaction at a time may do; in the order in which they are taken."""

    MIGRATION = 1
    # Give out numbers. Taken before the highest one is looked up, and held until the commit can
    # be seen: so numbers grow in the order of commits, whoever writes.
    APPEND = 2


def statement_for(lock: Lock) -> str:
    """The SQL that takes the lock; without parameters, for the hot path."""
    return f"SELECT pg_advisory_xact_lock({_SPACE}, {lock.value})"


def hold(conn: Connection, lock: Lock) -> None:
    """Wait for the lock, and hold it until the transaction ends."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(sql.pg_advisory_xact_lock(_SPACE, lock.value)))


def hold_table(conn: Connection, table: Table) -> None:
    """Be the only one who changes `table`, until the transaction ends; others read on.

    For a change that depends on rows beside the changed one, or on that there is none.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
