"""PostgreSQL: what its connections promise, and that it may be away and come back."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from bench.postgres import Postgres
from tests.appending import append, event, ground_in, rows, seqs
from tests.cutting import cut_line_to
from tests.postgres import DatabaseFactory, fresh_database, migrated, postgres_server
from tocsin.errors import ConfigError, StoreDown
from tocsin.model.event import NewEvent, Receipt
from tocsin.store import postgres as module
from tocsin.store.address import address_of
from tocsin.store.beside import opened
from tocsin.store.database import Database, open_database


@pytest.fixture
def url(empty_postgres: DatabaseFactory) -> URL:
    return address_of(empty_postgres(), Path())


@pytest.fixture
async def served(url: URL) -> AsyncGenerator[Database, None]:
    database = await open_database(url, "i-1")
    yield database
    await database.close()


@pytest.fixture(scope="module")
def mortal() -> Generator[Postgres, None, None]:
    """A server that tests may stop, with a database `journal`."""
    with postgres_server(is_durable=True) as server:
        migrated(server, "journal")
        yield server


def setting(conn: Connection, name: str) -> str:
    return str(conn.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one())


async def test_a_commit_is_on_the_disk_when_it_returns(
    postgres: Postgres, served: Database, url: URL
) -> None:
    postgres.sql(f'ALTER DATABASE "{url.database}" SET synchronous_commit = off')

    assert await served.write(lambda conn: setting(conn, "synchronous_commit")) == "on"


async def test_what_waits_for_other_servers_too_is_left_so(
    postgres: Postgres, served: Database, url: URL
) -> None:
    postgres.sql(f'ALTER DATABASE "{url.database}" SET synchronous_commit = remote_apply')

    assert await served.write(lambda conn: setting(conn, "synchronous_commit")) == "remote_apply"


@pytest.mark.parametrize(
    "name", ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"]
)
async def test_no_statement_takes_for_ever(served: Database, name: str) -> None:
    (reading,) = await rows(served, f"SHOW {name}")

    assert await served.write(lambda conn: setting(conn, name)) not in {"0", ""}
    assert reading[name] not in {"0", ""}


async def test_the_server_knows_whose_connections_they_are(
    postgres: Postgres, served: Database
) -> None:
    await append(served, event())
    await seqs(served)

    names = postgres.sql("SELECT application_name FROM pg_stat_activity").splitlines()
    assert names.count("tocsin/i-1") == 2


async def test_a_lock_that_is_not_given_up_is_not_waited_for_without_end(
    served: Database, url: URL
) -> None:
    began, gate = threading.Event(), threading.Event()

    def hold(conn: Connection) -> None:
        conn.execute(text("LOCK TABLE cursors"))
        began.set()
        gate.wait(10)

    def insert(conn: Connection) -> None:
        conn.execute(text("SET LOCAL lock_timeout = '50ms'"))
        conn.execute(text("INSERT INTO cursors VALUES ('x', 1, 1)"))

    other = await open_database(url)
    holding = asyncio.create_task(other.write(hold))
    await asyncio.to_thread(began.wait, 10)
    with pytest.raises(StoreDown) as refused:
        await served.write(insert)
    gate.set()
    await holding
    await other.close()

    assert refused.value.retry_after_s == 1


# --- at the start


def await_server(url: str) -> None:
    engine = module.migrating_engine(address_of(url, Path()))
    try:
        module.await_server(engine)
    finally:
        engine.dispose()


def test_a_server_that_lets_us_not_in_stops_the_start(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "START_LIMIT_S", 600)

    with pytest.raises(ConfigError) as refused:
        await_server(postgres.url("not_there"))

    assert refused.value.problems[0].startswith("database_url: ")
    assert "not_there" in refused.value.problems[0]


def test_a_database_in_another_encoding_stops_the_start(postgres: Postgres) -> None:
    postgres.sql(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C'"
    )

    with pytest.raises(ConfigError) as refused:
        await_server(postgres.url("latin"))

    assert "LATIN1" in refused.value.problems[0]


def test_a_server_of_too_old_a_version_stops_the_start(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OLDEST_VERSION", 99)

    with pytest.raises(ConfigError, match="too old"):
        await_server(postgres_url)


def test_a_server_that_is_away_is_waited_for_so_long_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "START_LIMIT_S", 0.2)
    monkeypatch.setattr(module, "START_PAUSE_S", 0.05)

    with pytest.raises(StoreDown) as refused:
        await_server("postgresql://u:hunter2@127.0.0.1:1/d")

    assert "does not answer" in refused.value.message
    assert "hunter2" not in refused.value.message


async def test_a_server_that_starts_a_little_later_is_waited_for(mortal: Postgres) -> None:
    mortal.stop()
    waiting = asyncio.create_task(asyncio.to_thread(await_server, mortal.url("journal")))
    await asyncio.to_thread(mortal.start)

    await waiting


# --- away while it runs


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_it_goes_on_by_itself_once_the_server_is_back(mortal: Postgres, how: str) -> None:
    first, lost, last = (event(dedupe=f"{how} {name}") for name in ("first", "lost", "last"))
    async with ground_in(mortal.url("journal")) as ground:
        (before,) = await ground.append(first)
        await seqs(ground.database)
        await asyncio.to_thread(getattr(mortal, how))
        with pytest.raises(StoreDown):
            await ground.append(lost)
        with pytest.raises(StoreDown):
            await seqs(ground.database)
        await asyncio.to_thread(mortal.start)
        (repeat,) = await ground.append(first)
        (after,) = await ground.append(last)

        assert (await seqs(ground.database))[-2:] == [before.seq, after.seq]
    assert (repeat.seq, repeat.is_duplicate) == (before.seq, True)
    assert after.seq == before.seq + 1


async def test_wherever_the_line_breaks_an_answer_is_true_and_a_repeat_is_known(
    postgres: Postgres, empty_postgres: DatabaseFactory
) -> None:
    # Also between a commit and its answer, where nobody can know: then it is "try again", and
    # the repeat is told by its key.
    url = empty_postgres()
    answered, refused = dict[int, NewEvent](), 0
    async with cut_line_to(postgres.port) as line:
        through = url.replace(f":{postgres.port}/", f":{line.port}/")
        async with ground_in(through) as ground:
            for cut in range(40, 4_000, 120):
                new = event(dedupe=f"cut {cut}")
                line.cut_after(cut)
                receipts: list[Receipt] = []
                while not receipts:
                    try:
                        receipts = await ground.append(new)
                    except StoreDown:
                        refused += 1
                answered[receipts[0].seq] = new
                line.cut_after()
        breaks = line.breaks
    async with opened(url, Path()) as straight:
        kept = await rows(straight, "SELECT seq, id FROM events ORDER BY seq")

    assert refused >= breaks // 2 > 5
    assert [(row["seq"], row["id"]) for row in kept] == [
        (seq, new.id) for seq, new in sorted(answered.items())
    ]


async def test_a_database_that_is_taken_away_is_told(postgres: Postgres) -> None:
    with fresh_database(postgres) as url:
        async with opened(url, Path()) as database:
            await append(database, event())
            others = f"datname = '{database.url.database}'"
            postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608 - ours
            with pytest.raises(StoreDown) as refused:
                await append(database, event())
            await append(database, event())

            assert await seqs(database) == [1, 2]
    assert "lost" in refused.value.message
