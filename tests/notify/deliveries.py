"""Deliveries, events and callbacks as tests need them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tocsin.model.callback import Callback, CallbackChannel
from tocsin.model.delivery import Attempt, Delivery, DeliveryKind, DeliveryState, Outcome
from tocsin.model.event import Event
from tocsin.testing.clock import START

DESTINATION = "00000000000000000000000000000000"


def event(seq: int = 1, **changed: Any) -> Event:
    """An event of a deployment."""
    made = Event(
        seq=seq,
        id=f"e-{seq}",
        source="deployment",
        type="step_completed",
        project="shop",
        subject="d-1",
        occurred_at=START,
        received_at=START,
        data={},
        occurred_text=None,
        attributes=None,
    )
    return replace(made, **changed)


def delivery(number: int = 1, **changed: Any) -> Delivery:
    """A delivery that waits, of the event of that number."""
    made = Delivery(
        id=f"d-{number:04}",
        kind=DeliveryKind.EVENT,
        state=DeliveryState.WAITING,
        config_id="c-1",
        channel_id="ch-1",
        channel_type="custom",
        destination=DESTINATION,
        shard=0,
        event_seq=number,
        event_id=f"e-{number}",
        event_type="step_completed",
        project="shop",
        subject=f"s-{number}",
        task_id=f"s-{number}",
        order_key=f"shop\ns-{number}",
        group_key=None,
        digest_id=None,
        attempts=0,
        tries=0,
        next_at=START,
        created_at=START,
        ended_at=None,
        status=None,
        response="",
        duration_ms=None,
        reason=None,
        error=None,
    )
    return made._replace(**changed)


def attempt(number: int = 1, **changed: Any) -> Attempt:
    """A try of the first delivery, to whose destination nobody got through."""
    made = Attempt(
        delivery_id="d-0001",
        number=number,
        destination=DESTINATION,
        at=START,
        duration_ms=12,
        outcome=Outcome.LATER,
        status=503,
        reason="busy",
        error="It is busy.",
        request="{}",
        response="no",
    )
    return made._replace(**changed)


def callback(
    *channels: tuple[str, Mapping[str, Any]], project: str = "shop", **changed: Any
) -> Callback:
    """A callback with these channels (type and options), about all events."""
    made = Callback(
        id="c-1",
        project_id=project,
        name="",
        enabled=True,
        channels=tuple(
            CallbackChannel(f"ch-{at}", kind, enabled=True, config=config)
            for at, (kind, config) in enumerate(channels, 1)
        ),
        events=(),
        created_at=START,
        updated_at=START,
    )
    return replace(made, **changed)


def after(seconds: float) -> datetime:
    """So long after the clock's start."""
    return START + timedelta(seconds=seconds)
