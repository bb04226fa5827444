"""Figures over many deployments: by project, and by project and day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tocsin.model.times import rfc3339
from tocsin.model.words import DeploymentState


@dataclass(frozen=True, slots=True)
class ProjectFigures:
    """A project's deployments by how their newest runs stand; None while there are none.

    `last_seen_at` is None too for one that a callback alone has named.
    """

    project: str
    deployments: int
    running: int
    success: int
    failed: int
    cancelled: int
    last_status: DeploymentState | None
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The runs of a project that began on one day, UTC; durations are of those that ended."""

    project: str
    day: date
    runs: int
    success: int
    failed: int
    cancelled: int
    duration_p50_s: float | None
    duration_p95_s: float | None


def success_rate(success: int, failed: int) -> float | None:
    """The share of success, 0 to 1; None without any run that ended by itself.

    A run that somebody cancelled says nothing about what was deployed and counts for neither.
    """
    ended = success + failed
    return round(success / ended, 4) if ended else None


def project_json(figures: ProjectFigures) -> dict[str, Any]:
    """A project as the API shows it."""
    return {
        "project": figures.project,
        "deployments": figures.deployments,
        "running": figures.running,
        "success": figures.success,
        "failed": figures.failed,
        "cancelled": figures.cancelled,
        "success_rate": success_rate(figures.success, figures.failed),
        "last_status": None if figures.last_status is None else figures.last_status.value,
        "last_seen_at": rfc3339(figures.last_seen_at),
    }


def day_json(figures: DayFigures) -> dict[str, Any]:
    """A project's day as the API shows it; durations in seconds."""
    return {
        "project": figures.project,
        "day": figures.day.isoformat(),
        "runs": figures.runs,
        "success": figures.success,
        "failed": figures.failed,
        "cancelled": figures.cancelled,
        "success_rate": success_rate(figures.success, figures.failed),
        "duration_p50": figures.duration_p50_s,
        "duration_p95": figures.duration_p95_s,
    }
