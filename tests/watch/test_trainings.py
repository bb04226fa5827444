"""Asking FAL after silent trainings: in time, once, and to no harm when FAL is away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from tests.appending import Ground, ground_in, rows, settings_with
from tests.trainings import ended, registered, said
from tocsin.edge.outbound import Outbound
from tocsin.model.training import Training
from tocsin.store import trainings
from tocsin.testing.clock import HandClock
from tocsin.testing.outside import Outside, Reply, outside
from tocsin.watch.trainings import SilentTrainings

PLACE = "/fal-ai/trainer/requests/r-1"


@dataclass(frozen=True)
class Options:
    api_url: str
    api_key: SecretStr = field(default_factory=lambda: SecretStr("the key"))
    portrait_endpoint: str = "fal-ai/trainer"
    style_endpoint: str = ""


@dataclass(frozen=True)
class Asking:
    """The stage, and what stands around it."""

    stage: SilentTrainings
    ground: Ground
    world: Outside
    clock: HandClock
    registry: CollectorRegistry

    async def after(self, seconds: float) -> None:
        """Let time pass and have it ask."""
        self.clock.move(seconds)
        while await self.stage.ask_after_some():
            pass

    async def training(self, training_id: str = "r-1") -> Training:
        async with self.ground.database.read() as conn:
            found = await trainings.with_id(conn, training_id)
        assert found is not None
        return found.training

    async def types(self) -> list[str]:
        return [
            row["type"]
            for row in await rows(self.ground.database, "SELECT type FROM events ORDER BY seq")
        ]

    def counted(self, outcome: str) -> float:
        labels = {"outcome": outcome}
        return self.registry.get_sample_value("tocsin_training_asks_total", labels) or 0.0


def stage(
    ground: Ground,
    http: Outbound,
    clock: HandClock,
    options: Options,
    registry: CollectorRegistry | None = None,
) -> SilentTrainings:
    """The stage of one instance."""
    watch, figures = settings_with().watch, registry or CollectorRegistry()
    return SilentTrainings(ground.database, ground.journal, clock, http, watch, options, figures)


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    made = Outbound((ip_network("127.0.0.0/8"),))
    yield made
    await made.close()


@pytest.fixture
async def asking(tmp_path: Path, http: Outbound) -> AsyncIterator[Asking]:
    async with ground_in(tmp_path) as ground, outside() as world:
        clock, registry = HandClock(), CollectorRegistry()
        made = stage(ground, http, clock, Options(world.url), registry)
        yield Asking(made, ground, world, clock, registry)


def progress(percent: int) -> Reply:
    return Reply.of({"status": "IN_PROGRESS", "logs": [{"message": f"{percent}%"}]}, 202)


async def test_it_is_asked_after_with_the_key_once_it_was_silent(asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", progress(45))
    await asking.ground.append(registered())

    await asking.after(89)
    too_early = len(asking.world.asked)
    await asking.after(1)

    assert too_early == 0
    (asked,) = asking.world.asked
    assert asked.headers["authorization"] == "Key the key"
    assert asked.query["logs"] == "1"
    assert (await asking.training()).progress == 45
    assert await asking.types() == ["training.registered", "training.progressed"]


async def test_it_is_asked_after_each_minute_and_news_alone_are_kept(asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", progress(45), progress(45), progress(50))
    await asking.ground.append(registered())

    for seconds in (90, 59, 1, 60):
        await asking.after(seconds)

    assert len(asking.world.asked) == 3
    assert await asking.types() == ["training.registered", *["training.progressed"] * 2]
    assert asking.counted("no_news") == 1


async def test_its_end_is_found_with_what_it_brought(asking: Asking) -> None:
    lora = {"diffusers_lora_file": {"url": "https://v3.fal.media/l", "file_name": "l"}}
    asking.world.answer(f"{PLACE}/status", Reply.of({"status": "COMPLETED"}))
    asking.world.answer(PLACE, Reply.of(lora))
    await asking.ground.append(registered(training_type="portrait"))

    await asking.after(90)
    await asking.after(60)

    training = await asking.training()
    assert (training.status, training.result) == ("completed", lora)
    assert [file.url for file in training.files] == ["https://v3.fal.media/l"]
    assert len(asking.world.asked) == 2


async def test_a_refused_result_is_a_failure_and_a_failing_server_none(asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", Reply.of({"status": "COMPLETED"}))
    asking.world.answer(PLACE, Reply(status=500), Reply.of({"detail": "bad images"}, 422))
    await asking.ground.append(registered())

    await asking.after(90)
    between = (await asking.training()).status
    await asking.after(60)

    training = await asking.training()
    assert between == "training"
    assert (training.status, training.error) == ("error", "bad images")


@pytest.mark.parametrize(
    "answer",
    [
        Reply(status=404),
        Reply(status=401),
        Reply(status=503),
        Reply(body=b"<html>"),
        Reply(body=b'{"status": "IN_QUEUE", "a": ' + b"[" * 500 + b"]" * 500 + b"}"),
        Reply.of([]),
        Reply(status=302, headers={"Location": "/elsewhere"}),
    ],
    ids=lambda one: f"{one.status} {one.body[:30]!r}",
)
async def test_an_answer_that_tells_nothing_changes_nothing(answer: Reply, asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", answer, progress(10))
    await asking.ground.append(registered())

    await asking.after(90)
    kept = await asking.types()
    await asking.after(60)

    assert kept == ["training.registered"]
    assert (await asking.training()).progress == 10


async def test_what_no_database_can_keep_is_replaced(asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", Reply.of({"status": "a\x00b", "more": ["\x00"]}))
    await asking.ground.append(registered())

    await asking.after(90)

    assert (await asking.training()).word[1] == "a\ufffdb"


async def test_when_fal_is_away_the_others_and_the_next_time_have_their_turn(
    asking: Asking, http: Outbound
) -> None:
    away = stage(asking.ground, http, asking.clock, Options("http://127.0.0.1:1"))
    asking.world.answer(f"{PLACE}/status", progress(10))
    await asking.ground.append(registered(), registered("r-2"))

    asking.clock.move(90)
    await away.ask_after_some()
    asking.clock.move(60)
    await asking.stage.ask_after_some()

    assert (await asking.training()).progress == 10


async def test_an_answer_that_is_long_in_coming_holds_up_no_other(asking: Asking) -> None:
    enough = asyncio.Event()
    slow = Reply(status=500, after=enough)
    asking.world.answer(f"{PLACE}/status", slow)
    asking.world.answer("/fal-ai/trainer/requests/r-2/status", progress(10))
    await asking.ground.append(registered(), registered("r-2"))
    asking.clock.move(90)

    asks = asyncio.create_task(asking.stage.ask_after_some())
    async with asyncio.timeout(5):
        while "training.progressed" not in await asking.types():
            pass
    is_waiting = not asks.done()
    enough.set()
    await asks

    assert is_waiting


async def test_an_hour_of_silence_is_the_end_of_asking(asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", Reply(status=404))
    await asking.ground.append(registered())

    for _ in range(70):
        await asking.after(60)

    assert len(asking.world.asked) == 59


async def test_a_start_asks_after_those_of_a_day(asking: Asking, http: Outbound) -> None:
    asking.world.answer(f"{PLACE}/status", progress(10))
    asking.world.answer("/fal-ai/trainer/requests/old/status", progress(10))
    await asking.ground.append(registered("old"), registered("r-1", 3600 * 2))
    asking.clock.move(3600 * 25)

    await stage(asking.ground, http, asking.clock, Options(asking.world.url)).ask_after_some()

    assert [one.path for one in asking.world.asked] == [f"{PLACE}/status"]


async def test_one_that_was_only_seen_is_asked_after_as_its_type(asking: Asking) -> None:
    asking.world.answer(f"{PLACE}/status", progress(10))
    facts = {"request_id": "r-1", "training_type": "portrait"}
    await asking.ground.append(
        said(facts=facts), said("r-2"), said("f", facts={"finetune_id": "f"})
    )

    await asking.after(90)

    assert [one.path for one in asking.world.asked] == [f"{PLACE}/status"]
    assert asking.counted("unknown_endpoint") == 2


async def test_one_that_has_ended_is_not_asked_after(asking: Asking) -> None:
    await asking.ground.append(registered(), ended())

    await asking.after(600)

    assert asking.world.asked == []


async def test_news_that_two_instances_bring_at_once_are_kept_once(
    asking: Asking, http: Outbound
) -> None:
    asking.world.answer(f"{PLACE}/status", progress(10))
    await asking.ground.append(registered())
    asking.clock.move(90)
    async with asking.ground.database.read() as conn:
        one = await trainings.with_id(conn, "r-1")
    assert one is not None

    other = stage(asking.ground, http, asking.clock, Options(asking.world.url))
    for instance in (asking.stage, other):
        news = await instance._ask(one)
        assert news is not None
        await asking.ground.append(news)

    assert await asking.types() == ["training.registered", "training.progressed"]


async def test_without_a_key_nobody_is_asked(asking: Asking, http: Outbound) -> None:
    keyless = Options(asking.world.url, api_key=SecretStr(""))
    made = stage(asking.ground, http, asking.clock, keyless)
    await asking.ground.append(registered())
    asking.clock.move(90)
    step = asyncio.create_task(made.step())
    await asyncio.sleep(0)
    asking.clock.move(settings_with().watch.poll_s)

    await step

    assert asking.world.asked == []
