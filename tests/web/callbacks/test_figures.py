"""`/api/v1/release/callbacks/stats`: figures, also as a table for spreadsheets."""

import csv
import io
from collections.abc import AsyncGenerator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.deliveries import delivery, keep
from tests.web.callbacks.house import CallbackHouse, callback_house, faults
from tocsin.model.access import Role
from tocsin.model.delivery import DeliveryKind, DeliveryState
from tocsin.model.delivery_figures import DeliveryFigures, Tally
from tocsin.testing.clock import START
from tocsin.web.callbacks.figures import csv_of

DAY = timedelta(days=1)
SPAN = "since=2026-01-01T00:00:00Z&until=2026-01-03T00:00:00Z"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path) as house:
        some = [
            *(delivery(duration_ms=at) for at in (10, 20, 90)),
            delivery(DeliveryState.FAILED, attempts=5, channel_type="custom"),
            delivery(DeliveryState.WAITING, created_at=START + DAY),
            delivery(DeliveryState.FAILED, kind=DeliveryKind.TEST),
            delivery(created_at=START - 30 * DAY, project="other"),
        ]
        await keep(house.told.database, *some)
        yield house


async def test_figures_are_of_a_span_in_all_by_channel_and_by_day(house: CallbackHouse) -> None:
    path = f"/callbacks/stats?{SPAN}"
    found = await house.data("GET", path, role=Role.VIEWER)

    assert (found["total"], found["success"], found["failed"], found["pending"]) == (5, 3, 1, 1)
    assert (found["success_rate"], found["retries"]) == (0.75, 4)
    assert found["duration"] == {"avg": 51.8, "max": 90, "p50": 20, "p95": 90}
    assert (found["waiting"], found["oldest_waiting_at"]) == (1, "2026-01-02T00:00:00.000Z")
    assert [(one["channel"], one["total"]) for one in found["by_channel"]] == [
        ("custom", 1),
        ("feishu", 4),
    ]
    assert [(one["day"], one["total"]) for one in found["by_day"]] == [
        ("2026-01-01", 4),
        ("2026-01-02", 1),
    ]
    assert found["by_reason"] == [{"reason": "busy", "count": 1}]


async def test_without_a_span_it_is_the_last_seven_days(house: CallbackHouse) -> None:
    house.clock.move(3600)
    found = await house.data("GET", "/callbacks/stats?channel=lark&project_id=shop")

    assert found["since"] == "2025-12-25T01:00:00.000Z"
    assert found["until"] == "2026-01-01T01:00:00.000Z"
    assert (len(found["by_day"]), found["total"]) == (8, 3)


@pytest.mark.parametrize("how", ["&format=csv", ""])
async def test_figures_can_be_had_as_a_table(house: CallbackHouse, how: str) -> None:
    headers = {"accept": "application/json" if how else "text/csv"}
    answer = await house.call("GET", f"/callbacks/stats?{SPAN}{how}", headers=headers)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "callbacks-2026-01-01-2026-01-03.csv" in answer.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [(one["day"], one["channel"], one["total"]) for one in table] == [
        ("2026-01-01", "custom", "1"),
        ("2026-01-01", "feishu", "3"),
        ("2026-01-02", "feishu", "1"),
    ]
    assert table[2]["success_rate"] == ""
    assert table[1]["duration_max_ms"] == "90"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_the_table_is_a_formula(name: str) -> None:
    cells = {(date(2026, 1, 1), name): Tally(success=1)}
    figures = DeliveryFigures(cells=cells, percentiles={}, waiting={}, reasons=[], paused=0)

    (row,) = csv.DictReader(io.StringIO(csv_of(figures), newline=""))
    assert row["channel"] == f"'{name}"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "until"),
        ("since=2024-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
        ("until=0001-01-01T00:00:00Z", "until"),
        ("format=xml", "format"),
        ("since=yesterday", "since"),
    ],
)
async def test_a_wrong_span_is_refused(house: CallbackHouse, query: str, field: str) -> None:
    refused = await house.call("GET", f"/callbacks/stats?{query}")

    assert list(faults(refused)) == [field]
