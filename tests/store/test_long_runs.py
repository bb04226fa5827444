"""Which runs are under way since when, and what was told of them."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from tests.appending import after, append, began, done, event, logged
from tocsin.model.change import Change
from tocsin.model.times import to_us
from tocsin.store.database import Database
from tocsin.store.long_runs import LongRun, Told, long_runs, told_of

RUN = LongRun("shop", "1", 1, 5, after(0), "build")


async def begun(database: Database, seconds: float) -> Sequence[LongRun]:
    async with database.read() as conn:
        return await long_runs(conn, after(seconds))


async def since(database: Database, seconds: float = 10**6) -> list[tuple[str, datetime]]:
    return [(one.deployment_id, one.began_at) for one in await begun(database, seconds)]


async def test_a_run_under_way_is_found_once_it_began_by_then(database: Database) -> None:
    await append(database, event(at=after(10), change=began("1", 10)))

    assert await begun(database, 9.9) == []
    assert await begun(database, 10) == [LongRun("shop", "1", 1, 1, after(10), "build")]


async def test_one_that_ended_or_went_quiet_is_not(database: Database) -> None:
    await append(
        database,
        event(change=began("1", 0)),
        event(change=began("2", 0)),
        event(change=began("3", 0)),
        event(at=after(5), change=done("1", 5)),
        event("deployment.stalled", change=Change("2", to_us(after(9)), quiet_since=2)),
    )

    assert await since(database) == [("3", after(0))]


async def test_it_begins_when_its_sender_says_but_not_before_it_was_heard_of(
    database: Database,
) -> None:
    await append(
        database,
        # Told of afterwards.
        event(at=after(100), change=began("1", 0)),
        # Queued at first.
        event(at=after(100), change=logged("2", 100, "queued")),
        event(at=after(200), change=began("2", 200)),
        # Nothing has begun that anybody told of.
        event(at=after(100), change=logged("3", 100, "queued")),
    )

    assert await since(database) == [("1", after(100)), ("2", after(200)), ("3", after(100))]


async def test_of_a_further_run_its_own_beginning_counts(database: Database) -> None:
    await append(
        database,
        event(change=began("1", 0)),
        event(at=after(5), change=done("1", 5)),
        event(at=after(50), change=began("1", 50, "deploy")),
    )

    assert await begun(database, 100) == [LongRun("shop", "1", 2, 3, after(50), "deploy")]


async def test_what_was_told_is_found_by_its_type_and_from_where_on(database: Database) -> None:
    await append(
        database,
        event("told", subject="1", source="tocsin"),
        event("other", subject="2", source="tocsin"),
        event("told", subject="3", project="web", source="tocsin"),
    )
    async with database.read() as conn:
        found = await told_of(conn, "told", 0)
        later = await told_of(conn, "told", 1)

    assert found == [Told("shop", "1", 1), Told("web", "3", 3)]
    assert later == [Told("web", "3", 3)]


async def test_what_somebody_else_told_is_not_found(database: Database) -> None:
    await append(database, event("told", subject="1", source="cloudevents"))
    async with database.read() as conn:
        found = await told_of(conn, "told", 0)

    assert found == []


@pytest.mark.parametrize(
    ("told", "is_of"),
    [
        (Told("shop", "1", 6), True),
        (Told("unknown", "1", 6), True),
        (Told("shop", "1", 5), False),
        (Told("web", "1", 6), False),
        (Told("shop", "2", 6), False),
    ],
)
def test_something_was_said_of_this_run_or_of_another(told: Told, is_of: bool) -> None:
    assert told.is_of(RUN) is is_of
