"""Read figures of runs: counts and durations by project and day."""

from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, and_, case, or_, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.figures import DayFigures
from tocsin.model.filters import RunFilter
from tocsin.model.paging import Page
from tocsin.model.times import from_us, to_us
from tocsin.model.words import DeploymentState
from tocsin.store.tables.deployments import runs

_DAY_US = 24 * 60 * 60 * 1_000_000
_FINAL = tuple(state.value for state in DeploymentState if state.is_final)


async def page(
    conn: AsyncConnection,
    wanted: RunFilter,
    limit: int,
    after: tuple[int, str] | None = None,
) -> Page[DayFigures]:
    """Days with runs, the latest first, then by project.

    `after` is the last day of the page before, counted from 1970, and its project.
    """
    statement = _by_day(_ranked(wanted, after)).limit(limit + 1)
    rows = (await conn.execute(statement)).all()
    return Page([_day(row) for row in rows[:limit]], is_more=len(rows) > limit)


def day_number(figures: DayFigures) -> int:
    """The day as `page` takes it."""
    return figures.day.toordinal() - from_us(0).date().toordinal()


def _ranked(wanted: RunFilter, after: tuple[int, str] | None) -> CTE:
    """The runs wanted, each with the share of its day's durations that are no longer than its.

    Runs without a duration are ranked among themselves, and take no place of one that has it.
    """
    # The day of a run whose start nobody told is when it was first heard of.
    began_at = sql.coalesce(runs.c.started_at, runs.c.opened_at)
    day = began_at // _DAY_US
    duration_s = case((runs.c.status.in_(_FINAL), runs.c.duration_s))
    group = (runs.c.project, day, duration_s.is_(None))
    statement = select(
        runs.c.project,
        day.label("day"),
        runs.c.status,
        duration_s.label("duration_s"),
        sql.cume_dist().over(partition_by=group, order_by=duration_s).label("share"),
    )
    if wanted.projects:
        statement = statement.where(runs.c.project.in_(wanted.projects))
    if wanted.since is not None:
        statement = statement.where(began_at >= to_us(wanted.since))
    if wanted.until is not None:
        statement = statement.where(began_at < to_us(wanted.until))
    if after is not None:
        last_day, last_project = after
        later = and_(day == last_day, runs.c.project > last_project)
        statement = statement.where(or_(day < last_day, later))
    return statement.cte("ranked")


def _by_day(ranked: CTE) -> Select[Any]:
    def counted(state: DeploymentState) -> ColumnElement[int]:
        return sql.count().filter(ranked.c.status == state.value)

    def percentile(per_cent: int) -> ColumnElement[float | None]:
        """By nearest rank: the shortest duration that so many per cent do not exceed."""
        return sql.min(ranked.c.duration_s).filter(ranked.c.share >= per_cent / 100)

    return (
        select(
            ranked.c.project,
            ranked.c.day,
            sql.count().label("runs"),
            counted(DeploymentState.SUCCESS).label("success"),
            counted(DeploymentState.FAILED).label("failed"),
            counted(DeploymentState.CANCELLED).label("cancelled"),
            percentile(50).label("duration_p50_s"),
            percentile(95).label("duration_p95_s"),
        )
        .group_by(ranked.c.project, ranked.c.day)
        .order_by(ranked.c.day.desc(), ranked.c.project)
    )


def _day(row: Row[Any]) -> DayFigures:
    return DayFigures(
        project=row.project,
        day=from_us(row.day * _DAY_US).date(),
        runs=row.runs,
        success=row.success,
        failed=row.failed,
        cancelled=row.cancelled,
        duration_p50_s=row.duration_p50_s,
        duration_p95_s=row.duration_p95_s,
    )
