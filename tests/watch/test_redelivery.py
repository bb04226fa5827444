"""Failed deliveries are asked for again: those that are not stored, each once in a while."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.ingest.receiving import Receiving, receiving_in
from tocsin.edge.outbound import Outbound
from tocsin.ingest.source import find_sources
from tocsin.ingest.sources.github import key_of
from tocsin.model.times import rfc3339
from tocsin.testing.outside import Outside, Reply, outside
from tocsin.watch.github_hooks import GithubHooks
from tocsin.watch.redelivery import Redelivery, RedeliveryFigures, SweepPlan

HOOKS = "/repos/o/shop/hooks"
LIST = f"{HOOKS}/7/deliveries"
EVERY_S = 300.0


@dataclass(frozen=True)
class Sweeping:
    """The stage beside receivers, and GitHub."""

    stage: Redelivery
    receiving: Receiving
    world: Outside
    registry: CollectorRegistry

    def attempt(self, number: int, guid: str, status: int = 502) -> dict[str, Any]:
        """One made a minute ago."""
        at = rfc3339(self.receiving.clock.now() - timedelta(minutes=1))
        return {"id": number, "guid": guid, "delivered_at": at, "status_code": status}

    def lists(self, *attempts: dict[str, Any]) -> None:
        self.world.answer(LIST, Reply.of(list(attempts)))

    def takes(self, *numbers: int, reply: Reply | None = None) -> None:
        """GitHub repeats these when it is asked to."""
        for number in numbers:
            path = f"{LIST}/{number}/attempts"
            self.world.answer(path, reply or Reply.of({}, 202), method="POST")

    def asked(self) -> list[int]:
        """Which it was asked to repeat so far."""
        return [int(one.path.split("/")[-2]) for one in self.world.asked if one.method == "POST"]

    async def comes(self, guid: str, path: str = "/hooks/github") -> int:
        headers = {"x-github-event": "ping", "x-github-delivery": guid}
        return (await self.receiving.post(path, b"{}", headers)).status

    def counted(self, outcome: str) -> float:
        labels = {"outcome": outcome}
        return self.registry.get_sample_value("tocsin_redeliveries_total", labels) or 0.0


@pytest.fixture
async def sweeping(tmp_path: Path) -> AsyncIterator[Sweeping]:
    http = Outbound((ip_network("127.0.0.0/8"),))
    named = {"github": {"team-a": find_sources()["github"].Options()}}
    async with receiving_in(tmp_path, named=named) as receiving, outside() as world:
        token, registry = SecretStr("ghp_1"), CollectorRegistry()
        plan = SweepPlan(
            api_url=world.url,
            api_networks=(),
            api_token=token,
            every_s=EVERY_S,
            owners=("o/shop",),
            hooks=(),
            host="",
        )
        api = GithubHooks(http, receiving.clock, world.url, token)
        figures = RedeliveryFigures(registry)
        stage = Redelivery(receiving.ground.database, api, plan, key_of, receiving.clock, figures)
        points_here = {"id": 7, "config": {"url": "https://ci.example.org/hooks/github"}}
        world.answer(HOOKS, Reply.of([points_here]))
        yield Sweeping(stage, receiving, world, registry)
    await http.close()


async def test_what_failed_and_is_not_stored_is_asked_for(sweeping: Sweeping) -> None:
    sweeping.lists(
        sweeping.attempt(4, "taken", 200),
        sweeping.attempt(3, "taken"),
        sweeping.attempt(2, "late", 504),
        sweeping.attempt(1, "lost"),
    )
    sweeping.takes(1, 2, 3, 4)
    # Stored, although GitHub did not wait for the answer.
    await sweeping.comes("late")

    assert await sweeping.stage.look() == EVERY_S
    assert sweeping.asked() == [1]
    assert sweeping.counted("asked") == 1


async def test_a_repeat_that_comes_is_stored_once_and_ends_it(sweeping: Sweeping) -> None:
    sweeping.lists(sweeping.attempt(1, "lost"))
    sweeping.takes(1)
    await sweeping.stage.look()
    statuses = [await sweeping.comes("lost") for _ in range(2)]
    sweeping.receiving.clock.move(EVERY_S)
    await sweeping.stage.look()

    assert statuses == [200, 200]
    assert len(await sweeping.receiving.stored()) == 1
    assert sweeping.asked() == [1]


async def test_a_repeat_that_fails_again_is_asked_for_after_a_pause(sweeping: Sweeping) -> None:
    sweeping.lists(sweeping.attempt(1, "lost"))
    sweeping.takes(1, 2)
    await sweeping.stage.look()
    sweeping.receiving.clock.move(60)
    sweeping.lists(sweeping.attempt(2, "lost"), sweeping.attempt(1, "lost"))
    await sweeping.stage.look()
    soon = sweeping.asked()
    sweeping.receiving.clock.move(EVERY_S)
    await sweeping.stage.look()

    assert soon == [1]
    assert sweeping.asked() == [1, 2]


async def test_what_came_at_another_set_up_does_not_count(sweeping: Sweeping) -> None:
    sweeping.lists(sweeping.attempt(1, "lost"))
    sweeping.takes(1)
    await sweeping.comes("lost", "/hooks/github/team-a")
    await sweeping.stage.look()
    points_there = {"id": 7, "config": {"url": "https://x.org/hooks/github/team-a"}}
    sweeping.world.answer(HOOKS, Reply.of([points_there]))
    sweeping.receiving.clock.move(EVERY_S)
    await sweeping.stage.look()

    assert sweeping.asked() == [1]


async def test_one_that_cannot_be_repeated_does_not_hold_up_the_others(
    sweeping: Sweeping,
) -> None:
    sweeping.lists(sweeping.attempt(2, "b"), sweeping.attempt(1, "a"))
    sweeping.takes(1, reply=Reply.of({}, 422))
    sweeping.takes(2)

    await sweeping.stage.look()

    assert sweeping.asked() == [1, 2]
    assert (sweeping.counted("bad_answer"), sweeping.counted("asked")) == (1, 1)


async def test_at_githubs_limit_it_waits_and_goes_on_where_it_was(sweeping: Sweeping) -> None:
    sweeping.lists(sweeping.attempt(2, "b"), sweeping.attempt(1, "a"))
    sweeping.takes(1)
    sweeping.takes(2, reply=Reply(status=429, headers={"retry-after": "900"}))
    with capture_logs() as logs:
        pause_s = await sweeping.stage.look()
    sweeping.takes(2)
    sweeping.receiving.clock.move(60)
    await sweeping.stage.look()

    assert pause_s == 900
    assert logs[-1]["event"] == "redelivery_failed"
    assert sweeping.asked() == [1, 2, 2]


@pytest.mark.parametrize("status", [401, 500])
async def test_a_list_that_cannot_be_read_is_no_reason_to_skip_anything(
    status: int, sweeping: Sweeping
) -> None:
    sweeping.world.answer(LIST, Reply(status=status))
    assert await sweeping.stage.look() == EVERY_S
    sweeping.lists(sweeping.attempt(1, "lost"))
    sweeping.takes(1)

    await sweeping.stage.look()

    assert sweeping.asked() == [1]


async def test_it_looks_at_the_start_and_then_in_its_time(sweeping: Sweeping) -> None:
    sweeping.lists()
    step = asyncio.create_task(sweeping.stage.step())
    while not sweeping.receiving.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
        await asyncio.sleep(0.001)
    looks = len(sweeping.world.calls_of(LIST))
    sweeping.receiving.clock.move(EVERY_S)
    await step

    assert looks == 1
