"""How a database would carry out the statements of a read, as it tells itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.store.database import Database
from tocsin.store.snapshot import hold_snapshot

# A statement with its parameters.
Said = tuple[str, Any]


@asynccontextmanager
async def noted(database: Database) -> AsyncIterator[list[Said]]:
    """What is said to the database by its readers meanwhile."""
    said: list[Said] = []
    engine = database._readers.sync_engine

    def note(_conn: Any, _cursor: Any, text: str, parameters: Any, *_rest: Any) -> None:
        said.append((text, parameters))

    sqlalchemy.event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        sqlalchemy.event.remove(engine, "before_cursor_execute", note)


async def plan_of(conn: AsyncConnection, said: Said) -> list[str]:
    """The lines of its plan, as for a table so large that an index pays."""
    text, parameters = said
    if conn.dialect.name == "sqlite":
        rows = await conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)
        return [row.detail for row in rows]
    await hold_snapshot(conn)
    await conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
    await conn.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
    plan = list((await conn.exec_driver_sql(f"EXPLAIN {text}", parameters)).scalars())
    await conn.exec_driver_sql("ROLLBACK")
    return plan


def is_whole_scan(line: str, table: str) -> bool:
    """Whether a line of a plan says that a table is read from its beginning to its end."""
    return line.startswith(f"SCAN {table}") or f"Seq Scan on {table}" in line
