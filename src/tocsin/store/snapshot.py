"""Let several reads on one connection see one and the same state of the database."""

from sqlalchemy.ext.asyncio import AsyncConnection


async def hold_snapshot(conn: AsyncConnection) -> None:
    """From now on, until `conn` is given back, nothing changes for it.

    A read alone needs none; SQLite's driver begins no transaction for reading.
    """
    await conn.exec_driver_sql("BEGIN")
