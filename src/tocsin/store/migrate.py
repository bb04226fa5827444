"""Bring the database's schema up to date, once, however many processes start at the same time."""

import asyncio
import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from tocsin.errors import ConfigError
from tocsin.store.database import BUSY_TIMEOUT_S, writing_engine
from tocsin.store.failures import translated_errors

_MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(url: URL) -> str:
    """Apply what is missing, in one transaction that holds the write lock; gives the revision.

    Raises:
        ConfigError: the database was written by a newer Tocsin, or its file cannot be made.
        StoreDown: it cannot be opened or written.
    """
    return await asyncio.to_thread(_migrate, url)


def _migrate(url: URL) -> str:
    path = Path(str(url.database))
    try:
        _prepare_file(path)
    except (OSError, sqlite3.Error) as error:
        message = f"database_url: cannot open {path}: {getattr(error, 'strerror', None) or error}"
        raise ConfigError([message]) from error
    engine = writing_engine(url)
    try:
        with translated_errors(), engine.begin() as conn:
            return _upgrade(conn)
    finally:
        engine.dispose()


def _prepare_file(path: Path) -> None:
    """Make a new file give space back in slices, and log ahead of its writes.

    The first can only be chosen before the file's first table. The second needs the file alone
    for a moment, and SQLite does not wait for that as it does for other locks: so this is done
    once, by one of all that start at the same time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with _alone(path.with_name(f"{path.name}.lock")):
        if path.exists() and path.stat().st_size:
            return
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


def _upgrade(conn: Connection) -> str:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    scripts = ScriptDirectory.from_config(config)
    now = MigrationContext.configure(conn).get_current_revision()
    if now is not None and now not in {script.revision for script in scripts.walk_revisions()}:
        message = (
            f"database_url: the database is of a newer Tocsin (schema {now}); "
            "start that version, or restore a backup made before the upgrade"
        )
        raise ConfigError([message])
    command.upgrade(config, "head")
    return str(scripts.get_current_head())
