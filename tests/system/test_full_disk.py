"""A full disk: 503 that does not lie, reads go on, and it recovers by itself."""

import asyncio
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, Json, faults_of, reading, receipt_of, sample
from tests.system.server import Server
from tests.system.wire import Answer, Connection, connected

DISK_BYTES = 24 * 1024 * 1024
LEFT_BYTES = 400_000
RECOVER_LIMIT_S = 20.0

# Of a data folder on a small disk: run it full, make room again.
Disk = tuple[Path, Callable[[Server], None], Callable[[Server], None]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Disk, None, None]:
    """A disk of its own where that is allowed, else a limit on the size of files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder) as is_mounted:
        yield (folder, fill, make_room) if is_mounted else (folder, limit, lift)


@pytest.fixture
def short_files(tmp_path: Path) -> Disk:
    """Files that may not grow: the write fails with another error than on a full disk."""
    return tmp_path / "data", limit, lift


@pytest.mark.parametrize("kind", ["small_disk", "short_files"])
async def test_a_full_disk_is_told_and_got_over(
    kind: str, request: pytest.FixtureRequest, launch: Launch
) -> None:
    disk: Disk = request.getfixturevalue(kind)
    folder, run_full, free = disk
    server = launch(data_dir=folder)
    kept: dict[str, Json] = {}
    async with connected(server.port) as sender:
        await post(sender, kept, 0)
        run_full(server)

        refusal = await until_refused(sender, kept)
        assert refusal.status == 503
        assert int(refusal.headers["retry-after"]) >= 1
        faults_of(refusal)
    await assert_only_kept(server, kept)
    async with connected(server.port) as sender:
        for _ in range(20):
            again = await sender.post(RECEIVER, big_line(len(kept)))
            assert again.status == 503
        assert (await sender.get("/health/live")).status == 200

        free(server)
        await until_taken(sender, kept)
        await post(sender, kept, len(kept))
        assert (await sender.get("/health/ready")).status == 200
    await assert_only_kept(server, kept)
    server.kill()
    await asyncio.to_thread(server.start)
    await assert_only_kept(server, kept)


async def until_refused(sender: Connection, kept: dict[str, Json]) -> Answer:
    for _ in range(20_000):
        refusal = await post(sender, kept, len(kept))
        if refusal is not None:
            return refusal
    raise AssertionError("the disk is never full")


async def until_taken(sender: Connection, kept: dict[str, Json]) -> None:
    deadline = time.monotonic() + RECOVER_LIMIT_S
    while await post(sender, kept, len(kept)) is not None:
        assert time.monotonic() < deadline, "it does not recover by itself"
        await asyncio.sleep(0.2)


async def post(sender: Connection, kept: dict[str, Json], number: int) -> Answer | None:
    """Send one; what is taken is noted, a refusal is given back."""
    message = big_line(number)
    answer = await sender.post(RECEIVER, message)
    if answer.status != 200:
        return answer
    kept[receipt_of(answer)[0]] = message
    return None


def big_line(number: int) -> Json:
    return sample("log_entry", deployment_id="full", message=f"{number} " + "x" * 20_000)


async def assert_only_kept(server: Server, kept: dict[str, Json]) -> None:
    """What was answered is there, what was refused is not; also in what is added up."""
    async with reading(server.port) as reader:
        events = {event["id"]: event["data"] for event in await reader.events()}
        assert events == kept
        texts = [line["text"] for line in await reader.lines("full")]
        assert texts == [message["message"] for message in kept.values()]


def fill(server: Server) -> None:
    left = shutil.disk_usage(server.data_dir).free - LEFT_BYTES
    with ballast(server).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, left)


def make_room(server: Server) -> None:
    ballast(server).unlink()


def ballast(server: Server) -> Path:
    return server.data_dir / "ballast"


def limit(server: Server) -> None:
    largest = max(path.stat().st_size for path in server.data_dir.rglob("*") if path.is_file())
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest + LEFT_BYTES, hard))


def lift(server: Server) -> None:
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def mounted(folder: Path) -> Iterator[bool]:
    """A small disk in memory at the folder; False where mounting is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        done = False
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
