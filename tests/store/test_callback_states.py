"""How callbacks and destinations are doing: the last result, and what waits."""

from datetime import timedelta

from tests.deliveries import attempt, delivery, keep, known_destination, pause
from tocsin.model.delivery import DeliveryState
from tocsin.model.delivery_figures import NOBODY_WAITS, Waiting
from tocsin.model.delivery_history import HistoryStatus
from tocsin.store import callback_states
from tocsin.store.database import Database
from tocsin.testing.clock import START

WAITING, FAILED = DeliveryState.WAITING, DeliveryState.FAILED
SECOND = timedelta(seconds=1)


async def test_the_last_result_is_of_the_newest_that_was_tried(database: Database) -> None:
    old = delivery(FAILED)
    new = delivery(duration_ms=5, event_type="full_completed")
    elsewhere = delivery(FAILED, channel_id="ch-2")
    await keep(database, old, new, elsewhere, delivery(WAITING), attempts=(attempt(new, 3),))
    keys = [("c-1", "ch-1"), ("c-1", "ch-2"), ("c-1", "ch-3"), ("c-2", "ch-1")]
    async with database.read() as conn:
        found = await callback_states.last_results(conn, keys)

    assert set(found) == {("c-1", "ch-1"), ("c-1", "ch-2")}
    last = found["c-1", "ch-1"]
    assert (last.id, last.status, last.at) == (new.id, HistoryStatus.SUCCESS, START + 3 * SECOND)
    assert (last.event_type, last.duration_ms, last.error) == ("full_completed", 5, None)
    failed = found["c-1", "ch-2"]
    assert (failed.status, failed.reason, failed.at) == (
        HistoryStatus.FAILED,
        "busy",
        START + SECOND,
    )


async def test_many_channels_are_asked_about_at_once(database: Database) -> None:
    made = [delivery(channel_id=f"ch-{at}") for at in range(250)]
    await keep(database, *made)
    keys = [("c-1", one.channel_id) for one in made]
    async with database.read() as conn:
        found = await callback_states.last_results(conn, keys)

    assert [found[key].id for key in keys] == [one.id for one in made]


async def test_what_waits_is_counted_by_channel_and_by_destination(database: Database) -> None:
    await keep(
        database,
        delivery(WAITING, created_at=START + SECOND),
        delivery(WAITING),
        delivery(WAITING, channel_id="ch-2", destination="d-2"),
        delivery(WAITING, config_id="c-2", destination="d-3"),
        delivery(),
    )
    async with database.read() as conn:
        by_channel = await callback_states.waiting(conn, ["c-1"])
        at = await callback_states.waiting_at(conn, ["d-1", "d-9"])

    assert by_channel == {("c-1", "ch-1"): Waiting(2, START), ("c-1", "ch-2"): Waiting(1, START)}
    assert at == {"d-1": Waiting(2, START)}


async def test_one_that_failed_at_a_paused_destination_says_so(database: Database) -> None:
    await known_destination(database)
    await pause(database)
    tried = delivery(WAITING, attempts=1)
    await keep(database, tried)
    async with database.read() as conn:
        found = await callback_states.last_results(conn, [("c-1", "ch-1")])

    last = found["c-1", "ch-1"]
    assert (last.status, last.reason, last.at) == (HistoryStatus.FAILED, "paused", START)


def test_several_wait_since_the_oldest_does() -> None:
    found = [NOBODY_WAITS, Waiting(2, START + SECOND), Waiting(1, START)]

    assert callback_states.all_waiting(found) == Waiting(3, START)
    assert callback_states.all_waiting([NOBODY_WAITS]) == NOBODY_WAITS
