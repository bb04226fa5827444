"""The bus as a whole: none without an address, and all its parts with one."""

from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from tests.appending import settings_with
from tests.bus.test_message import event
from tests.redis_server import RedisServer
from tocsin.bus.bus import Bus, make_bus
from tocsin.clock import SystemClock
from tocsin.model.entry import Entry
from tocsin.settings import Settings


def bus_with(settings: Settings, registry: CollectorRegistry) -> Bus | None:
    return make_bus(
        settings,
        SystemClock(),
        registry,
        instance="api-1",
        epoch="e",
        heard=lambda _entries: None,
        look=lambda: None,
    )


async def test_without_an_address_there_is_none_but_its_figures() -> None:
    registry = CollectorRegistry()

    assert bus_with(settings_with(), registry) is None
    assert registry.get_sample_value("tocsin_bus_up") == 0


async def test_who_is_here_is_told_first_then_the_others(redis: RedisServer) -> None:
    registry = CollectorRegistry()
    bus = bus_with(settings_with(REDIS_URL=redis.url), registry)
    assert bus is not None
    told: list[int] = []

    def here(entries: Sequence[Entry]) -> None:
        told.extend(entry.seq for entry in entries)

    bus.telling(here)([Entry(event(1)), Entry(event(2))])
    await bus.stream.send_step()
    await bus.connection.close()

    assert told == [1, 2]
    assert registry.get_sample_value("tocsin_bus_sent_total") == 1
    assert [name for name, _ in bus.loops] == ["bus.send", "bus.hear"]


@pytest.mark.parametrize(("name", "is_on"), [("jobs", True), ("", False)])
async def test_an_inbox_without_a_name_is_switched_off(name: str, is_on: bool) -> None:
    settings = settings_with(REDIS_URL="redis://127.0.0.1:1", INBOX__LIST=name)
    bus = bus_with(settings, CollectorRegistry())
    assert bus is not None
    await bus.connection.close()

    assert (bus.inbox is not None) is is_on
