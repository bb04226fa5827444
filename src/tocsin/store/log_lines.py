"""Read the log of a deployment: pages of lines, and how many there are."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.filters import LineFilter
from tocsin.model.paging import Page
from tocsin.model.views import Line
from tocsin.store.keyset import keys_within
from tocsin.store.search import contains
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.deployments import log_lines
from tocsin.store.time_bounds import first_and_last


async def page(
    conn: AsyncConnection, pk: int, wanted: LineFilter, limit: int, after: int = 0
) -> Page[Line]:
    """The next lines after line `after` that fit, in their order."""
    columns = log_lines.c
    sizes = (
        select(columns.line, sql.length(columns.text))
        .where(*_fits(pk, wanted), columns.line > after)
        .order_by(columns.line)
        .limit(limit + 1)
    )
    fitting = await keys_within(conn, sizes, limit)
    statement = (
        select(columns.line, columns.at, columns.level, columns.step, columns.text, columns.seq)
        .where(columns.deployment_pk == pk, in_list(columns.line, "lines"))
        .order_by(columns.line)
    )
    rows = (await conn.execute(statement, {"lines": json_list(fitting.items)})).all()
    return Page([Line._make(row) for row in rows], fitting.is_more)


async def newest(conn: AsyncConnection, pk: int, limit: int) -> Sequence[Line]:
    """The newest `limit` lines, the oldest of them first."""
    after = max(0, await last_line(conn, pk) - limit)
    found: list[Line] = []
    is_more = True
    while is_more:
        part = await page(conn, pk, LineFilter(), limit, after)
        found.extend(part.items)
        is_more = part.is_more
        after = found[-1].line if found else after
    return found


async def count(conn: AsyncConnection, pk: int, wanted: LineFilter) -> int:
    """How many lines fit.

    Without a condition on their content it is told by the first and the last, as numbers have
    no gap: to count a million lines would read them all, for each page anew.
    """
    fitting = _fits(pk, wanted)
    if LineFilter(from_line=wanted.from_line, to_line=wanted.to_line) == wanted:
        first, last = await first_and_last(conn, log_lines.c.line, *fitting)
        return 0 if first is None or last is None else last - first + 1
    statement = select(sql.count()).select_from(log_lines).where(*fitting)
    return (await conn.execute(statement)).scalar_one()


async def last_line(conn: AsyncConnection, pk: int) -> int:
    """The number of the newest line; 0 when there is none."""
    statement = select(sql.max(log_lines.c.line)).where(log_lines.c.deployment_pk == pk)
    return (await conn.execute(statement)).scalar_one() or 0


def _fits(pk: int, wanted: LineFilter) -> list[ColumnElement[bool]]:
    columns = log_lines.c
    where: list[ColumnElement[bool]] = [columns.deployment_pk == pk]
    if wanted.from_line is not None:
        where.append(columns.line >= wanted.from_line)
    if wanted.to_line is not None:
        where.append(columns.line <= wanted.to_line)
    if wanted.from_at is not None:
        where.append(columns.at >= wanted.from_at)
    if wanted.to_at is not None:
        where.append(columns.at < wanted.to_at)
    if wanted.steps:
        where.append(columns.step.in_(wanted.steps))
    if wanted.levels:
        where.append(columns.level.in_(wanted.levels))
    if wanted.text:
        where.append(contains(columns.text, wanted.text))
    return where
