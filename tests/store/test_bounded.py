"""A server that is there and does nothing is not waited for without end."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.appending import append, event, rows, seqs
from tests.postgres import DatabaseFactory
from tocsin.errors import StoreDown
from tocsin.store import bounded
from tocsin.store.beside import opened
from tocsin.store.database import Database

END_SLEEPERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'
"""


@pytest.fixture
async def served(empty_postgres: DatabaseFactory) -> AsyncGenerator[Database, None]:
    async with opened(empty_postgres(), Path()) as database:
        yield database
        # Nobody waits for these any more, and the server goes on with them all the same.
        await rows(database, END_SLEEPERS)


async def pid_of_writer(database: Database) -> int:
    return await database.write(
        lambda conn: int(conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
    )


async def test_a_server_that_halts_in_a_transaction_is_given_up(
    served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await append(served, event())
    pid = await pid_of_writer(served)
    monkeypatch.setattr(bounded, "LIMIT_S", 0.5)

    os.kill(pid, signal.SIGSTOP)
    try:
        began_s = time.monotonic()
        with pytest.raises(StoreDown):
            await append(served, event())
        took_s = time.monotonic() - began_s
    finally:
        os.kill(pid, signal.SIGCONT)
    monkeypatch.undo()
    await append(served, event())

    assert took_s >= 0.5
    assert await pid_of_writer(served) != pid
    assert len(await seqs(served)) in {2, 3}


async def test_a_reader_that_is_cancelled_waits_for_nothing_more(served: Database) -> None:
    async def read() -> None:
        async with served.read() as conn:
            await conn.exec_driver_sql("SELECT pg_sleep(60)")

    reading = asyncio.create_task(read())
    await seqs(served)
    began_s = time.monotonic()
    reading.cancel()
    await asyncio.wait({reading}, timeout=10)

    assert reading.cancelled()
    assert time.monotonic() - began_s < 5
    assert await seqs(served) == []


async def test_a_reader_is_not_answered_for_ever_either(
    served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seqs(served)
    monkeypatch.setattr(bounded, "LIMIT_S", 0.3)

    with pytest.raises(StoreDown):
        async with served.read() as conn:
            await conn.exec_driver_sql("SELECT pg_sleep(60)")
    monkeypatch.undo()

    assert await seqs(served) == []
