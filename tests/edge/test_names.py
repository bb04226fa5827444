"""Names are looked up as the machine does, and one that hangs holds up itself alone."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tocsin.edge import names as module
from tocsin.edge.names import Names

V4, V6 = socket.AF_INET, socket.AF_INET6


class Machine:
    """What the machine is asked in place of the system's own look-up; `hanging` ones wait."""

    def __init__(self) -> None:
        self.hanging: set[str] = set()
        self.answered = threading.Event()
        self.asked: list[str] = []
        self.failing: Exception | None = None
        self.found: list[tuple[int, str, int]] = [(V4, "127.0.0.1", 0)]

    def getaddrinfo(self, host: str, port: None, **more: Any) -> list[tuple[Any, ...]]:
        assert (port, more["type"]) == (None, socket.SOCK_STREAM)
        self.asked.append(host)
        if host in self.hanging:
            assert self.answered.wait(10)
        if self.failing is not None:
            raise self.failing
        return [
            (
                family,
                socket.SOCK_STREAM,
                6,
                "",
                (place, 0, 0, scope) if family == V6 else (place, 0),
            )
            for family, place, scope in self.found
        ]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    made = Machine()
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    yield made
    made.answered.set()


@pytest.fixture
async def names() -> AsyncIterator[Names]:
    made = Names()
    yield made
    await made.close()


async def waiting_for(names: Names, *hosts: str) -> list[asyncio.Task[Any]]:
    """Calls for these, each as far as it comes for now."""
    calls = [asyncio.create_task(names.resolve(host)) for host in hosts]
    await asyncio.sleep(0)
    return calls


async def test_names_that_hang_hold_up_no_other(names: Names, machine: Machine) -> None:
    hanging = [f"hangs-{at}.test" for at in range(64)]
    machine.hanging.update(hanging)
    calls = await waiting_for(names, *hanging)

    (found,) = await names.resolve("a.test", 443)

    assert (found["hostname"], found["host"], found["port"]) == ("a.test", "127.0.0.1", 443)
    assert not any(one.done() for one in calls)
    machine.answered.set()
    await asyncio.gather(*calls)


async def test_who_asks_for_the_same_meanwhile_gets_the_same_answer(
    names: Names, machine: Machine
) -> None:
    machine.hanging.add("a.test")
    calls = await waiting_for(names, "a.test", "a.test", "a.test")
    machine.answered.set()

    found = await asyncio.gather(*calls)

    assert [one[0]["host"] for one in found] == ["127.0.0.1"] * 3
    assert machine.asked == ["a.test"]


async def test_who_asks_afterwards_asks_anew(names: Names, machine: Machine) -> None:
    await names.resolve("a.test")
    machine.found = [(V4, "127.0.0.2", 0)]

    (found,) = await names.resolve("a.test")

    assert found["host"] == "127.0.0.2"
    assert machine.asked == ["a.test", "a.test"]


async def test_who_gives_up_leaves_the_look_up_to_the_others(
    names: Names, machine: Machine
) -> None:
    machine.hanging.add("a.test")
    gone, patient = await waiting_for(names, "a.test", "a.test")
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    later = asyncio.ensure_future(names.resolve("a.test"))
    machine.answered.set()

    found = await asyncio.gather(patient, later)

    assert [one[0]["host"] for one in found] == ["127.0.0.1"] * 2
    assert machine.asked == ["a.test"]


@pytest.mark.parametrize(
    "error",
    [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")],
    ids=["unknown", "no name"],
)
async def test_a_name_that_nobody_knows_fails_and_is_asked_for_again(
    names: Names, machine: Machine, error: Exception
) -> None:
    machine.failing = error
    with pytest.raises(OSError, match=r"known|long"):
        await names.resolve("a.test")
    machine.failing = None

    assert await names.resolve("a.test")


async def test_a_failure_that_nobody_waits_for_any_more_is_nobodys(
    names: Names, machine: Machine
) -> None:
    machine.hanging.add("a.test")
    machine.failing = socket.gaierror(-3, "Temporary failure")
    (gone,) = await waiting_for(names, "a.test")
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    machine.answered.set()
    with pytest.raises(socket.gaierror):
        await names.resolve("a.test")

    assert machine.asked == ["a.test"]


async def test_there_is_an_end_to_how_many_hang(
    names: Names, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_AT_ONCE", 2)
    machine.hanging.update({"a.test", "b.test"})
    calls = await waiting_for(names, "a.test", "b.test", "a.test")

    with pytest.raises(OSError, match="2 names"):
        await names.resolve("c.test")
    machine.answered.set()
    await asyncio.gather(*calls)

    assert await names.resolve("c.test")


async def test_a_thread_is_used_again_and_ends_with_the_rest(machine: Machine) -> None:
    before = set(threading.enumerate())
    names = Names()
    machine.hanging.add("a.test")
    (call,) = await waiting_for(names, "a.test")
    for at in range(10):
        await names.resolve(f"{at}.test")
    (one, other) = set(threading.enumerate()) - before
    machine.answered.set()
    await call

    await names.close()

    await asyncio.to_thread(one.join)
    await asyncio.to_thread(other.join)
    assert (one.daemon, other.daemon) == (True, True)


async def test_addresses_are_those_of_the_family_that_is_wanted(
    names: Names, machine: Machine
) -> None:
    machine.found = [(V4, "127.0.0.1", 0), (V6, "::1", 0), (V6, "fe80::1", 2)]

    found = {family: await names.resolve("a.test", 1, family) for family in (V4, V6)}
    whole = await names.resolve("a.test")

    assert [one["host"] for one in found[V4]] == ["127.0.0.1"]
    assert [one["host"] for one in found[V6]] == ["::1", "fe80::1%2"]
    assert [one["host"] for one in whole] == ["127.0.0.1", "::1", "fe80::1%2"]


async def test_what_the_machine_knows_by_itself_is_known(names: Names) -> None:
    """Its file of hosts, which has this name everywhere."""
    found = await names.resolve("localhost", 80)

    assert {one["host"] for one in found} <= {"127.0.0.1", "::1"}
    assert found
