"""Deliveries made once more, and destinations paused and resumed: rows, told with who did it."""

from typing import Any

import pytest

from tests.appending import rows
from tests.notify.deliveries import after, callback, delivery
from tests.notify.working import Working
from tocsin.errors import Reason, Rejected
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.delivery import Delivery, DeliveryKind, DeliveryState
from tocsin.notify.again import Again
from tocsin.store import callbacks, deliveries, destinations
from tocsin.store.destinations import Destination
from tocsin.testing.clock import START

URL = {"url": "https://hooks.example.com/a"}
FAILED: dict[str, Any] = {
    "state": DeliveryState.FAILED,
    "attempts": 5,
    "tries": 5,
    "ended_at": START,
    "reason": "busy",
}
DELIVERED: dict[str, Any] = {"state": DeliveryState.DELIVERED, "attempts": 1, "ended_at": START}


class Desk:
    """What is asked again, and how often the shards were woken."""

    def __init__(self, at_work: Working) -> None:
        self.at_work = at_work
        self.woken = 0
        self.again = Again(at_work.tools, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    async def with_id(self, delivery_id: str) -> Delivery:
        async with self.at_work.ground.database.read() as conn:
            found = await deliveries.with_id(conn, delivery_id)
        assert found is not None
        return found

    async def refused(self, delivery_id: str) -> tuple[int, Reason]:
        with pytest.raises(Rejected) as told:
            await self.again.retry(delivery_id, "mei")
        return told.value.status, told.value.reason


@pytest.fixture
async def desk(at_work: Working) -> Desk:
    await at_work.add(callback(("custom", URL)))
    return Desk(at_work)


async def test_a_failed_delivery_is_begun_anew_with_its_history(desk: Desk) -> None:
    await desk.at_work.store(delivery(1, **FAILED))
    desk.at_work.clock.move(60)

    await desk.again.retry("d-0001", "mei")

    found = await desk.with_id("d-0001")
    assert (found.state, found.tries, found.attempts) == (DeliveryState.WAITING, 0, 5)
    assert found.next_at == desk.at_work.clock.now()
    assert await desk.at_work.told() == [("delivery.retried", "mei")]
    assert desk.woken == 1


async def test_of_one_that_arrived_another_is_made_as_receivers_pass_repeats_over(
    desk: Desk,
) -> None:
    await desk.at_work.store(delivery(1, **DELIVERED, status=200, response="ok"))

    await desk.again.retry("d-0001", "mei")

    first, new = sorted((await desk.at_work.states()).items(), key=lambda one: one[1])
    assert (first[1], new[1]) == ("delivered", "waiting")
    made = await desk.with_id(new[0])
    assert made._replace(id="d-0001") == delivery(1)._replace(next_at=made.next_at)


async def test_of_a_digest_all_that_it_stood_for_goes_out_by_itself(desk: Desk) -> None:
    digest = delivery(9, kind=DeliveryKind.DIGEST, **FAILED)
    parts = [delivery(at, **FAILED, digest_id=digest.id) for at in (1, 2)]
    await desk.at_work.store(digest, *parts)

    await desk.again.retry(digest.id, "mei")

    states = await desk.at_work.states()
    assert states == {"d-0001": "waiting", "d-0002": "waiting", "d-0009": "failed"}
    assert (await desk.with_id("d-0001")).digest_id is None


@pytest.mark.parametrize(
    ("changed", "status", "reason"),
    [
        (None, 404, Reason.NOT_FOUND),
        ({"state": DeliveryState.WAITING}, 409, Reason.CONFLICT),
        ({"state": DeliveryState.FOLDED}, 409, Reason.CONFLICT),
        ({**FAILED, "kind": DeliveryKind.TEST}, 409, Reason.CONFLICT),
        ({**FAILED, "config_id": "gone"}, 409, Reason.CONFLICT),
        ({**FAILED, "channel_id": "gone"}, 409, Reason.CONFLICT),
    ],
)
async def test_what_cannot_be_begun_anew_is_refused(
    changed: dict[str, Any] | None, status: int, reason: Reason, desk: Desk
) -> None:
    if changed is not None:
        await desk.at_work.store(delivery(1, **changed))

    assert await desk.refused("d-0001") == (status, reason)
    assert desk.woken == 0


async def test_one_that_waits_for_its_next_try_is_tried_now(desk: Desk) -> None:
    await desk.at_work.store(delivery(1, attempts=2, tries=2, next_at=after(600)))
    desk.at_work.clock.move(60)

    assert await desk.again.retry("d-0001", "mei") == "d-0001"

    waiting = await desk.with_id("d-0001")
    assert (waiting.next_at, waiting.attempts, waiting.tries) == (after(60), 2, 0)
    assert desk.woken == 1


@pytest.mark.parametrize("how", [{"is_paused": True}, {"held_until": after(60)}])
async def test_nothing_is_hastened_to_a_destination_that_is_left_alone(
    desk: Desk, how: dict[str, Any]
) -> None:
    await desk.at_work.store(delivery(1, attempts=2, tries=2, next_at=after(600)))
    left_alone = Destination(
        id=delivery(1).destination, channel_type="custom", label="", changed_at=START, **how
    )
    await desk.at_work.ground.database.write(lambda conn: destinations.save(conn, left_alone))

    assert await desk.refused("d-0001") == (409, Reason.CONFLICT)
    assert (await desk.with_id("d-0001")).next_at == after(600)


async def test_all_that_fits_and_has_ended_is_replayed(desk: Desk) -> None:
    await desk.at_work.store(
        delivery(1, **FAILED),
        delivery(2, **FAILED, config_id="gone"),
        delivery(3, **FAILED, event_type="deployment_completed"),
        delivery(4),
        delivery(5, **DELIVERED),
        delivery(6, **FAILED, kind=DeliveryKind.TEST),
        delivery(7, **FAILED, kind=DeliveryKind.DIGEST),
    )
    wish = ReplayWish(event_types=("step_*",))

    assert await desk.again.replay(wish, "mei") == 2

    states = await desk.at_work.states()
    assert [states[one] for one in ("d-0001", "d-0002", "d-0003")] == [
        "waiting",
        "failed",
        "failed",
    ]
    assert sorted(states.values()).count("waiting") == 3
    assert await desk.at_work.told() == [("delivery.retried", "mei")]


async def test_where_nothing_fits_nothing_is_told(desk: Desk) -> None:
    assert await desk.again.replay(ReplayWish(event_id="none"), "mei") == 0
    assert await desk.at_work.told() == []
    assert desk.woken == 0


async def test_a_destination_is_paused_and_resumed_once_each(desk: Desk) -> None:
    known = Destination(id="a", channel_type="custom", label="h", changed_at=START, failures=3)
    await desk.at_work.ground.database.write(lambda conn: destinations.save(conn, known))

    await desk.again.pause("a", "mei")
    await desk.again.pause("a", "kai")
    paused = await rows(desk.at_work.ground.database, "SELECT * FROM destinations")
    await desk.again.resume("a", "kai")
    await desk.again.resume("a", "mei")

    assert (paused[0]["is_paused"], paused[0]["paused_by"]) == (1, "mei")
    found = await rows(desk.at_work.ground.database, "SELECT * FROM destinations")
    assert (found[0]["is_paused"], found[0]["failures"]) == (0, 0)
    assert [kind for kind, _ in await desk.at_work.told()] == [
        "destination.paused",
        "destination.resumed",
    ]
    assert desk.woken == 2


async def test_one_that_only_fails_can_be_had_tried_at_once(desk: Desk) -> None:
    known = Destination(id="a", channel_type="custom", label="h", changed_at=START, failures=3)
    await desk.at_work.ground.database.write(lambda conn: destinations.save(conn, known))

    await desk.again.resume("a", "mei")

    assert await desk.at_work.told() == [("destination.resumed", "a")]
    assert desk.woken == 1


async def test_a_destination_that_nobody_knows_is_not_found(desk: Desk) -> None:
    for ask in (desk.again.pause, desk.again.resume):
        with pytest.raises(Rejected) as told:
            await ask("nobody", "mei")
        assert told.value.status == 404


async def test_what_was_deleted_since_cannot_be_retried(desk: Desk) -> None:
    await desk.at_work.store(delivery(1, **FAILED))
    await desk.at_work.ground.database.write(lambda conn: callbacks.remove(conn, "c-1"))
    await desk.at_work.tools.known.look()

    assert await desk.refused("d-0001") == (409, Reason.CONFLICT)
