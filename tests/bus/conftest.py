"""Redis for the tests of what goes through it."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from tests.redis_server import RedisServer, redis_in
from tocsin.bus.connection import Connection
from tocsin.bus.figures import Figures


@pytest.fixture
def redis(tmp_path: Path) -> Generator[RedisServer, None, None]:
    """A Redis of the test's own."""
    with redis_in(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def connection(redis: RedisServer, figures: Figures) -> AsyncIterator[Connection]:
    """A connection to it."""
    made = Connection(redis.url, figures)
    yield made
    await made.close()


@pytest.fixture
def figures() -> Figures:
    """Figures that nobody reads but the test."""
    return Figures(CollectorRegistry())
