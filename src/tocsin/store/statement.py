"""Compile Core statements once, for the writer's hot path.

A compiled statement runs as driver SQL with plain tuples: measured at twice the speed of
Core lists, which build a parameter dictionary per row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    bindparam,
    select,
)
from sqlalchemy import func as sql
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import ClauseElement


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement as driver SQL, and the names of its parameters in their order."""

    text: str
    names: tuple[str, ...]

    def run(self, conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it once a row."""
        if rows:
            conn.exec_driver_sql(self.text, list(rows))

    def fetch(self, conn: Connection, *values: Any) -> Sequence[Any]:
        """Run it and give all rows of the answer."""
        return conn.exec_driver_sql(self.text, values).all()


def compile_for(dialect: Dialect, statement: ClauseElement) -> Compiled:
    """Compile `statement`; its literal values must be bind parameters."""
    compiled = statement.compile(dialect=dialect)
    names = getattr(compiled, "positiontup", None)
    if names is None:
        raise TypeError("the writer's driver must take positional parameters")
    return Compiled(str(compiled), tuple(names))


def insert_all(table: Table) -> ClauseElement:
    """INSERT of whole rows, the columns in the table's order."""
    return insert(table).values({column.name: bindparam(column.name) for column in table.columns})


def upsert_all(table: Table, *, kept: Iterable[str] = ()) -> ClauseElement:
    """INSERT of whole rows that replaces all but the key and the columns in `kept`."""
    statement = insert(table).values(
        {column.name: bindparam(column.name) for column in table.columns}
    )
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
