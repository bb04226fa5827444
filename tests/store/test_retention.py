"""Retention: removes by the rules, a slice at a time, and stands in nobody's way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.appending import (
    Ground,
    Place,
    after,
    began,
    event,
    ground_in,
    logged,
    rows,
    seqs,
    settings_with,
)
from tocsin.settings import RetentionSettings
from tocsin.store import retention as module
from tocsin.store.facts import read_facts
from tocsin.store.retention import Retention
from tocsin.testing.clock import HandClock

DAY_S = 86_400


class QuickClock(HandClock):
    """Whoever sleeps lets the time pass by that, so that pauses take none."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses = 0

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        self.move(seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Kept:
    """A journal and its retention."""

    ground: Ground
    clock: QuickClock
    retention: Retention

    async def clean_up_on_day(self, days: float) -> None:
        self.clock.move((after(days * DAY_S) - self.clock.now()).total_seconds() + 1)
        await self.retention.clean_up()

    async def types(self) -> list[str]:
        found = await rows(self.ground.database, "SELECT type FROM events ORDER BY seq")
        return [row["type"] for row in found]


@asynccontextmanager
async def kept_in(place: Place, **changed: Any) -> AsyncIterator[Kept]:
    settings = settings_with()
    wanted: RetentionSettings = replace(settings.retention, **changed)
    clock = QuickClock()
    async with ground_in(place) as ground:
        retention = Retention(
            ground.database, ground.journal, clock, wanted, settings.journal, ground.registry
        )
        yield Kept(ground, clock, retention)


def on_day(days: float, kind: str = "note", **other: Any) -> Any:
    return event(kind, at=after(days * DAY_S), **other)


async def test_events_are_kept_for_the_days_said(place: Place) -> None:
    async with kept_in(place, keep_days=2) as kept:
        await kept.ground.append(*(on_day(n, f"day {n}") for n in range(4)))
        before = kept.retention.last_run_at

        await kept.clean_up_on_day(3)
        left = await kept.types()
        await kept.clean_up_on_day(3)
        async with kept.ground.database.read() as conn:
            facts = await read_facts(conn)

        assert await kept.types() == left == ["day 2", "day 3"]
        assert before is None
        assert kept.retention.last_run_at is not None
        assert kept.retention.last_run_at >= after(3 * DAY_S)
        assert kept.retention.removed_events == 2
    assert facts.pruned_through == 2
    assert (
        kept.ground.registry.get_sample_value("tocsin_retention_removed_total", {"kind": "event"})
        == 2
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"keep_days": 0}, ["log_a", "log_b", "note", "hook"]),
        ({"keep_days": 9}, ["log_a", "log_b", "note", "hook"]),
        ({"keep_days": 9, "by_type": {"log_*": 3}}, ["note", "hook"]),
        ({"keep_days": 9, "by_type": {"log_a": 3}}, ["log_b", "note", "hook"]),
        ({"keep_days": 3, "by_type": {"log_*": 0}}, ["log_a", "log_b"]),
        ({"keep_days": 0, "by_source": {"github": 3}}, ["log_a", "log_b", "note"]),
        ({"keep_days": 3, "by_source": {"github": 9}}, ["hook"]),
        (
            {"keep_days": 9, "by_source": {"github": 3}, "by_type": {"*": 0}},
            ["log_a", "log_b", "note"],
        ),
        ({"keep_days": 3}, []),
    ],
)
async def test_a_source_or_a_type_may_have_days_of_its_own(
    place: Place, changed: dict[str, Any], expected: list[str]
) -> None:
    async with kept_in(place, **changed) as kept:
        await kept.ground.append(
            on_day(0, "log_a"),
            on_day(0, "log_b"),
            on_day(0, "note"),
            on_day(0, "hook", source="github"),
        )

        await kept.clean_up_on_day(5)

        assert await kept.types() == expected


async def test_what_is_old_is_found_behind_what_is_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 2)
    async with kept_in(place, keep_days=0, by_type={"log": 1}) as kept:
        await kept.ground.append(
            *(on_day(0, "note") for _ in range(5)), on_day(0, "log"), on_day(0, "note")
        )

        await kept.clean_up_on_day(5)

        assert await kept.types() == ["note"] * 6


async def test_a_deployment_goes_once_nothing_is_heard_of_it(place: Place) -> None:
    async with kept_in(place, keep_days=2, slice_rows=3) as kept:
        texts = [str(n) for n in range(10)]
        await kept.ground.append(
            on_day(0, change=began("old", 0)),
            on_day(0, change=logged("old", 0, *texts)),
            on_day(0, change=began("long", 0)),
        )
        await kept.ground.append(on_day(2, change=logged("long", 2 * DAY_S, "still here")))

        await kept.clean_up_on_day(3)
        await kept.ground.append(on_day(3, change=logged("old", 3 * DAY_S, "again")))

        found = await rows(
            kept.ground.database, "SELECT pk, deployment_id, line_count FROM deployments ORDER BY 1"
        )
        lines = await rows(
            kept.ground.database, "SELECT deployment_pk, line, text FROM log_lines ORDER BY 1"
        )
    assert found == [
        {"pk": 3, "deployment_id": "long", "line_count": 1},
        {"pk": 5, "deployment_id": "old", "line_count": 1},
    ]
    assert [tuple(row.values()) for row in lines] == [(3, 1, "still here"), (5, 1, "again")]


async def test_deployments_stay_when_events_are_kept_for_ever(place: Place) -> None:
    async with kept_in(place, keep_days=0, by_type={"*": 1}) as kept:
        await kept.ground.append(on_day(0, change=began("1", 0)))

        await kept.clean_up_on_day(900)

        assert await rows(kept.ground.database, "SELECT pk FROM deployments") == [{"pk": 1}]


async def test_the_numbers_go_on_when_everything_is_gone(place: Place) -> None:
    async with kept_in(place, keep_days=1) as kept:
        await kept.ground.append(*(on_day(0) for _ in range(3)))
        await kept.clean_up_on_day(5)
    async with ground_in(place) as ground:
        gone = await seqs(ground.database)
        await ground.append(event())

        assert gone == []
        assert await seqs(ground.database) == [4]


async def test_a_key_of_a_delivery_is_known_for_its_window(place: Place) -> None:
    window = timedelta(seconds=settings_with().journal.dedupe_window_s)
    async with kept_in(place, keep_days=1, slice_rows=2) as kept:
        old = [on_day(0, dedupe=f"old {n}") for n in range(5)]
        await kept.ground.append(*old, on_day(2, dedupe="young"))
        await kept.clean_up_on_day(window.days + 1)

        known = await kept.ground.append(event(dedupe="old 3"), event(dedupe="young"))

    assert [receipt.is_duplicate for receipt in known] == [False, True]


async def test_one_slice_is_no_longer_than_said(place: Place) -> None:
    sizes: list[int] = []

    async with kept_in(place, keep_days=1, slice_rows=10) as kept:
        await kept.ground.append(*(on_day(0) for _ in range(45)))
        clock, database = kept.clock, kept.ground.database

        async def watched(seconds: float) -> None:
            sizes.append(len(await seqs(database)))
            await asyncio.sleep(0)

        clock.sleep = watched  # type: ignore[method-assign] # it is asked at each pause
        await kept.clean_up_on_day(3)

    assert sizes[:5] == [35, 25, 15, 5, 0]


async def test_appends_go_on_between_the_slices(place: Place) -> None:
    # Whoever appends waits for the slice in hand, never for the next one too.
    finished: list[str] = []
    async with kept_in(place, keep_days=1, slice_rows=5) as kept:
        await kept.ground.append(*(on_day(0) for _ in range(100)))
        cleaning = asyncio.create_task(kept.clean_up_on_day(3))
        cleaning.add_done_callback(lambda _task: finished.append("cleaned"))
        while not cleaning.done():
            await kept.ground.append(on_day(3, "meanwhile"))
            finished.append("appended")
        await cleaning

        assert set(await kept.types()) == {"meanwhile"}
    # 20 slices and some more work: about one append fits between any two of them.
    assert finished.index("cleaned") >= 10


async def test_the_file_gets_smaller(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.db"
    async with kept_in(tmp_path, keep_days=1) as kept:
        for _ in range(10):
            await kept.ground.append(*(on_day(0, data="x" * 10_000) for _ in range(50)))
    full = file.stat().st_size
    async with kept_in(tmp_path, keep_days=1) as kept:
        await kept.clean_up_on_day(3)

    assert full > 5_000_000
    assert file.stat().st_size < full / 5


async def test_space_that_somebody_holds_does_not_keep_it_going_for_ever(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FREED_PAGES", 0)
    async with kept_in(place, keep_days=1) as kept:
        await kept.ground.append(*(on_day(0, data="x" * 10_000) for _ in range(50)))

        await kept.clean_up_on_day(3)

        assert await kept.types() == []


async def test_a_step_waits_for_its_time(place: Place) -> None:
    settings = settings_with()
    clock = HandClock()
    async with ground_in(place) as ground:
        retention = Retention(
            ground.database,
            ground.journal,
            clock,
            settings.retention,
            settings.journal,
            ground.registry,
        )
        step = asyncio.create_task(retention.step())
        await asyncio.sleep(0)
        clock.move(settings.retention.every_s - 1)
        await asyncio.sleep(0)
        is_early = step.done()
        clock.move(1)
        await step

    assert not is_early
