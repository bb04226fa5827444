"""What came of tries is stored many at once, with its events, however long the store is away."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.appending import rows
from tests.notify.deliveries import DESTINATION, attempt, delivery
from tests.notify.working import Working
from tocsin.errors import LeaseLost, StoreDown
from tocsin.model.delivery import DeliveryState
from tocsin.model.event import NewEvent, Receipt
from tocsin.notify.delivery.recorder import (
    RETRY_S,
    Recorder,
    Told,
    delivery_event,
    destination_event,
)
from tocsin.store.delivery_results import Result
from tocsin.store.fence import fence
from tocsin.testing.clock import START


class Journal:
    """The journal in the way: it counts, waits, and fails when told to."""

    def __init__(self, at_work: Working) -> None:
        self._journal = at_work.tools.journal
        self.sizes: list[int] = []
        self.failures: list[Exception] = []
        # Raised although it was committed.
        self.unheard: list[Exception] = []
        self.goes = asyncio.Event()
        self.goes.set()

    async def append(
        self, events: Sequence[NewEvent], *, also: Callable[..., None]
    ) -> list[Receipt]:
        self.sizes.append(len(events))
        await self.goes.wait()
        if self.failures:
            raise self.failures.pop(0)
        receipts = await self._journal.append(events, also=also)
        if self.unheard:
            raise self.unheard.pop(0)
        return receipts


def recorder_of(at_work: Working) -> tuple[Recorder, Journal]:
    journal = Journal(at_work)
    tools = at_work.tools
    made = Recorder(tools.database, journal, tools.rows, at_work.clock)  # type: ignore[arg-type] # a part
    return made, journal


def told(number: int = 1, **changed: Any) -> Told:
    values = {"state": DeliveryState.DELIVERED, "attempts": 1, "tries": 1, "duration_ms": 5}
    done = delivery(number, **{**values, **changed})
    result = Result(done, attempt(done.attempts, delivery_id=done.id))
    return Told(result, (delivery_event(done, START),))


async def test_a_result_is_stored_with_its_event_when_it_returns(at_work: Working) -> None:
    await at_work.store(delivery(1))
    recorder, _ = recorder_of(at_work)

    await recorder.record(told())

    assert await at_work.states() == {"d-0001": "delivered"}
    assert await at_work.told() == [("delivery.sent", "d-0001")]
    assert len(await rows(at_work.ground.database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_what_comes_while_one_batch_is_stored_is_the_next(at_work: Working) -> None:
    await at_work.store(*(delivery(at) for at in range(1, 6)))
    recorder, journal = recorder_of(at_work)
    journal.goes.clear()
    recording = [asyncio.ensure_future(recorder.record(told(at))) for at in range(1, 6)]
    await asyncio.sleep(0)
    journal.goes.set()
    await asyncio.gather(*recording)

    assert journal.sizes == [1, 4]
    assert set((await at_work.states()).values()) == {"delivered"}


async def test_while_the_store_is_away_nothing_is_given_up(at_work: Working) -> None:
    await at_work.store(delivery(1), delivery(2))
    recorder, journal = recorder_of(at_work)
    journal.failures = [StoreDown("It is away."), StoreDown("It is away.")]
    recording = [asyncio.ensure_future(recorder.record(told(at))) for at in (1, 2)]
    for _ in range(2):
        while not at_work.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
            await asyncio.sleep(0)
        at_work.clock.move(RETRY_S)
    await asyncio.gather(*recording)

    assert await at_work.states() == {"d-0001": "delivered", "d-0002": "delivered"}
    assert len(await at_work.told()) == 2


async def test_a_try_whose_commit_nobody_heard_of_is_there_once(at_work: Working) -> None:
    await at_work.store(delivery(1))
    recorder, journal = recorder_of(at_work)
    journal.unheard = [StoreDown("The connection was lost.")]
    recording = asyncio.ensure_future(recorder.record(told()))
    while not at_work.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
        await asyncio.sleep(0)
    at_work.clock.move(RETRY_S)
    await recording

    assert await at_work.states() == {"d-0001": "delivered"}
    assert await at_work.told() == [("delivery.sent", "d-0001")]
    assert len(await rows(at_work.ground.database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_who_has_the_part_no_more_stores_nothing(at_work: Working) -> None:
    await at_work.store(delivery(1))
    recorder, _ = recorder_of(at_work)

    def lost(_conn: object) -> None:
        raise LeaseLost("Another one has it.")

    with fence(lost), pytest.raises(LeaseLost):
        await recorder.record(told())

    assert await at_work.states() == {"d-0001": "waiting"}
    assert await at_work.told() == []


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (DeliveryState.DELIVERED, "delivery.sent"),
        (DeliveryState.FAILED, "delivery.failed"),
        (DeliveryState.WAITING, "delivery.retrying"),
    ],
)
def test_an_event_tells_of_each_try(state: DeliveryState, kind: str) -> None:
    fine = delivery_event(delivery(state=state, attempts=2, duration_ms=5, status=200), START)
    bad = delivery_event(delivery(state=state, reason="busy", error="It is busy."), START)

    assert (fine.type, fine.project, fine.subject, fine.source) == (
        kind,
        "shop",
        "d-0001",
        "tocsin",
    )
    assert fine.data == {
        "delivery_id": "d-0001",
        "config_id": "c-1",
        "channel": "custom",
        "task_id": "s-1",
        "event_id": "e-1",
        "event_type": "step_completed",
        "attempt": 2,
        "duration_ms": 5,
        "status": 200,
    }
    assert (bad.data["reason"], bad.data["error"]) == ("busy", "It is busy.")


def test_an_event_tells_who_paused_a_destination() -> None:
    made = destination_event(
        "destination.paused", DESTINATION, "slack", "hooks.slack.com", "mei", None, START
    )

    assert (made.type, made.subject, made.project) == ("destination.paused", DESTINATION, "")
    assert made.data == {
        "channel": "slack",
        "label": "hooks.slack.com",
        "by": "mei",
        "reason": None,
    }


def test_a_result_may_tell_of_nothing() -> None:
    assert Told(Result(delivery()._replace(state=DeliveryState.FOLDED))).events == ()
