"""Locks between instances: one at a time on PostgreSQL, and nothing to do on SQLite."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.appending import rows
from tocsin.store.address import is_postgres
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.locks import Lock, hold, hold_table, statement_for
from tocsin.store.tables.journal import cursors

Take = Callable[[Connection], None]


def by_statement(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text(statement_for(Lock.APPEND)))


TAKES: list[Take] = [
    lambda conn: hold(conn, Lock.APPEND),
    lambda conn: hold(conn, Lock.MIGRATION),
    lambda conn: hold_table(conn, cursors),
    by_statement,
]


@pytest.mark.parametrize("take", TAKES)
async def test_who_has_it_is_waited_for_until_its_commit(
    database: Database, database_url: str, tmp_path: Path, take: Take
) -> None:
    began, gate, order = threading.Event(), threading.Event(), list[str]()

    def first(conn: Connection) -> None:
        take(conn)
        began.set()
        gate.wait(10)
        order.append("first")

    def second(conn: Connection) -> None:
        take(conn)
        order.append("second")

    async with opened(database_url, tmp_path) as other:
        holding = asyncio.create_task(database.write(first))
        await asyncio.to_thread(began.wait, 10)
        waiting = asyncio.create_task(other.write(second))
        # Whoever reads is in nobody's way.
        await rows(database, "SELECT stage FROM cursors")
        gate.set()
        await asyncio.gather(holding, waiting)

    assert order == ["first", "second"]


async def test_locks_of_two_kinds_do_not_wait_for_each_other(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    if not is_postgres(database.url):
        return

    async with opened(database_url, tmp_path) as other:
        inner = asyncio.get_running_loop()

        def first(conn: Connection) -> None:
            hold(conn, Lock.APPEND)
            migrating = other.write(lambda conn: hold(conn, Lock.MIGRATION))
            asyncio.run_coroutine_threadsafe(migrating, inner).result(10)

        await database.write(first)
