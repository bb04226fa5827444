"""Migrations: applied once whoever comes, the same schema as the tables say, never back."""

import asyncio
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL

from bench.postgres import Postgres
from tests.postgres import fresh_database
from tocsin.errors import ConfigError, StoreDown
from tocsin.store import facts, sqlite
from tocsin.store import postgres as server
from tocsin.store.address import address_of, is_postgres
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.migrate import migrate
from tocsin.store.sqlite import file_of
from tocsin.store.tables import metadata

T = TypeVar("T")

IN_ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from tocsin.store.address import address_of
from tocsin.store.migrate import migrate
print(asyncio.run(migrate(address_of(sys.argv[1], Path()))))
"""

# Of a table, what a database tells of its columns and indexes.
SCHEMA = {
    "sqlite": (
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'"
    ),
    "postgresql": """
        SELECT table_name || '.' || column_name,
               concat_ws(' ', data_type, is_nullable, column_default, collation_name)
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name NOT LIKE 'alembic%'
        UNION ALL
        SELECT indexname, indexdef FROM pg_indexes
        WHERE schemaname = current_schema() AND tablename NOT LIKE 'alembic%'
    """,
}


@pytest.fixture
def sqlite_url(tmp_path: Path) -> URL:
    return address_of("", tmp_path / "data")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> URL:
    """The address of a database without a table; SQLite's without a file."""
    if request.param == "sqlite":
        found: URL = request.getfixturevalue("sqlite_url")
        return found
    return address_of(request.getfixturevalue("postgres_url"), Path())


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    engine = (server if is_postgres(url) else sqlite).writing_engine(url)
    with engine.begin() as conn:
        yield conn
    engine.dispose()


def said(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def schema(conn: Connection) -> dict[str, str]:
    """All there is by its name, without what is only layout."""
    found = conn.execute(text(SCHEMA[conn.dialect.name]))
    return {name: re.sub(r"\s+", "", sql).replace('"', "").lower() for name, sql in found}


def read(url: URL, what: Callable[[Connection], T]) -> T:
    with connected(url) as conn:
        return what(conn)


async def test_the_schema_is_what_the_tables_say(database: Database) -> None:
    differences = await database.write(
        lambda conn: compare_metadata(
            MigrationContext.configure(conn, opts={"compare_type": True}), metadata
        )
    )

    assert differences == []


async def test_it_is_so_to_the_letter(sqlite_database: Database) -> None:
    # What Alembic does not compare: WITHOUT ROWID, the conditions of indexes.
    fresh = create_engine("sqlite://")
    with fresh.begin() as conn:
        metadata.create_all(conn)
        expected = schema(conn)
    fresh.dispose()

    assert await sqlite_database.write(schema) == expected


def test_it_is_so_to_the_letter_on_a_server_too(postgres: Postgres, postgres_url: str) -> None:
    migrated = address_of(postgres_url, Path())
    asyncio.run(migrate(migrated))
    with fresh_database(postgres) as made:
        by_tables = address_of(made, Path())
        with connected(by_tables) as conn:
            metadata.create_all(conn)

        assert read(migrated, schema) == read(by_tables, schema)


def test_every_text_is_compared_by_its_bytes(postgres_url: str) -> None:
    url = address_of(postgres_url, Path())
    asyncio.run(migrate(url))
    otherwise = """
        SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text'
        AND collation_name IS DISTINCT FROM 'C' AND table_name NOT LIKE 'alembic%'
    """

    assert read(url, lambda conn: conn.execute(text(otherwise)).scalars().all()) == []


def test_a_second_time_changes_nothing(url: URL) -> None:
    first = asyncio.run(migrate(url))
    before = read(url, schema)
    second = asyncio.run(migrate(url))

    assert first == second
    assert read(url, schema) == before


async def test_all_who_start_at_once_find_it_done(url: URL) -> None:
    revisions = await asyncio.gather(*(migrate(url) for _ in range(4)))

    assert len(set(revisions)) == 1
    async with opened(said(url), Path()):
        pass


async def test_processes_that_start_at_once_find_it_done(url: URL) -> None:
    command = [sys.executable, "-c", IN_ANOTHER_PROCESS, said(url)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220 - started only
        for _ in range(3)
    ]
    outputs = [await asyncio.to_thread(process.communicate) for process in started]

    assert [process.returncode for process in started] == [0, 0, 0]
    assert len({out for out, _ in outputs}) == 1
    assert await asyncio.to_thread(read, url, schema)


async def test_a_former_version_goes_on_where_the_newer_schema_lets_it(url: URL) -> None:
    """What an upgrade goes back to when its new version does not come up."""
    head = await migrate(url)
    become_newer(url, serves_from=head)
    before = read(url, schema)

    assert await migrate(url) == "9999"
    assert read(url, schema) == before


@pytest.mark.parametrize("serves_from", ["9998", None])
async def test_a_database_of_a_newer_version_stops_the_start_and_stays_as_it_is(
    serves_from: str | None, url: URL
) -> None:
    await migrate(url)
    become_newer(url, serves_from)
    before = read(url, schema)

    with pytest.raises(ConfigError) as refused:
        await migrate(url)

    (problem,) = refused.value.problems
    assert problem.startswith("database_url: ")
    assert "9999" in problem
    assert read(url, schema) == before


def become_newer(url: URL, serves_from: str | None) -> None:
    """As a later version leaves it, whose schema is good for code from `serves_from` on."""
    with connected(url) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        conn.execute(text("DELETE FROM journal_facts WHERE name = 'schema_serves_from'"))
        if serves_from is not None:
            facts.write(conn, facts.SCHEMA_SERVES_FROM, serves_from)


def test_where_shards_are_others_all_read_on_from_the_one_that_was_behind(url: URL) -> None:
    lately, long_ago = 10_000_000_000, 1_000_000
    begun = {"notify.0": (50, lately), "notify.3": (47, lately - 1), "notify.5": (2, long_ago)}
    asyncio.run(migrate(url))
    with connected(url) as conn:
        conn.execute(text("DELETE FROM cursors"))
        conn.execute(text("UPDATE alembic_version SET version_num = '0007'"))
        for stage, (seq, at) in begun.items():
            conn.execute(text(f"INSERT INTO cursors VALUES ('{stage}', {seq}, {at})"))  # noqa: S608 - texts of ours

    asyncio.run(migrate(url))

    found = read(url, lambda conn: conn.execute(text("SELECT stage, seq FROM cursors")).all())
    assert set(map(tuple, found)) == {
        *((stage, seq) for stage, (seq, _) in begun.items()),
        *((f"deliveries.{number}", 47) for number in range(8)),
    }


async def test_who_works_on_is_not_held_up_by_one_who_starts(
    database: Database, database_url: str
) -> None:
    # An instance that runs, while the next version starts beside it.
    def write_on(conn: Connection) -> str:
        conn.execute(text("INSERT INTO cursors VALUES ('x', 1, 1)"))
        return asyncio.run(migrate(address_of(database_url, Path())))

    if is_postgres(database.url):
        assert await database.write(write_on)
    async with opened(database_url, Path()):
        await database.write(lambda conn: conn.execute(text("DELETE FROM cursors")))


async def test_nobody_else_on_the_machine_can_read_the_file(sqlite_url: URL) -> None:
    await migrate(sqlite_url)

    files = list(file_of(sqlite_url).parent.iterdir())
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_the_log_beside_it_is_as_private(sqlite_url: URL) -> None:
    async with opened(str(sqlite_url), Path()) as database:
        await database.write(lambda conn: conn.execute(text("DELETE FROM cursors")))
        files = list(file_of(sqlite_url).parent.iterdir())

        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert len(files) == 4


def test_the_mode_of_a_file_that_is_there_is_left_alone(sqlite_url: URL) -> None:
    asyncio.run(migrate(sqlite_url))
    file = file_of(sqlite_url)
    file.chmod(0o640)

    asyncio.run(migrate(sqlite_url))

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


async def test_the_file_can_give_space_back(sqlite_database: Database) -> None:
    mode = await sqlite_database.write(
        lambda conn: conn.exec_driver_sql("PRAGMA auto_vacuum").scalar_one()
    )

    assert mode == 2, "2 is INCREMENTAL"


def test_a_file_that_is_no_database_is_told_and_left_alone(sqlite_url: URL) -> None:
    file = file_of(sqlite_url)
    file.parent.mkdir()
    file.write_text("my diary " * 1000)

    with pytest.raises(StoreDown):
        asyncio.run(migrate(sqlite_url))

    assert file.read_text().startswith("my diary my diary")


async def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    (tmp_path / "folder").mkdir()

    for place in (tmp_path / "taken" / "x.db", tmp_path / "folder"):
        with pytest.raises(ConfigError) as refused:
            await migrate(URL.create("sqlite", database=str(place)))
        assert refused.value.problems[0].startswith("database_url: ")
        assert str(place) in refused.value.problems[0]
