"""Files on their way here: each is worked on by one, and taken up when that one is gone."""

import asyncio
from datetime import timedelta

from tests.appending import after, append
from tests.trainings import LORA, ended
from tocsin.store import training_files
from tocsin.store.database import Database
from tocsin.store.training_files import FileState, StoredFile

LEASE = timedelta(seconds=30)


async def take(database: Database, lease: str, seconds: float = 100) -> StoredFile | None:
    return await database.write(
        lambda conn: training_files.take(conn, lease, after(seconds), LEASE)
    )


async def only(database: Database) -> StoredFile:
    async with database.read() as conn:
        found = await training_files.of_trainings(conn, ["r-1"])
    (file,) = found["r-1"]
    return file


async def test_a_file_is_taken_by_one(database: Database) -> None:
    await append(database, ended("r-1", 60, LORA))

    first, second = await take(database, "one"), await take(database, "two")

    assert first is not None
    assert (first.url, first.attempts, first.key) == (LORA, 1, f"trainings/{first.id}")
    assert second is None


async def test_all_who_come_at_once_get_one_each(database: Database) -> None:
    await append(database, ended("r-1", 60, *(f"{LORA}?{n}" for n in range(5))))

    taken = await asyncio.gather(*(take(database, f"{n}") for n in range(8)))

    found = [one.id for one in taken if one is not None]
    assert len(found) == len(set(found)) == 5


async def test_what_a_killed_one_had_in_hand_is_taken_up(database: Database) -> None:
    await append(database, ended("r-1", 60, LORA))
    await take(database, "killed", 100)

    too_early = await take(database, "next", 129)
    again = await take(database, "next", 130)

    assert too_early is None
    assert again is not None
    assert again.attempts == 2


async def test_who_holds_on_keeps_it(database: Database) -> None:
    await append(database, ended("r-1", 60, LORA))
    file = await take(database, "one", 100)
    assert file is not None

    held = await database.write(
        lambda conn: training_files.hold(conn, file.id, "one", after(110) + LEASE)
    )

    assert held
    assert await take(database, "two", 139) is None
    assert await take(database, "two", 140) is not None
    assert not await database.write(
        lambda conn: training_files.hold(conn, file.id, "one", after(999))
    )


async def test_a_stored_file_is_there_whole(database: Database) -> None:
    await append(database, ended("r-1", 60, LORA))
    file = await take(database, "one")
    assert file is not None

    await database.write(lambda conn: training_files.mark_stored(conn, file.id, "one", 7, "ab"))

    known = await only(database)
    assert (known.state, known.size_bytes, known.sha256) == (FileState.STORED, 7, "ab")
    assert await take(database, "two", 999) is None
    async with database.read() as conn:
        assert await training_files.with_id(conn, file.id) == known
        assert await training_files.with_id(conn, "nobody's") is None


async def test_what_is_said_after_the_lease_went_on_is_passed_over(database: Database) -> None:
    await append(database, ended("r-1", 60, LORA))
    file = await take(database, "late", 100)
    assert file is not None
    await take(database, "now", 200)

    is_late = await database.write(
        lambda conn: training_files.mark_stored(conn, file.id, "late", 1, "aa")
    )

    assert not is_late
    assert (await only(database)).state is FileState.WAITING


async def test_a_file_that_failed_waits_or_is_given_up(database: Database) -> None:
    await append(database, ended("r-1", 60, LORA))
    first = await take(database, "one", 100)
    assert first is not None

    await database.write(
        lambda conn: training_files.mark_failed(conn, first.id, "one", "timed_out", after(150))
    )
    waiting = await only(database)
    too_early, second = await take(database, "two", 149), await take(database, "two", 150)
    await database.write(
        lambda conn: training_files.mark_failed(conn, first.id, "two", "too_large", None)
    )

    assert (waiting.state, waiting.reason) == (FileState.WAITING, "timed_out")
    assert too_early is None
    assert second is not None
    given_up = await only(database)
    assert (given_up.state, given_up.reason) == (FileState.FAILED, "too_large")
    assert await take(database, "three", 9999) is None
