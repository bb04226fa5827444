"""SQLite: how its connections are opened, and what its file is like.

It takes one writer at a time. Reads run beside that on a snapshot (WAL).
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tocsin.errors import ConfigError

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


def reading_engine(url: URL) -> AsyncEngine:
    """An engine whose connections see what is committed, and cannot write."""
    engine = create_async_engine(
        url.set(drivername="sqlite+aiosqlite"),
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_S,
    )
    event.listen(engine.sync_engine, "connect", _pragmas(_READER_PRAGMAS))
    # Else the connection of a reader that was cancelled is ended by two tasks. When both are
    # cancelled, as at the end of the loop, one may wait for a thread that the other has ended.
    engine.dialect.do_terminate = engine.dialect.do_close  # type: ignore[method-assign]
    return engine


def snapshot_engine(url: URL) -> Engine:
    """An engine whose transactions see the database as it is at their first look, and no later."""
    engine = create_engine(url, connect_args={"isolation_level": None}, hide_parameters=True)
    event.listen(engine, "connect", _pragmas(_READER_PRAGMAS))
    event.listen(engine, "begin", _begin)
    return engine


def file_of(url: URL) -> Path:
    return Path(str(url.database))


def size_bytes(url: URL) -> int:
    """What the file takes on the disk, with the log of what is not yet in its place."""
    file = file_of(url)
    wal = file.with_name(f"{file.name}-wal")
    return sum(one.stat().st_size for one in (file, wal) if one.exists())


def prepare_file(url: URL) -> None:
    """Make a new file give space back in slices, and log ahead of its writes.

    The first can only be chosen before the file's first table. The second needs the file alone
    for a moment, and SQLite does not wait for that as it does for other locks: so this is done
    once, by one of all that start at the same time.

    Raises:
        ConfigError: there can be no such file.
    """
    path = file_of(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with _alone(path.with_name(f"{path.name}.lock")):
            if not path.exists() or not path.stat().st_size:
                _begin_file(path)
    except (OSError, sqlite3.Error) as error:
        message = f"database_url: cannot open {path}: {getattr(error, 'strerror', None) or error}"
        raise ConfigError([message]) from error


def _begin_file(path: Path) -> None:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    # What senders tell may be anybody's secret: nobody else on the machine reads it.
    path.chmod(0o600)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock file; it stays, since taking it away would let two hold one each."""
    handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _pragmas(statements: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    return on_connect
