"""What the journal knows of itself: one identity for ever, and what is gone."""

from pathlib import Path

import pytest

from tests.appending import append, event
from tocsin.errors import ConfigError
from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.facts import (
    BACKUP_THROUGH,
    COPY,
    COPY_BEGUN,
    COPY_DONE,
    JournalFacts,
    ensure_epoch,
    mark_as_backup,
    raise_pruned_through,
    read,
    read_facts,
    write,
)

# What docs/operations.md says to run on a restored dump.
RESTORED = (Path(__file__).parents[2] / "deploy/postgresql/restored.sql").read_text("utf-8")


async def facts(database: Database) -> JournalFacts:
    async with database.read() as conn:
        return await read_facts(conn)


async def test_a_new_journal_knows_nothing(database: Database) -> None:
    assert await facts(database) == JournalFacts("", 0)


async def test_the_epoch_is_made_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    first = await database.write(ensure_epoch)
    async with opened(database_url, tmp_path) as other:
        second = await other.write(ensure_epoch)

    assert len(first) >= 8
    assert first == second == (await facts(database)).epoch


async def test_another_journal_has_another_epoch(database: Database, tmp_path: Path) -> None:
    async with opened("", tmp_path / "another") as other:
        assert await other.write(ensure_epoch) != await database.write(ensure_epoch)


async def test_what_is_gone_only_becomes_more(database: Database) -> None:
    seen = []
    for seq in (9, 100, 20, 99, 101):
        await database.write(lambda conn, seq=seq: raise_pruned_through(conn, seq))  # type: ignore[misc] # a default
        seen.append((await facts(database)).pruned_through)

    assert seen == [9, 100, 100, 100, 101]


async def test_a_restored_journal_gets_an_epoch_once_and_knows_how_far_it_is_the_former(
    database: Database,
) -> None:
    first = await database.write(ensure_epoch)
    await append(database, *(event() for _ in range(3)))
    marked = await database.write(mark_as_backup)
    # Such as a token that is made on the restored journal before the first start.
    await append(database, event())

    second = await database.write(ensure_epoch)
    again = await database.write(ensure_epoch)

    assert marked == 3
    assert second == again != first
    assert await facts(database) == JournalFacts(second, 0, {first: 3})


async def test_one_that_is_restored_again_and_again_knows_all_it_was(database: Database) -> None:
    epochs = [await database.write(ensure_epoch)]
    for _ in range(2):
        await append(database, event())
        await database.write(mark_as_backup)
        epochs.append(await database.write(ensure_epoch))

    assert await facts(database) == JournalFacts(epochs[2], 0, {epochs[0]: 1, epochs[1]: 2})


async def test_what_retention_has_removed_counts_as_part_of_a_backup(database: Database) -> None:
    await database.write(lambda conn: raise_pruned_through(conn, 8))

    assert await database.write(mark_as_backup) == 8
    assert await database.write(lambda conn: read(conn, BACKUP_THROUGH)) == "8"


async def test_nobody_starts_on_a_copy_that_is_not_finished(database: Database) -> None:
    await database.write(lambda conn: write(conn, COPY, COPY_BEGUN))

    with pytest.raises(ConfigError) as refused:
        await database.write(ensure_epoch)

    assert refused.value.problems[0].startswith("database_url: ")


async def test_the_first_start_on_a_copy_makes_it_a_journal_of_its_own(database: Database) -> None:
    await database.write(lambda conn: write(conn, COPY, COPY_DONE))

    await database.write(ensure_epoch)

    assert await database.write(lambda conn: read(conn, COPY)) is None


async def test_the_kits_statement_for_a_restored_dump_does_the_same(
    postgres_url: str, tmp_path: Path
) -> None:
    async with opened(postgres_url, tmp_path) as restored:
        first = await restored.write(ensure_epoch)
        await append(restored, event(), event())
        await restored.write(lambda conn: conn.exec_driver_sql(RESTORED))
        second = await restored.write(ensure_epoch)

        assert await facts(restored) == JournalFacts(second, 0, {first: 2})
