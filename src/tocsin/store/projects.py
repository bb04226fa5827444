"""Read projects: how many deployments each has and how they stand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Row, Select, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.figures import ProjectFigures
from tocsin.model.paging import Page
from tocsin.model.times import from_us
from tocsin.model.words import DeploymentState
from tocsin.store.tables.deployments import deployments


async def page(conn: AsyncConnection, limit: int, after: str | None = None) -> Page[ProjectFigures]:
    """The next projects after the one called `after`, by name.

    Names are found by one step in the index each, so only the page's own projects are counted.
    """
    listed = select(project_names(after).c.name).limit(limit + 1)
    names = (await conn.execute(listed)).scalars().all()
    rows = (await conn.execute(_figures(names[:limit]))).all()
    return Page([_project(row) for row in rows], is_more=len(names) > limit)


def project_names(after: str | None = None) -> CTE:
    """The names of all projects, or of those after the one called `after`, in order."""
    column = deployments.alias("named").c.project
    first = select(sql.min(column).label("name"))
    steps = (first if after is None else first.where(column > after)).cte("steps", recursive=True)
    following = select(sql.min(column)).where(column > steps.c.name).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.name.is_not(None)))
    return select(steps.c.name).where(steps.c.name.is_not(None)).cte("names")


def _figures(names: Sequence[str]) -> Select[Any]:
    newest = deployments.alias("newest")
    last_status = (
        select(newest.c.status)
        .where(newest.c.project == deployments.c.project)
        .order_by(newest.c.opened_seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            deployments.c.project,
            sql.count().label("deployments"),
            _count(DeploymentState.RUNNING).label("running"),
            _count(DeploymentState.SUCCESS).label("success"),
            _count(DeploymentState.FAILED).label("failed"),
            _count(DeploymentState.CANCELLED).label("cancelled"),
            last_status.label("last_status"),
            sql.max(deployments.c.last_seen_at).label("last_seen_at"),
        )
        .where(deployments.c.project.in_(names))
        .group_by(deployments.c.project)
        .order_by(deployments.c.project)
    )


def _count(state: DeploymentState) -> ColumnElement[int]:
    return sql.count().filter(deployments.c.status == state.value)


def _project(row: Row[Any]) -> ProjectFigures:
    return ProjectFigures(
        project=row.project,
        deployments=row.deployments,
        running=row.running,
        success=row.success,
        failed=row.failed,
        cancelled=row.cancelled,
        last_status=DeploymentState(row.last_status),
        last_seen_at=from_us(row.last_seen_at),
    )
