"""What is pushed to Redis ends up in the journal once, in order, whatever fails on the way."""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.appending import Ground, ground_in, rows
from tests.bus.waiting import until
from tests.redis_server import RedisServer, redis_in
from tocsin.bus.connection import Connection
from tocsin.bus.figures import Figures
from tocsin.bus.inbox import InboxLists
from tocsin.clock import SystemClock
from tocsin.errors import BusDown
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.inbox import SOURCE, Inbox, InboxFigures
from tocsin.ingest.source import InboundCall, Source, find_sources
from tocsin.settings.schema import InboxSettings

LIST = "deployment_notifications"
SETTINGS = InboxSettings(list=LIST, batch_max_messages=10, dead_max_messages=5)

# The notification guide's own.
STARTED = {
    "type": "step_started",
    "project": "axi-star-cloud",
    "deployment_id": "123456789",
    "step_name": "部署验证",
    "step_status": "started",
    "timestamp": "2024-01-01T12:00:00.000Z",
    "workflow_name": "deploy-project",
    "workflow_id": "987654321",
    "logs": "开始验证部署参数",
    "duration": 0,
}
OLD = {
    "project": "axi-star-cloud",
    "status": "success",
    "duration": 45,
    "timestamp": "2024-01-01T12:00:00.000Z",
}


def log_line(number: int, **other: Any) -> dict[str, Any]:
    said = {"type": "log_entry", "project": "shop", "deployment_id": "d", "message": str(number)}
    return {**said, **other}


class Trial:
    """An inbox over a real Redis and a real journal; `again` is another run, or instance."""

    def __init__(self, redis: RedisServer, ground: Ground) -> None:
        self.redis = redis
        self.ground = ground
        self._runs = 0
        self._opened: list[Connection] = []
        self.inbox = self.again()

    def again(self) -> Inbox:
        self._runs += 1
        self.registry = CollectorRegistry()
        connection = Connection(self.redis.url, Figures(self.registry))
        self._opened.append(connection)
        self.owner = f"run-{self._runs}"
        self.lists = InboxLists(connection, SETTINGS, self.owner)
        source = find_sources()[SOURCE]
        return self.reading(source)

    def _inbox(self, source: Source) -> Inbox:
        limits, clock = BodyLimits(max_body_bytes=2_000), SystemClock()
        options, figures = source.Options(), InboxFigures(self.registry)
        journal = self.ground.journal
        return Inbox(self.lists, journal, source, options, limits, clock, figures)

    def reading(self, source: object) -> Inbox:
        """One whose messages another source reads."""
        self.registry = CollectorRegistry()
        self.inbox = self._inbox(cast("Source", source))
        return self.inbox

    def push(self, *messages: dict[str, Any] | str | bytes) -> None:
        for message in messages:
            text = orjson.dumps(message) if isinstance(message, dict) else message
            self.redis.say("LPUSH", LIST, text)

    def die(self) -> None:
        """Its sign of life has ended."""
        self.redis.say("DEL", f"{LIST}:alive:{self.owner}")

    def counted(self, outcome: str) -> float:
        name = "tocsin_inbox_messages_total"
        return self.registry.get_sample_value(name, {"outcome": outcome}) or 0.0

    def length(self, name: str) -> int:
        return int(self.redis.say("LLEN", name).strip(b":\r\n"))

    async def stored(self) -> list[dict[str, Any]]:
        return await rows(self.ground.database, "SELECT * FROM events ORDER BY seq")

    async def said(self) -> list[str]:
        """The text of each stored log line."""
        return [orjson.loads(row["data"])["message"] for row in await self.stored()]

    def dead(self) -> dict[str, Any]:
        found = self.redis.say("LINDEX", f"{LIST}:dead", "0").split(b"\r\n")[1]
        return cast("dict[str, Any]", orjson.loads(found))

    async def close(self) -> None:
        for one in self._opened:
            await one.close()


@pytest.fixture
def redis(tmp_path: Path) -> Generator[RedisServer, None, None]:
    with redis_in(tmp_path / "redis") as server:
        yield server


@pytest.fixture
async def trial(redis: RedisServer, tmp_path: Path) -> AsyncIterator[Trial]:
    async with ground_in(tmp_path) as ground:
        made = Trial(redis, ground)
        yield made
        await made.close()


async def test_both_formats_of_the_guide_are_stored(trial: Trial) -> None:
    trial.push(STARTED, OLD)
    await trial.inbox.step()

    first, second = await trial.stored()
    assert (first["type"], first["project"], first["subject"]) == (
        "step_started",
        "axi-star-cloud",
        "123456789",
    )
    assert orjson.loads(first["data"]) == STARTED
    assert (second["type"], orjson.loads(second["data"])) == ("deployment", OLD)


async def test_messages_are_stored_in_the_order_in_which_they_were_pushed(trial: Trial) -> None:
    trial.push(*map(log_line, range(25)))
    for _ in range(3):
        await trial.inbox.step()

    assert await trial.said() == [str(n) for n in range(25)]
    assert trial.counted("stored") == 25


async def test_nothing_is_left_of_what_is_stored(trial: Trial) -> None:
    trial.push(log_line(1))
    await trial.inbox.step()

    assert trial.length(LIST) == 0
    assert trial.redis.say("KEYS", f"{LIST}:processing:*") == b"*0\r\n"


async def test_equal_messages_are_two(trial: Trial) -> None:
    trial.push(log_line(1), log_line(1))
    await trial.inbox.step()

    assert await trial.said() == ["1", "1"]


async def test_one_with_an_id_of_its_own_is_known_again(trial: Trial) -> None:
    trial.push(log_line(1, event_id="e-1"), log_line(2, event_id="e-1"))
    await trial.inbox.step()

    assert await trial.said() == ["1"]
    assert trial.counted("duplicate") == 1


async def test_killed_before_the_commit_it_is_stored_by_the_next(trial: Trial) -> None:
    trial.push(log_line(1))
    await trial.lists.take()
    trial.die()
    await trial.again().step()

    assert await trial.said() == ["1"]


async def test_killed_between_commit_and_removal_it_is_stored_once(trial: Trial) -> None:
    trial.push(log_line(1), log_line(2))
    taken = await trial.lists.take()
    await trial.inbox._deal_with(taken.messages)
    trial.die()
    with capture_logs() as logs:
        await trial.again().step()
    trial.push(log_line(3))
    await trial.inbox.step()

    assert await trial.said() == ["1", "2", "3"]
    assert trial.counted("duplicate") == 2
    assert next(one for one in logs if one["event"] == "inbox_taken_over")["count"] == 2


async def test_a_lost_answer_to_the_removal_stores_nothing_twice(trial: Trial) -> None:
    trial.push(log_line(1))
    taken = await trial.lists.take()
    await trial.inbox._deal_with(taken.messages)
    await trial.inbox.step()

    assert await trial.said() == ["1"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "unreadable"),
        ("", "unreadable"),
        ("[1, 2]", "unreadable"),
        (b"\xff\xfe", "unreadable"),
        ('{"type": "log_entry", "project": 3, "message": {}}', "bad_field"),
        ('{"type": "note", "text": "%s"}' % ("x" * 2_000), "too_large"),
        ("[" * 500 + "]" * 500, "too_deep"),
    ],
)
async def test_what_cannot_be_read_is_kept_with_the_reason_and_holds_nothing_up(
    trial: Trial, text: str | bytes, reason: str
) -> None:
    trial.push(log_line(1), text, log_line(2))
    with capture_logs() as logs:
        await trial.inbox.step()

    dead = trial.dead()
    assert await trial.said() == ["1", "2"]
    assert dead["reason"] == reason
    assert dead["at"].endswith("Z")
    assert dead["message"]
    assert [(one["event"], one["reason"]) for one in logs if "reason" in one][-1] == (
        "inbox_message_dead",
        reason,
    )
    assert trial.counted("dead") == 1


class Faulty:
    """The source, with a fault at one place or another."""

    Options = find_sources()[SOURCE].Options

    @staticmethod
    def read(call: InboundCall, options: Any) -> Any:
        if b"cannot be read" in call.body:
            raise KeyError("type")
        if b"cannot be stored" in call.body:
            return [object()]
        return find_sources()[SOURCE].read(call, options)


@pytest.mark.parametrize("bad", ["cannot be read", "cannot be stored"])
async def test_a_fault_of_ours_holds_nothing_up(trial: Trial, bad: str) -> None:
    trial.push(log_line(1), bad, log_line(2))
    with capture_logs() as logs:
        await trial.reading(Faulty()).step()

    assert await trial.said() == ["1", "2"]
    assert trial.dead()["reason"] == "bug"
    assert "inbox_message_failed" in [one["event"] for one in logs]


async def test_while_the_store_is_down_messages_wait_and_are_then_stored(trial: Trial) -> None:
    down = "ALTER TABLE events RENAME TO hidden"
    up = "ALTER TABLE hidden RENAME TO events"
    write = trial.ground.database.write
    await write(lambda conn: conn.exec_driver_sql(down).close())
    trial.push(log_line(1), log_line(2))
    with capture_logs() as logs:
        working = asyncio.create_task(trial.inbox.step())
        await until(lambda: trial.inbox.waits_since is not None)
        waiting = await trial.lists.lengths()
        await write(lambda conn: conn.exec_driver_sql(up).close())
        await working

    assert waiting.taken == 2
    assert await trial.said() == ["1", "2"]
    assert trial.inbox.waits_since is None
    assert [one["event"] for one in logs].count("inbox_waits") == 1


@asynccontextmanager
async def going(trial: Trial) -> AsyncIterator[None]:
    """Its loops go on."""

    async def keep(step: Any) -> None:
        while True:
            await step()

    loops = [asyncio.create_task(keep(step)) for _, step in trial.inbox.loops]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def test_it_goes_on_by_itself_when_redis_comes_back(trial: Trial) -> None:
    async with going(trial):
        trial.push(log_line(1))
        await until(lambda: trial.counted("stored") == 1)
        trial.redis.kill()
        trial.redis.start()
        trial.push(log_line(2))
        await until(lambda: trial.counted("stored") == 2)

    assert await trial.said() == ["1", "2"]


async def test_it_says_how_much_waits(trial: Trial) -> None:
    trial.push("{", log_line(1))
    await trial.inbox.step()
    trial.push(*map(log_line, range(7)))
    counting = asyncio.create_task(trial.inbox.alive_step())
    waiting, dead = "tocsin_inbox_waiting_messages", "tocsin_inbox_dead_messages"
    await until(lambda: trial.registry.get_sample_value(waiting) == 7)
    counting.cancel()

    assert trial.registry.get_sample_value(dead) == 1


async def test_a_list_that_is_none_is_told_to_who_keeps_the_loop_going(trial: Trial) -> None:
    trial.redis.say("SET", LIST, "text")

    with pytest.raises(BusDown, match="WRONGTYPE"):
        await trial.inbox.step()
    with pytest.raises(BusDown, match="WRONGTYPE"):
        await trial.inbox.alive_step()
