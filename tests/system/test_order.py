"""The order in which messages come is not given: every order ends in the same state."""

import asyncio
import itertools
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from tests.system.reading import RECEIVER, Json, Reader, reading, receipt_of, sample
from tests.system.server import Server
from tests.system.wire import Connection, connected

CONNECTIONS = 8


def message(name: str, second: int, **changes: Any) -> Json:
    return sample(
        name, timestamp=f"2024-01-01T12:{second // 60:02}:{second % 60:02}.000Z", **changes
    )


# Each is one deployment in the order in which it happened.
PLAIN = (
    message("step_started", 0),
    message("log_entry", 3),
    message("step_completed", 12),
    message("metrics_update", 58),
    message("deployment_completed", 60),
)
WITH_A_LATE_LOG = (
    message("step_started", 0),
    message("step_completed", 12, step_status="failure"),
    message("deployment_completed", 60, status="failure"),
    message("log_entry", 90),
    message("type_of_a_newer_sender", 30),
)
RETRIED = (
    message("step_started", 0),
    message("step_completed", 12, step_status="failed"),
    message("step_started", 15, type="step_updated", step_status="retrying"),
    message("step_completed", 25, step_status="success"),
    message("deployment_completed", 60),
)
TWO_STEPS = (
    message("step_started", 0),
    message("step_completed", 12),
    message("step_started_by_workflow", 13),
    message("step_completed", 40, step_name="构建应用"),
    message("deployment_completed", 60),
)
# The senders' shell writes whole seconds, so that quick steps begin and end in the same one.
IN_ONE_SECOND = (
    message("step_started", 0),
    message("log_entry", 0),
    message("step_completed", 0),
    message("step_completed", 0, step_name="构建应用", step_status="skipped"),
    message("deployment_completed", 0),
)
TWO_RUNS = (
    message("step_started", 0),
    message("deployment_completed", 60, status="failure", started_at=None, completed_at=None),
    message("step_started", 120),
    message("step_completed", 130),
    message("deployment_completed", 140, status="success", started_at=None, completed_at=None),
)
STORIES = {
    "plain": PLAIN,
    "with_a_late_log": WITH_A_LATE_LOG,
    "retried": RETRIED,
    "two_steps": TWO_STEPS,
    "in_one_second": IN_ONE_SECOND,
    "two_runs": TWO_RUNS,
}


@pytest.mark.parametrize("story", STORIES)
async def test_every_order_ends_in_the_same_state(story: str, server: Server) -> None:
    orders = list(itertools.permutations(range(len(STORIES[story]))))
    ids = [f"o-{story}-{''.join(map(str, order))}" for order in orders]

    await asyncio.gather(
        *(
            send_all(
                server.port, STORIES[story], list(zip(ids, orders, strict=True))[part::CONNECTIONS]
            )
            for part in range(CONNECTIONS)
        )
    )

    await assert_same_state(server.port, ids)


@pytest.mark.parametrize("story", STORIES)
async def test_two_senders_at_once_end_in_the_same_state(
    story: str, server: Server, is_soak: bool, chance: random.Random
) -> None:
    ids = [f"o-{story}"]
    async with connected(server.port) as one, connected(server.port) as other:
        await send(one, STORIES[story], ids[0])
        for number in range(400 if is_soak else 40):
            ids.append(f"o-{story}-two-{number}")
            shuffled = chance.sample(STORIES[story], len(STORIES[story]))
            cut = chance.randrange(len(shuffled) + 1)
            await asyncio.gather(
                send(one, shuffled[:cut], ids[-1]), send(other, shuffled[cut:], ids[-1])
            )

    await assert_same_state(server.port, ids)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_steps_are_listed_as_they_began(
    order: tuple[int, ...], sender: Connection, reader: Reader
) -> None:
    deployment_id = f"o-listed-{''.join(map(str, order))}"
    started = [
        message("step_started", 10 * number, step_name=f"{9 - number}") for number in range(3)
    ]
    await send(sender, [started[number] for number in order], deployment_id)

    assert [step["name"] for step in await reader.steps(deployment_id)] == ["9", "8", "7"]


@pytest.fixture
def chance() -> random.Random:
    """Random orders that pytest-randomly's seed gives again."""
    return random.Random(random.getrandbits(64))  # noqa: S311 - no secret


async def send_all(
    port: int, story: Sequence[Json], deployments: Sequence[tuple[str, Sequence[int]]]
) -> None:
    async with connected(port) as sender:
        for deployment_id, order in deployments:
            await send(sender, [story[number] for number in order], deployment_id)


async def send(sender: Connection, messages: Sequence[Json], deployment_id: str) -> None:
    for one in messages:
        body = one | {"deployment_id": deployment_id}
        receipt_of(await sender.post(RECEIVER, body))


async def assert_same_state(port: int, ids: Sequence[str]) -> None:
    """The first is the measure; all that differ are told, not only the first of them."""
    async with reading(port) as reader:
        states = {one: dumped(await reader.state(one)) for one in ids}
    measure = states[ids[0]]
    differing = [one for one in ids if states[one] != measure]

    assert not differing, (
        f"{len(differing)} of {len(ids)} differ: {differing[:20]}\n"
        f"{ids[0]}:\n{measure}\n{differing[0]}:\n{states[differing[0]]}"
    )


def dumped(state: Json) -> str:
    return json.dumps(state, ensure_ascii=False, sort_keys=True, indent=1)
