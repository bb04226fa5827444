"""Change the database from the command line, beside a server that may be running on it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from tocsin.model.event import NewEvent
from tocsin.store.address import address_of
from tocsin.store.append import Appender
from tocsin.store.database import Database, open_database
from tocsin.store.locks import Lock, hold
from tocsin.store.migrate import migrate

T = TypeVar("T")


@asynccontextmanager
async def opened(database_url: str, data_dir: Path) -> AsyncIterator[Database]:
    """The database, made or brought up to date where that is needed.

    Raises:
        ConfigError: it is of a newer Tocsin, or its address cannot be read.
        StoreDown: it cannot be opened.
    """
    url = address_of(database_url, data_dir)
    await migrate(url)
    database = await open_database(url)
    try:
        yield database
    finally:
        await database.close()


async def change(
    database: Database, events: Sequence[NewEvent], work: Callable[[Connection], T]
) -> T:
    """Do `work` and append the events that tell of it, in one transaction.

    The lock that the append needs is taken ahead of what `work` takes, as everywhere.

    A running server sees the events at its next look at the journal, without a bell.

    Raises:
        StoreDown: nothing of it is stored.
    """

    def both(conn: Connection) -> T:
        hold(conn, Lock.APPEND)
        result = work(conn)
        Appender(conn.dialect).append(conn, [events])
        return result

    return await database.write(both)
