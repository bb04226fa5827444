"""What one instance commits the others hear of, and where they do not, they are told to look."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from tests.bus.test_message import event
from tests.bus.waiting import until
from tests.redis_server import RedisServer
from tocsin.bus.connection import Connection
from tocsin.bus.figures import Figures
from tocsin.bus.message import MAX_BYTES, Sender
from tocsin.bus.stream import MAX_WAITING, Stream
from tocsin.clock import SystemClock
from tocsin.errors import BusDown
from tocsin.model.entry import Entry
from tocsin.settings.schema import BusSettings

SETTINGS = BusSettings(stream="trial:events", stream_max_entries=100)


class Instance:
    """Somebody who tells and hears."""

    def __init__(self, url: str, run: str, epoch: str = "e") -> None:
        self.registry = CollectorRegistry()
        figures = Figures(self.registry)
        self.connection = Connection(url, figures)
        self.seqs: list[int] = []
        self.looks = 0
        self.stream = Stream(
            self.connection,
            SETTINGS,
            Sender(run, epoch),
            SystemClock(),
            figures,
            heard=self._hear,
            look=self._look,
        )
        self._loops: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        steps = (self.stream.send_step, self.stream.hear_step)
        self._loops = [asyncio.create_task(_keep(step)) for step in steps]

    async def end(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await self.connection.close()

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0

    def has_sent(self, messages: int) -> bool:
        return self.counted("tocsin_bus_sent_total") == messages

    def tell(self, *seqs: int, **other: Any) -> None:
        self.stream.publish([Entry(event(seq, **other)) for seq in seqs])

    def _hear(self, entries: Sequence[Entry]) -> None:
        self.seqs += [one.seq for one in entries]

    def _look(self) -> None:
        self.looks += 1


async def _keep(step: Callable[[], Any]) -> None:
    while True:
        with suppress(BusDown):
            await step()


@asynccontextmanager
async def instances(redis: RedisServer, *runs: str, **other: str) -> AsyncIterator[list[Instance]]:
    """So many that hear."""
    made = [Instance(redis.url, run, **other) for run in runs]
    try:
        for one in made:
            one.begin()
        for one in made:
            await until(lambda one=one: one.looks > 0)  # type: ignore[misc]  # a default binds it
        yield made
    finally:
        for one in made:
            await one.end()


async def test_each_hears_what_the_others_tell_and_not_what_it_tells(redis: RedisServer) -> None:
    async with instances(redis, "a", "b", "c") as (a, b, c):
        a.tell(1, 2)
        await until(lambda: b.seqs == [1, 2] and c.seqs == [1, 2])
        b.tell(3)
        await until(lambda: a.seqs == [3] and c.seqs == [1, 2, 3])

        assert (a.counted("tocsin_bus_sent_total"), a.counted("tocsin_bus_received_total")) == (
            1,
            1,
        )
        assert c.counted("tocsin_bus_received_total") == 2
        assert c.counted("tocsin_bus_lag_seconds_count") == 2


async def test_what_was_told_before_one_came_is_looked_for(redis: RedisServer) -> None:
    async with instances(redis, "a") as (a,):
        a.tell(1)
        await until(lambda: a.counted("tocsin_bus_sent_total") == 1)
        async with instances(redis, "b") as (b,):
            a.tell(2)
            await until(lambda: b.seqs == [2])

            assert b.looks == 1


async def test_the_stream_has_an_end(redis: RedisServer) -> None:
    async with instances(redis, "a", "b") as (a, b):
        for seq in range(1, 1001):
            a.tell(seq)
            if seq % 50 == 0:
                await until(partial(a.has_sent, seq))
        await until(lambda: b.seqs[-1:] == [1000])

    # Redis removes whole nodes of a hundred.
    assert int(redis.say("XLEN", SETTINGS.stream).strip(b":\r\n")) <= 300


async def test_what_is_too_large_to_be_told_is_looked_for(redis: RedisServer) -> None:
    async with instances(redis, "a", "b") as (a, b):
        a.tell(1, data=orjson.Fragment(b'"%b"' % (b"x" * MAX_BYTES)))
        await until(lambda: b.looks == 2)

        assert b.seqs == []


async def test_another_journal_is_passed_over(redis: RedisServer) -> None:
    async with instances(redis, "a", epoch="other") as (a,), instances(redis, "b", "c") as (b, c):
        a.tell(1)
        c.tell(2)
        # The two connections race: which of the messages comes first is open.
        await until(lambda: b.counted("tocsin_bus_dropped_total", cause="foreign") == 1)
        await until(lambda: b.seqs == [2])


async def test_what_is_no_message_is_counted_and_looked_for(redis: RedisServer) -> None:
    async with instances(redis, "a", "b") as (a, b):
        redis.say("XADD", SETTINGS.stream, "*", "who", "knows")
        a.tell(1)
        await until(lambda: b.seqs == [1])

        assert b.counted("tocsin_bus_dropped_total", cause="unreadable") == 1
        assert b.looks == 2


async def test_a_restart_of_redis_is_got_over(redis: RedisServer) -> None:
    async with instances(redis, "a", "b") as (a, b):
        a.tell(1)
        await until(lambda: b.seqs == [1])
        redis.kill()
        a.tell(2)
        await until(lambda: a.counted("tocsin_bus_dropped_total", cause="down") > 0)
        looks = b.looks
        redis.start()
        await until(lambda: b.looks > looks)
        await until(lambda: _tells(a, 3, b))

        assert b.seqs[0] == 1
        assert 2 not in b.seqs


async def test_an_emptied_stream_is_read_from_its_begin(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.bus.stream.SILENCE_MS", 20)
    async with instances(redis, "a", "b") as (a, b):
        # As by a machine whose clock is wrong: no id of today's is beyond this one.
        redis.say("XADD", SETTINGS.stream, "9999999999999-1", "head", "?")
        await until(lambda: b.looks == 2)
        redis.flush()
        a.tell(1)
        await until(lambda: b.looks == 3)
        a.tell(2)
        await until(lambda: b.seqs == [2])


async def test_nobody_waits_for_a_redis_that_takes_nothing(redis: RedisServer) -> None:
    async with instances(redis, "a") as (a,):
        redis.freeze()
        for seq in range(1, MAX_WAITING + 100):
            a.tell(seq)
        redis.thaw()

        assert a.counted("tocsin_bus_dropped_total", cause="full") == 99


async def test_a_refusal_is_told_to_who_keeps_the_loop_going(redis: RedisServer) -> None:
    redis.say("SET", SETTINGS.stream, "no stream")
    instance = Instance(redis.url, "a")
    instance.tell(1)

    with pytest.raises(BusDown, match="WRONGTYPE"):
        await instance.stream.send_step()
    with pytest.raises(BusDown, match="WRONGTYPE"):
        await instance.stream.hear_step()
    await instance.end()


def _tells(teller: Instance, seq: int, hearer: Instance) -> bool:
    """Tell it again until it is heard: somebody's connection may come back later."""
    if seq not in hearer.seqs and not teller.stream._waiting:
        teller.tell(seq)
    return seq in hearer.seqs
