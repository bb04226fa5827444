"""The writer's pipeline: what is wrong in it is told before anything counts as stored."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text

from tests.appending import append, event, rows, seqs
from tests.postgres import DatabaseFactory
from tocsin.errors import StoreDown
from tocsin.model.event import NewEvent
from tocsin.store.beside import opened
from tocsin.store.database import Database

OPEN_TRANSACTIONS = """
    SELECT query FROM pg_stat_activity
    WHERE xact_start IS NOT NULL AND datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def served(empty_postgres: DatabaseFactory) -> AsyncGenerator[Database, None]:
    async with opened(empty_postgres(), Path()) as database:
        yield database


def driver(conn: Connection) -> Any:
    return conn.connection.driver_connection


def is_pipelined(conn: Connection) -> bool:
    status: psycopg.pq.PipelineStatus = driver(conn).pgconn.pipeline_status
    return status != psycopg.pq.PipelineStatus.OFF


def insert(conn: Connection, seq: int) -> None:
    driver(conn).execute("INSERT INTO cursors VALUES (%s, %s, 0)", (f"{seq}", seq))


@pytest.mark.parametrize("events", [[], [event(dedupe="k")]], ids=["nothing", "a repeat"])
async def test_what_stores_nothing_new_is_over_too(
    events: list[NewEvent], served: Database
) -> None:
    """Else its lock would hold up all other instances until this one writes again."""
    await append(served, event(dedupe="k"))
    await append(served, *events)

    assert await rows(served, OPEN_TRANSACTIONS) == []


async def test_a_fault_that_shows_only_at_the_commit_leaves_nothing(served: Database) -> None:
    def twice(conn: Connection) -> None:
        insert(conn, 1)
        insert(conn, 1)
        insert(conn, 2)

    with pytest.raises(StoreDown):
        await served.write(twice)
    await served.write(lambda conn: insert(conn, 3))

    assert await rows(served, "SELECT seq FROM cursors") == [{"seq": 3}]


async def test_a_fault_in_it_shows_at_the_next_statement_of_another_kind(served: Database) -> None:
    reached: list[str] = []

    def both(conn: Connection) -> None:
        driver(conn).execute("SELECT nonsense")
        conn.execute(text("INSERT INTO cursors VALUES ('x', 1, 1)"))
        reached.append("behind it")

    with pytest.raises(StoreDown):
        await served.write(both)

    assert reached == []
    assert await rows(served, "SELECT seq FROM cursors") == []


async def test_statements_of_both_kinds_are_one_transaction(served: Database) -> None:
    seen: list[Any] = []

    def all_kinds(conn: Connection) -> None:
        insert(conn, 1)
        seen.append(is_pipelined(conn))
        seen.append(conn.execute(text("SELECT count(*) FROM cursors")).scalar_one())
        seen.append(is_pipelined(conn))
        insert(conn, 2)
        raise LookupError

    with pytest.raises(LookupError):
        await served.write(all_kinds)

    assert seen == [True, 1, False]
    assert await rows(served, "SELECT seq FROM cursors") == []
    assert await served.write(is_pipelined)


async def test_an_error_of_the_work_leaves_the_connection_usable(served: Database) -> None:
    def refuse(conn: Connection) -> None:
        insert(conn, 1)
        raise LookupError

    first = await served.write(lambda conn: driver(conn).pgconn.backend_pid)
    with pytest.raises(LookupError):
        await served.write(refuse)
    await append(served, event())

    assert await served.write(lambda conn: driver(conn).pgconn.backend_pid) == first
    assert await seqs(served) == [1]
