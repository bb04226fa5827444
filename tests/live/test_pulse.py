"""One timer for all: nobody is called early, nobody is forgotten, and not too many in a row."""

import pytest

from tests.live.hubs import LoopTime
from tocsin.live.pulse import Pulse


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    time = LoopTime(monkeypatch)
    time.now_s = 100.0
    return time


async def test_a_beat_is_called_when_its_time_has_come_and_not_before(time: LoopTime) -> None:
    pulse, beats = Pulse(), list[float]()
    pulse.at(101.0, beats.append)
    pulse.after(0.5, beats.append)

    seen = []
    for seconds in (0.4, 0.2, 0.3, 0.2, 5.0):
        await time.move(seconds)
        seen.append(len(beats))

    assert seen == [0, 1, 1, 2, 2]
    assert beats == pytest.approx([100.6, 101.1])


async def test_who_says_when_is_called_again_then(time: LoopTime) -> None:
    pulse, beats = Pulse(), list[float]()

    def beat(now: float) -> float | None:
        beats.append(now)
        return now + 1 if len(beats) < 3 else None

    pulse.after(1.0, beat)
    for _ in range(8):
        await time.move(1.0)

    assert beats == [101.0, 102.0, 103.0]


async def test_a_sooner_time_is_not_kept_waiting_by_a_later_one(time: LoopTime) -> None:
    pulse, beats = Pulse(), list[str]()
    pulse.after(60.0, lambda _now: beats.append("late"))
    pulse.after(1.0, lambda _now: beats.append("soon"))
    pulse.after(30.0, lambda _now: beats.append("between"))

    await time.move(1.0)
    soon = list(beats)
    await time.move(59.0)

    assert soon == ["soon"]
    assert beats == ["soon", "between", "late"]


async def test_a_beat_may_ask_for_another_one(time: LoopTime) -> None:
    pulse, beats = Pulse(), list[str]()

    def first(_now: float) -> None:
        beats.append("first")
        pulse.after(0.5, lambda _now: beats.append("second"))

    pulse.after(1.0, first)
    await time.move(1.0)
    await time.move(0.5)

    assert beats == ["first", "second"]


async def test_after_so_many_it_is_somebody_elses_turn(
    time: LoopTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pulse, "MAX_AT_ONCE", 10)
    pulse, turns = Pulse(), list[int]()
    calls = 0

    def beat(now: float) -> float:
        nonlocal calls
        calls += 1
        # Whoever is next runs in between.
        loop.call_soon(lambda: turns.append(calls))
        return now + 10

    loop = pulse._loop
    for _ in range(25):
        pulse.after(1.0, beat)
    await time.move(1.0)
    for _ in range(5):
        await time.move(0)
    first = sorted(set(turns))
    for _ in range(5):
        await time.move(10.0)

    assert first == [10, 20, 25]
    assert calls > 50


async def test_after_the_stop_nobody_is_called(time: LoopTime) -> None:
    pulse, beats = Pulse(), list[float]()
    pulse.stop()
    pulse.after(1.0, beats.append)
    pulse.stop()
    await time.move(5.0)

    assert beats == []


async def test_a_stop_in_the_midst_is_the_end(
    time: LoopTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pulse, "MAX_AT_ONCE", 1)
    pulse, beats = Pulse(), list[str]()
    pulse.after(1.0, lambda _now: beats.append("first"))
    pulse.after(1.0, lambda _now: pulse.stop())
    pulse.after(1.0, lambda _now: beats.append("third"))
    await time.move(1.0)
    await time.move(5.0)

    assert beats == ["first"]


async def test_one_that_fails_is_told_of_and_the_others_go_on(time: LoopTime) -> None:
    pulse, beats, told = Pulse(), list[float](), list[str]()
    loop = pulse._loop
    loop.set_exception_handler(lambda _loop, said: told.append(str(said["exception"])))

    def fail(_now: float) -> None:
        raise RuntimeError("no")

    for beat in (beats.append, fail, beats.append, fail, beats.append):
        pulse.after(1.0, beat)
    await time.move(1.0)
    for _ in range(3):
        await time.move(0)
    pulse.after(1.0, beats.append)
    await time.move(2.0)

    assert len(beats) == 4
    assert told == ["no", "no"]
