"""The database: what it promises about the disk, and that reading stands in nobody's way."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from tests.appending import append, event, rows, seqs
from tocsin.errors import ConfigError, StoreDown
from tocsin.store.beside import opened
from tocsin.store.database import READERS, Database, sqlite_url


def pragma(conn: Connection, name: str) -> object:
    return conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()


async def test_a_commit_is_on_the_disk_when_it_returns(database: Database) -> None:
    # 2 is FULL: the log is synced at each commit (https://sqlite.org/pragma.html).
    synchronous = await database.write(lambda conn: pragma(conn, "synchronous"))
    mode = await database.write(lambda conn: pragma(conn, "journal_mode"))

    assert synchronous == 2
    assert mode == "wal"


async def test_it_is_still_so_after_a_fault(database: Database) -> None:
    with pytest.raises(StoreDown):
        await database.write(lambda conn: pragma(conn, "journal_mode=off;SELECT"))

    assert await database.write(lambda conn: pragma(conn, "synchronous")) == 2
    assert await database.write(lambda conn: pragma(conn, "journal_mode")) == "wal"


async def test_a_writer_has_the_lock_from_the_beginning(database: Database, tmp_path: Path) -> None:
    # Two that read before they write would else both go on from what they have read.
    began, gate = threading.Event(), threading.Event()

    def hold(_conn: Connection) -> None:
        began.set()
        gate.wait(10)

    async with opened("", tmp_path) as other:
        holding = asyncio.create_task(database.write(hold))
        await asyncio.to_thread(began.wait, 10)
        waiting = asyncio.create_task(other.write(lambda conn: pragma(conn, "user_version")))
        await rows(database, "SELECT 1")
        is_done_too_early = waiting.done()
        gate.set()
        await asyncio.gather(holding, waiting)

    assert not is_done_too_early


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


async def test_a_reader_comes_to_its_end_however_often_it_is_cancelled(database: Database) -> None:
    began, gate = threading.Event(), threading.Event()

    def hold() -> None:
        began.set()
        gate.wait(10)

    async def read() -> None:
        async with database.read() as conn:
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
    assert await rows(database, "SELECT 1 AS one") == [{"one": 1}]


async def test_an_errors_text_has_no_values(database: Database) -> None:
    with pytest.raises(StoreDown) as refused:
        await database.write(
            lambda conn: conn.execute(text("INSERT INTO nowhere VALUES (:v)"), {"v": "hunter2"})
        )

    assert "hunter2" not in f"{refused.value} {refused.value.__cause__}"


def test_an_empty_address_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    assert sqlite_url("", tmp_path).database == str(tmp_path / "tocsin.db")


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("sqlite:///data/x.db", "data/x.db"),
        ("sqlite:////var/lib/x.db", "/var/lib/x.db"),
        ("sqlite+aiosqlite:///x.db", "x.db"),
    ],
)
def test_an_address_names_the_file(said: str, file: str, tmp_path: Path) -> None:
    url = sqlite_url(said, tmp_path)

    assert (url.drivername, url.database) == ("sqlite", file)


@pytest.mark.parametrize(
    "said", ["nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://u:hunter2@h/d", "my:/x"]
)
def test_any_other_address_is_refused_by_its_key_and_without_its_password(
    said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        sqlite_url(said, tmp_path)

    assert refused.value.problems[0].startswith("database_url: ")
    assert "hunter2" not in str(refused.value)


async def test_its_size_counts_what_is_not_yet_in_its_place(database: Database) -> None:
    before = database.size_bytes()
    await database.write(
        lambda conn: conn.execute(text("INSERT INTO journal_facts VALUES ('x', zeroblob(100000))"))
    )

    assert before > 0
    assert database.size_bytes() >= before + 100_000
