"""Figures over deployments, as they are shown."""

from datetime import UTC, date, datetime

import pytest

from tocsin.model.figures import (
    DayFigures,
    ProjectFigures,
    day_json,
    project_json,
    success_rate,
)
from tocsin.model.words import DeploymentState


@pytest.mark.parametrize(
    ("success", "failed", "rate"), [(0, 0, None), (1, 0, 1.0), (0, 3, 0.0), (2, 1, 0.6667)]
)
def test_the_rate_is_of_those_that_ended_by_themselves(
    success: int, failed: int, rate: float | None
) -> None:
    assert success_rate(success, failed) == rate


def test_a_project_is_shown_without_its_cancelled_ones_in_the_rate() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    shown = project_json(ProjectFigures("shop", 9, 1, 3, 1, 4, DeploymentState.CANCELLED, at))

    assert shown == {
        "project": "shop",
        "deployments": 9,
        "running": 1,
        "success": 3,
        "failed": 1,
        "cancelled": 4,
        "success_rate": 0.75,
        "last_status": "cancelled",
        "last_seen_at": "2026-01-01T00:00:00.000Z",
    }


def test_a_project_without_deployments_has_no_status() -> None:
    shown = project_json(ProjectFigures("shop", 0, 0, 0, 0, 0, None, None))

    assert (shown["last_status"], shown["last_seen_at"], shown["success_rate"]) == (None,) * 3


def test_a_day_is_shown_with_durations_in_seconds() -> None:
    shown = day_json(DayFigures("shop", date(2026, 1, 1), 2, 0, 0, 1, 1.5, None))

    assert shown == {
        "project": "shop",
        "day": "2026-01-01",
        "runs": 2,
        "success": 0,
        "failed": 0,
        "cancelled": 1,
        "success_rate": None,
        "duration_p50": 1.5,
        "duration_p95": None,
    }
