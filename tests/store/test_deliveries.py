"""Deliveries under way: stored, read in order, settled with their digest, and begun anew."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest

from tests.appending import after, rows
from tests.notify.deliveries import DESTINATION, attempt, delivery
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState, Outcome
from tocsin.store import deliveries
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows, Way
from tocsin.testing.clock import START

OTHER = "1" * 32


async def add(database: Database, *new: Delivery) -> None:
    written = DeliveryRows(database.dialect)
    await database.write(lambda conn: written.add(conn, new))


async def change(database: Database, *changed: Delivery) -> None:
    written = DeliveryRows(database.dialect)
    await database.write(lambda conn: written.change(conn, changed))


async def with_id(database: Database, delivery_id: str) -> Delivery:
    async with database.read() as conn:
        found = await deliveries.with_id(conn, delivery_id)
    assert found is not None
    return found


async def waiting(
    database: Database, behind: tuple[int, str] = (0, ""), limit: int = 10
) -> Sequence[str]:
    async with database.read() as conn:
        found = await deliveries.waiting(conn, 0, DESTINATION, behind, limit)
    return [one.id for one in found]


async def test_what_is_stored_already_stays_as_it_is(database: Database) -> None:
    tried = delivery(1, state=DeliveryState.DELIVERED, attempts=1)
    await change(database, tried)

    await add(database, delivery(1), delivery(2))

    assert await with_id(database, tried.id) == tried
    async with database.read() as conn:
        there = await deliveries.stored(conn, [tried.id, delivery(2).id, "d-nobody"])
    assert there == {tried.id, delivery(2).id}


async def test_a_delivery_is_read_back_as_it_was_stored(database: Database) -> None:
    full = delivery(
        1,
        kind=DeliveryKind.DIGEST,
        state=DeliveryState.DELIVERED,
        group_key="g",
        digest_id="d-9",
        attempts=3,
        tries=2,
        next_at=after(5),
        ended_at=after(6),
        status=200,
        response="好",
        duration_ms=7,
        reason="busy",
        error="é",
    )
    plain = delivery(2)
    await add(database, full, plain)

    assert await with_id(database, full.id) == full
    assert await with_id(database, plain.id) == plain
    async with database.read() as conn:
        assert await deliveries.with_id(conn, "nobody") is None


async def test_what_becomes_of_a_delivery_leaves_what_it_is_about(database: Database) -> None:
    await add(database, delivery(1))
    changed = delivery(
        1, state=DeliveryState.FAILED, attempts=1, tries=1, ended_at=after(1), reason="gone"
    )

    await change(database, changed._replace(project="other", subject="other", event_seq=99))

    assert await with_id(database, changed.id) == changed


async def test_what_waits_is_counted_by_destination_within_its_shard(database: Database) -> None:
    await add(
        database,
        delivery(1),
        delivery(2),
        delivery(3, destination=OTHER),
        delivery(4, shard=1),
        delivery(5, state=DeliveryState.DELIVERED),
    )

    async with database.read() as conn:
        counted = await deliveries.counted_waiting(conn, 0)

    assert counted == {DESTINATION: 2, OTHER: 1}


async def test_what_waits_is_read_on_from_any_place_in_the_order_of_its_events(
    database: Database,
) -> None:
    await add(
        database,
        delivery(3, event_seq=1),
        delivery(1, event_seq=2),
        delivery(2, event_seq=2),
        delivery(4, event_seq=3),
        delivery(5, event_seq=3, destination=OTHER),
        delivery(6, event_seq=3, state=DeliveryState.FOLDED),
    )

    assert await waiting(database) == ["d-0003", "d-0001", "d-0002", "d-0004"]
    assert await waiting(database, limit=2) == ["d-0003", "d-0001"]
    assert await waiting(database, (2, "d-0001")) == ["d-0002", "d-0004"]
    assert await waiting(database, (3, "d-0004")) == []


async def test_an_attempt_that_is_stored_twice_is_there_once_as_it_was_last(
    database: Database,
) -> None:
    """Whoever hears of no commit stores the same again."""
    written = DeliveryRows(database.dialect)
    again = attempt(1, outcome=Outcome.DELIVERED, status=200, reason=None, error=None)

    await database.write(lambda conn: written.add_attempts(conn, [attempt(1), attempt(2)]))
    await database.write(lambda conn: written.add_attempts(conn, [again]))

    found = await rows(
        database, "SELECT number, outcome, status FROM delivery_attempts ORDER BY number"
    )
    assert [tuple(one.values()) for one in found] == [(1, "delivered", 200), (2, "later", 503)]


async def test_what_was_sent_lately_is_that_of_its_destination_alone(database: Database) -> None:
    written = DeliveryRows(database.dialect)
    some = [
        attempt(1, at=after(0)),
        attempt(2, at=after(30)),
        attempt(3, at=after(40)),
        attempt(4, at=after(40), destination=OTHER),
    ]
    await database.write(lambda conn: written.add_attempts(conn, some))

    async with database.read() as conn:
        found = await deliveries.sent_since(conn, [DESTINATION], after(0))

    assert sorted(found) == [after(30), after(40)]


async def test_a_group_goes_when_its_newest_does(database: Database) -> None:
    await add(
        database,
        delivery(1, group_key="g", next_at=after(60), state=DeliveryState.FOLDED),
        delivery(2, group_key="g", next_at=after(30)),
        delivery(3, group_key="h", next_at=after(90)),
        delivery(4, group_key="g", next_at=after(99), config_id="c-2"),
    )

    async with database.read() as conn:
        found = await deliveries.group_goes_at(conn, "c-1", "g")
        none = await deliveries.group_goes_at(conn, "c-1", "i")

    assert (found, none) == (after(60), None)


@pytest.mark.parametrize(
    ("state", "reason"), [(DeliveryState.DELIVERED, None), (DeliveryState.FAILED, "gone")]
)
async def test_what_was_folded_shares_the_fate_of_its_digest(
    state: DeliveryState, reason: str | None, database: Database
) -> None:
    digest = delivery(
        9,
        kind=DeliveryKind.DIGEST,
        state=state,
        ended_at=after(3),
        status=200,
        response="ok",
        duration_ms=4,
        reason=reason,
        error=reason,
    )
    folded = [delivery(at, state=DeliveryState.FOLDED, digest_id=digest.id) for at in (2, 1)]
    await add(database, digest, *folded, delivery(3))
    await database.write(lambda conn: deliveries.settle_folded(conn, digest))

    async with database.read() as conn:
        settled = await deliveries.folded_in(conn, digest.id)

    assert [one.id for one in settled] == ["d-0001", "d-0002"]
    assert {(one.state, one.ended_at, one.reason) for one in settled} == {(state, after(3), reason)}
    assert (await with_id(database, "d-0003")).state is DeliveryState.WAITING


async def test_what_failed_is_put_back_by_itself_with_all_its_tries(database: Database) -> None:
    failed = delivery(
        1,
        state=DeliveryState.FAILED,
        digest_id="d-9",
        group_key="g",
        attempts=5,
        tries=5,
        ended_at=after(9),
        reason="busy",
        error="It is busy.",
    )
    await add(database, failed)

    count = await database.write(lambda conn: deliveries.put_back(conn, [failed.id], after(60)))

    back = await with_id(database, failed.id)
    assert count == 1
    assert (back.state, back.tries, back.next_at) == (DeliveryState.WAITING, 0, after(60))
    assert (back.digest_id, back.group_key, back.ended_at) == (None, None, None)
    assert (back.reason, back.error) == (None, None)
    # Its tries so far stay in the history, and are counted on.
    assert back.attempts == 5


async def test_what_has_not_failed_is_not_put_back(database: Database) -> None:
    others = [
        delivery(1, next_at=after(600), tries=2, attempts=2),
        delivery(2, state=DeliveryState.DELIVERED),
        delivery(3, state=DeliveryState.FOLDED, digest_id="d-9"),
    ]
    await add(database, *others)
    ids = [one.id for one in others]

    count = await database.write(lambda conn: deliveries.put_back(conn, ids, START))

    assert count == 0
    assert [await with_id(database, one) for one in ids] == others


async def test_what_waits_for_its_next_try_is_due_at_once(database: Database) -> None:
    later = delivery(1, attempts=2, tries=2, next_at=after(600))
    ended = delivery(2, state=DeliveryState.FAILED, next_at=after(600))
    await add(database, later, ended)

    for one in (later, ended):
        await database.write(partial(deliveries.hasten, delivery_id=one.id, now=after(60)))

    async with database.read() as conn:
        found = await deliveries.due(conn, [later.id, ended.id], after(60))
    assert found == [later._replace(tries=0, next_at=after(60))]
    assert await with_id(database, ended.id) == ended


async def test_what_waits_on_a_way_is_due_at_once(database: Database) -> None:
    mine = delivery(1, attempts=2, tries=2, next_at=after(600))
    other = delivery(2, channel_id="another", next_at=after(600))
    await add(database, mine, other)
    way = Way(mine.shard, mine.destination, mine.config_id, mine.channel_id)

    await database.write(lambda conn: deliveries.hasten_on(conn, way, after(60)))

    assert (await with_id(database, mine.id)).next_at == after(60)
    assert await with_id(database, other.id) == other


async def test_instants_keep_their_microseconds(database: Database) -> None:
    odd = START + timedelta(microseconds=1)
    await add(database, delivery(1, next_at=odd, created_at=odd))

    found = await with_id(database, "d-0001")

    assert (found.next_at, found.created_at) == (odd, odd)


async def test_it_is_known_which_tries_are_stored(database: Database) -> None:
    written = DeliveryRows(database.dialect)
    made = [attempt(1, delivery_id="d-1"), attempt(2, delivery_id="d-1"), attempt(1)]
    await database.write(lambda conn: written.add_attempts(conn, made))

    async with database.read() as conn:
        found = await deliveries.tries_of(conn, ["d-1", "d-2"])

    assert found == {("d-1", 1), ("d-1", 2)}


async def test_what_waits_is_led_elsewhere_by_its_channel_but_for_what_is_under_way(
    database: Database,
) -> None:
    some = [
        delivery(1),
        delivery(2),
        delivery(3, channel_id="ch-2"),
        delivery(4, state=DeliveryState.DELIVERED),
        delivery(5, shard=1),
    ]
    await add(database, *some)
    async with database.read() as conn:
        found = await deliveries.ways(conn, 0)
    assert sorted(found) == [
        Way(0, DESTINATION, "c-1", "ch-1"),
        Way(0, DESTINATION, "c-1", "ch-2"),
    ]

    way = min(found)
    await database.write(lambda conn: deliveries.lead(conn, way, 4, "other", ["d-0002"]))

    async with database.read() as conn:
        led = await deliveries.waiting(conn, 4, "other", (0, ""), 9)
        left = await deliveries.waiting(conn, 0, DESTINATION, (0, ""), 9)
    assert [one.id for one in led] == ["d-0001"]
    assert [one.id for one in left] == ["d-0002", "d-0003"]
