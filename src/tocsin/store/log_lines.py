"""Read the log of a deployment: pages of lines, how many there are, and where each one is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.filters import LineFilter
from tocsin.model.paging import Page
from tocsin.model.views import Line
from tocsin.store.keyset import keys_within
from tocsin.store.search import contains
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.deployments import log_lines
from tocsin.store.tables.journal import events
from tocsin.store.time_bounds import first_and_last

# Lines between two marks of an outline: as many as a page may hold.
MARKED_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Outline:
    """How many lines fit, the first and last of them, and the number of each thousandth.

    By `marks` a line that fits is found by how many fit before it. There are none where every
    line fits: numbers have no gap.
    """

    total: int
    first_line: int | None
    last_line: int | None
    marks: Sequence[int]


async def page(
    conn: AsyncConnection, pk: int, wanted: LineFilter, limit: int, after: int = 0
) -> Page[Line]:
    """The next lines after line `after` that fit, in their order."""
    columns = log_lines.c
    sizes = (
        select(columns.line, sql.length(columns.text))
        .where(*fits(pk, wanted), columns.line > after)
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
    fitting = fits(pk, wanted)
    if _is_any(wanted):
        first, last = await first_and_last(conn, log_lines.c.line, *fitting)
        return 0 if first is None or last is None else last - first + 1
    statement = select(sql.count()).select_from(log_lines).where(*fitting)
    return (await conn.execute(statement)).scalar_one()


async def outline(conn: AsyncConnection, pk: int, wanted: LineFilter) -> Outline:
    """Where the lines that fit are; takes one walk through the log."""
    line, fitting = log_lines.c.line, fits(pk, wanted)
    if _is_any(wanted):
        first, last = await first_and_last(conn, line, *fitting)
        total = 0 if first is None or last is None else last - first + 1
        return Outline(total, first, last, ())
    marks = (await conn.execute(_marks(fitting))).scalars().all()
    if not marks:
        return Outline(0, None, None, marks)
    rest = select(sql.count().label("lines"), sql.max(line).label("last"))
    found = (await conn.execute(rest.where(*fitting, line >= marks[-1]))).one()
    total = (len(marks) - 1) * MARKED_LINES + found.lines
    return Outline(total, marks[0], found.last, marks)


def _marks(fitting: Sequence[ColumnElement[bool]]) -> Select[int]:
    """The first line that fits, and every thousandth after it.

    Each is found by a walk from the one before. To number the lines instead and pick those
    wanted takes five times as long.
    """
    line = log_lines.c.line
    marks = select(sql.min(line).label("line")).where(*fitting).cte("marks", recursive=True)
    following = (
        select(line)
        .where(*fitting, line > marks.c.line)
        .order_by(line)
        .offset(MARKED_LINES - 1)
        .limit(1)
    )
    marks = marks.union_all(select(following.scalar_subquery()).where(marks.c.line.is_not(None)))
    return select(marks.c.line).where(marks.c.line.is_not(None))


async def received_at(conn: AsyncConnection, lines: Iterable[Line]) -> Mapping[int, int]:
    """When Tocsin received the events that `lines` came with, by their seq.

    Events that are no longer kept are missing.
    """
    statement = select(events.c.seq, events.c.received_at).where(in_list(events.c.seq, "seqs"))
    rows = await conn.execute(statement, {"seqs": json_list({line.seq for line in lines})})
    return {row.seq: row.received_at for row in rows}


async def last_line(conn: AsyncConnection, pk: int) -> int:
    """The number of the newest line; 0 when there is none."""
    statement = select(sql.max(log_lines.c.line)).where(log_lines.c.deployment_pk == pk)
    return (await conn.execute(statement)).scalar_one() or 0


def _is_any(wanted: LineFilter) -> bool:
    """Whether nothing is asked of a line but its number."""
    return LineFilter(from_line=wanted.from_line, to_line=wanted.to_line) == wanted


def fits(pk: int, wanted: LineFilter) -> list[ColumnElement[bool]]:
    """Conditions for the lines of a deployment that are wanted."""
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
