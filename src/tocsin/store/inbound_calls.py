"""The last calls at each set-up of a source, apart from the journal; and what came since ever."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tocsin.model.inbound_call import (
    Counts,
    KeptCall,
    KeptRequest,
    Outcome,
    SetUpKey,
    StoredEvent,
)
from tocsin.model.times import from_us, to_us
from tocsin.store.statement import insert_for
from tocsin.store.tables.sources import inbound_calls, source_counts

_LISTED = [column for column in inbound_calls.c if column.name != "request"]


def record(
    conn: Connection,
    calls: Sequence[KeptCall],
    counts: Mapping[SetUpKey, Counts],
    keep_calls: int,
) -> None:
    """Add to the counts and store the calls; of each set-up, as many as are kept."""
    _count(conn, counts)
    _keep(conn, calls, keep_calls)


def _keep(conn: Connection, calls: Sequence[KeptCall], keep_calls: int) -> None:
    """Store calls, and of each of their set-ups only the last `keep_calls` of both sorts."""
    if calls:
        conn.execute(insert(inbound_calls), [_row(one) for one in calls])
    for kind, name, is_rejected in {(*one.set_up, _is_rejected(one)) for one in calls}:
        here = (
            inbound_calls.c.kind == kind,
            inbound_calls.c.name == name,
            inbound_calls.c.is_rejected.is_(is_rejected),
        )
        newest = select(inbound_calls.c.id).where(*here).order_by(inbound_calls.c.id.desc())
        first_gone = newest.offset(keep_calls).limit(1)
        last = conn.execute(first_gone).scalar()
        if last is not None:
            conn.execute(delete(inbound_calls).where(*here, inbound_calls.c.id <= last))


def _count(conn: Connection, counts: Mapping[SetUpKey, Counts]) -> None:
    """Add to what was counted of each set-up; several instances do."""
    statement = insert_for(conn.dialect, source_counts)
    new, old = statement.excluded, source_counts.c
    statement = statement.on_conflict_do_update(
        index_elements=["kind", "name"],
        set_={
            "stored": old.stored + new.stored,
            "rejected": old.rejected + new.rejected,
            **{
                name: func.coalesce(new[name], old[name])
                for name in ("last_stored_at", "last_rejected_at", "last_rejected_reason")
            },
        },
    )
    # In an order that all keep, so that two instances do not wait for each other in a circle.
    rows = [_counts_row(key, one) for key, one in sorted(counts.items())]
    if rows:
        conn.execute(statement, rows)


async def counted(conn: AsyncConnection) -> Mapping[SetUpKey, Counts]:
    """What came to each set-up since ever."""
    return {
        (row.kind, row.name): Counts(
            row.stored,
            row.rejected,
            None if row.last_stored_at is None else from_us(row.last_stored_at),
            None if row.last_rejected_at is None else from_us(row.last_rejected_at),
            row.last_rejected_reason,
        )
        for row in await conn.execute(select(source_counts))
    }


async def page(
    conn: AsyncConnection,
    set_up: SetUpKey,
    outcome: Outcome | None,
    limit: int,
    before: str | None = None,
) -> Sequence[KeptCall]:
    """At most `limit` calls, the newest first, those before the call `before`; without requests."""
    found = _of(set_up, _LISTED).order_by(inbound_calls.c.id.desc()).limit(limit)
    if outcome is not None:
        found = found.where(inbound_calls.c.outcome == outcome.value)
    if before is not None:
        found = found.where(inbound_calls.c.id < before)
    return [_call(row) for row in await conn.execute(found)]


async def one(conn: AsyncConnection, set_up: SetUpKey, call_id: str) -> KeptCall | None:
    """A call with its request."""
    found = _of(set_up, list(inbound_calls.c)).where(inbound_calls.c.id == call_id)
    row = (await conn.execute(found)).first()
    return None if row is None else _call(row, KeptRequest(**orjson.loads(row.request)))


def _of(set_up: SetUpKey, columns: Iterable[Any]) -> Any:
    kind, name = set_up
    return select(*columns).where(inbound_calls.c.kind == kind, inbound_calls.c.name == name)


def _is_rejected(call: KeptCall) -> bool:
    return call.outcome is Outcome.REJECTED


def _row(call: KeptCall) -> dict[str, Any]:
    kind, name = call.set_up
    return {
        "id": call.id,
        "kind": kind,
        "name": name,
        "is_rejected": _is_rejected(call),
        "at": to_us(call.at),
        "outcome": call.outcome.value,
        "reason": call.reason,
        "message": call.message,
        "status": call.status,
        "address": call.address,
        "size_bytes": call.size_bytes,
        "instance": call.instance,
        "events": orjson.dumps([one._asdict() for one in call.events]).decode(),
        "request": orjson.dumps(None if call.request is None else asdict(call.request)).decode(),
    }


def _counts_row(key: SetUpKey, counts: Counts) -> dict[str, Any]:
    kind, name = key
    times = {"last_stored_at": counts.last_stored_at, "last_rejected_at": counts.last_rejected_at}
    return {
        "kind": kind,
        "name": name,
        "stored": counts.stored,
        "rejected": counts.rejected,
        "last_rejected_reason": counts.last_rejected_reason,
        **{column: None if at is None else to_us(at) for column, at in times.items()},
    }


def _call(row: Row[Any], request: KeptRequest | None = None) -> KeptCall:
    return KeptCall(
        row.id,
        (row.kind, row.name),
        from_us(row.at),
        Outcome(row.outcome),
        row.reason,
        row.message,
        row.status,
        row.address,
        row.size_bytes,
        row.instance,
        [StoredEvent(**event) for event in orjson.loads(row.events)],
        request,
    )
