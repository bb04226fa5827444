"""Who may connect, and how all are sent away."""

import asyncio
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.appending import settings_with
from tests.live.hubs import LoopTime
from tocsin.errors import Reason, Rejected
from tocsin.live import admission as module
from tocsin.live.admission import DRAIN_S, DRAIN_SLICE, Admission
from tocsin.live.closing import CloseCode


@pytest.fixture
async def time(monkeypatch: pytest.MonkeyPatch) -> LoopTime:
    return LoopTime(monkeypatch)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def admission(registry: CollectorRegistry, **said: str) -> Admission:
    return Admission(settings_with(**said).live, registry)


def refusal(one: Admission) -> Rejected | None:
    try:
        one.check()
    except Rejected as error:
        return error
    return None


def counted(registry: CollectorRegistry, name: str, **labels: str) -> float:
    return registry.get_sample_value(f"tocsin_live_{name}", labels) or 0.0


async def test_there_is_room_for_so_many_and_for_one_when_one_has_left(
    registry: CollectorRegistry, time: LoopTime
) -> None:
    one = admission(registry, LIVE__MAX_CONNECTIONS="2")
    leases = [one.open(dialect, "192.0.2.1", lambda _code: None) for dialect in ("sse", "ws")]
    refused = refusal(one)
    time.now_s += 7
    for _ in range(2):
        leases[0].ended("gone")

    assert refused is not None
    assert (refused.status, refused.reason) == (503, Reason.TOO_MANY_CONNECTIONS)
    assert refused.retry_after_s is not None
    assert 1 <= refused.retry_after_s <= 3
    assert refusal(one) is None
    assert one.count == 1
    assert one.by_dialect == {"ws": 1}
    assert counted(registry, "connections", dialect="sse") == 0
    assert counted(registry, "connections", dialect="ws") == 1
    assert counted(registry, "accepted_total", dialect="sse") == 1
    assert counted(registry, "closed_total", dialect="sse", cause="gone") == 1
    assert counted(registry, "connection_seconds_sum", dialect="sse") == pytest.approx(7)
    assert counted(registry, "refused_total", cause="total") == 1


async def test_not_too_many_connect_at_once(registry: CollectorRegistry, time: LoopTime) -> None:
    one = admission(registry, LIVE__CONNECTS_PER_S="10")
    first = [refusal(one) for _ in range(11)]
    time.now_s += 0.35
    second = [refusal(one) for _ in range(4)]
    time.now_s += 60
    third = [refusal(one) for _ in range(11)]

    assert [refused is None for refused in first] == [True] * 10 + [False]
    assert [refused is None for refused in second] == [True] * 3 + [False]
    assert [refused is None for refused in third] == [True] * 10 + [False]
    assert first[-1] is not None
    assert (first[-1].status, first[-1].reason) == (503, Reason.RATE_LIMITED)
    assert counted(registry, "refused_total", cause="rate") == 3


async def drained(
    one: Admission, time: LoopTime, count: int, step_s: float
) -> tuple[list[int], list[CloseCode]]:
    """Open so many, drain, and see after each step how many are told by then."""
    codes: list[CloseCode] = []
    for _ in range(count):
        one.open("ws", "192.0.2.1", codes.append)
    draining = asyncio.create_task(one.drain())
    await asyncio.sleep(0)
    told = [len(codes)]
    while not draining.done():
        await time.move(step_s)
        told.append(len(codes))
    return told, codes


async def test_all_are_sent_away_in_slices(
    registry: CollectorRegistry, time: LoopTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 1.0)
    one = admission(registry)
    told, codes = await drained(one, time, 120, module.DRAIN_PAUSE_S)

    assert told == [50, 100, 120]
    assert set(codes) == {CloseCode.DRAINING}
    assert one.count == 0


async def test_however_many_there_are_it_takes_no_longer(
    registry: CollectorRegistry, time: LoopTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 1.0)
    one = admission(registry)
    began = time.now_s
    told, _ = await drained(one, time, 10_000, 0.005)

    assert told[0] == DRAIN_SLICE
    assert told[-1] == 10_000
    assert len(set(told)) > 20
    assert time.now_s - began <= DRAIN_S + 0.1


async def test_when_the_time_is_over_all_who_are_left_are_sent_away_at_once(
    registry: CollectorRegistry, time: LoopTime
) -> None:
    told, _ = await drained(admission(registry), time, 1_000, DRAIN_S)

    assert told == [50, 1_000]


async def test_while_it_drains_nobody_gets_in(registry: CollectorRegistry, time: LoopTime) -> None:
    one = admission(registry)
    await one.drain()
    refused = refusal(one)

    assert refused is not None
    assert (refused.status, refused.reason) == (503, Reason.STOPPING)
    assert counted(registry, "refused_total", cause="draining") == 1


async def test_who_ends_as_it_is_told_to_is_counted_once(
    registry: CollectorRegistry, time: LoopTime
) -> None:
    one = admission(registry)
    leases: list[Any] = []
    leases.append(one.open("ws", "", lambda code: leases[0].ended(code.reason)))
    await one.drain()
    leases[0].ended("gone")

    assert counted(registry, "closed_total", dialect="ws", cause="draining") == 1
    assert counted(registry, "closed_total", dialect="ws", cause="gone") == 0
    assert counted(registry, "connections", dialect="ws") == 0
