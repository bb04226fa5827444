"""What the journal knows of itself: one identity for ever, and what is gone."""

from pathlib import Path

from tocsin.store.beside import opened
from tocsin.store.database import Database
from tocsin.store.facts import JournalFacts, ensure_epoch, raise_pruned_through, read_facts


async def facts(database: Database) -> JournalFacts:
    async with database.read() as conn:
        return await read_facts(conn)


async def test_a_new_journal_knows_nothing(database: Database) -> None:
    assert await facts(database) == JournalFacts("", 0)


async def test_the_epoch_is_made_once(database: Database, tmp_path: Path) -> None:
    first = await database.write(ensure_epoch)
    async with opened("", tmp_path) as other:
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
