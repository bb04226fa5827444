"""The database: what it promises about the disk, and that reading stands in nobody's way."""

import asyncio
import os
import threading

import pytest
from sqlalchemy import Connection, text

from tests.appending import append, event, rows, seqs
from tocsin.errors import StoreDown
from tocsin.store.database import Database
from tocsin.store.sqlite import READERS


async def test_a_reader_sees_what_is_committed_while_somebody_writes(database: Database) -> None:
    wrote, gate = threading.Event(), threading.Event()

    def hold(conn: Connection) -> None:
        conn.execute(text("INSERT INTO cursors VALUES ('x', 1, 1)"))
        wrote.set()
        gate.wait(10)

    await append(database, event())
    holding = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(wrote.wait, 10)
    seen = await asyncio.gather(*(seqs(database) for _ in range(2 * READERS)))
    before = await rows(database, "SELECT stage FROM cursors")
    gate.set()
    await holding

    assert seen == [[1]] * (2 * READERS)
    assert before == []
    assert await rows(database, "SELECT stage FROM cursors") == [{"stage": "x"}]


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(StoreDown):
        async with database.read() as conn:
            await conn.execute(text("INSERT INTO cursors VALUES ('x', 1, 1)"))

    assert await rows(database, "SELECT stage FROM cursors") == []


async def test_an_errors_text_has_no_values(database: Database) -> None:
    with pytest.raises(StoreDown) as refused:
        await database.write(
            lambda conn: conn.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "hunter2"})
        )

    assert "hunter2" not in f"{refused.value} {refused.value.__cause__}"


async def test_its_size_counts_what_is_not_yet_in_its_place(database: Database) -> None:
    # Noise, so that no database can make it shorter.
    noise = os.urandom(100_000).hex()
    before = await database.size_bytes()
    await database.write(
        lambda conn: conn.execute(text("INSERT INTO journal_facts VALUES ('x', :v)"), {"v": noise})
    )

    assert before > 0
    assert await database.size_bytes() >= before + 100_000
