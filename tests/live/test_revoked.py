"""Withdrawn credentials: noticed within half a minute, and asked about once each."""

import asyncio
from dataclasses import dataclass, field

import pytest

from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.live.revoked import ASK_EVERY_S, Revocations
from tocsin.model.access import Caller, Role
from tocsin.testing.clock import HandClock

GONE = Rejected(401, Reason.BAD_CREDENTIALS, "It was revoked.")


def caller(key: str, role: Role = Role.VIEWER) -> Caller:
    return Caller(role, "ci", "token", "203.0.113.9", is_local=False, key=key)


@dataclass(eq=False)
class Socket:
    """Keeps what it is told of its credential."""

    told: list[Caller | None] = field(default_factory=list)

    def credential_checked(self, caller: Caller | None) -> None:
        self.told.append(caller)


@dataclass
class Credentials:
    """What each credential stands for when it is asked about."""

    known: dict[str, Caller | Exception]
    asked: list[str] = field(default_factory=list)

    def watch(self, revocations: Revocations, key: str) -> Socket:
        async def ask() -> Caller:
            self.asked.append(key)
            found = self.known[key]
            if isinstance(found, Exception):
                raise found
            return found

        socket = Socket()
        revocations.watch(key, ask, socket)
        return socket


async def turn(revocations: Revocations, clock: HandClock) -> None:
    """One turn of the loop."""
    step = asyncio.create_task(revocations.step())
    await asyncio.sleep(0)
    clock.move(ASK_EVERY_S)
    await step


def test_it_is_noticed_within_half_a_minute() -> None:
    assert ASK_EVERY_S < 30


async def test_nothing_is_asked_before_its_time() -> None:
    clock = HandClock()
    revocations = Revocations(clock)
    credentials = Credentials({"a": GONE})
    credentials.watch(revocations, "a")

    step = asyncio.create_task(revocations.step())
    await asyncio.sleep(0)
    clock.move(ASK_EVERY_S - 1)
    await asyncio.sleep(0)
    assert credentials.asked == []
    clock.move(1)
    await step

    assert credentials.asked == ["a"]


async def test_each_credential_is_asked_about_once_for_all_it_holds_open() -> None:
    clock = HandClock()
    revocations = Revocations(clock)
    credentials = Credentials({"a": GONE, "b": caller("b", Role.ADMIN)})
    sockets = [credentials.watch(revocations, key) for key in "aabb"]

    await turn(revocations, clock)
    await turn(revocations, clock)

    assert sorted(credentials.asked) == ["a", "b", "b"]
    assert [one.told for one in sockets[:2]] == [[None]] * 2
    assert [one.told for one in sockets[2:]] == [[caller("b", Role.ADMIN)] * 2] * 2


@pytest.mark.parametrize("now", [caller("a", Role.SENDER), caller("another"), GONE])
async def test_who_may_not_read_any_more_or_is_another_is_told(now: Caller | Exception) -> None:
    clock = HandClock()
    revocations = Revocations(clock)
    socket = Credentials({"a": now}).watch(revocations, "a")

    await turn(revocations, clock)

    assert socket.told == [None]


async def test_a_store_that_is_down_withdraws_nothing() -> None:
    clock = HandClock()
    revocations = Revocations(clock)
    credentials = Credentials({"a": StoreDown("not now"), "b": GONE})
    sockets = [credentials.watch(revocations, key) for key in "ab"]

    await turn(revocations, clock)
    credentials.known["a"] = GONE
    assert [one.told for one in sockets] == [[], [None]]
    await turn(revocations, clock)

    assert [one.told for one in sockets] == [[None], [None]]


async def test_who_has_gone_is_told_nothing() -> None:
    clock = HandClock()
    revocations = Revocations(clock)
    credentials = Credentials({"a": GONE, "b": GONE})
    stays, goes, last = (credentials.watch(revocations, key) for key in "aab")
    revocations.forget("a", goes)
    revocations.forget("a", goes)
    revocations.forget("b", last)
    revocations.forget("nobody's", last)

    await turn(revocations, clock)

    assert credentials.asked == ["a"]
    assert (stays.told, goes.told, last.told) == ([None], [], [])


async def test_one_may_go_while_the_others_are_told() -> None:
    clock = HandClock()
    revocations = Revocations(clock)
    credentials = Credentials({"a": caller("a")})

    class Leaver(Socket):
        def credential_checked(self, caller: Caller | None) -> None:
            super().credential_checked(caller)
            revocations.forget("a", self)

    first = credentials.watch(revocations, "a")
    leaver = Leaver()

    async def never() -> Caller:
        raise AssertionError("the first one's question is asked for all")

    revocations.watch("a", never, leaver)
    await turn(revocations, clock)
    await turn(revocations, clock)

    assert (len(first.told), len(leaver.told)) == (2, 1)
