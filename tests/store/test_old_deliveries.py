"""Deliveries go when they have been kept long enough, and not while they wait."""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from tests.appending import rows, settings_with
from tests.deliveries import attempt, delivery, keep, known_destination
from tests.notify.deliveries import callback
from tocsin.model.delivery import Delivery, DeliveryState
from tocsin.store import callbacks, channel_tokens, destinations
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows, put_back
from tocsin.store.key import SecretKey, Vault
from tocsin.store.old_deliveries import EVERY_S, SLICE, OldDeliveries
from tocsin.testing.clock import START, HandClock

KEPT = timedelta(days=30)
MS = timedelta(milliseconds=1)
DELIVERED, FAILED = DeliveryState.DELIVERED, DeliveryState.FAILED


class Passing(HandClock):
    """A clock on which nobody has to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = list[float]()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def passing() -> Passing:
    clock = Passing()
    clock.move(KEPT.total_seconds())
    return clock


def stage(
    database: Database, clock: HandClock, used: Collection[str] = (), **environ: str
) -> OldDeliveries:
    async def asked() -> Collection[str]:
        return used

    return OldDeliveries(database, clock, settings_with(**environ).notify, asked)


def made(at: datetime, number: int = 1, state: DeliveryState = DELIVERED, **more: Any) -> Delivery:
    """A delivery of that moment, as its id tells."""
    stamp = f"{round(at.timestamp() * 1_000):012x}"
    of = {"id": f"{stamp[:8]}-{stamp[8:]}-7000-8000-{number:012x}", "created_at": at, **more}
    return delivery(state, **{"ended_at": at if state.is_final else None, **of})


async def known_callback(database: Database, callback_id: str = "c-1") -> None:
    vault, new = Vault([SecretKey.new()]), callback(("slack", {"webhook_url": "x"}), id=callback_id)
    await database.write(lambda conn: callbacks.add(conn, vault, new))


async def ids(database: Database) -> list[str]:
    return [row["id"] for row in await rows(database, "SELECT id FROM deliveries ORDER BY id")]


async def test_what_ended_long_ago_goes_with_its_tries(
    database: Database, passing: Passing
) -> None:
    old, failed = made(START - MS), made(START - MS, 2, FAILED)
    new = made(START)
    await keep(database, old, failed, new, attempts=tuple(map(attempt, (old, failed, new))))

    await stage(database, passing).clean_up()

    assert await ids(database) == [new.id]
    left = await rows(database, "SELECT delivery_id FROM delivery_attempts")
    assert left == [{"delivery_id": new.id}]


@pytest.mark.parametrize("state", [DeliveryState.WAITING, DeliveryState.FOLDED])
async def test_what_waits_stays_however_old_it_is(
    state: DeliveryState, database: Database, passing: Passing
) -> None:
    waits = made(START - KEPT, 1, state)
    await keep(database, waits, attempts=(attempt(waits),))
    await known_callback(database)
    await known_destination(database, waits.destination)
    passing.move(KEPT.total_seconds())

    await stage(database, passing, used=[waits.destination]).clean_up()

    assert await ids(database) == [waits.id]
    assert len(await rows(database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_what_waits_of_a_callback_that_is_gone_goes(
    database: Database, passing: Passing
) -> None:
    states = (DeliveryState.WAITING, DeliveryState.FOLDED)
    old = [made(START - MS, at, state, config_id="gone") for at, state in enumerate(states)]
    new = made(START, 2, DeliveryState.WAITING, config_id="gone")
    await known_callback(database)
    kept = made(START - MS, 3, DeliveryState.WAITING)
    await keep(database, *old, new, kept, attempts=tuple(map(attempt, (*old, new, kept))))

    await stage(database, passing).clean_up()

    assert await ids(database) == [kept.id, new.id]
    left = await rows(database, "SELECT delivery_id FROM delivery_attempts ORDER BY delivery_id")
    assert [row["delivery_id"] for row in left] == [kept.id, new.id]


async def test_what_waited_for_long_is_kept_from_its_end_on(
    database: Database, passing: Passing
) -> None:
    late = made(START - KEPT, ended_at=START)
    await keep(database, late)

    await stage(database, passing).clean_up()

    assert await ids(database) == [late.id]


async def test_one_that_is_made_once_more_stays(database: Database, passing: Passing) -> None:
    again, gone = made(START - MS, 1, FAILED), made(START - MS, 2, FAILED)
    await keep(database, again, gone)
    await known_callback(database)
    await database.write(lambda conn: put_back(conn, [again.id], passing.now()))

    await stage(database, passing).clean_up()

    assert await ids(database) == [again.id]


async def test_many_go_in_slices_with_a_pause_for_others(
    database: Database, passing: Passing
) -> None:
    written = DeliveryRows(database.dialect)
    many = [made(START - MS, number) for number in range(2 * SLICE + 1)]
    await database.write(lambda conn: written.add(conn, many))

    await stage(database, passing).clean_up()

    assert await ids(database) == []
    assert len(passing.slept) == 3


async def test_by_what_old_messages_can_be_replaced_is_forgotten(
    database: Database, passing: Passing
) -> None:
    for key, at in (("old", START - MS), ("new", START)):
        await database.write(
            partial(destinations.save_handle, destination="d-1", order_key=key, new="h", now=at)
        )

    await stage(database, passing).clean_up()

    assert await rows(database, "SELECT order_key FROM posted_messages") == [{"order_key": "new"}]


async def test_a_destination_that_nobody_uses_goes(database: Database, passing: Passing) -> None:
    waits = made(START, 1, DeliveryState.WAITING, destination="d-waits")
    await keep(database, waits)
    await known_callback(database)
    for name in ("d-gone", "d-used", "d-waits"):
        await known_destination(database, name)
    passing.move(1)

    await stage(database, passing, used=["d-used"]).clean_up()

    left = await rows(database, "SELECT id FROM destinations ORDER BY id")
    assert [row["id"] for row in left] == ["d-used", "d-waits"]


async def test_one_of_which_was_heard_lately_stays(database: Database, passing: Passing) -> None:
    await known_destination(database, "d-1")

    await stage(database, passing).clean_up()

    assert len(await rows(database, "SELECT 1 FROM destinations")) == 1


async def test_for_ever_is_for_ever(database: Database, passing: Passing) -> None:
    await keep(database, made(START - KEPT))
    await known_destination(database)
    passing.move(1)

    await stage(database, passing, NOTIFY__KEEP_DAYS="0").clean_up()

    assert len(await ids(database)) == 1
    assert len(await rows(database, "SELECT 1 FROM destinations")) == 1


async def test_tokens_of_credentials_that_nobody_uses_go_whatever_is_kept(
    database: Database, passing: Passing
) -> None:
    await database.write(partial(channel_tokens.claim, key="feishu-1", now=START))

    await stage(database, passing, NOTIFY__KEEP_DAYS="0").clean_up()

    assert await rows(database, "SELECT 1 FROM channel_tokens") == []


async def test_it_looks_each_hour(database: Database, passing: Passing) -> None:
    await keep(database, made(START - MS))

    await stage(database, passing).step()

    assert passing.slept[0] == EVERY_S
    assert await ids(database) == []
