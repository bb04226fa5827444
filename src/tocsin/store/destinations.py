"""How destinations are: whether they fail, since when, and who has paused them."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.times import from_us, to_us
from tocsin.store.statement import in_list, insert_for, json_list
from tocsin.store.tables.callbacks import destinations, posted_messages

_INSTANTS = frozenset(
    {
        "paused_at",
        "failing_since",
        "last_ok_at",
        "last_failed_at",
        "held_until",
        "changed_at",
        "touched_at",
    }
)
# When it was neither paused nor resumed yet.
NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A destination as it is known; `paused_by` is "" where Tocsin did it itself.

    `changed_at` is when anything was learnt of it, `touched_at` when it was paused or resumed.
    """

    id: str
    channel_type: str
    label: str
    changed_at: datetime
    is_paused: bool = False
    paused_by: str = ""
    paused_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_reason: str | None = None
    last_error: str | None = None
    last_ok_at: datetime | None = None
    last_failed_at: datetime | None = None
    held_until: datetime | None = None
    touched_at: datetime = NEVER


async def of_ids(conn: AsyncConnection, ids: Collection[str]) -> Mapping[str, Destination]:
    """Those that are known of these."""
    found = select(destinations).where(in_list(destinations.c.id, "ids"))
    rows = await conn.execute(found, {"ids": json_list(ids)})
    return {row.id: _destination(row) for row in rows}


async def all_of_them(conn: AsyncConnection) -> list[Destination]:
    """All that are known, those that fail first."""
    order = (destinations.c.is_paused.desc(), destinations.c.failures.desc(), destinations.c.id)
    return [_destination(row) for row in await conn.execute(select(destinations).order_by(*order))]


def save(conn: Connection, one: Destination) -> None:
    """Keep how a destination is. Who paused it stays as it is: `pause` and `resume` change that."""
    values = {
        name: to_us(value) if name in _INSTANTS and value is not None else value
        for name, value in asdict(one).items()
    }
    statement = insert_for(conn.dialect, destinations).values(values)
    kept = {"id", "is_paused", "paused_by", "paused_at", "touched_at"}
    new = {
        part.name: statement.excluded[part.name]
        for part in fields(Destination)
        if part.name not in kept
    }
    conn.execute(statement.on_conflict_do_update(index_elements=["id"], set_=new))


def pause(
    conn: Connection, destination_id: str, by: str, now: datetime, seen: datetime | None = None
) -> bool:
    """Have nothing sent there any more; False when that is so already.

    With `seen` it counts only if nobody has paused or resumed it since then.
    """
    here = [destinations.c.id == destination_id, destinations.c.is_paused.is_(False)]
    if seen is not None:
        here.append(destinations.c.touched_at == to_us(seen))
    paused = {"is_paused": True, "paused_by": by, "paused_at": to_us(now)}
    changed = update(destinations).where(*here).values(paused | _touched(now))
    return conn.execute(changed).rowcount > 0


def resume(conn: Connection, destination_id: str, now: datetime) -> bool:
    """Have it tried at once, as if it had never failed; False when it is not there."""
    fine = {
        "is_paused": False,
        "paused_by": "",
        "paused_at": None,
        "failures": 0,
        "failing_since": None,
        "held_until": None,
        **_touched(now),
    }
    here = destinations.c.id == destination_id
    return conn.execute(update(destinations).where(here).values(fine)).rowcount > 0


def _touched(now: datetime) -> dict[str, int]:
    return {"changed_at": to_us(now), "touched_at": to_us(now)}


async def handle(conn: AsyncConnection, destination: str, order_key: str) -> str | None:
    """By what the message is replaced that was sent there about the same thing."""
    found = select(posted_messages.c.handle).where(
        posted_messages.c.destination == destination, posted_messages.c.order_key == order_key
    )
    return (await conn.execute(found)).scalar_one_or_none()


def save_handle(
    conn: Connection, destination: str, order_key: str, new: str, now: datetime
) -> None:
    """Remember by what the message can be replaced."""
    statement = insert_for(conn.dialect, posted_messages).values(
        destination=destination, order_key=order_key, handle=new, posted_at=to_us(now)
    )
    put = statement.excluded
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["destination", "order_key"],
            set_={"handle": put.handle, "posted_at": put.posted_at},
        )
    )


def _destination(row: Row[Any]) -> Destination:
    values = row._asdict()
    for name in _INSTANTS:
        if values[name] is not None:
            values[name] = from_us(values[name])
    return Destination(**values)
