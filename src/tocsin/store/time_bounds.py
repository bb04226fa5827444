"""Where in a table ordered by seq a time lies, found by halving instead of by an index.

Rows get their seq in the order of their times, almost: two calls may overtake each other on
their way to the commit, and a clock may be set back a little. So what is found holds for
times off by up to `SLACK`, and the exact time is asked of each row besides.
"""

from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, select
from sqlalchemy import func as sql
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import to_us

# A commit may wait for some seconds; a clock that is a quarter of an hour wrong is set while
# nothing runs, or what came during it is not found by its time.
SLACK = timedelta(minutes=15)
_SLACK_US = SLACK // timedelta(microseconds=1)


async def within(
    conn: AsyncConnection,
    key: "Column[int]",
    at: "Column[int]",
    since: datetime | None,
    until: datetime | None,
) -> list[ColumnElement[bool]]:
    """Conditions for rows whose `at` is in the span; `key` is indexed and grows with `at`."""
    found: list[ColumnElement[bool]] = []
    if since is not None:
        found.append(at >= to_us(since))
        found.append(key >= await _crossing(conn, key, at, to_us(since) - _SLACK_US))
    if until is not None:
        found.append(at < to_us(until))
        found.append(key < await _crossing(conn, key, at, to_us(until) + _SLACK_US))
    return found


async def first_and_last(
    conn: AsyncConnection, column: "Column[int]", *where: ColumnElement[bool]
) -> tuple[int | None, int | None]:
    """The smallest and the largest value; one step in the index each, which one query is not."""
    found: list[int | None] = [
        (await conn.execute(select(end).where(*where))).scalar_one()
        for end in (sql.min(column), sql.max(column))
    ]
    return found[0], found[1]


async def _crossing(
    conn: AsyncConnection, key: "Column[int]", at: "Column[int]", instant: int
) -> int:
    """A key before whose row the time is before `instant`, and at whose row it is not.

    About 2 log n look-ups; one past the last key when all are before.
    """
    first, last = await first_and_last(conn, key)
    if first is None or last is None:
        return 0
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        looked_at = select(key, at).where(key >= middle).order_by(key).limit(1)
        row = (await conn.execute(looked_at)).first()
        if row is None or row[1] >= instant:
            high = middle
        else:
            low = row[0] + 1
    return low
