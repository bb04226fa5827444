"""Several reads see one state, and a connection given back sees the newest again."""

from pathlib import Path

from tests.journal import event, told_in
from tocsin.store import events
from tocsin.store.snapshot import hold_snapshot
from tocsin.store.sqlite import READERS


async def test_nothing_changes_for_who_holds_a_snapshot(tmp_path: Path, database_url: str) -> None:
    async with told_in(tmp_path, database_url) as told:
        await told.append([event()])
        async with told.database.read() as conn:
            await hold_snapshot(conn)
            before = await events.newest_seq(conn)
            await told.append([event()])
            meanwhile = await events.newest_seq(conn)
        seen = []
        for _ in range(READERS):
            async with told.database.read() as conn:
                await hold_snapshot(conn)
                seen.append(await events.newest_seq(conn))

    assert (before, meanwhile) == (1, 1)
    assert seen == [2] * READERS
