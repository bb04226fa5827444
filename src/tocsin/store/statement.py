"""Compile Core statements once, for the writer's hot path.

Measured against Core's own execution with a dictionary a row, plain values on the driver's
connection take half the time. Rows go in by tens, not one by one: the writer's thread gives
up the interpreter at every single statement, and has to win it back from a busy event loop.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Literal, Protocol, cast

import orjson
from sqlalchemy import ColumnElement, Connection, Dialect, Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import ClauseElement

from tocsin.store.functions import InJson

# An INSERT that can say what happens to a row that is there already. Both databases' own are
# used alike; the type that is named is one of the two.
Insert = sqlite.Insert

# Rows that one statement takes on SQLite; what is left over goes with the next smaller one. The
# largest is far from the 32,766 parameters that SQLite takes.
_CHUNKS = (64, 16, 4, 1)
# On PostgreSQL any number of rows goes in as one array a column.
_ARRAYS = {int: "BIGINT", str: "TEXT", bool: "BOOLEAN", float: "DOUBLE PRECISION", bytes: "BYTEA"}


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

    def ask(self, conn: Connection, *values: Any) -> Any:
        """Run it, and fetch from what this gives later: both databases' cursors have `fetchall`.

        Several that are asked ahead of the first fetch are answered at once, where the
        connection is a pipeline.
        """
        return _driver(conn).execute(self.text, values)


class CompiledRows(Protocol):
    """A statement that stores whole rows, the columns in the table's order."""

    def run(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Store `rows`, in their order."""


@dataclass(frozen=True, slots=True)
class _InChunks:
    """As so many rows of parameters a statement."""

    by_count: tuple[tuple[int, Compiled], ...]

    def run(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        done = 0
        for count, compiled in self.by_count:
            while len(rows) - done >= count:
                compiled.run(conn, *chain.from_iterable(rows[done : done + count]))
                done += count


@dataclass(frozen=True, slots=True)
class _AsArrays:
    """As one array a column."""

    compiled: Compiled
    made: tuple[Callable[[Iterable[Any]], list[Any]], ...]

    def run(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            columns = zip(*rows, strict=True)
            self.compiled.run(
                conn, *(of(values) for of, values in zip(self.made, columns, strict=True))
            )


@dataclass(frozen=True, slots=True)
class RowsStatement:
    """What is to be compiled: whole rows are inserted; what of those that are there already."""

    table: Table
    repeated: Literal["fail", "skip", "replace"] = "fail"
    kept: frozenset[str] = frozenset()

    def insert(self, dialect: Dialect) -> Insert:
        """The statement for one row."""
        columns = self.table.columns
        statement = insert_for(dialect, self.table).values(
            {column.name: bindparam(column.name) for column in columns}
        )
        if self.repeated == "fail":
            return statement
        if self.repeated == "skip":
            return statement.on_conflict_do_nothing()
        key = [column.name for column in self.table.primary_key]
        fixed = {*key, *self.kept}
        changed = {c.name: statement.excluded[c.name] for c in columns if c.name not in fixed}
        return statement.on_conflict_do_update(index_elements=key, set_=changed)


def _driver(conn: Connection) -> Any:
    """The driver's own connection, inside the transaction that `conn` has begun."""
    return conn.connection.driver_connection


def insert_for(dialect: Dialect, table: Table) -> Insert:
    """The INSERT of that database, for `on_conflict_do_update` and `on_conflict_do_nothing`."""
    if dialect.name == "postgresql":
        return cast("Insert", postgresql.insert(table))
    return sqlite.insert(table)


def compile_for(dialect: Dialect, statement: ClauseElement) -> Compiled:
    """Compile `statement`; its literal values must be bind parameters, given in their order."""
    compiled = statement.compile(dialect=dialect)
    if getattr(compiled, "positiontup", None) is None:
        raise TypeError("the writer's driver must take positional parameters")
    # Sent as they lie in memory, and not as text with escapes, values cost half.
    return Compiled(str(compiled).replace("%s", "%b"))


@lru_cache(maxsize=64)
def compiled(dialect: Dialect, make: Callable[[Dialect], ClauseElement]) -> Compiled:
    """What `make` gives for that database, compiled once; parameters as for `compile_for`."""
    return compile_for(dialect, make(dialect))


def compile_rows(dialect: Dialect, rows: RowsStatement) -> CompiledRows:
    """Compile an INSERT of whole rows.

    Only once and not for each number of rows, as those differ in nothing but the repeated row,
    and to compile a large one takes a quarter of a second.
    """
    one = compile_for(dialect, rows.insert(dialect)).text
    head, _, rest = one.partition("VALUES (")
    values, _, tail = rest.partition(")")
    if dialect.name == "postgresql":
        types = [column.type.python_type for column in rows.table.columns]
        arrays = ", ".join(f"%b::{_ARRAYS[one]}[]" for one in types)
        text = f"{head}SELECT * FROM unnest({arrays}){tail}"  # noqa: S608 - of a table of ours
        return _AsArrays(Compiled(text), tuple(_floats if one is float else list for one in types))
    return _InChunks(
        tuple(
            (count, Compiled(f"{head}VALUES ({values})" + f", ({values})" * (count - 1) + tail))
            for count in _CHUNKS
        )
    )


def _floats(values: Iterable[Any]) -> list[float | None]:
    """An array has one type of values, where a duration may be a whole number."""
    return [None if value is None else float(value) for value in values]


def insert_all(table: Table) -> RowsStatement:
    """INSERT of whole rows."""
    return RowsStatement(table)


def insert_new(table: Table) -> RowsStatement:
    """INSERT of whole rows; one whose key is there already is passed over."""
    return RowsStatement(table, "skip")


def upsert_all(table: Table, *, kept: Iterable[str] = ()) -> RowsStatement:
    """INSERT of whole rows that replaces all but the key and the columns in `kept`.

    No two of the rows may have the same key.
    """
    return RowsStatement(table, "replace", frozenset(kept))


def in_list(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """`column` is one of the values in the JSON array bound as `name`; see `json_list`."""
    return InJson(column, bindparam(name, type_=None))


def json_list(values: Iterable[Any]) -> str:
    """A list as the parameter of `in_list`: one statement text for lists of any length."""
    return orjson.dumps(list(values)).decode()
