"""A real database in a temporary folder, for every test of the store."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.testing.clock import HandClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncGenerator[Database, None]:
    async with opened("", tmp_path) as database:
        yield database


@pytest.fixture
def clock() -> HandClock:
    return HandClock()
