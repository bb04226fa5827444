"""SQLite: what its file promises about the disk, and that one writes while others read."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.appending import rows
from tocsin.errors import ConfigError, StoreDown
from tocsin.store.address import address_of
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.sqlite import file_of, prepare_file, size_bytes


def pragma(conn: Connection, name: str) -> object:
    return conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()


async def test_a_commit_is_on_the_disk_when_it_returns(sqlite_database: Database) -> None:
    # 2 is FULL: the log is synced at each commit (https://sqlite.org/pragma.html).
    synchronous = await sqlite_database.write(lambda conn: pragma(conn, "synchronous"))
    mode = await sqlite_database.write(lambda conn: pragma(conn, "journal_mode"))

    assert synchronous == 2
    assert mode == "wal"


async def test_it_is_still_so_after_a_fault(sqlite_database: Database) -> None:
    with pytest.raises(StoreDown):
        await sqlite_database.write(lambda conn: pragma(conn, "journal_mode=off;SELECT"))

    assert await sqlite_database.write(lambda conn: pragma(conn, "synchronous")) == 2
    assert await sqlite_database.write(lambda conn: pragma(conn, "journal_mode")) == "wal"


async def test_a_writer_has_the_lock_from_the_beginning(
    sqlite_database: Database, tmp_path: Path
) -> None:
    # Two that read before they write would else both go on from what they have read.
    began, gate = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        began.set()
        gate.wait(10)

    async with opened("", tmp_path) as other:
        holding = asyncio.create_task(sqlite_database.write(hold))
        await asyncio.to_thread(began.wait, 10)
        waiting = asyncio.create_task(other.write(lambda conn: pragma(conn, "user_version")))
        await rows(sqlite_database, "SELECT 1")
        is_done_too_early = waiting.done()
        gate.set()
        await asyncio.gather(holding, waiting)

    assert not is_done_too_early


async def test_a_reader_comes_to_its_end_however_often_it_is_cancelled(
    sqlite_database: Database,
) -> None:
    began, gate = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        gate.wait(10)

    async def read() -> None:
        async with sqlite_database.read() as conn:
            driver = (await conn.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.create_function("hold", 0, hold)
            await conn.execute(text("SELECT hold()"))

    others = asyncio.all_tasks()
    reading = asyncio.create_task(read())
    await asyncio.to_thread(began.wait, 10)
    reading.cancel()
    for _ in range(10):
        await asyncio.sleep(0)
    # A loop that ends cancels whatever there is, once and in any order, and waits for all of it.
    ending = [reading, *(asyncio.all_tasks() - others - {reading})]
    for task in ending:
        task.cancel()
    gate.set()
    _, left = await asyncio.wait(ending, timeout=5)

    assert not left
    assert await rows(sqlite_database, "SELECT 1 AS one") == [{"one": 1}]


async def test_its_size_is_that_of_the_file_and_of_its_log(sqlite_database: Database) -> None:
    file = file_of(sqlite_database.url)
    log = file.with_name(f"{file.name}-wal")
    await sqlite_database.write(lambda conn: conn.execute(text("DELETE FROM cursors")))

    assert size_bytes(sqlite_database.url) == file.stat().st_size + log.stat().st_size


def test_a_file_that_is_there_is_not_begun_again(tmp_path: Path) -> None:
    url = address_of("", tmp_path)
    prepare_file(url)
    before = file_of(url).read_bytes()

    prepare_file(url)

    assert file_of(url).read_bytes() == before
    assert before


def test_a_file_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "tocsin.db").mkdir()

    with pytest.raises(ConfigError) as refused:
        prepare_file(address_of("", tmp_path))

    assert str(tmp_path / "tocsin.db") in str(refused.value)
