"""How far a hook was looked at is remembered, and what the journal has of it is known."""

from datetime import timedelta

from tests.appending import event
from tocsin.model.redelivery import Sweep, Waiting, first_sweep
from tocsin.store import source_sweeps
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.testing.clock import START

HOOK = "repos/o/shop/hooks/7"


async def of_hook(database: Database, hook: str = HOOK) -> Sweep | None:
    async with database.read() as conn:
        return await source_sweeps.of_hook(conn, hook)


async def save(database: Database, sweep: Sweep) -> None:
    await database.write(lambda conn: source_sweeps.save(conn, HOOK, sweep))


async def test_a_sweep_is_read_as_it_was(database: Database) -> None:
    waiting = {"a": Waiting(7, START), "b": Waiting(8, START, 2, START + timedelta(hours=1))}
    sweep = Sweep(START, waiting)

    await save(database, first_sweep(START))
    await save(database, sweep)

    assert await of_hook(database) == sweep
    assert await of_hook(database, "repos/o/shop/hooks/8") is None


async def test_what_the_journal_has_is_told_from_what_it_has_not(database: Database) -> None:
    appender = Appender(database.dialect)
    stored = event(dedupe="github\n\n\na")
    await database.write(lambda conn: appender.append(conn, [[stored]]))

    async with database.read() as conn:
        found = await source_sweeps.stored(conn, ["github\n\n\na", "github\n\n\nb"])
        nothing = await source_sweeps.stored(conn, [])

    assert (found, nothing) == ({"github\n\n\na"}, set())
