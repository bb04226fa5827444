"""A journal that is restored from its backup, or copied to another database, is started on."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, reading, receipt_of, sample
from tests.system.server import Server
from tests.system.sse import streaming
from tests.system.wire import connected

TAKEN_OVER_S = 30.0
KEY = "a key that is the same on both sides, for the tests"


async def tell(server: Server, *lines: str) -> list[int]:
    """Send log lines of one deployment; gives the seq of each."""
    async with connected(server.port) as sender:
        told = [sample("log_entry", project="p", deployment_id="d", message=one) for one in lines]
        return [receipt_of(await sender.post(RECEIVER, one))[1] for one in told]


async def texts(server: Server) -> list[str]:
    async with reading(server.port) as reader:
        return [one["data"]["message"] for one in await reader.events(project="p")]


async def epoch_of(server: Server) -> str:
    async with reading(server.port) as reader:
        found: str = (await reader.get("/api/v1/system"))["journal"]["epoch"]
        return found


async def recovered(server: Server, offset: str) -> bool:
    async with streaming(server.port, (("Last-Event-ID", offset),)) as stream:
        return bool(stream.opened["recovered"])


async def test_a_restored_backup_has_everything_and_tells_clients_what_it_lacks(
    launch: Launch, tmp_path: Path
) -> None:
    server = launch()
    in_it = await tell(server, "one", "two")
    backup = tmp_path / "backup.db"
    made = server.run("backup", str(backup), "--data-dir", str(server.data_dir))
    lost = await tell(server, "lost", "lost too")
    before = await epoch_of(server)
    server.stop()
    for file in server.data_dir.glob("tocsin.db*"):
        file.unlink()
    backup.rename(server.data_dir / "tocsin.db")

    server.start()
    # Its numbers are given anew, to others.
    await tell(server, *(f"new {number}" for number in range(5)))

    assert made.returncode == 0, made.stderr
    assert await texts(server) == ["one", "two", *(f"new {number}" for number in range(5))]
    assert await epoch_of(server) != before
    assert await recovered(server, f"{before}:{in_it[0]}")
    assert await recovered(server, f"{before}:{in_it[1]}")
    assert not await recovered(server, f"{before}:{lost[0]}")
    assert not await recovered(server, f"{before}:{lost[1]}")
    async with streaming(server.port, (("Last-Event-ID", f"{before}:{in_it[0]}"),)) as stream:
        first = (await stream.event()).json()
        assert first["data"]["message"] == "two"


async def test_a_journal_moves_to_postgresql_and_its_clients_go_on(
    launch: Launch, postgres_url: str
) -> None:
    server = launch({"TOCSIN_SECRET_KEY": KEY})
    seqs = await tell(server, "one", "two")
    while_it_runs = server.run("copy", str(server.data_dir / "tocsin.db"), postgres_url)
    await tell(server, "three")
    before, said = await epoch_of(server), while_it_runs.stderr
    server.stop()
    the_rest = server.run("copy", str(server.data_dir / "tocsin.db"), postgres_url)

    moved = launch({"TOCSIN_SECRET_KEY": KEY, "TOCSIN_DATABASE_URL": postgres_url})
    again = server.run("copy", str(server.data_dir / "tocsin.db"), postgres_url)

    assert (while_it_runs.returncode, the_rest.returncode) == (0, 0), said + the_rest.stderr
    assert "is in use by" in said
    assert "is in use by" not in the_rest.stderr
    assert again.returncode == 2
    assert "TO: " in again.stderr
    assert await texts(moved) == ["one", "two", "three"]
    assert await epoch_of(moved) == before
    assert await recovered(moved, f"{before}:{seqs[0]}")


@pytest.fixture
def two(launch: Launch, postgres_url: str) -> tuple[Server, Server]:
    """Two instances on one database."""
    settings = {"TOCSIN_SECRET_KEY": KEY, "TOCSIN_DATABASE_URL": postgres_url}
    return (
        launch(settings | {"TOCSIN_INSTANCE_ID": "one"}),
        launch(settings | {"TOCSIN_INSTANCE_ID": "two"}),
    )


async def doing(server: Server) -> set[str | None]:
    """Who does what one instance at a time does."""
    async with reading(server.port) as reader:
        stages = (await reader.get("/api/v1/system"))["stages"]
    alone = {"watch.stalled", "store.retention"}
    return {stage["done_by"] for stage in stages if stage["name"] in alone}


@pytest.mark.parametrize("end", [Server.stop, Server.kill])
async def test_what_one_of_two_does_the_other_takes_over(
    two: tuple[Server, Server], end: Callable[[Server], object]
) -> None:
    one, other = two
    first = await doing(other)
    end(one)
    deadline = time.monotonic() + TAKEN_OVER_S
    while await doing(other) != {"two"} and time.monotonic() < deadline:
        continue

    assert first == {"one"}
    assert await doing(other) == {"two"}
