"""What became of deliveries: lists by what people look for, and one with every try."""

from datetime import timedelta
from typing import Any

import pytest

from tests.deliveries import attempt, delivery, keep, known_destination, pause
from tests.plans import is_whole_scan, noted, plan_of
from tocsin.errors import Rejected
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState, Outcome
from tocsin.model.delivery_history import HistoryFilter, HistoryRow, HistoryStatus, status_of
from tocsin.store import delivery_history
from tocsin.store.database import Database
from tocsin.testing.clock import START

WAITING, FOLDED = DeliveryState.WAITING, DeliveryState.FOLDED
DELIVERED, FAILED = DeliveryState.DELIVERED, DeliveryState.FAILED
HOUR = timedelta(hours=1)


async def page(
    database: Database, limit: int = 10, offset: int = 0, **wanted: Any
) -> tuple[list[HistoryRow], int]:
    async with database.read() as conn:
        found, total = await delivery_history.page(conn, HistoryFilter(**wanted), limit, offset)
    return list(found), total


async def ids(database: Database, **wanted: Any) -> list[str]:
    found, total = await page(database, **wanted)
    assert total == len(found)
    return [row.delivery.id for row in found]


async def ended(database: Database, limit: int = 10, **wanted: Any) -> list[Delivery]:
    async with database.read() as conn:
        return list(await delivery_history.ended(conn, ReplayWish(**wanted), limit))


async def test_a_row_is_the_delivery_with_its_tries(database: Database) -> None:
    tried = delivery(attempts=2)
    attempts = (attempt(tried, 1, Outcome.LATER), attempt(tried, 2))
    await keep(database, tried, attempts=attempts)
    (row,), _ = await page(database)
    async with database.read() as conn:
        whole = await delivery_history.one(conn, tried.id)

    brief: Any = {"destination": "", "request": "", "response": ""}
    assert row.delivery == tried
    assert row.attempts == [one._replace(**brief) for one in attempts]
    assert row.request == attempts[1].request
    assert row.updated_at == START + timedelta(seconds=2)
    assert (row.config_name, row.is_paused) == ("", False)
    assert whole.attempts == list(attempts)
    with pytest.raises(Rejected) as raised:
        async with database.read() as conn:
            await delivery_history.one(conn, "gone")
    assert raised.value.status == 404


async def test_the_database_and_people_mean_the_same_by_each_status(database: Database) -> None:
    made = [
        delivery(state, destination=destination)
        for state in DeliveryState
        for destination in ("d-1", "d-2", "unknown")
    ]
    await keep(database, *made)
    await known_destination(database)
    await known_destination(database, "d-2")
    await pause(database, "d-2")

    for status in HistoryStatus:
        meant = [
            one.id
            for one in reversed(made)
            if status_of(one.state, is_paused=one.destination == "d-2") is status
        ]
        assert await ids(database, limit=20, statuses=(status,)) == meant, status
    rows, _ = await page(database, limit=20)
    held = [row for row in rows if row.is_held]
    assert [(row.status, row.reason) for row in held] == [(HistoryStatus.FAILED, "paused")]
    assert held[0].error is not None


async def test_lists_are_narrowed_by_each_field(database: Database) -> None:
    one = delivery()
    two = delivery(
        FAILED,
        task_id="t-2",
        config_id="c-2",
        project="other",
        destination="d-2",
        digest_id="digest",
        event_type="full_completed",
        channel_type="custom",
        kind=DeliveryKind.TEST,
        created_at=START + HOUR,
    )
    await keep(database, one, two)

    for field, value in {
        "task_id": "t-2",
        "config_id": "c-2",
        "project_id": "other",
        "destination_id": "d-2",
        "digest_id": "digest",
        "event_types": ("no", "full_*"),
        "channel_types": ("custom", "slack"),
        "kinds": (DeliveryKind.TEST,),
        "since": START + HOUR,
        "text": "bUsY",
    }.items():
        assert await ids(database, **{field: value}) == [two.id], field
    assert await ids(database, until=START + HOUR) == [one.id]
    assert await ids(database, event_types=("full_%",)) == []
    assert await ids(database, text="%") == []


async def test_who_was_told_of_an_event_is_found_without_it(database: Database) -> None:
    # It is not kept any more. Two senders may have given the same id.
    told = [delivery(event_seq=7), delivery(event_seq=8)]
    await keep(database, *told, delivery(event_id="e-2", event_seq=7))

    assert sorted(await ids(database, event_id="e-1")) == sorted(one.id for one in told)


async def test_an_event_or_a_task_is_found_without_going_through_all(database: Database) -> None:
    async with noted(database) as said:
        await page(database, event_id="e-1")
        await page(database, task_id="t-1")
    async with database.read() as conn:
        plans = [await plan_of(conn, one) for one in said]

    assert plans
    assert not any(is_whole_scan(line, "deliveries") for plan in plans for line in plan)


async def test_pages_follow_each_other(database: Database) -> None:
    made = [delivery() for _ in range(5)]
    await keep(database, *made)
    first, total = await page(database, 2)
    last, _ = await page(database, 2, 4)

    assert [row.delivery.id for row in first] == [made[4].id, made[3].id]
    assert [row.delivery.id for row in last] == [made[0].id]
    assert total == 5


async def test_what_went_into_a_digest_is_told_in_order(database: Database) -> None:
    folded = [delivery(FOLDED, digest_id="digest", event_seq=seq) for seq in (9, 8, 7)]
    await keep(database, *folded, delivery())
    async with database.read() as conn:
        found, total = await delivery_history.folded_into(conn, "digest", 2)

    assert [one.id for one in found] == [folded[2].id, folded[1].id]
    assert total == 3


async def test_a_replay_is_of_what_has_ended(database: Database) -> None:
    good, bad, other = delivery(), delivery(FAILED), delivery(FAILED, task_id="t-2")
    await keep(database, good, bad, other, delivery(WAITING), delivery(FOLDED))

    assert await ended(database) == [good, bad, other]
    assert await ended(database, limit=1) == [good]
    assert await ended(database, state=FAILED) == [bad, other]
    assert await ended(database, state=WAITING) == []
    assert await ended(database, task_id="t-2", event_types=("canary_*",)) == [other]
    assert await ended(database, channel_type="slack") == []


async def test_a_delivery_is_told_from_another_id(database: Database) -> None:
    made = delivery()
    await keep(database, made)

    async with database.read() as conn:
        assert await delivery_history.exists(conn, made.id)
        assert not await delivery_history.exists(conn, "c-1")
