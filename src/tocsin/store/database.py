"""The database: one thread that writes, a pool that reads, and their errors in Tocsin's words.

All writing of a process goes through one connection owned by one thread, on SQLite, which takes
one writer at a time, as on PostgreSQL, where a group of events costs one commit however many
have brought it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, select
from sqlalchemy import func as sql
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tocsin.store import postgres, sqlite
from tocsin.store.address import is_postgres
from tocsin.store.failures import translated_errors
from tocsin.store.fence import fenced
from tocsin.store.writer import Writer

T = TypeVar("T")


class Database:
    """An open database. Made by `open_database`."""

    def __init__(self, engine: Engine, readers: AsyncEngine) -> None:
        self._engine = engine
        self._readers = readers
        self.url = engine.url
        self.dialect = engine.dialect
        self.writer = Writer(engine)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one write transaction in the writer's thread; return once committed.

        Raises:
            StoreDown: nothing of it is stored; where the connection was lost, that is not known.
        """
        return await asyncio.wrap_future(self.writer.submit(fenced(work)))

    async def size_bytes(self) -> int:
        """What the database takes on the disk.

        Raises:
            StoreDown: it does not answer.
        """
        if not is_postgres(self.url):
            return sqlite.size_bytes(self.url)
        async with self.read() as conn:
            size = select(sql.pg_database_size(sql.current_database()))
            return int((await conn.execute(size)).scalar_one())

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees everything committed before, and cannot write."""
        with translated_errors():
            async with self._readers.connect() as conn:
                yield conn

    async def close(self) -> None:
        """Finish what is in hand, then close; no `write` is taken any more."""
        await asyncio.to_thread(self.writer.close)
        await self._readers.dispose()
        self._engine.dispose()


async def open_database(url: URL, instance: str = "") -> Database:
    """Open the database at `url` (see `address_of`), whose schema is up to date.

    A server lists its connections under the name of `instance`.

    Raises:
        StoreDown: it cannot be opened.
    """
    if is_postgres(url):
        engine = postgres.writing_engine(url, instance)
        return Database(engine, postgres.reading_engine(url, instance))
    return Database(sqlite.writing_engine(url), sqlite.reading_engine(url))
