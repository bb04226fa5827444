"""Figures of deliveries: counted by day and channel, timed, and why they failed."""

from datetime import date, timedelta
from typing import Any

from tests.deliveries import delivery, keep, known_destination, pause
from tocsin.model.delivery import DeliveryKind, DeliveryState
from tocsin.model.delivery_figures import DeliveryFigures, Percentiles, Tally, Waiting
from tocsin.store import delivery_figures
from tocsin.store.database import Database
from tocsin.store.delivery_figures import FiguresFilter
from tocsin.testing.clock import START

DAY = timedelta(days=1)
FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)
WAITING, FAILED = DeliveryState.WAITING, DeliveryState.FAILED


async def figures(database: Database, **wanted: Any) -> DeliveryFigures:
    span = {"since": START, "until": START + 2 * DAY}
    async with database.read() as conn:
        return await delivery_figures.figures(conn, FiguresFilter(**{**span, **wanted}))


async def test_deliveries_are_counted_by_day_and_channel(database: Database) -> None:
    await keep(
        database,
        *(delivery(duration_ms=at) for at in range(1, 21)),
        delivery(FAILED, attempts=5, duration_ms=500),
        delivery(FAILED, created_at=START + DAY, channel_type="custom", reason=None),
        delivery(WAITING, created_at=START + 2 * DAY - timedelta(microseconds=1)),
        delivery(created_at=START - timedelta(microseconds=1)),
        delivery(created_at=START + 2 * DAY),
    )
    found = await figures(database)

    assert found.cells == {
        (FIRST, "feishu"): Tally(
            success=20,
            failed=1,
            retries=4,
            timed=21,
            duration_sum_ms=710,
            duration_max_ms=500,
        ),
        (SECOND, "feishu"): Tally(pending=1),
        (SECOND, "custom"): Tally(failed=1, timed=1, duration_sum_ms=87, duration_max_ms=87),
    }
    assert found.percentiles == {
        "feishu": Percentiles(11, 20),
        "custom": Percentiles(87, 87),
        "": Percentiles(11, 87),
    }
    assert found.reasons == [("", 1), ("busy", 1)]


async def test_a_digest_is_timed_and_what_went_into_it_is_counted(database: Database) -> None:
    digest = delivery(kind=DeliveryKind.DIGEST, duration_ms=40)
    folded = [delivery(duration_ms=None, digest_id=digest.id, attempts=0) for _ in range(3)]
    await keep(database, digest, *folded, delivery(kind=DeliveryKind.TEST, duration_ms=9))
    found = await figures(database)

    assert found.all == Tally(success=3, folded=3, timed=1, duration_sum_ms=40, duration_max_ms=40)


async def test_what_waits_and_what_is_paused_is_so_now(database: Database) -> None:
    await known_destination(database)
    await pause(database)
    await keep(
        database,
        delivery(WAITING, created_at=START - 9 * DAY),
        delivery(WAITING, channel_type="custom", destination="d-2"),
    )
    found = await figures(database)
    custom = await figures(database, channel_types=("custom",))

    assert found.waiting == {
        "feishu": Waiting(1, START - 9 * DAY),
        "custom": Waiting(1, START),
        "": Waiting(2, START - 9 * DAY),
    }
    assert (found.paused, custom.paused) == (1, 0)
    assert custom.waiting == {"custom": Waiting(1, START), "": Waiting(1, START)}


async def test_a_paused_destination_is_a_reason(database: Database) -> None:
    await known_destination(database)
    await pause(database)
    await keep(database, delivery(WAITING))
    found = await figures(database)

    assert found.reasons == [("paused", 1)]
    assert found.all == Tally(failed=1)


async def test_figures_are_of_what_is_asked_for(database: Database) -> None:
    await keep(database, delivery(), delivery(project="other", config_id="c-2"))

    assert (await figures(database)).all.total == 2
    assert (await figures(database, project_id="other")).all.total == 1
    assert (await figures(database, config_id="c-2")).all.total == 1
    assert (await figures(database, channel_types=("slack",))).all.total == 0


async def test_without_deliveries_there_is_nothing(database: Database) -> None:
    found = await figures(database)

    assert (found.cells, found.percentiles, found.waiting, found.paused) == ({}, {}, {}, 0)
