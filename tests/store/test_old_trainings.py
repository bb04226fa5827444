"""Trainings and their files go when they have been kept long enough, and not before."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.appending import append, rows, settings_with
from tests.trainings import LORA, ended, registered
from tocsin.errors import Rejected, StoreDown
from tocsin.store import training_files
from tocsin.store.database import Database
from tocsin.store.files import FileStore, open_files
from tocsin.store.old_trainings import EVERY_S, SLICE, OldTrainings
from tocsin.testing.clock import HandClock

DAY_S = 24 * 3600.0


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return open_files(settings_with().files, tmp_path)


def stage(database: Database, files: FileStore, clock: HandClock, **environ: str) -> OldTrainings:
    return OldTrainings(database, files, clock, settings_with(**environ).retention)


async def ids(database: Database) -> list[str]:
    return [row["id"] for row in await rows(database, "SELECT id FROM trainings ORDER BY id")]


async def once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def test_what_was_not_heard_of_for_long_goes_with_its_files(
    database: Database, files: FileStore, clock: HandClock
) -> None:
    await append(database, ended("old", 0, LORA), registered("new", DAY_S))
    async with database.read() as conn:
        (file,) = (await training_files.of_trainings(conn, ["old"]))["old"]
    await files.write(file.key, once(b"weights"))
    clock.move(30 * DAY_S + 60)

    await stage(database, files, clock).clean_up()

    assert await ids(database) == ["new"]
    assert await rows(database, "SELECT id FROM training_files") == []
    with pytest.raises(Rejected):
        await files.read(file.key)


async def test_many_go_in_slices(database: Database, files: FileStore, clock: HandClock) -> None:
    await append(database, *(registered(f"r-{n}") for n in range(2 * SLICE + 1)))
    clock.move(31 * DAY_S)

    await stage(database, files, clock).clean_up()

    assert await ids(database) == []


@pytest.mark.parametrize(
    "environ",
    [
        {"RETENTION__KEEP_DAYS": "0"},
        {"RETENTION__BY_SOURCE__FAL": "90"},
        {"RETENTION__BY_SOURCE__FAL": "0"},
    ],
)
async def test_what_is_to_be_kept_longer_stays(
    environ: dict[str, str], database: Database, files: FileStore, clock: HandClock
) -> None:
    await append(database, registered())
    clock.move(60 * DAY_S)

    await stage(database, files, clock, **environ).clean_up()

    assert await ids(database) == ["r-1"]


async def test_while_the_file_store_is_down_the_rest_stays(
    database: Database, files: FileStore, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_key: str) -> None:
        raise StoreDown("away")

    monkeypatch.setattr(files, "remove", down)
    await append(database, ended("old", 0, LORA))
    clock.move(31 * DAY_S)

    with pytest.raises(StoreDown):
        await stage(database, files, clock).clean_up()

    assert await ids(database) == ["old"]


async def test_it_looks_each_hour(database: Database, files: FileStore) -> None:
    class Passing(HandClock):
        """A clock on which nobody has to wait."""

        slept: float = 0

        async def sleep(self, seconds: float) -> None:
            self.slept += seconds

    clock = Passing()
    await append(database, registered())
    clock.move(timedelta(days=31).total_seconds())

    await stage(database, files, clock).step()

    assert clock.slept == EVERY_S
    assert await ids(database) == []
