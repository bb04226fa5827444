"""Servers for the system tests: one for a whole file, or as many as a test asks for."""

from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from pathlib import Path

import pytest

from tests.system.reading import Reader, reading
from tests.system.server import Server
from tests.system.wire import Connection, connected

Launch = Callable[..., Server]

# One address may send so much here; the limit has its own test.
WITHOUT_LIMIT: Mapping[str, str] = {"TOCSIN_INGEST__RATE_LIMIT_PER_S": "0"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server, None, None]:
    """A server that all tests of a file share; each uses deployments of its own."""
    shared = Server(tmp_path_factory.mktemp("server"), WITHOUT_LIMIT)
    try:
        yield shared.start()
    finally:
        shared.clean_up()


@pytest.fixture(scope="module")
def is_forked() -> bool:
    """Whether a test's own servers are; a file that is about the start says no."""
    return True


@pytest.fixture
def launch(tmp_path: Path, is_forked: bool) -> Generator[Launch, None, None]:
    """Makes servers of a test's own, each on a fresh folder; `start=False` leaves it so."""
    servers: list[Server] = []

    def make(
        settings: Mapping[str, str] | None = None,
        *,
        data_dir: Path | None = None,
        options: tuple[str, ...] = (),
        start: bool = True,
    ) -> Server:
        folder = tmp_path / f"server-{len(servers)}"
        folder.mkdir()
        made = Server(
            folder,
            {**WITHOUT_LIMIT, **(settings or {})},
            data_dir=data_dir,
            options=options,
            is_forked=is_forked,
        )
        servers.append(made)
        return made.start() if start else made

    yield make
    for made in servers:
        made.clean_up()


@pytest.fixture
async def sender(server: Server) -> AsyncGenerator[Connection, None]:
    """A connection to the shared server."""
    async with connected(server.port) as connection:
        yield connection


@pytest.fixture
async def reader(server: Server) -> AsyncGenerator[Reader, None]:
    """A reader of the shared server."""
    async with reading(server.port) as opened:
        yield opened


@pytest.fixture
def is_soak(pytestconfig: pytest.Config) -> bool:
    """Whether long trials are made in full."""
    return bool(pytestconfig.getoption("--soak"))
