"""Read a page off an index in its order, also for several values of the indexed column.

`column IN (a, b) ORDER BY key LIMIT n` makes a database read and sort every row of a and b,
of which there may be millions. Here each value gives its own n keys in order, and those are
merged: a page costs the same however long the table is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.paging import Page

# Of one page; a page that would be larger ends early and says that more follows.
PAGE_CHARS = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """The column that a list is ordered by, whose values are all different."""

    key: ColumnElement[int]
    is_ascending: bool

    @property
    def by(self) -> ColumnElement[int]:
        return self.key.asc() if self.is_ascending else self.key.desc()


def first_keys(
    order: Order,
    driver: tuple[ColumnElement[Any], Sequence[Any]] | None,
    where: Sequence[ColumnElement[bool]],
    limit: int,
) -> Select[int]:
    """The first `limit` keys of rows that fit `where` and have one of the driver's values.

    There is an index on the driver's column followed by the key.
    """
    if driver is None:
        return select(order.key).where(*where).order_by(order.by).limit(limit)
    column, values = driver
    # A value given twice would give its rows twice.
    branches = [
        select(order.key.label("key"))
        .where(column == value, *where)
        .order_by(order.by)
        .limit(limit)
        for value in dict.fromkeys(values)
    ]
    if len(branches) == 1:
        return branches[0]
    merged = union_all(*(select(branch.subquery().c.key) for branch in branches)).subquery()
    key = merged.c.key
    return select(key).order_by(key.asc() if order.is_ascending else key.desc()).limit(limit)


def unindexed(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """`condition` in a form that no index serves, so that the driver's index is the one used."""
    return condition.is_(True)


async def keys_within(conn: AsyncConnection, statement: Select[int, int], limit: int) -> Page[int]:
    """The first keys of `statement`, at most `limit`, until their rows hold `PAGE_CHARS`.

    At least one, if there is any. The statement gives each key with the characters of its row,
    and one key more than `limit`, to tell whether more follows. Sizes are read ahead of the rows
    because a row may hold 10 MB and a page a thousand rows.
    """
    items: list[int] = []
    chars = 0
    for key, chars_of_row in (await conn.execute(statement)).all():
        chars += chars_of_row
        if len(items) == limit or (items and chars > PAGE_CHARS):
            return Page(items, is_more=True)
        items.append(key)
    return Page(items, is_more=False)
