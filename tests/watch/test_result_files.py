"""Files are taken over whole, from where they may be, and taken up again after a fault."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from tests.appending import Ground, ground_in, settings_with
from tests.trainings import ended
from tocsin.edge.outbound import Outbound
from tocsin.errors import Rejected, StoreDown
from tocsin.store import training_files
from tocsin.store.files import FileStore, open_files
from tocsin.store.training_files import FileState, StoredFile
from tocsin.testing.clock import HandClock
from tocsin.testing.outside import Outside, Reply, outside
from tocsin.watch.result_files import PAUSES_S, POLL_S, ResultFiles

MAX_BYTES = 1_000_000
HOSTS = ("127.0.0.1",)


@dataclass(frozen=True)
class Fetching:
    """The stage, and what stands around it."""

    stage: ResultFiles
    ground: Ground
    world: Outside
    clock: HandClock
    files: FileStore
    registry: CollectorRegistry

    async def bring(self, *paths: str) -> None:
        """A training ends with files at these paths."""
        await self.ground.append(ended("r-1", 0, *(f"{self.world.url}{path}" for path in paths)))

    async def known(self) -> list[StoredFile]:
        async with self.ground.database.read() as conn:
            return list((await training_files.of_trainings(conn, ["r-1"]))["r-1"])

    async def kept(self, file: StoredFile) -> bytes:
        _, chunks = await self.files.read(file.key)
        return b"".join([chunk async for chunk in chunks])

    def counted(self, outcome: str) -> float:
        labels = {"outcome": outcome}
        return self.registry.get_sample_value("tocsin_training_files_total", labels) or 0.0


@pytest.fixture
async def fetching(tmp_path: Path) -> AsyncIterator[Fetching]:
    http = Outbound((ip_network("127.0.0.0/8"),))
    async with ground_in(tmp_path) as ground, outside() as world:
        clock, files = HandClock(), open_files(settings_with().files, tmp_path)
        registry = CollectorRegistry()
        stage = ResultFiles(
            ground.database, files, http, clock, registry, hosts=HOSTS, max_bytes=MAX_BYTES
        )
        yield Fetching(stage, ground, world, clock, files, registry)
    await http.close()


async def test_a_file_is_taken_over_with_its_size_and_checksum(fetching: Fetching) -> None:
    data = b"weights" * 100_000
    fetching.world.answer("/l", Reply(body=data))
    await fetching.bring("/l")

    await fetching.stage.step()

    (file,) = await fetching.known()
    assert (file.state, file.size_bytes) == (FileState.STORED, len(data))
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert await fetching.kept(file) == data
    assert fetching.counted("stored") == 1
    assert "authorization" not in fetching.world.asked[0].headers


async def test_without_a_file_it_waits_a_little(fetching: Fetching) -> None:
    step = asyncio.create_task(fetching.stage.step())
    while not fetching.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
        await asyncio.sleep(0)

    fetching.clock.move(POLL_S)

    await step


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(body=b"x" * (MAX_BYTES + 1)), "too_large"),
        (Reply(status=403), "bad_answer"),
        (Reply(status=302, headers={"Location": "/m"}), "bad_answer"),
        (Reply(body=b"x", headers={"Content-Encoding": "gzip"}), "bad_answer"),
    ],
)
async def test_a_file_that_will_never_come_is_given_up(
    reply: Reply, reason: str, fetching: Fetching
) -> None:
    fetching.world.answer("/l", reply)
    await fetching.bring("/l")

    await fetching.stage.step()

    (file,) = await fetching.known()
    assert (file.state, file.reason) == (FileState.FAILED, reason)
    with pytest.raises(Rejected):
        await fetching.kept(file)


async def test_a_host_that_is_not_allowed_is_not_called(fetching: Fetching) -> None:
    port = fetching.world.url.rpartition(":")[2]
    await fetching.ground.append(ended("r-1", 0, f"http://localhost:{port}/l"))

    await fetching.stage.step()

    (file,) = await fetching.known()
    assert (file.state, file.reason) == (FileState.FAILED, "address_refused")
    assert fetching.world.asked == []


async def test_a_file_that_breaks_off_is_tried_again_after_a_pause(fetching: Fetching) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"

    fetching.world.answer("/l", Reply(chunks=half, announced=8), Reply(body=b"half and"))
    await fetching.bring("/l")

    await fetching.stage.step()
    (between,) = await fetching.known()
    fetching.clock.move(PAUSES_S[0])
    await fetching.stage.step()

    assert (between.state, between.reason) == (FileState.WAITING, "unreachable")
    (file,) = await fetching.known()
    assert await fetching.kept(file) == b"half and"
    assert file.reason is None


async def test_after_the_last_pause_a_file_is_given_up(fetching: Fetching) -> None:
    fetching.world.answer("/l", Reply(status=503))
    await fetching.bring("/l")

    for pause_s in (0, *PAUSES_S):
        fetching.clock.move(pause_s)
        await fetching.stage.step()

    (file,) = await fetching.known()
    assert file.state is FileState.FAILED
    assert len(fetching.world.asked) == len(PAUSES_S) + 1
    assert (fetching.counted("later"), fetching.counted("given_up")) == (len(PAUSES_S), 1)


async def test_a_file_store_that_is_down_loses_nothing(
    fetching: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching.world.answer("/l", Reply(body=b"data"))
    await fetching.bring("/l")

    async def down(*_: object) -> None:
        raise StoreDown("away")

    with monkeypatch.context() as patched:
        patched.setattr(fetching.files, "write", down)
        await fetching.stage.step()
    fetching.clock.move(PAUSES_S[0])
    await fetching.stage.step()

    (file,) = await fetching.known()
    assert await fetching.kept(file) == b"data"


async def test_what_was_broken_off_in_the_midst_is_taken_up_again(fetching: Fetching) -> None:
    """As after kill -9: the lease stays until it runs out, and nothing half is ever there."""
    stuck = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        await stuck.wait()

    fetching.world.answer("/l", Reply(chunks=slow), Reply(body=b"whole"))
    await fetching.bring("/l")
    killed = asyncio.create_task(fetching.stage.step())
    while not fetching.world.asked:  # noqa: ASYNC110 - nothing tells that it is under way
        await asyncio.sleep(0.001)

    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    stuck.set()
    (between,) = await fetching.known()
    fetching.clock.move(30)
    await fetching.stage.step()

    assert between.state is FileState.WAITING
    (file,) = await fetching.known()
    assert await fetching.kept(file) == b"whole"


async def test_a_slow_file_keeps_its_lease(fetching: Fetching) -> None:
    go = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"slow"
        await go.wait()

    fetching.world.answer("/l", Reply(chunks=slow))
    await fetching.bring("/l")
    step = asyncio.create_task(fetching.stage.step())
    while not fetching.world.asked:  # noqa: ASYNC110 - nothing tells that it is under way
        await asyncio.sleep(0.001)

    for _ in range(6):
        fetching.clock.move(5)
        await asyncio.sleep(0.02)
    other = await fetching.ground.database.write(
        lambda conn: training_files.take(
            conn, "other", fetching.clock.now(), fetching.clock.now() - fetching.clock.now()
        )
    )
    go.set()
    await step

    assert other is None
    (file,) = await fetching.known()
    assert file.state is FileState.STORED
