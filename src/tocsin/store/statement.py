"""Compile Core statements once, for the writer's hot path.

Measured against Core's own execution with a dictionary a row, plain tuples on the driver's
connection take half the time. Rows go in by tens, not one by one: the writer's thread gives
up the interpreter at every single statement, and has to win it back from a busy event loop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import BindParameter, ColumnElement, Connection, Dialect, Table, bindparam, select
from sqlalchemy import func as sql
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.sql import ClauseElement

# Rows that one statement takes; what is left over goes with the next smaller one. The largest
# is far from the 32,766 parameters that SQLite takes.
_CHUNKS = (64, 16, 4, 1)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as driver SQL with positional parameters."""

    text: str

    def run(self, conn: Connection, *values: Any) -> None:
        """Run it once."""
        _driver(conn).execute(self.text, values)

    def fetch(self, conn: Connection, *values: Any) -> Sequence[Any]:
        """Run it and give all rows of the answer, as tuples."""
        rows: Sequence[Any] = _driver(conn).execute(self.text, values).fetchall()
        return rows


@dataclass(frozen=True, slots=True)
class CompiledRows:
    """A statement that stores whole rows, the columns in the table's order."""

    by_count: tuple[tuple[int, Compiled], ...]

    def run(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Store `rows`, in their order."""
        done = 0
        for count, compiled in self.by_count:
            while len(rows) - done >= count:
                compiled.run(conn, *chain.from_iterable(rows[done : done + count]))
                done += count


def _driver(conn: Connection) -> Any:
    """The driver's own connection, inside the transaction that `conn` has begun."""
    return conn.connection.driver_connection


def compile_for(dialect: Dialect, statement: ClauseElement) -> Compiled:
    """Compile `statement`; its literal values must be bind parameters, given in their order."""
    compiled = statement.compile(dialect=dialect)
    if getattr(compiled, "positiontup", None) is None:
        raise TypeError("the writer's driver must take positional parameters")
    return Compiled(str(compiled))


def compile_rows(dialect: Dialect, statement: Insert) -> CompiledRows:
    """Compile an INSERT of one whole row, for the counts of rows that are used.

    Only once, as the larger ones differ in nothing but the repeated row, and to compile those
    takes a quarter of a second.
    """
    one = compile_for(dialect, statement).text
    row = f"({', '.join('?' * len(statement.table.columns))})"
    head, values, tail = one.partition(f"VALUES {row}")
    if not values:
        raise TypeError("the writer's driver must take positional parameters")
    return CompiledRows(
        tuple(
            (count, Compiled(head + values + f", {row}" * (count - 1) + tail)) for count in _CHUNKS
        )
    )


def insert_all(table: Table) -> Insert:
    """INSERT of whole rows."""
    return insert(table).values({column.name: bindparam(column.name) for column in table.columns})


def upsert_all(table: Table, *, kept: Iterable[str] = ()) -> Insert:
    """INSERT of whole rows that replaces all but the key and the columns in `kept`.

    No two of the rows may have the same key.
    """
    statement = insert_all(table)
    key = [column.name for column in table.primary_key]
    fixed = {*key, *kept}
    changed = {c.name: statement.excluded[c.name] for c in table.columns if c.name not in fixed}
    return statement.on_conflict_do_update(index_elements=key, set_=changed)


def in_list(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`column` is one of the values in the JSON array bound as `name`; see `json_list`."""
    values: BindParameter[str] = bindparam(name)
    return column.in_(select(sql.json_each(values).table_valued("value").c.value))


def json_list(values: Iterable[Any]) -> str:
    """A list as the parameter of `in_list`: one statement text for lists of any length."""
    return orjson.dumps(list(values)).decode()
