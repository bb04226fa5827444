"""PostgreSQL: how its connections are opened, and that none of them is waited for without end.

All of them commit each statement by itself unless told to begin: a read costs one answer of the
server and not three, and the writer says BEGIN where that costs no answer at all.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog
from psycopg import pq
from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tocsin.errors import ConfigError, StoreDown
from tocsin.store.bounded import BoundedAsyncConnection, BoundedConnection
from tocsin.store.pipeline import keep_pipelined

READERS = 8
# A reader waits so long for a connection that is free.
READER_WAIT_S = 10
# The machine that the server runs on may be gone without a word.
CONNECT_LIMIT_S = 5
STATEMENT_LIMIT_S = 20
LOCK_LIMIT_S = 10
# A schema change may have to go through a large table, after another instance's.
MIGRATION_LIMIT_S = 3600
# What starts together with its database, as with compose, is a little earlier than that.
START_LIMIT_S = 60
START_PAUSE_S = 0.5
OLDEST_VERSION = 14

# A server that is gone is noticed within this time, also while an answer is awaited.
_NOTICED = {
    "connect_timeout": str(CONNECT_LIMIT_S),
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_LIMITS = (
    f"SET lock_timeout = '{LOCK_LIMIT_S}s'",
    # Of an instance that halts in the midst of a transaction the others must not wait for ever.
    f"SET idle_in_transaction_session_timeout = '{LOCK_LIMIT_S}s'",
)
_WRITER = (
    *_LIMITS,
    f"SET statement_timeout = '{STATEMENT_LIMIT_S}s'",
    # An answer must not precede its commit. What waits for other servers too is left as it is.
    (
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    ),
)
_READER = (
    *_LIMITS,
    f"SET statement_timeout = '{STATEMENT_LIMIT_S}s'",
    "SET default_transaction_read_only = on",
)
_MIGRATION = (f"SET lock_timeout = '{MIGRATION_LIMIT_S}s'",)

log = structlog.get_logger(__name__)


def writing_engine(url: URL, instance: str = "") -> Engine:
    """An engine for the one connection that writes; see `pipeline.py`."""
    engine = _engine(url, instance, _WRITER)
    event.listen(engine, "do_connect", _bounded)
    keep_pipelined(engine)
    return engine


def migrating_engine(url: URL) -> Engine:
    """An engine whose statements may take long."""
    engine = _engine(url, "migration", _MIGRATION)
    event.listen(engine, "begin", _begin)
    return engine


def reading_engine(url: URL, instance: str = "") -> AsyncEngine:
    """An engine whose connections see what is committed, and cannot write."""
    engine = create_async_engine(
        _named(url, instance),
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        pool_timeout=READER_WAIT_S,
        # After the server was away each connection would else fail once.
        pool_pre_ping=True,
        connect_args={**_NOTICED, "async_creator_fn": BoundedAsyncConnection.connect},
    )
    event.listen(engine.sync_engine, "connect", _saying(_READER))
    return engine


def snapshot_engine(url: URL) -> Engine:
    """An engine whose transactions see the database as it is at their first look, and no later."""
    engine = _engine(url, "snapshot", ())
    event.listen(engine, "begin", _begin_snapshot)
    return engine


def await_server(engine: Engine) -> None:
    """Wait until the server takes connections, for `START_LIMIT_S`.

    Raises:
        ConfigError: it is there and lets us not in.
        StoreDown: it does not answer.
    """
    deadline = time.monotonic() + START_LIMIT_S
    is_told = False
    while (refusal := _refusal(engine)) is not None:
        if not is_told:
            log.warning("database_awaited", cause=refusal, limit_s=START_LIMIT_S)
            is_told = True
        if time.monotonic() > deadline:
            raise StoreDown(f"The database does not answer: {refusal}")
        time.sleep(START_PAUSE_S)


def _refusal(engine: Engine) -> str | None:
    """Why the server cannot be used yet; None when it can."""
    try:
        with engine.connect() as conn:
            _check(conn)
    except OperationalError as error:
        cause = " ".join(str(error.orig).split())
        if _ping(engine.url) == pq.Ping.OK:
            raise ConfigError([f"database_url: {cause}"]) from error
        return cause
    return None


def _ping(url: URL) -> pq.Ping:
    """Whether somebody answers there, let in or not."""
    where = {"host": url.host, "port": url.port, **url.query}
    known = ("host", "port", "hostaddr", "sslmode", "connect_timeout")
    said = {name: where[name] for name in known if where.get(name)}
    said.setdefault("connect_timeout", str(CONNECT_LIMIT_S))
    return pq.Ping(
        pq.PGconn.ping(" ".join(f"{name}='{value}'" for name, value in said.items()).encode())
    )


def _check(conn: Connection) -> None:
    version = int(conn.exec_driver_sql("SHOW server_version_num").scalar_one()) // 10_000
    if version < OLDEST_VERSION:
        message = f"database_url: PostgreSQL {version} is too old, {OLDEST_VERSION} is needed"
        raise ConfigError([message])
    encoding = conn.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        message = f"database_url: the database is encoded in {encoding}, and must be in UTF8"
        raise ConfigError([message])


def _engine(url: URL, instance: str, statements: tuple[str, ...]) -> Engine:
    engine = create_engine(
        _named(url, instance),
        isolation_level="AUTOCOMMIT",
        # What is compiled for the hot path takes its values by their place.
        paramstyle="format",
        # An error's text goes into the log, and the values may be anybody's secret.
        hide_parameters=True,
        connect_args=_NOTICED,
    )
    event.listen(engine, "connect", _saying(statements))
    return engine


def _named(url: URL, instance: str) -> URL:
    """The address with the name by which the server lists the connection."""
    name = f"tocsin/{instance}".rstrip("/")
    return url.update_query_dict({"application_name": name})


def _bounded(
    _dialect: Dialect, _record: Any, _args: list[Any], named: dict[str, Any]
) -> BoundedConnection:
    return BoundedConnection.connect(**named)


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def _begin_snapshot(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _saying(statements: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def on_connect(connection: Any, _record: Any) -> None:
        if statements:
            cursor = connection.cursor()
            cursor.execute("; ".join(statements))
            cursor.close()

    return on_connect
