"""Let several reads on one connection see one and the same state of the database."""

from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.store.address import is_postgres


async def hold_snapshot(conn: AsyncConnection) -> None:
    """From now on, until `conn` is given back, nothing changes for it.

    A read alone needs none, and none is begun for it.
    """
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ" if is_postgres(conn.engine.url) else "BEGIN"
    await conn.exec_driver_sql(begin)
