"""The page's way to back a PostgreSQL up and to put it back, as it is written there."""

import os
import re
import subprocess
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from bench.postgres import Postgres
from tests.docs.pages import ROOT, page
from tests.postgres import postgres_server
from tests.system.cluster import SECRET_KEY
from tests.system.reading import RECEIVER, reading, receipt_of, sample
from tests.system.server import Server
from tests.system.sse import streaming
from tests.system.wire import connected


@pytest.fixture(scope="module")
def postgres() -> Generator[Postgres, None, None]:
    with postgres_server() as server:
        yield server


def served(folder: Path, url: str) -> Server:
    folder.mkdir()
    return Server(folder, {"TOCSIN_DATABASE_URL": url, "TOCSIN_SECRET_KEY": SECRET_KEY})


async def post(port: int, count: int) -> list[int]:
    async with connected(port) as sender:
        lines = [sample("log_entry", project="kept", message=f"line {one}") for one in range(count)]
        return [receipt_of(await sender.post(RECEIVER, line))[1] for line in lines]


def written(part: str) -> list[str]:
    """The commands of a part of the page, without their prompts."""
    blocks = re.findall(
        r"```console\n(.*?)```", page("docs/operations.md").section(part), re.DOTALL
    )
    return [line.removeprefix("$ ") for line in "".join(blocks).splitlines()]


def typed(line: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run a line as it would be typed."""
    subprocess.run(["bash", "-ec", line], cwd=folder, env=environment, check=True, timeout=60)


async def test_a_restored_database_is_another_journal_from_there_on(
    postgres: Postgres, tmp_path: Path
) -> None:
    dump, *restore = written("PostgreSQL")
    url = postgres.create("tocsin")
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": url,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(postgres.port),
        "PGUSER": "tocsin",
    }
    former = served(tmp_path / "former", url).start()
    try:
        kept = await post(former.port, 3)
        typed(dump, tmp_path, environment)
        lost = await post(former.port, 2)
        async with streaming(former.port) as stream:
            epoch = stream.opened["epoch"]
    finally:
        former.clean_up()
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    for line in restore:
        typed(line, tmp_path, environment)

    restored = served(tmp_path / "restored", postgres.url("tocsin_restored")).start()
    try:
        async with reading(restored.port) as reader:
            assert [one["seq"] for one in await reader.events(project="kept")] == kept
        for seq, recovered in ((kept[-1], True), (lost[-1], False)):
            async with streaming(restored.port, [("Last-Event-ID", f"{epoch}:{seq}")]) as stream:
                assert stream.opened["epoch"] != epoch
                assert stream.opened["recovered"] is recovered
    finally:
        restored.clean_up()
