"""Read events of the journal: by their place, their id, and by what a reader wants to see."""

from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Row, Select, literal, or_, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.event import Event
from tocsin.model.filters import ANY, EventFilter
from tocsin.model.paging import Page
from tocsin.model.times import from_us
from tocsin.store.functions import fits_glob
from tocsin.store.keyset import Order, first_keys, keys_within, unindexed
from tocsin.store.statement import in_list, json_list
from tocsin.store.tables.journal import events
from tocsin.store.time_bounds import within

Dimension = tuple["Column[str]", tuple[str, ...]]

# Which of several filters narrows most is found by counting up to here; beyond, any does.
_COUNTED = 2_000
# A pattern is resolved into the types there are; of more than these, each row is asked.
_MAX_TYPES = 400
# Put behind a prefix, it sorts behind every type that begins with it.
_BEHIND_ALL = "\U0010ffff" * 200


async def newest_seq(conn: AsyncConnection) -> int:
    """The seq of the newest event; 0 when there is none."""
    return (await conn.execute(select(sql.max(events.c.seq)))).scalar_one() or 0


async def page(
    conn: AsyncConnection,
    wanted: EventFilter,
    limit: int,
    *,
    after_seq: int = 0,
    before_seq: int | None = None,
    is_ascending: bool = False,
) -> Page[Event]:
    """Events that fit, the newest first unless `is_ascending`; both bounds are exclusive.

    Their `data` is an `orjson.Fragment`: JSON as it is kept, which is written out without
    having been parsed.
    """
    bounds: list[ColumnElement[bool]] = [events.c.seq > after_seq] if after_seq else []
    if before_seq is not None:
        bounds.append(events.c.seq < before_seq)
    order = Order(events.c.seq, is_ascending)
    keys = await _keys(conn, wanted, order, bounds, limit + 1)
    if keys is None:
        return Page((), is_more=False)
    sizes = select(events.c.seq, sql.length(events.c.data)).where(events.c.seq.in_(keys))
    fitting = await keys_within(conn, sizes.order_by(order.by), limit)
    statement = select(events).where(in_list(events.c.seq, "seqs")).order_by(order.by)
    rows = await conn.execute(statement, {"seqs": json_list(fitting.items)})
    return Page([_event(row) for row in rows], fitting.is_more)


async def page_of_any(
    conn: AsyncConnection, wanted: Collection[EventFilter], limit: int, after_seq: int
) -> Page[Event]:
    """Events after `after_seq` that fit any of the filters, each once, oldest first."""
    found: dict[int, Event] = {}
    through: int | None = None
    for one in wanted:
        part = await page(conn, one, limit, after_seq=after_seq, is_ascending=True)
        found.update((event.seq, event) for event in part.items)
        if part.is_more:
            last = part.items[-1].seq
            through = last if through is None else min(through, last)
    # Beyond the shortest of the pages, events of that filter may be missing.
    items = [found[seq] for seq in sorted(found) if through is None or seq <= through]
    return Page(items[:limit], is_more=through is not None or len(items) > limit)


async def with_seqs(conn: AsyncConnection, seqs: Collection[int]) -> Sequence[Event]:
    """Those of these events that are still there, in order of seq."""
    statement = select(events).where(in_list(events.c.seq, "seqs")).order_by(events.c.seq)
    return [_event(row) for row in await conn.execute(statement, {"seqs": json_list(seqs)})]


async def by_id(conn: AsyncConnection, event_id: str) -> Event | None:
    """The event with this id; the newest, should several senders have given it."""
    statement = select(events).where(events.c.id == event_id).order_by(events.c.seq.desc()).limit(1)
    row = (await conn.execute(statement)).first()
    return None if row is None else _event(row)


async def _keys(
    conn: AsyncConnection,
    wanted: EventFilter,
    order: Order,
    bounds: Sequence[ColumnElement[bool]],
    limit: int,
) -> Select[int] | None:
    """The seqs of a page; None when nothing can fit."""
    where = [
        *bounds,
        *await within(conn, events.c.seq, events.c.received_at, wanted.since, wanted.until),
    ]
    types: tuple[str, ...] = wanted.types
    if any(ANY in pattern for pattern in types):
        resolved = await _types(conn, wanted)
        if resolved is None:
            # So many types: leave it to the rows.
            where.append(or_(*(_fits(pattern) for pattern in types)))
            resolved = ()
        elif not resolved:
            return None
        types = resolved
    dimensions: list[Dimension] = [
        (events.c.subject, wanted.subjects),
        (events.c.type, types),
        (events.c.project, wanted.projects),
        (events.c.source, wanted.sources),
    ]
    given = [(column, values) for column, values in dimensions if values]
    driver = await _driver(conn, given)
    where += [
        unindexed(column.in_(values))
        for column, values in given
        if column is not (driver or (None,))[0]
    ]
    return first_keys(order, driver, where, limit)


async def _driver(conn: AsyncConnection, given: Sequence[Dimension]) -> Dimension | None:
    """The filter that leaves the fewest rows, as far as that can be told cheaply."""
    if len(given) < 2:
        return given[0] if given else None
    counts = [
        select(sql.count())
        .select_from(select(literal(1)).where(column.in_(values)).limit(_COUNTED).subquery())
        .scalar_subquery()
        for column, values in given
    ]
    found = (await conn.execute(select(*counts))).one()
    return given[min(range(len(given)), key=lambda index: found[index])]


async def _types(conn: AsyncConnection, wanted: EventFilter) -> tuple[str, ...] | None:
    """The types there are that are wanted; None when there are too many to go through.

    Each is found by one step in the index from the one before, however many events have it.
    """
    found: set[str] = set()
    for pattern in dict.fromkeys(wanted.types):
        prefix, star, _ = pattern.partition(ANY)
        if not star:
            found.add(pattern)
            continue
        kinds = (await conn.execute(_types_from(prefix))).scalars().all()
        if len(kinds) > _MAX_TYPES:
            return None
        found |= {kind for kind in kinds if wanted.matches_type(kind)}
    return tuple(sorted(found)) if len(found) <= _MAX_TYPES else None


def _types_from(prefix: str) -> Select[str]:
    """All types that begin with `prefix`, or one more than can be gone through."""
    column = events.c.type
    last = prefix + _BEHIND_ALL
    first = select(sql.min(column).label("kind")).where(column >= prefix, column <= last)
    steps = first.cte("kinds", recursive=True)
    following = select(sql.min(column)).where(column > steps.c.kind, column <= last)
    steps = steps.union_all(select(following.scalar_subquery()).where(steps.c.kind.is_not(None)))
    return select(steps.c.kind).where(steps.c.kind.is_not(None)).limit(_MAX_TYPES + 1)


def _fits(pattern: str) -> ColumnElement[bool]:
    """`type_fits` in SQL."""
    return fits_glob(events.c.type, pattern)


def _event(row: Row[Any]) -> Event:
    return Event(
        seq=row.seq,
        id=row.id,
        source=row.source,
        type=row.type,
        project=row.project,
        subject=row.subject,
        occurred_at=from_us(row.occurred_at),
        received_at=from_us(row.received_at),
        data=None if row.data == "null" else orjson.Fragment(row.data),
        occurred_text=row.occurred_text,
        attributes=None if row.attributes is None else orjson.loads(row.attributes),
    )
