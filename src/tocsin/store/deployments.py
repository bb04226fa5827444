"""Read deployments as they look now: lists of them, one by its id, and all that was said of one."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
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
from tocsin.store.attention import NEEDY, needs_attention
from tocsin.store.functions import JsonValues
from tocsin.store.keyset import Order, first_keys, keys_within, unindexed
from tocsin.store.packing import unpack_state
from tocsin.store.search import contains
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.deployments import deployments, steps
from tocsin.store.time_bounds import within

MAX_CANDIDATES = 1_000

# Only what is under way can have stalled.
_UNDER_WAY = (DeploymentState.PENDING, DeploymentState.RUNNING)

# The columns are called as the fields; the state, which may be large, is none of them.
_NAMES = tuple(part.name for part in fields(Summary))
_SHOWN = tuple(deployments.c[name] for name in _NAMES)
_STATUS, _FACTS = _NAMES.index("status"), _NAMES.index("facts")


@dataclass(frozen=True, slots=True)
class Packed:
    """All that was said of a deployment, as it is kept."""

    state: str
    steps: Sequence[tuple[str, str]]

    def unpack(self) -> Deployment:
        """All of it; some milliseconds' work for a long one."""
        return unpack_state(self.state, self.steps)


async def page(
    conn: AsyncConnection, wanted: DeploymentFilter, limit: int, before: int | None = None
) -> Page[Summary]:
    """Deployments that fit, the one whose newest run was opened last on top.

    `before` is the `opened_seq` of the last one of the page before.
    """
    opened_seq = deployments.c.opened_seq
    statuses = _statuses(wanted)
    if statuses == ():
        return Page((), is_more=False)
    where = await _conditions(conn, wanted)
    if before is not None:
        where.append(opened_seq < before)
    driver: tuple[ColumnElement[str], Sequence[str]] | None = None
    if wanted.projects:
        driver = (deployments.c.project, wanted.projects)
        if statuses:
            where.append(unindexed(deployments.c.status.in_(statuses)))
    elif statuses:
        driver = (deployments.c.status, statuses)
    keys = first_keys(Order(opened_seq, is_ascending=False), driver, where, limit + 1)
    order = opened_seq.desc()
    sizes = select(opened_seq, sql.length(deployments.c.facts)).where(opened_seq.in_(keys))
    fitting = await keys_within(conn, sizes.order_by(order), limit)
    statement = select(*_SHOWN).where(in_list(opened_seq, "seqs")).order_by(order)
    rows = await conn.execute(statement, {"seqs": json_list(fitting.items)})
    return Page([_summary(row) for row in rows], fitting.is_more)


async def _conditions(conn: AsyncConnection, wanted: DeploymentFilter) -> list[ColumnElement[bool]]:
    """What is asked of each row beside its project and status."""
    columns = deployments.c
    where = await within(conn, columns.opened_seq, columns.opened_at, wanted.since, wanted.until)
    if wanted.is_stalled is not None:
        where.append(columns.is_stalled.is_(wanted.is_stalled))
    if wanted.needs_attention is not None:
        is_needy = needs_attention()
        where.append(is_needy if wanted.needs_attention else ~is_needy)
    if wanted.text:
        where.append(_says(wanted.text))
    return where


def _statuses(wanted: DeploymentFilter) -> Sequence[str] | None:
    """The statuses that the rows wanted can have; None for any."""
    said = [wanted.statuses] if wanted.statuses else []
    if wanted.is_stalled:
        said.append(_UNDER_WAY)
    if wanted.needs_attention:
        said.append(NEEDY)
    if not said:
        return None
    return tuple(one.value for one in said[0] if all(one in others for others in said))


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


async def latest_successes(
    conn: AsyncConnection, project: str, limit: int, without: int
) -> Sequence[Packed]:
    """What was said of the project's newest deployments that succeeded, but one; still packed."""
    newest = (
        select(deployments.c.pk, deployments.c.state)
        .where(
            deployments.c.project == project,
            deployments.c.pk != without,
            # By the index on the project, from its newest deployment back.
            unindexed(deployments.c.status == DeploymentState.SUCCESS.value),
        )
        .order_by(deployments.c.opened_seq.desc())
        .limit(limit)
    )
    states = {row.pk: row.state for row in await conn.execute(newest)}
    of_them = select(steps.c.deployment_pk, steps.c.name, steps.c.marks).where(
        in_list(steps.c.deployment_pk, "pks")
    )
    rows = await conn.execute(of_them.order_by(steps.c.position), {"pks": json_list(states)})
    said: dict[int, list[tuple[str, str]]] = {pk: [] for pk in states}
    for row in rows:
        said[row.deployment_pk].append((row.name, row.marks))
    return [Packed(states[pk], tuple(said[pk])) for pk in states]


def _says(text: str) -> ColumnElement[bool]:
    """Whether a deployment's id, project or one of its facts contains `text`.

    The facts' values one by one: in their JSON one would find their names and escapes too.
    """
    fact = JsonValues(deployments.c.facts).table_valued("value")
    return or_(
        contains(deployments.c.deployment_id, text),
        contains(deployments.c.project, text),
        exists(select(fact.c.value).where(contains(fact.c.value, text))),
    )


def _summary(row: Row[Any]) -> Summary:
    values = list(row)
    values[_STATUS] = DeploymentState(values[_STATUS])
    values[_FACTS] = orjson.loads(values[_FACTS])
    return Summary(*values)
