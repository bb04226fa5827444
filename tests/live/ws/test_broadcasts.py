"""Broadcasts: to all who want them, the same bytes to who gets the same, in order."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson
from prometheus_client import CollectorRegistry

from tests.live.ws.described import check_told
from tests.live.ws.samples import TIME
from tests.live.ws.serving import until
from tocsin.live.pulse import Pulse
from tocsin.live.ws.broadcasts import SLICE, Broadcasts
from tocsin.live.ws.client_messages import Filters, Subscribe
from tocsin.live.ws.log_joiner import EVERY_S
from tocsin.live.ws.metrics import WsMetrics
from tocsin.live.ws.server_messages import Alert, LogEntry, StatusUpdate
from tocsin.live.ws.subscription import Subscription
from tocsin.testing.clock import HandClock

STATUS = StatusUpdate(1, 2, 3, "connected", 4, 5)


@dataclass(eq=False)
class Listener:
    """Keeps what it is given."""

    subscription: Subscription = field(default_factory=Subscription)
    frames: list[bytes] = field(default_factory=list)

    def give(self, frame: bytes) -> None:
        self.frames.append(frame)

    @property
    def told(self) -> list[Any]:
        messages = [orjson.loads(frame[frame.index(b"{") :]) for frame in self.frames]
        for message in messages:
            check_told(message)
        return messages


def new(registry: CollectorRegistry | None = None) -> Broadcasts:
    return Broadcasts(HandClock(), Pulse(0.01), WsMetrics(registry or CollectorRegistry()))


def alert(level: Any) -> Alert:
    return Alert(level, "t", "m", "c", "s", (), {})


def entry(text: str, level: str = "INFO") -> LogEntry:
    return LogEntry(TIME, level, "a", text)


def wanting(**said: Any) -> Listener:
    return Listener(Subscription().subscribe(Subscribe(**said)))


async def test_who_wants_it_gets_it_and_nobody_else() -> None:
    registry = CollectorRegistry()
    broadcasts = new(registry)
    everything, alerts, lines = (
        Listener(),
        wanting(event_types=("alert",)),
        wanting(event_types=("log_update",)),
    )
    for one in (everything, alerts, lines):
        broadcasts.add(one)

    broadcasts.say(alert("info"))

    assert [len(one.frames) for one in (everything, alerts, lines)] == [1, 1, 0]
    assert everything.told[0]["data"]["level"] == "info"
    count = registry.get_sample_value("tocsin_live_ws_broadcasts_total", {"type": "alert"})
    assert count == 2


async def test_all_who_get_the_same_are_given_the_same_bytes() -> None:
    broadcasts = new()
    first, second = wanting(projects=("a",)), wanting(projects=("b",))
    broadcasts.add(first)
    broadcasts.add(second)

    broadcasts.say(STATUS)

    assert first.frames[0] is second.frames[0]


async def test_log_lines_are_cut_to_the_levels_of_each() -> None:
    broadcasts = new()
    everything = Listener()
    errors = wanting(filters=Filters(log_levels=("ERROR",)))
    debug = wanting(filters=Filters(log_levels=("DEBUG",)))
    for one in (everything, errors, debug):
        broadcasts.add(one)

    broadcasts.say_lines("a.log", [entry("1"), entry("2", "ERROR")])

    assert everything.told[0]["data"]["total_new_entries"] == 2
    assert [one["message"] for one in errors.told[0]["data"]["entries"]] == ["2"]
    assert debug.frames == []


async def test_log_lines_come_at_most_five_times_a_second() -> None:
    broadcasts, listener = new(), Listener()
    broadcasts.add(listener)
    loop = asyncio.get_running_loop()

    began_at = loop.time()
    for number in range(30):
        broadcasts.say_lines("a.log", [entry(str(number))])
        await asyncio.sleep(0)
    assert len(listener.frames) == 1
    await until(lambda: len(listener.frames) == 2)

    assert loop.time() - began_at >= EVERY_S
    texts = [one["message"] for told in listener.told for one in told["data"]["entries"]]
    assert texts == [str(number) for number in range(30)]
    # And once more after a pause: nothing was left waiting.
    ended_at = loop.time()
    await until(lambda: loop.time() > ended_at + EVERY_S)
    broadcasts.say_lines("a.log", [entry("30")])
    assert len(listener.frames) == 3


async def test_many_are_gone_through_in_slices_and_in_order() -> None:
    broadcasts = new()
    listeners = [Listener() for _ in range(2 * SLICE + 10)]
    for one in listeners:
        broadcasts.add(one)
    late = Listener()

    broadcasts.say(alert("info"))
    broadcasts.say(alert("error"))
    broadcasts.add(late)
    assert sum(len(one.frames) for one in listeners) == SLICE
    leaver = listeners[-1]
    broadcasts.remove(leaver)
    broadcasts.remove(leaver)
    await until(lambda: len(listeners[-2].frames) == 2)

    told = [[message["data"]["level"] for message in one.told] for one in listeners[:-1]]
    assert told == [["info", "error"]] * (2 * SLICE + 9)
    assert leaver.frames == late.frames == []


async def test_nobody_there_costs_nothing() -> None:
    broadcasts = new()

    broadcasts.say(STATUS)
    broadcasts.say_lines("a.log", [entry("1")])
    listener = Listener()
    broadcasts.add(listener)
    broadcasts.say(STATUS)

    assert [one["broadcast_id"] for one in listener.told] == ["status_1"]
