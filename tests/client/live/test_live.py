"""A line over `/ws` is kept up, goes on where it was, and speaks."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from aiohttp import web

from tests.client.live.speaking import WsServer, speaking
from tests.cutting import cut_line_to
from tocsin.client import (
    Back,
    Busy,
    Client,
    ConnectionStatus,
    DeploymentEvent,
    ErrorSaid,
    LinkChange,
    Live,
    Lost,
    Message,
    Opened,
    Other,
    Pacing,
    Pong,
    Refused,
    Rubbish,
    SentAway,
    Unreachable,
    Wish,
)

Kind = TypeVar("Kind", bound=Message)


@dataclass
class HandPacing:
    """Time that passes only by pauses, which end at once."""

    now_s: float = 0.0
    pauses_s: list[float] = field(default_factory=list)
    _paused: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def sleep(self, seconds: float) -> None:
        async with self._paused:
            self.pauses_s.append(seconds)
            self.now_s += seconds
            self._paused.notify_all()

    async def paused(self, count: int) -> None:
        """Return once so many pauses were made."""
        async with self._paused:
            await self._paused.wait_for(lambda: len(self.pauses_s) >= count)

    @property
    def pacing(self) -> Pacing:
        return Pacing(self.sleep, lambda: self.now_s, lambda: 0.5)


@pytest.fixture
def hand() -> HandPacing:
    return HandPacing()


@pytest.fixture
async def server() -> AsyncGenerator[WsServer, None]:
    async with speaking() as made:
        yield made


@pytest.fixture
def changes() -> list[LinkChange]:
    return []


class Connecting:
    """Makes a Live, with a Client around it."""

    def __init__(self, url: str, hand: HandPacing, changes: list[LinkChange]) -> None:
        self.url, self.hand, self.changes = url, hand, changes

    @asynccontextmanager
    async def __call__(
        self, wish: Wish | None = None, url: str = "", last_event_id: str | None = None
    ) -> AsyncIterator[Live]:
        async with (
            Client(url or self.url, "tok", pacing=self.hand.pacing) as client,
            client.live(
                wish, last_event_id=last_event_id, on_link=self.changes.append, client_id="me"
            ) as live,
        ):
            yield live


@pytest.fixture
def connect(server: WsServer, hand: HandPacing, changes: list[LinkChange]) -> Connecting:
    return Connecting(server.url, hand, changes)


async def next_of(live: Live, kind: type[Kind]) -> Kind:
    while True:
        message = await anext(live)
        if isinstance(message, kind):
            return message


async def seqs(live: Live, count: int) -> list[int]:
    found = [await next_of(live, DeploymentEvent) for _ in range(count)]
    return [one.offset.seq for one in found if one.offset]


async def test_it_says_who_it_is_and_gets_what_happens(
    server: WsServer, connect: Connecting, changes: list[LinkChange]
) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        await server.happen(3)
        assert await seqs(live, 3) == [1, 2, 3]
        assert live.is_connected
        assert str(live.offset) == "e:3"
    info = await server.heard("client_info")

    assert info["data"]["client_id"] == "me"
    assert server.tokens == ["Bearer tok"]
    assert changes == [Opened("e", 0, None)]


async def test_it_goes_on_after_a_loss_without_gap_or_repeat(
    server: WsServer, connect: Connecting, changes: list[LinkChange]
) -> None:
    server.is_hasty = True
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        await server.happen(2)
        assert await seqs(live, 2) == [1, 2]
        await server.close_all(4001, "draining")
        await server.happen(3)

        # The sixth comes live, before the server has taken the question for the others.
        assert await seqs(live, 4) == [3, 4, 5, 6]
        await server.happen()
        assert await seqs(live, 1) == [7]
    assert changes == [Opened("e", 0, None), Lost("the server closed it: draining"), Back(0)]


async def test_nothing_is_lost_or_doubled_whatever_is_cut(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    async with cut_line_to(server.port) as proxy:
        proxy.cut_after(900)
        async with connect(url=f"http://127.0.0.1:{proxy.port}") as live:
            await next_of(live, ConnectionStatus)
            got: list[int] = []
            for cut_at in range(300, 1500, 60):
                await server.happen(7)
                got += await seqs(live, 7)
                proxy.cut_after(cut_at)

    assert got == list(range(1, len(got) + 1))
    assert len(got) == 140
    assert proxy.connects > 5
    assert max(hand.pauses_s) <= 5


async def test_another_journal_is_told_and_begun_anew(
    server: WsServer, connect: Connecting, changes: list[LinkChange]
) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        await server.happen(5)
        await seqs(live, 5)
        server.epoch, server.head = "f", 2
        await server.close_all(1012)
        while len(changes) < 3:
            await anext(live)
        await server.happen()

        assert await seqs(live, 1) == [3]
    assert changes[-1] == Back(None)


async def test_what_was_pruned_is_counted(
    server: WsServer, connect: Connecting, changes: list[LinkChange]
) -> None:
    server.head, server.pruned = 900, 500
    async with connect(last_event_id="e:100") as live:
        while not live.is_connected:
            await anext(live)
    assert changes == [Opened("e", 900, False)]


async def test_it_goes_on_after_an_event_of_another_time(
    server: WsServer, connect: Connecting, changes: list[LinkChange]
) -> None:
    server.head = 5
    async with connect(last_event_id="e:3") as live:
        assert await seqs(live, 2) == [4, 5]
    assert changes == [Opened("e", 3, True)]


async def test_what_is_no_offset_is_an_error(connect: Connecting) -> None:
    with pytest.raises(ValueError, match="no offset"):
        async with connect(last_event_id="garbage"):
            pass


async def test_what_was_asked_for_is_asked_for_again(server: WsServer, connect: Connecting) -> None:
    async with connect(Wish(event_types=["posco_event"])) as live:
        first = await server.heard("subscribe")
        assert first["data"] == {"event_types": ["posco_event"]}
        while not live.is_connected:
            await anext(live)
        await live.subscribe(Wish(event_types=["alert"], projects=["shop"]))
        await live.unsubscribe(Wish(event_types=["posco_event"]))
        await server.heard("unsubscribe")
        await server.close_all(4008)
        again = asyncio.create_task(server.heard("subscribe", 3))
        await next_of(live, ConnectionStatus)

        assert (await again)["data"] == {
            "event_types": ["alert"],
            "projects": ["shop"],
            "since": {"epoch": "e", "seq": 0},
        }


async def test_what_is_asked_for_on_a_lost_line_is_remembered(
    server: WsServer, connect: Connecting
) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        await server.close_all(1001)
        await live.subscribe(Wish(projects=["shop"]))
        again = asyncio.create_task(server.heard_since())
        await next_of(live, ConnectionStatus)

        assert (await again)["data"]["projects"] == ["shop"]


async def test_rubbish_is_told_and_changes_nothing(server: WsServer, connect: Connecting) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        await server.say_raw("{broken", b"\x00", "[]", '{"type": "of_tomorrow", "data": {}}')
        await server.happen()

        heard = [await anext(live) for _ in range(5)]
    assert [type(one) for one in heard] == [Rubbish, Rubbish, Rubbish, Other, DeploymentEvent]


async def test_a_ping_tells_the_latency(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        await live.ping()
        hand.now_s += 0.25
        await next_of(live, Pong)

        assert live.latency_s == 0.25


async def test_what_is_said_carries_an_id_and_needs_a_line(
    server: WsServer, connect: Connecting
) -> None:
    async with connect() as live:
        control = {"service_id": "a", "action": "restart"}
        request_id = await live.send("service_control", control)
        said = await server.heard("service_control")
        assert (said["data"], said["request_id"]) == (control, request_id)

    with pytest.raises(Unreachable, match="not connected"):
        await live.send("ping", {})


# --- when to come back


async def test_a_server_that_was_never_reached_is_given_up_at_once(connect: Connecting) -> None:
    with pytest.raises(Unreachable):
        async with connect(url="http://127.0.0.1:1"):
            pass


async def test_a_busy_server_is_waited_for_as_long_as_it_asks(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    server.answers = [web.Response(status=503, headers={"Retry-After": "8"}) for _ in range(2)]

    async with connect() as live:
        await next_of(live, ConnectionStatus)

    assert len(hand.pauses_s) == 2
    assert all(8 <= pause <= 9 for pause in hand.pauses_s)


async def test_a_busy_server_is_given_up_when_the_patience_ends(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    server.answers = [web.Response(status=503, headers={"Retry-After": "8"}) for _ in range(9)]

    with pytest.raises(Busy):
        async with connect():
            pass

    assert len(server.tokens) == 4


async def test_a_server_that_was_reached_is_waited_for_whatever_it_takes(
    server: WsServer, connect: Connecting, changes: list[LinkChange], hand: HandPacing
) -> None:
    async with (
        cut_line_to(server.port) as proxy,
        connect(url=f"http://127.0.0.1:{proxy.port}") as live,
    ):
        await next_of(live, ConnectionStatus)
        proxy.cut()
        reading = asyncio.create_task(seqs(live, 1))
        await hand.paused(60)
        proxy.restore()
        await server.happen()

        assert await reading == [1]
    assert sum(hand.pauses_s) > 100
    assert [type(one) for one in changes] == [Opened, Lost, Back]


@pytest.mark.parametrize("code", [4500, 4501, 4510, 4999])
async def test_a_server_that_sends_it_away_is_not_come_back_to(
    code: int, server: WsServer, connect: Connecting
) -> None:
    server.closes_with = code

    with pytest.raises(SentAway) as raised:
        async with connect() as live:
            await next_of(live, DeploymentEvent)

    assert raised.value.code == code
    assert len(server.tokens) == 1


async def test_a_server_that_throws_out_at_once_is_not_asked_in_a_rush(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    server.closes_with = 4429
    async with connect() as live:
        for _ in range(8):
            await next_of(live, ConnectionStatus)

    assert hand.pauses_s == [0.125, 0.25, 0.5, 1, 2, 4, 5]


async def test_a_server_that_never_greets_is_given_up_when_the_patience_ends(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    server.greets, server.closes_with = False, 4429

    with pytest.raises(Unreachable):
        async with connect() as live:
            await anext(live)

    assert 30 < sum(hand.pauses_s) < 40


async def test_a_wish_that_the_server_refuses_is_raised(
    server: WsServer, connect: Connecting
) -> None:
    server.faults = ["AUTHENTICATION_REQUIRED"]

    with pytest.raises(Refused) as raised:
        async with connect(Wish(event_types=["alert"])) as live:
            await next_of(live, DeploymentEvent)

    assert raised.value.status == 401


async def test_a_server_that_cannot_subscribe_just_now_is_asked_again(
    server: WsServer, connect: Connecting
) -> None:
    server.head = 4
    server.faults = ["INTERNAL_SERVER_ERROR"]
    async with connect(last_event_id="e:3") as live:
        await next_of(live, ErrorSaid)

        assert await seqs(live, 1) == [4]


async def test_a_server_that_does_not_answer_is_left(
    server: WsServer, connect: Connecting, hand: HandPacing
) -> None:
    server.answers_subscribe = False
    async with connect(last_event_id="e:0") as live:
        await server.heard("subscribe")
        server.answers_subscribe = True
        hand.now_s += 20
        await server.happen()

        assert await seqs(live, 1) == [1]
    assert len(server.tokens) == 2


async def test_a_line_that_stands_may_be_silent_for_three_heartbeats(
    server: WsServer, connect: Connecting
) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)

        assert live._limit_s() == 45


async def test_waiting_may_be_broken_off_at_any_time(server: WsServer, connect: Connecting) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        for number in range(1, 6):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001 * number):
                    await anext(live)
            await server.happen()
            assert await seqs(live, 1) == [number]


async def test_reading_ends_when_it_is_left(server: WsServer, connect: Connecting) -> None:
    async with connect() as live:
        await next_of(live, ConnectionStatus)
        reading = asyncio.create_task(seqs(live, 1))
        await asyncio.sleep(0)

    with pytest.raises(StopAsyncIteration):
        await anext(live)
    assert len(server.tokens) == 1
    reading.cancel()
