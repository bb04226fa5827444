"""A real PostgreSQL for the tests: one server a test process, and databases that are empty."""

import asyncio
import itertools
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from bench.postgres import Postgres
from tests.system.server import free_port
from tocsin.store.address import address_of
from tocsin.store.migrate import migrate
from tocsin.store.tables import metadata

# Makes a database and gives its address, as it is written in the settings.
DatabaseFactory = Callable[[], str]

# Every row, in no more time than a look at the empty tables.
EMPTY = "; ".join(f'DELETE FROM "{name}"' for name in metadata.tables)  # noqa: S608 - ours
# What tells whether a test has changed more than rows.
SHAPE = """
    SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_attribute),
           (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_trigger),
           (SELECT max(version_num) FROM alembic_version),
           (SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class WHERE relkind = 'r')
"""

_numbers = itertools.count(1)


@contextmanager
def postgres_server(*, is_durable: bool = False, **settings: str) -> Iterator[Postgres]:
    """A server of one's own, for a test that stops it, or that cuts the power (`is_durable`)."""
    with Postgres(is_durable=is_durable, port=free_port(), settings=settings) as server:
        yield server


@contextmanager
def fresh_database(server: Postgres) -> Iterator[str]:
    """A new database without a table, gone afterwards; gives its address."""
    name = f"t{next(_numbers)}"
    yield server.create(name)
    server.drop(name)


def migrated(server: Postgres, name: str) -> str:
    """Make a database with today's tables; gives its address."""
    url = server.create(name)
    asyncio.run(migrate(address_of(url, Path())))
    return url


class EmptyDatabases:
    """Databases with today's tables and no row, used again: to make one takes far longer."""

    def __init__(self, server: Postgres) -> None:
        """Make the first of them, which the others are copies of; no loop runs yet."""
        self._server = server
        self._free: list[str] = []
        with psycopg.connect(migrated(server, "template")) as conn:
            self._shape = conn.execute(SHAPE).fetchone()

    @contextmanager
    def __call__(self) -> Iterator[str]:
        """One for as long as the context lasts; gives its address."""
        name = self._free.pop() if self._free else self._made()
        yield self._server.url(name)
        with psycopg.connect(self._server.url(name), autocommit=True) as conn:
            is_as_made = conn.execute(SHAPE).fetchone() == self._shape
            if is_as_made:
                conn.execute(EMPTY)
        if is_as_made:
            self._free.append(name)
        else:
            self._server.drop(name)

    def _made(self) -> str:
        name = f"t{next(_numbers)}"
        self._server.create(name, "template")
        return name


@pytest.fixture(scope="session")
def postgres() -> Generator[Postgres, None, None]:
    """The server that the tests of this process share; it would lose all in a power cut."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def empty_databases(postgres: Postgres) -> EmptyDatabases:
    return EmptyDatabases(postgres)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Generator[str, None, None]:
    """The address of a database without a table."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture
def empty_postgres(empty_databases: EmptyDatabases) -> Generator[DatabaseFactory, None, None]:
    """Makes databases with empty tables, for as long as the test lasts."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(empty_databases())
