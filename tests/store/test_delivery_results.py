"""What the stage that sends has done is stored whole, or not at all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.appending import after, rows
from tests.notify.deliveries import DESTINATION, attempt, callback, delivery
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState, Outcome
from tocsin.store import callbacks, cursors, deliveries, delivery_results, destinations
from tocsin.store.cursors import Position
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.delivery_results import Outdated, Result
from tocsin.store.destinations import Destination
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import START

NOTHING_CONFIGURED = (0, 0)
TO = Position("notify.0", 7, START)
DESTINED = Destination(id=DESTINATION, channel_type="custom", label="h", changed_at=START)


async def plan(
    database: Database, new: Sequence[Delivery], mark: tuple[int, int], behind: int = 0
) -> None:
    written = DeliveryRows(database.dialect)
    await database.write(lambda conn: delivery_results.plan(conn, written, new, behind, TO, mark))


async def record(database: Database, *results: Result) -> None:
    written = DeliveryRows(database.dialect)
    await database.write(lambda conn: delivery_results.record(conn, written, results))


async def states(database: Database) -> dict[str, str]:
    found = await rows(database, "SELECT id, state FROM deliveries ORDER BY id")
    return {row["id"]: row["state"] for row in found}


async def position(database: Database) -> int:
    async with database.read() as conn:
        return await cursors.position(conn, TO.stage)


async def destination(database: Database) -> Destination | None:
    async with database.read() as conn:
        return (await destinations.of_ids(conn, [DESTINATION])).get(DESTINATION)


def done(number: int = 1, **changed: Any) -> Delivery:
    return delivery(
        number, **{"state": DeliveryState.DELIVERED, "attempts": 1, "tries": 1, **changed}
    )


async def test_deliveries_are_stored_together_with_how_far_was_read(database: Database) -> None:
    await plan(database, [delivery(1), delivery(2)], NOTHING_CONFIGURED)

    assert await states(database) == {"d-0001": "waiting", "d-0002": "waiting"}
    assert await position(database) == 7


async def test_what_somebody_else_has_planned_already_is_not_planned_again(
    database: Database,
) -> None:
    """A commit may have counted that nobody heard of."""
    await plan(database, [delivery(1)], NOTHING_CONFIGURED)

    with pytest.raises(Outdated):
        await plan(database, [delivery(2)], NOTHING_CONFIGURED)
    await plan(database, [delivery(3)], NOTHING_CONFIGURED, behind=TO.seq)

    assert await states(database) == {"d-0001": "waiting", "d-0003": "waiting"}


async def test_what_was_planned_by_callbacks_of_before_is_not_stored(database: Database) -> None:
    vault, new = Vault([SecretKey.new()]), callback(("slack", {"webhook_url": "x"}))
    await database.write(lambda conn: callbacks.add(conn, vault, new))

    with pytest.raises(Outdated):
        await plan(database, [delivery(1)], NOTHING_CONFIGURED)
    assert await states(database) == {}
    assert await position(database) == 0

    async with database.read() as conn:
        known = await callbacks.marks(conn)
    await plan(database, [delivery(1)], callbacks.mark_of(known))
    assert await states(database) == {"d-0001": "waiting"}


async def test_a_digest_takes_the_place_of_what_it_stands_for_and_then_its_fate(
    database: Database,
) -> None:
    written, digest = DeliveryRows(database.dialect), delivery(9, kind=DeliveryKind.DIGEST)
    some = [delivery(1), delivery(2)]
    folded = [one._replace(state=DeliveryState.FOLDED, digest_id=digest.id) for one in some]
    await plan(database, some, NOTHING_CONFIGURED)
    await database.write(lambda conn: delivery_results.fold(conn, written, digest, folded))

    assert [*(await states(database)).values()] == ["folded", "folded", "waiting"]
    await record(database, Result(digest._replace(attempts=1, tries=1), attempt(1)))
    assert [*(await states(database)).values()] == ["folded", "folded", "waiting"]
    await record(database, Result(done(9, kind=DeliveryKind.DIGEST), attempt(2)))
    assert [*(await states(database)).values()] == ["delivered"] * 3


async def test_of_what_was_tried_twice_in_one_batch_the_last_counts_and_both_are_kept(
    database: Database,
) -> None:
    await plan(database, [delivery(1)], NOTHING_CONFIGURED)

    await record(
        database,
        Result(delivery(1, attempts=1, tries=1), attempt(1)),
        Result(done(1, attempts=2, tries=2), attempt(2, outcome=Outcome.DELIVERED)),
    )

    assert await states(database) == {"d-0001": "delivered"}
    kept = await rows(database, "SELECT outcome FROM delivery_attempts ORDER BY number")
    assert [one["outcome"] for one in kept] == ["later", "delivered"]


async def test_a_result_that_is_stored_once_more_changes_nothing(database: Database) -> None:
    """Whether a commit counted that nobody heard of is not known."""
    await plan(database, [delivery(1)], NOTHING_CONFIGURED)
    result = Result(done(1), attempt(1), replace(DESTINED, failures=1), "m-1")
    await record(database, result)
    await record(database, result)

    found = await destination(database)
    assert found is not None
    assert found.failures == 1
    assert len(await rows(database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_a_destination_that_is_gone_is_paused_with_what_told_of_it(
    database: Database,
) -> None:
    await plan(database, [delivery(1)], NOTHING_CONFIGURED)
    gone = replace(DESTINED, is_paused=True, paused_at=after(5), changed_at=after(5))

    ended = Result(done(1, state=DeliveryState.FAILED), attempt(1), gone, pauses=True)
    await record(database, ended)

    assert await destination(database) == gone


async def test_who_resumed_it_meanwhile_has_the_last_word(database: Database) -> None:
    await plan(database, [delivery(1)], NOTHING_CONFIGURED)
    await database.write(lambda conn: destinations.save(conn, DESTINED))
    await database.write(lambda conn: destinations.pause(conn, DESTINATION, "mei", after(3)))
    await database.write(lambda conn: destinations.resume(conn, DESTINATION, after(6)))
    gone = replace(DESTINED, is_paused=True, paused_at=after(5), changed_at=after(5))

    await record(database, Result(done(1), attempt(1), gone))
    await record(database, Result(done(1), attempt(1), gone, pauses=True))

    found = await destination(database)
    assert found is not None
    assert not found.is_paused


async def test_the_message_that_was_sent_can_be_replaced_later(database: Database) -> None:
    await plan(database, [delivery(1)], NOTHING_CONFIGURED)

    await record(database, Result(done(1), attempt(1), None, "m-1"))

    async with database.read() as conn:
        assert await destinations.handle(conn, DESTINATION, "shop\ns-1") == "m-1"


async def test_a_test_is_stored_with_its_only_try(database: Database) -> None:
    written = DeliveryRows(database.dialect)

    await database.write(
        lambda conn: delivery_results.record_test(
            conn, written, done(1, kind=DeliveryKind.TEST), attempt(1)
        )
    )

    assert await states(database) == {"d-0001": "delivered"}
    assert len(await rows(database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_what_failed_goes_on_and_of_what_arrived_another_is_made(
    database: Database,
) -> None:
    written = DeliveryRows(database.dialect)
    await plan(database, [done(1, state=DeliveryState.FAILED), done(2)], NOTHING_CONFIGURED)

    await database.write(
        lambda conn: delivery_results.begin_anew(
            conn, written, ["d-0001"], [delivery(3, event_seq=2)], after(60)
        )
    )

    assert await states(database) == {
        "d-0001": "waiting",
        "d-0002": "delivered",
        "d-0003": "waiting",
    }
    async with database.read() as conn:
        found = await deliveries.waiting(conn, 0, DESTINATION, (0, ""), 10)
    assert [one.id for one in found] == ["d-0001", "d-0003"]
