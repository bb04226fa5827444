"""Runs by project and day: counted, and their durations by nearest rank."""

import math
from collections.abc import AsyncGenerator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.journal import Told, at, ended, message, step, told_in
from tocsin.model.figures import DayFigures
from tocsin.model.filters import RunFilter
from tocsin.model.times import to_us
from tocsin.store import figures
from tocsin.store.tables.deployments import runs

DAY_S = 86_400


@pytest.fixture
async def told(tmp_path: Path, database_url: str) -> AsyncGenerator[Told, None]:
    async with told_in(tmp_path, database_url) as told:
        yield told


async def days(told: Told, wanted: RunFilter | None = None, limit: int = 2) -> list[DayFigures]:
    """All days, over all pages."""
    found: list[DayFigures] = []
    after: tuple[int, str] | None = None
    async with told.database.read() as conn:
        while True:
            page = await figures.page(conn, wanted or RunFilter(), limit, after)
            found += page.items
            if not page.is_more:
                return found
            after = figures.day_number(found[-1]), found[-1].project


async def test_runs_count_for_the_day_on_which_they_began(told: Told) -> None:
    for name, seconds, word in (
        ("1", 0, "success"),
        ("2", DAY_S - 1, "failure"),
        ("3", DAY_S, "cancelled"),
    ):
        await told.tell(
            step("step_started", "build", seconds, name), ended(seconds + 60, word, name)
        )
    await told.tell(step("step_started", "build", 1, "4"))

    found = await days(told)

    assert found == [
        DayFigures("shop", date(2026, 1, 2), 1, 0, 0, 1, 60.0, 60.0),
        DayFigures("shop", date(2026, 1, 1), 3, 1, 1, 0, 60.0, 60.0),
    ]


async def test_a_run_nobody_told_the_begin_of_counts_when_it_was_heard_of(told: Told) -> None:
    await told.tell(message("log_entry", message="x"), received_at=at(3 * DAY_S))

    (found,) = await days(told)

    assert (found.day, found.runs, found.duration_p50_s) == (date(2026, 1, 4), 1, None)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.integers(0, 50).map(float), min_size=1, max_size=45))
async def test_percentiles_are_of_nearest_rank(told: Told, durations: list[float | None]) -> None:
    rows = [
        {
            "deployment_pk": pk,
            "run": 1,
            "project": "shop",
            "status": "success",
            "duration_s": duration,
            "opened_at": to_us(at(0)),
        }
        for pk, duration in enumerate(durations)
    ]
    await told.database.write(lambda conn: conn.execute(runs.delete()))
    await told.database.write(lambda conn: conn.execute(runs.insert(), rows))

    (found,) = await days(told)

    measured = sorted(one for one in durations if one is not None)
    ranks = [math.ceil(len(measured) * share / 100) - 1 for share in (50, 95)]
    expected = [measured[rank] if measured else None for rank in ranks]
    assert [found.duration_p50_s, found.duration_p95_s] == expected
    assert found.runs == len(durations)


async def test_days_are_filtered_and_paged(told: Told) -> None:
    for day in range(3):
        for project in ("a", "b"):
            begun = step("step_started", "build", day * DAY_S, f"{day}", project=project)
            await told.tell(begun)

    def keys(found: list[DayFigures]) -> list[str]:
        return [f"{one.project}{one.day.day}" for one in found]

    begin, second = at(0), at(0) + timedelta(days=1)
    assert keys(await days(told)) == ["a3", "b3", "a2", "b2", "a1", "b1"]
    assert keys(await days(told, limit=1)) == ["a3", "b3", "a2", "b2", "a1", "b1"]
    assert keys(await days(told, RunFilter(("b",)))) == ["b3", "b2", "b1"]
    assert keys(await days(told, RunFilter(since=second))) == ["a3", "b3", "a2", "b2"]
    assert keys(await days(told, RunFilter(since=begin, until=second))) == ["a1", "b1"]
    assert keys(await days(told, RunFilter(("none",)))) == []
