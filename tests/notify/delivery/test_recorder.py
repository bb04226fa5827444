"""What came of tries is stored many at once, with its events, however long the store is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

import pytest

from tests.appending import rows
from tests.bus.waiting import until
from tests.notify.deliveries import DESTINATION, attempt, delivery
from tests.notify.working import Working
from tocsin.errors import LeaseLost, Reason, Rejected, StoreDown
from tocsin.model.delivery import DeliveryState
from tocsin.model.event import NewEvent, Receipt
from tocsin.notify.delivery.recorder import (
    MAX_AT_ONCE,
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
        # What is raised, one after the other; None: it goes.
        self.failures: list[Exception | None] = []
        # Raised although it was committed.
        self.unheard: list[Exception] = []
        self.goes = asyncio.Event()
        self.goes.set()

    async def append(
        self, events: Sequence[NewEvent], *, also: Callable[..., None]
    ) -> list[Receipt]:
        self.sizes.append(len(events))
        await self.goes.wait()
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        receipts = await self._journal.append(events, also=also)
        if self.unheard:
            raise self.unheard.pop(0)
        return receipts


class Recording:
    """A recorder that stores on; `stored` are the ids of what it says is stored.

    `worked_out` are those of which it has asked what there is to tell.
    """

    def __init__(self, at_work: Working) -> None:
        tools = at_work.tools
        self.journal = Journal(at_work)
        self.stored: list[str] = []
        self.worked_out: list[str] = []
        self._recorder = Recorder(
            tools.database,
            self.journal,  # type: ignore[arg-type] # a part
            tools.rows,
            at_work.clock,
        )

    def record(self, *some: Told) -> None:
        for one in some:
            self._recorder.record(partial(self._tell, one))

    def _tell(self, one: Told) -> Told:
        self.worked_out.append(one.result.delivery.id)
        return one

    async def store_on(self) -> None:
        await self._recorder.store_on(lambda one: self.stored.append(one.result.delivery.id))

    async def end(self) -> None:
        """Return once all is stored."""
        self._recorder.end()
        await self.storing

    def begin(self) -> None:
        self.storing = asyncio.ensure_future(self.store_on())


def told(number: int = 1, **changed: Any) -> Told:
    values = {"state": DeliveryState.DELIVERED, "attempts": 1, "tries": 1, "duration_ms": 5}
    done = delivery(number, **{**values, **changed})
    result = Result(done, attempt(done.attempts, delivery_id=done.id))
    return Told(result, (delivery_event(done, START),))


@pytest.fixture
async def recording(at_work: Working) -> AsyncIterator[Recording]:
    one = Recording(at_work)
    one.begin()
    yield one
    one.storing.cancel()


async def test_a_result_is_stored_with_its_event(at_work: Working, recording: Recording) -> None:
    await at_work.store(delivery(1))
    recording.record(told())
    await recording.end()

    assert recording.stored == ["d-0001"]
    assert await at_work.states() == {"d-0001": "delivered"}
    assert await at_work.told() == [("delivery.sent", "d-0001")]
    assert len(await rows(at_work.ground.database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_what_comes_while_one_batch_is_stored_is_the_next(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(*(delivery(at) for at in range(1, 6)))
    recording.journal.goes.clear()
    recording.record(told(1))
    await until(lambda: recording.journal.sizes == [1])
    recording.record(*(told(at) for at in range(2, 6)))
    assert recording.stored == []
    recording.journal.goes.set()
    await recording.end()

    assert recording.journal.sizes == [1, 4]
    assert len(recording.stored) == 5
    assert set((await at_work.states()).values()) == {"delivered"}


async def test_what_there_is_to_tell_is_worked_out_together(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(*(delivery(at) for at in range(1, MAX_AT_ONCE + 3)))
    recording.journal.goes.clear()
    recording.record(told(1))
    await until(lambda: recording.journal.sizes == [1])
    recording.record(*(told(at) for at in range(2, MAX_AT_ONCE + 1)))
    assert recording.worked_out == ["d-0001"]
    # So many need not wait for the store, whose next batch is far away maybe.
    recording.record(told(MAX_AT_ONCE + 1))
    assert len(recording.worked_out) == MAX_AT_ONCE + 1
    recording.record(told(MAX_AT_ONCE + 2))
    recording.journal.goes.set()
    await recording.end()

    assert recording.journal.sizes == [1, MAX_AT_ONCE + 1]
    assert len(recording.stored) == MAX_AT_ONCE + 2


async def test_while_the_store_is_away_what_there_is_to_tell_is_worked_out(
    at_work: Working, recording: Recording
) -> None:
    """Counted and logged it is all the same, and a whole answer need not be kept."""
    await at_work.store(delivery(1), delivery(2))
    recording.journal.failures = [StoreDown("It is away.")]
    recording.record(told(1))
    await until(lambda: bool(at_work.clock.sleepers))
    recording.record(told(2))
    assert recording.worked_out == ["d-0001"]
    recording.journal.goes.clear()
    at_work.clock.move(RETRY_S)
    await until(lambda: recording.journal.sizes == [1, 1])
    assert recording.worked_out == ["d-0001", "d-0002"]
    recording.journal.goes.set()
    await recording.end()

    assert recording.stored == ["d-0001", "d-0002"]


async def test_what_is_recorded_last_is_stored_before_the_end(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(delivery(1), delivery(2))
    recording.journal.goes.clear()
    recording.record(told(1))
    await until(lambda: recording.journal.sizes == [1])
    recording.record(told(2))
    ending = asyncio.ensure_future(recording.end())
    await asyncio.sleep(0)
    recording.journal.goes.set()
    await ending

    assert await at_work.states() == {"d-0001": "delivered", "d-0002": "delivered"}


async def test_a_result_that_cannot_be_stored_ends_its_delivery_and_no_others(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(*(delivery(at) for at in (1, 2, 3)))
    refused = Rejected(422, Reason.BAD_FIELD, "A value in it cannot be stored.")
    # All together, the first by itself, and the second, which is then stored bare.
    recording.journal.failures = [refused, None, refused]
    recording.record(told(1), told(2), told(3))
    await recording.end()

    assert await at_work.states() == {
        "d-0001": "delivered",
        "d-0002": "failed",
        "d-0003": "delivered",
    }
    (row,) = await rows(
        at_work.ground.database, "SELECT reason FROM deliveries WHERE id = 'd-0002'"
    )
    assert row["reason"] == "broken"
    assert recording.stored == ["d-0001", "d-0002", "d-0003"]


async def test_an_end_without_a_try_whose_commit_was_not_heard_of_is_told_once(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(delivery(1))
    ended = delivery(1, state=DeliveryState.FAILED, reason="expired", ended_at=START)
    recording.journal.unheard = [StoreDown("The connection was lost.")]
    recording.record(Told(Result(ended), (delivery_event(ended, START),)))
    await until(lambda: bool(at_work.clock.sleepers))
    at_work.clock.move(RETRY_S)
    await recording.end()

    assert await at_work.told() == [("delivery.failed", "d-0001")]


async def test_with_nothing_to_store_it_ends_at_once(recording: Recording) -> None:
    async with asyncio.timeout(8):
        await recording.end()

    assert recording.journal.sizes == []


async def test_while_the_store_is_away_nothing_is_given_up(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(delivery(1), delivery(2))
    recording.journal.failures = [StoreDown("It is away."), StoreDown("It is away.")]
    recording.record(told(1), told(2))
    for _ in range(2):
        await until(lambda: bool(at_work.clock.sleepers))
        at_work.clock.move(RETRY_S)
    await recording.end()

    assert await at_work.states() == {"d-0001": "delivered", "d-0002": "delivered"}
    assert len(await at_work.told()) == 2


async def test_a_try_whose_commit_nobody_heard_of_is_there_once(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(delivery(1))
    recording.journal.unheard = [StoreDown("The connection was lost.")]
    recording.record(told())
    await until(lambda: bool(at_work.clock.sleepers))
    at_work.clock.move(RETRY_S)
    await recording.end()

    assert recording.stored == ["d-0001"]
    assert await at_work.states() == {"d-0001": "delivered"}
    assert await at_work.told() == [("delivery.sent", "d-0001")]
    assert len(await rows(at_work.ground.database, "SELECT 1 FROM delivery_attempts")) == 1


async def test_of_two_tries_at_once_both_are_kept_and_the_last_counts(
    at_work: Working, recording: Recording
) -> None:
    await at_work.store(delivery(1))
    recording.record(told(state=DeliveryState.WAITING), told(attempts=2, tries=2))
    await recording.end()

    assert recording.journal.sizes == [2]
    assert recording.stored == ["d-0001", "d-0001"]
    assert await at_work.states() == {"d-0001": "delivered"}
    numbers = await rows(at_work.ground.database, "SELECT number FROM delivery_attempts")
    assert [one["number"] for one in numbers] == [1, 2]


async def test_who_has_the_part_no_more_stores_nothing(at_work: Working) -> None:
    await at_work.store(delivery(1))
    recording = Recording(at_work)
    recording.record(told())

    def lost(_conn: object) -> None:
        raise LeaseLost("Another one has it.")

    with fence(lost), pytest.raises(LeaseLost):
        await recording.store_on()

    assert recording.stored == []
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
