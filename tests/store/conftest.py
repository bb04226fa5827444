"""A real database for every test of the store: SQLite in a temporary folder, and PostgreSQL."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.appending import Place, Places, begin_in, database_in
from tests.postgres import EmptyDatabases
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.testing.clock import HandClock


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest) -> Places:
    """Makes places on one database, then on the other: what the store promises holds on both."""
    if request.param == "sqlite":
        return folder
    databases: EmptyDatabases = request.getfixturevalue("empty_databases")
    return databases


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as path:
        yield Path(path)


@pytest.fixture
def place(places: Places) -> Iterator[Place]:
    with places() as place:
        yield place


@pytest.fixture
def database_url(place: Place) -> str:
    """The address of an empty database there."""
    if isinstance(place, str):
        return place
    begin_in(place)
    return f"sqlite:///{place / 'tocsin.db'}"


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncGenerator[Database, None]:
    async with opened(database_url, tmp_path) as database:
        yield database


@pytest.fixture
async def sqlite_database(tmp_path: Path) -> AsyncGenerator[Database, None]:
    """For what only SQLite has."""
    async with database_in(tmp_path) as database:
        yield database


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
