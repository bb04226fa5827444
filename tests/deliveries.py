"""Deliveries, attempts and destinations as a test wants them to be."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import orjson

from tocsin.model.delivery import Attempt, Delivery, DeliveryKind, DeliveryState, Outcome
from tocsin.store import destinations
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.destinations import Destination
from tocsin.testing.clock import START

# In the order in which a test makes them, however quick it is.
_numbers = count(1)

REQUEST = {"method": "POST", "url": "https://••••", "headers": {"a": "b"}, "body": {"n": 1}}


def delivery(state: DeliveryState = DeliveryState.DELIVERED, **other: Any) -> Delivery:
    """One that took one try, unless it is told otherwise."""
    made_at: datetime = other.get("created_at", START)
    is_waiting = state is DeliveryState.WAITING
    fields: dict[str, Any] = {
        "id": f"01a20406-0000-7000-8000-{next(_numbers):012x}",
        "kind": DeliveryKind.EVENT,
        "config_id": "c-1",
        "channel_id": "ch-1",
        "channel_type": "feishu",
        "destination": "d-1",
        "shard": 0,
        "event_seq": 7,
        "event_id": "e-1",
        "event_type": "canary_started",
        "project": "shop",
        "subject": "t-1",
        "task_id": "t-1",
        "order_key": "shop\nt-1",
        "group_key": None,
        "digest_id": None,
        "attempts": 0 if is_waiting else 1,
        "tries": 0 if is_waiting else 1,
        "next_at": made_at,
        "created_at": made_at,
        "ended_at": made_at + timedelta(seconds=1) if state.is_final else None,
        "status": None if is_waiting else 200,
        "response": "" if is_waiting else '{"code":0}',
        "duration_ms": None if is_waiting else 87,
        "reason": "busy" if state is DeliveryState.FAILED else None,
        "error": "Busy." if state is DeliveryState.FAILED else None,
    }
    return Delivery(state=state, **{**fields, **other})


def attempt(of: Delivery, number: int = 1, outcome: Outcome = Outcome.DELIVERED) -> Attempt:
    """A try of it, so many seconds after it was made."""
    is_good = outcome is Outcome.DELIVERED
    return Attempt(
        delivery_id=of.id,
        number=number,
        destination=of.destination,
        at=of.created_at + timedelta(seconds=number),
        duration_ms=80 + number,
        outcome=outcome,
        status=200,
        reason=None if is_good else "busy",
        error=None if is_good else "Busy.",
        request=orjson.dumps({**REQUEST, "body": {"n": number}}).decode(),
        response=f"answer {number}",
    )


async def keep(database: Database, *some: Delivery, attempts: tuple[Attempt, ...] = ()) -> None:
    """Store them as they are."""
    rows = DeliveryRows(database.dialect)
    await database.write(lambda conn: rows.add(conn, some))
    await database.write(lambda conn: rows.add_attempts(conn, attempts))


async def known_destination(database: Database, name: str = "d-1", **other: Any) -> None:
    """A destination to which something was sent."""
    one = Destination(
        id=name, channel_type="feishu", label="open.feishu.cn", changed_at=START, **other
    )
    await database.write(lambda conn: destinations.save(conn, one))


async def pause(database: Database, name: str = "d-1", by: str = "ann") -> None:
    await database.write(lambda conn: destinations.pause(conn, name, by, START))
