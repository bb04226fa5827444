"""What is awaited of deployments under way, and when it is overdue."""

from collections.abc import Sequence
from datetime import datetime

from tests.appending import after, append, began, done, event, logged, rows
from tocsin.store.cursors import Position
from tocsin.store.database import Database
from tocsin.store.quiet_watch import Quiet, due, expect, heard_of, stop_expecting, take_up


async def heard(
    database: Database, beyond: int, upto: int
) -> Sequence[tuple[int, bool, int, datetime]]:
    async with database.read() as conn:
        return sorted(await heard_of(conn, beyond, upto, ("deployment.stalled",)))


async def overdue(database: Database, seconds: float, limit: int = 10) -> Sequence[Quiet]:
    async with database.read() as conn:
        return await due(conn, after(seconds), limit)


async def test_each_deployment_that_something_was_said_of_is_heard_of_once(
    database: Database,
) -> None:
    await append(
        database,
        event(at=after(1), change=began("1", 1)),
        event(at=after(2), change=logged("1", 2, "x")),
        event(at=after(3), change=began("2", 3)),
        event(at=after(4), change=done("2", 4)),
        event("note", at=after(5), subject="1"),
        event(at=after(6), change=began("3", 6)),
    )

    assert await heard(database, 0, 5) == [(1, True, 2, after(2)), (3, False, 4, after(4))]
    assert await heard(database, 5, 6) == [(6, True, 6, after(6))]
    assert await heard(database, 6, 9) == []


async def test_tocsins_own_verdict_is_no_news(database: Database) -> None:
    await append(database, event("deployment.stalled", subject="1"))

    assert await heard(database, 0, 1) == []


async def test_the_same_id_in_two_projects_is_two(database: Database) -> None:
    await append(
        database,
        event(project="a", change=began("1", 0)),
        event(project="b", change=began("1", 0)),
    )

    assert [pk for pk, *_ in await heard(database, 0, 1)] == [1]
    assert [pk for pk, *_ in await heard(database, 1, 2)] == [2]


async def test_the_longest_overdue_come_first_and_no_more_than_asked_for(
    database: Database,
) -> None:
    await append(database, *(event(change=began(str(n), 0)) for n in (1, 2, 3)))
    await database.write(
        lambda conn: expect(conn, [(1, 1, after(30)), (2, 2, after(10)), (3, 3, after(20))])
    )

    assert [one.pk for one in await overdue(database, 9.9)] == []
    assert [one.pk for one in await overdue(database, 20)] == [2, 3]
    assert [one.pk for one in await overdue(database, 60)] == [2, 3, 1]
    assert [one.pk for one in await overdue(database, 60, limit=1)] == [2]
    assert (await overdue(database, 10))[0] == Quiet(2, "shop", "2", 2, after(0))


async def test_who_has_been_heard_of_meanwhile_is_not_overdue(database: Database) -> None:
    # The news are committed, and the stage has not read them yet.
    await append(database, event(change=began("1", 0)))
    await database.write(lambda conn: expect(conn, [(1, 1, after(10))]))
    await append(database, event(at=after(9), change=done("1", 9)))

    assert await overdue(database, 60) == []


async def test_news_put_it_off_and_the_end_settles_it(database: Database) -> None:
    await append(database, event(change=began("1", 0)), event(change=began("2", 0)))

    await database.write(
        lambda conn: take_up(
            conn, [(1, 1, after(10)), (2, 2, after(10))], [], 0, Position("watch", 2, after(0))
        )
    )
    await database.write(
        lambda conn: take_up(conn, [(1, 1, after(99))], [2], 2, Position("watch", 5, after(1)))
    )
    watched = await rows(database, "SELECT deployment_pk, last_seq FROM quiet_watch")
    await database.write(lambda conn: stop_expecting(conn, [1, 77]))

    assert watched == [{"deployment_pk": 1, "last_seq": 1}]
    assert await rows(database, "SELECT stage, seq FROM cursors") == [{"stage": "watch", "seq": 5}]
    assert await rows(database, "SELECT * FROM quiet_watch") == []


async def test_what_another_instance_has_taken_up_is_not_taken_up_twice(
    database: Database,
) -> None:
    await append(database, event(change=began("1", 0)))
    first = await database.write(
        lambda conn: take_up(conn, [(1, 1, after(10))], [], 0, Position("watch", 1, after(0)))
    )
    late = await database.write(
        lambda conn: take_up(conn, [], [1], 0, Position("watch", 1, after(0)))
    )

    assert (first, late) == (True, False)
    assert await rows(database, "SELECT last_seq FROM quiet_watch") == [{"last_seq": 1}]
