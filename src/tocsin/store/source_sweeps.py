"""How far each hook was looked at, and which of its deliveries the journal has."""

from collections.abc import Collection

import orjson
from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.redelivery import Sweep, Waiting
from tocsin.model.times import from_us, to_us
from tocsin.store.statement import in_list, insert_for, json_list
from tocsin.store.tables.journal import deliveries_seen
from tocsin.store.tables.sources import source_sweeps


async def of_hook(conn: AsyncConnection, hook: str) -> Sweep | None:
    """None before the first look."""
    found = await conn.execute(select(source_sweeps).where(source_sweeps.c.hook == hook))
    row = found.first()
    if row is None:
        return None
    waiting = {
        guid: Waiting(number, from_us(at), asks, None if asked_at is None else from_us(asked_at))
        for guid, (number, at, asks, asked_at) in orjson.loads(row.waiting).items()
    }
    return Sweep(from_us(row.looked_through), waiting)


def save(conn: Connection, hook: str, sweep: Sweep) -> None:
    """Remember it, in place of what was."""
    told = {
        guid: (
            one.id,
            to_us(one.delivered_at),
            one.asks,
            None if one.asked_at is None else to_us(one.asked_at),
        )
        for guid, one in sweep.waiting.items()
    }
    statement = insert_for(conn.dialect, source_sweeps).values(
        hook=hook,
        looked_through=to_us(sweep.looked_through),
        waiting=orjson.dumps(told).decode(),
    )
    new = statement.excluded
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["hook"],
            set_={"looked_through": new.looked_through, "waiting": new.waiting},
        )
    )


async def stored(conn: AsyncConnection, keys: Collection[str]) -> set[str]:
    """Of these dedupe keys those whose delivery is in the journal."""
    found = select(deliveries_seen.c.key).where(in_list(deliveries_seen.c.key, "keys"))
    return set((await conn.execute(found, {"keys": json_list(keys)})).scalars())
