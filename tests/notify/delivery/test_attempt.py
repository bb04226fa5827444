"""One try of a delivery: whatever a channel does, what comes of it is a value without secrets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.appending import database_in
from tests.notify.deliveries import after as later_by
from tests.notify.deliveries import delivery
from tests.notify.reaching import drawing, outgoing
from tests.notify.working import HERE, line_to, target_of
from tocsin.edge.outbound import Outbound
from tocsin.errors import Disable, GiveUp, Reason, TryLater
from tocsin.model.delivery import DeliveryState, Outcome
from tocsin.model.masks import MASK
from tocsin.model.message import Outgoing
from tocsin.notify.channel import Receipt
from tocsin.notify.delivery import attempt
from tocsin.notify.delivery.attempt import (
    MAX_ERROR_CHARS,
    Tried,
    after,
    answered,
    attempt_of,
    tried,
)
from tocsin.notify.delivery.reach import Line
from tocsin.notify.delivery.tokens import Tokens
from tocsin.notify.exchange import Shown
from tocsin.notify.known import Target
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import START, HandClock

URL = "https://hooks.example.com/canary-0123456789"
NOTHING = Shown("[]", "", None)
Send = Callable[[Outgoing], Receipt]


class Scripted:
    """A channel that does as a test says."""

    def __init__(self, *steps: Exception | Receipt) -> None:
        self.steps = list(steps)
        self.sent: list[Outgoing] = []

    async def send(self, outgoing: Outgoing, options: object, reach: Line) -> Receipt:
        del options, reach
        self.sent.append(outgoing)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def with_channel(channel: object) -> Target:
    return replace(target_of("custom", url=URL), channel=channel)  # type: ignore[arg-type] # a part


@pytest.fixture
async def make_line(tmp_path: Path) -> AsyncIterator[Callable[[Target], Line]]:
    async with database_in(tmp_path) as database:
        http, clock = Outbound(HERE), HandClock()
        tokens = Tokens(database, Vault([SecretKey.new()]), clock)

        yield lambda target: line_to(target, http, tokens, clock)
        await http.close()


MakeLine = Callable[[Target], Line]


@pytest.mark.parametrize(
    ("step", "outcome", "reason", "after_s"),
    [
        (Receipt(), Outcome.DELIVERED, None, None),
        (Receipt(pause_s=2.0), Outcome.DELIVERED, None, 2.0),
        (TryLater("a", reason=Reason.BUSY), Outcome.LATER, Reason.BUSY, None),
        (
            TryLater("a", reason=Reason.RATE_LIMITED, after_s=3.0),
            Outcome.LATER,
            Reason.RATE_LIMITED,
            3.0,
        ),
        (GiveUp("a", reason=Reason.TOO_LARGE), Outcome.GIVEN_UP, Reason.TOO_LARGE, None),
        (Disable("a", reason=Reason.GONE), Outcome.DISABLED, Reason.GONE, None),
        (ValueError("canary-0123456789"), Outcome.GIVEN_UP, Reason.BROKEN, None),
        (KeyError("canary-0123456789"), Outcome.GIVEN_UP, Reason.BROKEN, None),
    ],
)
async def test_whatever_a_channel_does_is_an_outcome(
    step: Exception | Receipt,
    outcome: Outcome,
    reason: Reason | None,
    after_s: float | None,
    make_line: MakeLine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = await tried(with_channel(Scripted(step)), drawing(), make_line)

    assert (found.outcome, found.reason, found.after_s) == (outcome, reason, after_s)
    assert (found.at, found.was_replacing) == (START, False)
    assert "canary" not in f"{found}"
    assert "canary" not in capsys.readouterr().out


async def test_what_is_told_of_a_failure_has_no_secret_and_an_end(make_line: MakeLine) -> None:
    error = TryLater(f"{URL} is wrong. {'x' * 1000}", reason=Reason.BUSY)
    refused = Receipt(note="left out: canary-0123456789")

    failed = await tried(with_channel(Scripted(error)), drawing(), make_line)
    noted = await tried(with_channel(Scripted(refused)), drawing(), make_line)

    assert failed.error is not None
    assert failed.error.startswith(f"https://hooks.example.com/{MASK} is wrong.")
    assert len(failed.error) == MAX_ERROR_CHARS
    assert noted.note == f"left out: {MASK}"


async def test_words_that_cannot_be_drawn_are_no_reason_to_stop(make_line: MakeLine) -> None:
    async def draw() -> NoReturn:
        raise ZeroDivisionError("canary-0123456789")

    found = await tried(with_channel(Scripted()), draw, make_line)

    assert (found.outcome, found.reason) == (Outcome.GIVEN_UP, Reason.BROKEN)
    assert found.error == "The channel failed: ZeroDivisionError."


async def test_a_channel_that_never_ends_is_broken_off(
    make_line: MakeLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(Scripted):
        async def send(self, outgoing: Outgoing, options: object, reach: Line) -> Receipt:
            del outgoing, options, reach
            await asyncio.Event().wait()
            return Receipt()

    monkeypatch.setattr(attempt, "LIMIT_S", 0.01)

    found = await tried(with_channel(Endless()), drawing(), make_line)

    assert (found.outcome, found.reason) == (Outcome.LATER, Reason.TIMED_OUT)


async def test_who_breaks_a_try_off_is_not_answered(make_line: MakeLine) -> None:
    class Cancelled(Scripted):
        async def send(self, outgoing: Outgoing, options: object, reach: Line) -> Receipt:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await tried(with_channel(Cancelled()), drawing(), make_line)


async def test_a_message_that_cannot_be_replaced_any_more_is_sent_anew(
    make_line: MakeLine,
) -> None:
    channel = Scripted(GiveUp("too old", reason=Reason.REFUSED), Receipt("m-2"))

    found = await tried(with_channel(channel), drawing(outgoing(handle="m-1")), make_line)

    assert (found.outcome, found.handle) == (Outcome.DELIVERED, "m-2")
    assert [one.handle for one in channel.sent] == ["m-1", None]


@pytest.mark.parametrize(
    "error", [TryLater("a", reason=Reason.BUSY), Disable("a", reason=Reason.GONE)]
)
async def test_what_fails_in_another_way_is_not_sent_anew(
    error: Exception, make_line: MakeLine
) -> None:
    """It may have been replaced all the same, or nobody is there any more."""
    channel = Scripted(error)

    found = await tried(with_channel(channel), drawing(outgoing(handle="m-1")), make_line)

    assert found.was_replacing
    assert len(channel.sent) == 1


def found(outcome: Outcome, **changed: Any) -> Tried:
    said: dict[str, Any] = {
        "outcome": outcome,
        "at": START,
        "duration_ms": 5,
        "shown": lambda: NOTHING,
    }
    return Tried(**said | changed)


def test_after_a_try_that_failed_the_next_has_its_time() -> None:
    target = target_of("custom", url=URL, retry_count=2, retry_interval=60)
    busy = found(Outcome.LATER, reason=Reason.BUSY, error="It is busy.")

    first = after(delivery(), target, busy)
    second = after(first, target, busy)
    third = after(second, target, busy)

    assert [one.state for one in (first, second, third)] == [
        DeliveryState.WAITING,
        DeliveryState.WAITING,
        DeliveryState.FAILED,
    ]
    assert first.next_at == later_by(60)
    assert [one.attempts for one in (first, second, third)] == [1, 2, 3]
    assert (third.ended_at, third.reason, third.error) == (START, "busy", "It is busy.")


def test_that_a_platform_is_too_busy_with_others_takes_no_try_away() -> None:
    target = target_of("custom", url=URL, retry_count=0)
    limited = found(Outcome.LATER, reason=Reason.RATE_LIMITED, after_s=30.0)

    changed = after(delivery(), target, limited)

    assert (changed.state, changed.tries, changed.attempts) == (DeliveryState.WAITING, 0, 1)
    assert limited.is_rate
    assert not limited.is_destinations


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.DELIVERED, DeliveryState.DELIVERED),
        (Outcome.GIVEN_UP, DeliveryState.FAILED),
        (Outcome.DISABLED, DeliveryState.FAILED),
    ],
)
def test_a_try_can_be_the_last(outcome: Outcome, state: DeliveryState) -> None:
    shown = Shown("[]", "ok", 200)

    last = found(outcome, shown=lambda: shown)
    changed = after(delivery(tries=1, attempts=1), target_of("custom", url=URL), last)
    changed = answered(changed, last)

    assert (changed.state, changed.attempts, changed.tries) == (state, 2, 2)
    assert (changed.ended_at, changed.status, changed.response) == (START, 200, "ok")
    assert changed.duration_ms == 5


def test_the_row_of_a_try_tells_what_went_and_what_came_of_it() -> None:
    shown = Shown('{"a":1}', "x" * 5000, 503)
    busy = found(Outcome.LATER, reason=Reason.BUSY, error="It is busy.", shown=lambda: shown)
    changed = after(delivery(), target_of("custom", url=URL), busy)

    row = attempt_of(changed, busy)

    assert (row.delivery_id, row.number, row.destination) == ("d-0001", 1, changed.destination)
    assert (row.outcome, row.status, row.reason) == (Outcome.LATER, 503, "busy")
    assert (row.error, row.request) == ("It is busy.", '{"a":1}')
    assert len(row.response) == 4096
