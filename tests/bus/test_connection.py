"""What Redis does to a connection is told in our words, and nobody waits for it for long."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from tests.redis_server import RedisServer
from tocsin.bus.connection import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    MAX_CONNECTIONS,
    Connection,
    Pause,
)
from tocsin.bus.figures import Figures
from tocsin.errors import BusDown, ConfigError, Reason
from tocsin.testing.clock import HandClock


async def test_it_is_up_once_redis_has_answered(connection: Connection, figures: Figures) -> None:
    before = connection.is_up
    await connection.ping()

    assert not before
    assert connection.is_up
    assert figures.up._value.get() == 1


async def test_a_redis_that_goes_and_comes_is_told_once_each_time(
    redis: RedisServer, connection: Connection, figures: Figures
) -> None:
    with capture_logs() as said:
        await connection.ping()
        redis.kill()
        for _ in range(3):
            with pytest.raises(BusDown):
                await connection.ping()
        was_up, stood_at = connection.is_up, figures.up._value.get()
        redis.start()
        await connection.ping()
        await connection.ping()

    assert [one["event"] for one in said] == ["bus_up", "bus_down", "bus_up"]
    assert not was_up
    assert stood_at == 0


async def test_one_that_hangs_is_not_waited_for(
    redis: RedisServer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.bus.connection.PING_LIMIT_S", 0.05)
    await connection.ping()
    redis.freeze()
    with pytest.raises(BusDown, match="no answer in time"):
        await connection.ping()
    redis.thaw()

    await connection.ping()


async def test_who_asks_when_all_ask_waits_for_a_turn(
    redis: RedisServer, connection: Connection
) -> None:
    with capture_logs() as said:
        await asyncio.gather(*(connection.ping() for _ in range(200)))
        clients = redis.say("INFO", "clients")

    assert [one["event"] for one in said] == ["bus_up"]
    # The one that asks here is one more.
    assert b"connected_clients:%d\r\n" % (MAX_CONNECTIONS + 1) in clients


async def test_a_refusal_is_told_apart_from_a_redis_that_is_away(connection: Connection) -> None:
    async def refused() -> None:
        async with connection.commands() as redis:
            await redis.set("key", "text")
            await redis.lpush("key", "value")

    with pytest.raises(BusDown) as told:
        await refused()

    assert told.value.reason is Reason.BUS_REFUSED
    assert "WRONGTYPE" in told.value.message
    await connection.ping()


async def test_a_wrong_password_is_never_in_what_is_said(redis: RedisServer) -> None:
    redis.say("CONFIG", "SET", "requirepass", "right")
    url = redis.url.replace("redis://", "redis://:hunter2@")
    connection = Connection(url, Figures(CollectorRegistry()))
    with capture_logs() as said, pytest.raises(BusDown) as told:
        await connection.ping()
    await connection.close()

    assert "hunter2" not in f"{said} {told.value}"


@pytest.mark.parametrize(
    "url",
    [
        "redis://:hun#ter2@host:port/0",
        "redis://host:hunter2",
        "redis://:hunter2@host/0?hunter2=1",
        "rediss://:hunter2@host/0?ssl_cert_reqs=hunter2",
    ],
)
def test_an_address_that_is_none_stops_the_start_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match="redis_url: expected") as told:
        Connection(url, Figures(CollectorRegistry()))

    assert "ter2" not in str(told.value)


async def test_pauses_grow_to_an_end_and_begin_anew_when_it_went_well() -> None:
    clock = HandClock()
    pause = Pause(clock)
    passed = []
    for _ in range(8):
        waiting = asyncio.create_task(pause.after_failure())
        await asyncio.sleep(0)
        before = clock.monotonic()
        while not waiting.done():
            clock.move(0.01)
            await asyncio.sleep(0)
        passed.append(clock.monotonic() - before)
    pause.reset()
    waiting = asyncio.create_task(pause.after_failure())
    await asyncio.sleep(0)
    clock.move(FIRST_PAUSE_S + 0.01)
    await waiting

    assert passed[0] <= FIRST_PAUSE_S + 0.01
    assert LONGEST_PAUSE_S / 2 <= passed[-1] <= LONGEST_PAUSE_S + 0.01
