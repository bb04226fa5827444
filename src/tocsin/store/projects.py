"""Read projects: which there are, how many deployments each has and how they stand.

A project is there once a deployment, any other event or a callback has named it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Column, ColumnElement, Row, Select, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.callback import ALL_PROJECTS
from tocsin.model.figures import ProjectFigures
from tocsin.model.paging import Page
from tocsin.model.times import from_us
from tocsin.model.words import DeploymentState
from tocsin.store.tables.callbacks import callbacks
from tocsin.store.tables.deployments import deployments
from tocsin.store.tables.journal import events

_NAMED_BY = (deployments.c.project, events.c.project, callbacks.c.project_id)


async def page(conn: AsyncConnection, limit: int, after: str | None = None) -> Page[ProjectFigures]:
    """The next projects after the one called `after`, by name.

    Names are found by one step in an index each, so only the page's own projects are counted.
    """
    named: set[str] = set()
    for column in _NAMED_BY:
        listed = select(_names_in(column, after).c.name).limit(limit + 1)
        named |= set((await conn.execute(listed)).scalars())
    # As the databases sort texts: byte by byte, which is by code points.
    names = sorted(named)
    rows = {row.project: row for row in await conn.execute(_figures(names[:limit]))}
    heard = {row.project: row.at for row in await conn.execute(_heard_of(names[:limit]))}
    items = [
        _project(rows[name]) if name in rows else _without_deployments(name, heard.get(name))
        for name in names[:limit]
    ]
    return Page(items, is_more=len(names) > limit)


def project_names() -> CTE:
    """The names of all projects that have deployments, in order."""
    return _names_in(deployments.c.project, None)


def _names_in(column: Column[str], after: str | None) -> CTE:
    """The names in an indexed column, or those after the one called `after`, in order."""
    named = column.table.alias("named").c[column.name]
    # Before every name there is the empty text, which is none.
    first = select(sql.min(named).label("name")).where(named > (after or ""))
    steps = first.cte("steps", recursive=True)
    following = select(sql.min(named)).where(named > steps.c.name).scalar_subquery()
    steps = steps.union_all(select(following).where(steps.c.name.is_not(None)))
    is_name = (steps.c.name.is_not(None), steps.c.name != ALL_PROJECTS)
    return select(steps.c.name).where(*is_name).cte("names")


def _heard_of(names: Sequence[str]) -> Select[Any]:
    """When something was last told of each of these."""
    newest = (
        select(sql.max(events.c.seq).label("seq"))
        .where(events.c.project.in_(names))
        .group_by(events.c.project)
    )
    return select(events.c.project, events.c.received_at.label("at")).where(
        events.c.seq.in_(newest)
    )


def _without_deployments(name: str, heard_at: int | None) -> ProjectFigures:
    last_seen_at = None if heard_at is None else from_us(heard_at)
    return ProjectFigures(name, 0, 0, 0, 0, 0, None, last_seen_at)


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
