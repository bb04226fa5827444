"""Migrations: applied once whoever comes, the same schema as the tables say, never back."""

import asyncio
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from tocsin.errors import ConfigError, StoreDown
from tocsin.store.beside import opened
from tocsin.store.database import Database, sqlite_url, writing_engine
from tocsin.store.migrate import migrate
from tocsin.store.tables import metadata

IN_ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from tocsin.store.database import sqlite_url
from tocsin.store.migrate import migrate
print(asyncio.run(migrate(sqlite_url("", Path(sys.argv[1])))))
"""


@pytest.fixture
def url(tmp_path: Path) -> URL:
    return sqlite_url("", tmp_path / "data")


def schema(conn: Connection) -> dict[str, str]:
    """Every table and index by its name, as SQL without what is only layout."""
    found = conn.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
        )
    )
    return {name: re.sub(r"\s+", "", sql).replace('"', "").lower() for name, sql in found}


def read_schema(url: URL) -> dict[str, str]:
    engine = writing_engine(url)
    with engine.connect() as conn:
        found = schema(conn)
    engine.dispose()
    return found


async def test_the_schema_is_what_the_tables_say(database: Database) -> None:
    differences = await database.write(
        lambda conn: compare_metadata(
            MigrationContext.configure(conn, opts={"compare_type": True}), metadata
        )
    )

    assert differences == []


async def test_it_is_so_to_the_letter(database: Database) -> None:
    # What Alembic does not compare: WITHOUT ROWID, the conditions of indexes.
    fresh = create_engine("sqlite://")
    with fresh.begin() as conn:
        metadata.create_all(conn)
        expected = schema(conn)
    fresh.dispose()

    assert await database.write(schema) == expected


async def test_a_second_time_changes_nothing(url: URL) -> None:
    first = await migrate(url)
    before = read_schema(url)
    second = await migrate(url)

    assert first == second
    assert read_schema(url) == before


async def test_all_who_start_at_once_find_it_done(url: URL) -> None:
    revisions = await asyncio.gather(*(migrate(url) for _ in range(4)))

    assert len(set(revisions)) == 1
    async with opened(str(url), Path()):
        pass


async def test_processes_that_start_at_once_find_it_done(url: URL) -> None:
    folder = str(Path(str(url.database)).parent)
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, folder]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 - started only
        for _ in range(3)
    ]
    said = [await asyncio.to_thread(process.communicate) for process in started]

    assert [process.returncode for process in started] == [0, 0, 0]
    assert len({out for out, _ in said}) == 1
    assert read_schema(url)


async def test_a_database_of_a_newer_version_stops_the_start_and_stays_as_it_is(url: URL) -> None:
    await migrate(url)
    engine = writing_engine(url)
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    before = read_schema(url)

    with pytest.raises(ConfigError) as refused:
        await migrate(url)

    (problem,) = refused.value.problems
    assert problem.startswith("database_url: ")
    assert "9999" in problem
    assert read_schema(url) == before


async def test_nobody_else_on_the_machine_can_read_the_file(url: URL) -> None:
    await migrate(url)

    files = list(Path(str(url.database)).parent.iterdir())
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_the_log_beside_it_is_as_private(url: URL) -> None:
    async with opened(str(url), Path()) as database:
        await database.write(lambda conn: conn.execute(text("DELETE FROM cursors")))
        files = list(database.path.parent.iterdir())

        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(files) == 4


def test_the_mode_of_a_file_that_is_there_is_left_alone(url: URL) -> None:
    asyncio.run(migrate(url))
    file = Path(str(url.database))
    file.chmod(0o640)

    asyncio.run(migrate(url))

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


async def test_the_file_can_give_space_back(database: Database) -> None:
    mode = await database.write(
        lambda conn: conn.exec_driver_sql("PRAGMA auto_vacuum").scalar_one()
    )

    assert mode == 2, "2 is INCREMENTAL"


def test_a_file_that_is_no_database_is_told_and_left_alone(url: URL) -> None:
    file = Path(str(url.database))
    file.parent.mkdir()
    file.write_text("my diary " * 1000)

    with pytest.raises(StoreDown):
        asyncio.run(migrate(url))

    assert file.read_text().startswith("my diary my diary")


async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "folder").mkdir()

    for place in (tmp_path / "taken" / "x.db", tmp_path / "folder"):
        with pytest.raises(ConfigError) as refused:
            await migrate(URL.create("sqlite", database=str(place)))
        assert refused.value.problems[0].startswith("database_url: ")
        assert str(place) in refused.value.problems[0]
