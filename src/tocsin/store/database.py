"""The database: one thread that writes, a pool that reads, and their errors in Tocsin's words.

SQLite takes one writer at a time, so all writing goes through one connection owned by one
thread; nobody waits for a lock. Reads run beside it on a snapshot (WAL).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from tocsin.errors import ConfigError
from tocsin.store.failures import translated_errors
from tocsin.store.writer import Writer

T = TypeVar("T")

BUSY_TIMEOUT_S = 10
READERS = 4

# FULL: a commit returns after the log is on the disk, so an answer never precedes it.
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    # 16 MiB of log between checkpoints: fewer of them than by default, bounded all the same.
    "PRAGMA wal_autocheckpoint=4000",
    "PRAGMA journal_size_limit=67108864",
)
_READER_PRAGMAS = (
    "PRAGMA query_only=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}",
    "PRAGMA cache_size=-16384",
    "PRAGMA temp_store=MEMORY",
)


def sqlite_url(database_url: str, data_dir: Path) -> URL:
    """The database's address; an empty `database_url` is a file in the data folder.

    Raises:
        ConfigError: the address cannot be read, or names a database that is not supported.
    """
    if not database_url:
        return URL.create("sqlite", database=str(data_dir / "tocsin.db"))
    try:
        url = make_url(database_url)
    except ArgumentError as error:
        raise ConfigError(
            ["database_url: not an address such as sqlite:///data/tocsin.db"]
        ) from error
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        message = "database_url: only sqlite:///FILE is supported by this version"
        raise ConfigError([message])
    return url.set(drivername="sqlite")


class Database:
    """An open database. Made by `open_database`."""

    def __init__(self, engine: Engine, readers: AsyncEngine) -> None:
        self._engine = engine
        self._readers = readers
        self.writer = Writer(engine)
        self.path = Path(str(engine.url.database))
        self.dialect = engine.dialect

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one write transaction in the writer's thread; return once committed.

        Raises:
            StoreDown: nothing of it is stored.
        """
        return await asyncio.wrap_future(self.writer.submit(work))

    def size_bytes(self) -> int:
        """What the database takes on the disk, with the log of what is not yet in its place."""
        wal = self.path.with_name(f"{self.path.name}-wal")
        return sum(one.stat().st_size for one in (self.path, wal) if one.exists())

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


async def open_database(url: URL) -> Database:
    """Open the database at `url` (see `sqlite_url`), whose schema is up to date.

    Raises:
        StoreDown: it cannot be opened.
    """
    readers = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_S,
    )
    event.listen(readers.sync_engine, "connect", _pragmas(_READER_PRAGMAS))
    # Else the connection of a reader that was cancelled is ended by two tasks. When both are
    # cancelled, as at the end of the loop, one may wait for a thread that the other has ended.
    readers.dialect.do_terminate = readers.dialect.do_close  # type: ignore[method-assign]
    return Database(writing_engine(url), readers)


def writing_engine(url: URL) -> Engine:
    """An engine whose transactions take the write lock when they begin."""
    engine = create_engine(
        url,
        connect_args={"isolation_level": None, "check_same_thread": False},
        # An error's text goes into the log, and the values may be anybody's secret.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _pragmas(_WRITER_PRAGMAS))
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _pragmas(statements: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    return on_connect
