"""Bring the database's schema up to date, once, however many processes start at the same time.

Migrations first add, and take away only what no version in use needs any more. So a version that
is upgraded from goes on beside the new one, and can be gone back to.
"""

import asyncio
from collections.abc import Collection
from functools import cache
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import URL

from tocsin.errors import ConfigError
from tocsin.store import facts, postgres, sqlite
from tocsin.store.address import is_postgres
from tocsin.store.failures import translated_errors
from tocsin.store.locks import Lock, hold

_MIGRATIONS = Path(__file__).parent / "migrations"
# The oldest schema whose code can work with the newest one. A migration that takes something away
# raises this.
_SERVES_FROM = "0005"

log = structlog.get_logger(__name__)


async def migrate(url: URL) -> str:
    """Apply what is missing, in one transaction that nobody else migrates in; gives the revision.

    Raises:
        ConfigError: the database was written by a newer Tocsin, or is none that can be used.
        StoreDown: it cannot be opened or written.
    """
    return await asyncio.to_thread(_migrate, url)


def _migrate(url: URL) -> str:
    if is_postgres(url):
        engine = postgres.migrating_engine(url)
    else:
        sqlite.prepare_file(url)
        engine = sqlite.writing_engine(url)
    try:
        if is_postgres(url):
            postgres.await_server(engine)
        with translated_errors(), engine.begin() as conn:
            hold(conn, Lock.MIGRATION)
            return _upgrade(conn)
    finally:
        engine.dispose()


def _upgrade(conn: Connection) -> str:
    scripts = _scripts()
    head = str(scripts.get_current_head())
    now = MigrationContext.configure(conn).get_current_revision()
    if now == head:
        return head
    known = {script.revision for script in scripts.walk_revisions()}
    if now is not None and now not in known:
        return _go_on(conn, now, head, known)
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")
    facts.write(conn, facts.SCHEMA_SERVES_FROM, _SERVES_FROM)
    return head


def _go_on(conn: Connection, now: str, head: str, known: Collection[str]) -> str:
    """Leave the schema of a newer version as it is, if our code can work with it."""
    if facts.read(conn, facts.SCHEMA_SERVES_FROM) in known:
        log.warning("schema_newer", schema=now, own=head)
        return now
    message = (
        f"database_url: the database is of a newer Tocsin (schema {now}); "
        "start that version, or restore a backup made before the upgrade"
    )
    raise ConfigError([message])


@cache
def _scripts() -> ScriptDirectory:
    """The migrations there are; to read them takes longer than to see that none is missing."""
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
