"""Read deployments as they look now: lists of them, one by its id, and all that was said of one."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, exists, or_, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.deployment import Deployment
from tocsin.model.filters import DeploymentFilter
from tocsin.model.paging import Page
from tocsin.model.views import Summary
from tocsin.model.words import DeploymentState
from tocsin.store.keyset import Order, first_keys, rows_within, unindexed
from tocsin.store.packing import unpack_state
from tocsin.store.search import contains
from tocsin.store.tables.deployments import deployments, steps
from tocsin.store.time_bounds import within

MAX_CANDIDATES = 1_000

# Only what is under way can have stalled.
_UNDER_WAY = (DeploymentState.PENDING, DeploymentState.RUNNING)

# All but the state, which may be large and of which lists show nothing.
_SHOWN = tuple(
    deployments.c[name]
    for name in (
        "pk",
        "project",
        "deployment_id",
        "status",
        "is_stalled",
        "conclusion",
        "run",
        "progress",
        "steps_known",
        "steps_ended",
        "steps_failed",
        "current_step",
        "started_at",
        "completed_at",
        "duration_s",
        "source",
        "first_seen_at",
        "last_seen_at",
        "opened_seq",
        "last_seq",
        "line_count",
        "facts",
    )
)


async def page(
    conn: AsyncConnection, wanted: DeploymentFilter, limit: int, before: int | None = None
) -> Page[Summary]:
    """Deployments that fit, the one whose newest run was opened last on top.

    `before` is the `opened_seq` of the last one of the page before.
    """
    opened_seq = deployments.c.opened_seq
    where = await within(conn, opened_seq, deployments.c.opened_at, wanted.since, wanted.until)
    if before is not None:
        where.append(opened_seq < before)
    if wanted.is_stalled is not None:
        where.append(deployments.c.is_stalled.is_(wanted.is_stalled))
    if wanted.text:
        where.append(_says(wanted.text))
    statuses = [status.value for status in wanted.statuses]
    if wanted.is_stalled:
        under_way = [status.value for status in _UNDER_WAY]
        statuses = [one for one in under_way if not statuses or one in statuses]
        if not statuses:
            return Page((), is_more=False)
    driver: tuple[ColumnElement[str], Sequence[str]] | None = None
    if wanted.projects:
        driver = (deployments.c.project, wanted.projects)
        if statuses:
            where.append(unindexed(deployments.c.status.in_(statuses)))
    elif statuses:
        driver = (deployments.c.status, statuses)
    keys = first_keys(Order(opened_seq, is_ascending=False), driver, where, limit + 1)
    statement = select(*_SHOWN).where(opened_seq.in_(keys)).order_by(opened_seq.desc())
    found = await rows_within(conn, statement, limit, lambda row: len(row.facts))
    return Page([_summary(row) for row in found.items], found.is_more)


async def with_id(
    conn: AsyncConnection, deployment_id: str, project: str | None = None
) -> Sequence[Summary]:
    """The deployments that senders call so, in all projects or in one, by project."""
    statement = select(*_SHOWN).where(deployments.c.deployment_id == deployment_id)
    if project is not None:
        statement = statement.where(deployments.c.project == project)
    rows = await conn.execute(statement.order_by(deployments.c.project).limit(MAX_CANDIDATES))
    return [_summary(row) for row in rows]


async def state_of(conn: AsyncConnection, pk: int) -> Deployment:
    """All that was said of a deployment; what an unknown one looks like when it is gone."""
    packed = await conn.execute(select(deployments.c.state).where(deployments.c.pk == pk))
    state = packed.scalar_one_or_none()
    if state is None:
        return Deployment()
    of_it = select(steps.c.name, steps.c.marks).where(steps.c.deployment_pk == pk)
    rows = await conn.execute(of_it.order_by(steps.c.position))
    return unpack_state(state, ((name, marks) for name, marks in rows))


def _says(text: str) -> ColumnElement[bool]:
    """Whether a deployment's id, project or one of its facts contains `text`.

    The facts' values one by one: in their JSON one would find their names and escapes too.
    """
    fact = sql.json_each(deployments.c.facts).table_valued("value")
    return or_(
        contains(deployments.c.deployment_id, text),
        contains(deployments.c.project, text),
        exists(select(fact.c.value).where(contains(fact.c.value, text))),
    )


def _summary(row: Row[Any]) -> Summary:
    return Summary(
        **{
            **row._mapping,  # noqa: SLF001 - the public name of it, see SQLAlchemy's Row
            "status": DeploymentState(row.status),
            "facts": orjson.loads(row.facts),
        }
    )
