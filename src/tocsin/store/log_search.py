"""Look for a pattern in the log of a deployment, a slice of work at a time.

The database hands out a block of lines as one text, which costs a third of handing out the
lines; the pattern is looked for in a thread. Between two blocks no connection is held.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Text, cast, select
from sqlalchemy import func as sql

from tocsin.clock import Clock
from tocsin.model.filters import LineFilter
from tocsin.model.line_pattern import LinePattern
from tocsin.model.paging import LARGEST_INT
from tocsin.model.terminal import plain_lines
from tocsin.store.database import Database
from tocsin.store.functions import AsBytes, Octets
from tocsin.store.keyset import keys_within
from tocsin.store.log_lines import fits, last_line
from tocsin.store.tables.deployments import log_lines

# What one call may take: a reader sees how it goes on, and may stop.
SLICE_S = 0.25
MAX_MATCHES = 100_000
# Lines of a block: the first is small, to show something soon, the others are larger, as each one
# costs some milliseconds beside its lines.
LEAST_LINES = 1_000
FIRST_LINES = 10_000
MOST_LINES = 50_000
# Of a block with a longer line only as much is read as a page may hold: a line may hold 10 MB.
SHORT_BYTES = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """The lines found in one slice; what is behind `scanned_to` has not been looked at."""

    matches: Sequence[int]
    scanned_to: int
    last_line: int

    @property
    def is_complete(self) -> bool:
        return self.scanned_to >= self.last_line


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines with their numbers, as one text each; all that fit up to `through`."""

    numbers: str
    text: bytes
    through: int


async def search(
    database: Database,
    pk: int,
    wanted: LineFilter,
    pattern: LinePattern,
    after: int,
    clock: Clock,
) -> Found:
    """Look through the lines behind `after` that fit `wanted`, for about `SLICE_S`.

    Raises:
        StoreDown: they cannot be read.
    """
    ends_s = clock.monotonic() + SLICE_S
    async with database.read() as conn:
        last = await last_line(conn, pk)
    matches: list[int] = []
    through = min(after, last)
    most = FIRST_LINES
    while through < last:
        block = await _block(database, pk, wanted, through, min(last, through + most))
        found = await asyncio.to_thread(_matches, block, pattern)
        most = _next_lines(block.through - through, len(found), MAX_MATCHES - len(matches))
        matches += found
        through = block.through
        if len(matches) > MAX_MATCHES:
            matches = matches[:MAX_MATCHES]
            through = matches[-1]
        if len(matches) == MAX_MATCHES or clock.monotonic() >= ends_s:
            break
    return Found(matches, through, last)


def _matches(block: _Block, pattern: LinePattern) -> list[int]:
    # As a reader sees them: words between which a colour changes, and no hidden addresses.
    places = pattern.lines_in(plain_lines(block.text)) if block.numbers else ()
    if not places:
        return []
    numbers = block.numbers.split(",")
    return [int(numbers[place]) for place in places]


def _next_lines(scanned: int, found: int, wanted: int) -> int:
    """As many lines as will give the matches still wanted, judging by the last block.

    At most twice as many as in that: it may have been cut short for its long lines.
    """
    most = min(MOST_LINES, 2 * scanned)
    return most if not found else min(most, max(LEAST_LINES, scanned * (wanted - found) // found))


async def _block(
    database: Database, pk: int, wanted: LineFilter, after: int, through: int
) -> _Block:
    """The lines behind `after` up to `through`, or fewer when some are long."""
    line = log_lines.c.line
    where = [*fits(pk, wanted), line > after]
    async with database.read() as conn:
        row = (await conn.execute(_joined([*where, line <= through], SHORT_BYTES))).one()
        if row.long:
            sizes = select(line, sql.length(log_lines.c.text)).where(*where, line <= through)
            fitting = await keys_within(conn, sizes.order_by(line), MOST_LINES)
            through = fitting.items[-1] if fitting.is_more else through
            row = (await conn.execute(_joined([*where, line <= through], LARGEST_INT))).one()
    return _Block(row.numbers or "", row.text or b"", through)


def _joined(where: Sequence[ColumnElement[bool]], most_bytes: int) -> Select[str, bytes, int]:
    """The numbers and texts of lines as one row, and how many are longer than `most_bytes`."""
    size = Octets(log_lines.c.text).label("size")
    ordered = select(log_lines.c.line, log_lines.c.text, size).where(*where)
    one = ordered.order_by(log_lines.c.line).subquery().c
    is_short = one.size <= most_bytes
    return select(
        sql.aggregate_strings(cast(one.line, Text), ",").filter(is_short).label("numbers"),
        AsBytes(sql.aggregate_strings(one.text, "\n").filter(is_short)).label("text"),
        sql.count().filter(~is_short).label("long"),
    )
