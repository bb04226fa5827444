"""One try of a delivery: the channel is handed the message, and what comes of it is a value."""

import asyncio
import random
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

import structlog

from tocsin.errors import (
    DeliveryFailed,
    Disable,
    GiveUp,
    LeaseLost,
    Reason,
    StoreDown,
    TryLater,
)
from tocsin.model.delivery import Attempt, Delivery, DeliveryState, Outcome
from tocsin.model.message import Outgoing
from tocsin.notify.channel import Receipt
from tocsin.notify.delivery.policy import next_attempt_at
from tocsin.notify.delivery.reach import Line
from tocsin.notify.exchange import MAX_RESPONSE_CHARS, Shown
from tocsin.notify.known import Target

# Above what any channel waits for itself; a channel may make several calls.
LIMIT_S = 180.0
MAX_ERROR_CHARS = 500

log = structlog.get_logger(__name__)

MakeLine = Callable[[Target], Line]
Draw = Callable[[], Awaitable[Outgoing]]


class Tried(NamedTuple):
    """What came of a try, everything in it masked; `after_s` is what the platform said.

    `shown` works out what may be looked at, which takes its time.
    """

    outcome: Outcome
    at: datetime
    duration_ms: int
    shown: Callable[[], Shown]
    handle: str | None = None
    note: str = ""
    reason: Reason | None = None
    error: str | None = None
    after_s: float | None = None
    was_replacing: bool = False
    # Whether a rate is that of all destinations of the account.
    is_accounts: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether the platform holds up all that goes there, and not this message."""
        return self.outcome is Outcome.LATER and self.reason is Reason.RATE_LIMITED

    @property
    def is_destinations(self) -> bool:
        """Whether the failure is the destination's, so that others would fail as well."""
        return self.outcome is Outcome.LATER and not self.is_rate


async def tried(target: Target, draw: Draw, make_line: MakeLine) -> Tried:
    """Try once; a message that cannot be replaced any more is sent anew.

    Raises:
        StoreDown, LeaseLost: the token that it needs cannot be had now; nothing was sent.
    """
    found = await _tried(target, draw, make_line, is_new=False)
    if found.outcome is Outcome.GIVEN_UP and found.was_replacing:
        return await _tried(target, draw, make_line, is_new=True)
    return found


async def _tried(target: Target, draw: Draw, make_line: MakeLine, *, is_new: bool) -> Tried:
    line = make_line(target)
    at, began = line.now(), monotonic()
    was_replacing = False

    def done(outcome: Outcome, **more: Any) -> Tried:
        took_ms = round((monotonic() - began) * 1000)
        return Tried(outcome, at, took_ms, line.shown, was_replacing=was_replacing, **more)

    try:
        outgoing = await draw()
        if is_new:
            outgoing = replace(outgoing, handle=None)
        was_replacing = outgoing.handle is not None
        async with asyncio.timeout(LIMIT_S):
            receipt: Receipt = await target.channel.send(outgoing, target.options, line)
    except TimeoutError:
        return done(Outcome.LATER, reason=Reason.TIMED_OUT, error="It took too long.")
    except DeliveryFailed as error:
        text = line.without_secrets(error.message)[:MAX_ERROR_CHARS]
        said: dict[str, Any] = {"reason": error.reason, "error": text}
        if isinstance(error, TryLater):
            said |= {"after_s": error.after_s, "is_accounts": error.is_accounts}
        return done(_outcome(error), **said)
    except (StoreDown, LeaseLost):
        # Ours, and met before anything was sent.
        raise
    except Exception as error:  # noqa: BLE001 - a channel may fail in any way; see below
        # A fault of the channel's own. Its text may hold anything, so it is told nowhere.
        kind, place = type(error).__name__, traceback.extract_tb(error.__traceback__)[-1]
        log.error(
            "channel_failed",
            channel=target.type,
            cause=kind,
            file=place.filename,
            line=place.lineno,
        )
        text = f"The channel failed: {kind}."
        return done(Outcome.GIVEN_UP, reason=Reason.BROKEN, error=text)
    note = line.without_secrets(receipt.note)
    pause_s = receipt.pause_s or None
    return done(Outcome.DELIVERED, handle=receipt.handle, note=note, after_s=pause_s)


def _outcome(error: DeliveryFailed) -> Outcome:
    if isinstance(error, Disable):
        return Outcome.DISABLED
    return Outcome.GIVEN_UP if isinstance(error, GiveUp) else Outcome.LATER


def after(delivery: Delivery, target: Target, found: Tried) -> Delivery:
    """The delivery as it stands after a try, but for what was `answered`.

    That the platform is too busy with others does not count against its tries.
    """
    tries = delivery.tries + (0 if found.is_rate else 1)
    state, next_at = DeliveryState.FAILED, None
    if found.outcome is Outcome.DELIVERED:
        state = DeliveryState.DELIVERED
    elif found.is_rate:
        state, next_at = DeliveryState.WAITING, found.at
    elif found.outcome is Outcome.LATER:
        next_at = next_attempt_at(
            target.extras.pauses_s(target.options),
            tries,
            found.after_s,
            found.at,
            random.random(),  # noqa: S311 - jitter
            is_exact=target.extras.has_exact_pauses(target.options),
        )
        state = DeliveryState.FAILED if next_at is None else DeliveryState.WAITING
    return delivery._replace(
        state=state,
        attempts=delivery.attempts + 1,
        tries=tries,
        next_at=next_at or delivery.next_at,
        ended_at=found.at if state.is_final else None,
        duration_ms=found.duration_ms,
        reason=None if found.reason is None else found.reason.value,
        error=found.error,
    )


def answered(delivery: Delivery, found: Tried) -> Delivery:
    """The same with what came back."""
    shown = found.shown()
    return delivery._replace(status=shown.status, response=shown.response or found.note)


def attempt_of(delivery: Delivery, found: Tried) -> Attempt:
    """The row of a try; `delivery` is as it stands after it."""
    shown = found.shown()
    return Attempt(
        delivery_id=delivery.id,
        number=delivery.attempts,
        destination=delivery.destination,
        at=found.at,
        duration_ms=found.duration_ms,
        outcome=found.outcome,
        status=shown.status,
        reason=delivery.reason,
        error=found.error or found.note or None,
        request=shown.request,
        response=shown.response[:MAX_RESPONSE_CHARS],
    )
