"""The Python client over /ws against a real server: nothing lost, nothing twice, told in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.cutting import cut_line_to
from tests.system.breaking import BREAKS, OF_A_ROUND, post, post_and_break
from tests.system.conftest import Launch
from tests.system.server import Server
from tests.system.sockets import created
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
    Pong,
    SentAway,
    Subscribed,
    Wish,
)

Kind = TypeVar("Kind", bound=Message)

# How long anything may take to come.
LIMIT_S = 30


async def test_it_gets_what_is_posted_as_it_asked(server: Server) -> None:
    async with live_to(server.port, Wish(projects=["py-1"])) as live:
        await next_of(live, Subscribed)
        await post(server.port, "py-1-not", 1)
        seqs = await post(server.port, "py-1", 5)
        got = [await next_of(live, DeploymentEvent) for _ in seqs]
        assert [one.offset.seq for one in got if one.offset] == seqs
        assert {(one.project, one.type, one.event_type) for one in got} <= {
            ("py-1", "posco_event", "deployment_started"),
            ("py-1", "posco_event", "deployment_progress"),
        }
        assert got[-1].message == "line 4"

        await live.subscribe(Wish(event_types=["deployment_event"]))
        await next_of(live, Subscribed)
        await post(server.port, "py-1", 1)
        assert (await next_of(live, DeploymentEvent)).type == "deployment_event"
        await live.ping()
        await next_of(live, Pong)
        assert live.latency_s is not None
        request_id = await live.send("service_control", {"service_id": "x", "action": "status"})
        error = await next_of(live, ErrorSaid)
        assert (error.error_code, error.request_id) == ("SERVICE_NOT_FOUND", request_id)


async def test_nothing_is_lost_or_doubled_on_a_line_that_breaks(server: Server) -> None:
    changes: list[LinkChange] = []
    async with (
        cut_line_to(server.port) as line,
        live_to(line.port, Wish(projects=["py-2"]), changes) as live,
    ):
        await next_of(live, Subscribed)
        got = Got(live)
        listening = asyncio.create_task(got.listen(BREAKS * OF_A_ROUND))
        posted = await post_and_break(server.port, line, "py-2", seed=7, until_got=got.until)
        await listening

        assert got.seqs == posted
    assert changes.count(Back(0)) >= BREAKS
    assert {type(one) for one in changes[1:]} == {Lost, Back}


@pytest.mark.parametrize("way", ["kill", "stop"])
async def test_it_goes_on_after_a_restart(way: str, launch: Launch) -> None:
    server = launch()
    changes: list[LinkChange] = []
    async with live_to(server.port, Wish(), changes) as live:
        await next_of(live, ConnectionStatus)
        seqs = await post(server.port, "py-3", 20)
        got = await events(live, 10)
        restarting = asyncio.create_task(asyncio.to_thread(restart, server, way))
        got += await events(live, 10)
        more = asyncio.create_task(events(live, 20))
        await restarting
        seqs += await post(server.port, "py-3", 20)

        assert got + await more == seqs
    assert [type(one) for one in changes] == [Opened, Lost, Back]
    assert changes[-1] == Back(0)


async def test_another_journal_is_told(launch: Launch, tmp_path: Path) -> None:
    server = launch()
    changes: list[LinkChange] = []
    async with live_to(server.port, Wish(), changes) as live:
        await next_of(live, ConnectionStatus)
        await post(server.port, "py-4", 5)
        await events(live, 5)
        await asyncio.to_thread(server.stop)
        server.data_dir = tmp_path / "other"
        await asyncio.to_thread(server.start)
        await next_of(live, Subscribed)
        assert changes[-1] == Back(None)
        seqs = await post(server.port, "py-4", 3)

        assert await events(live, 3) == seqs


async def test_who_is_not_let_in_is_told_and_does_not_come_back(launch: Launch) -> None:
    server = launch({"TOCSIN_AUTH__LOCAL_ROLE": "none", "TOCSIN_LIVE__AUTH_TIMEOUT_S": "1"})
    token = await asyncio.to_thread(created, server, "viewer")
    async with live_to(server.port, Wish(), token=token) as live:
        assert (await next_of(live, ConnectionStatus)).role == "viewer"

    for wrong in (None, "x" * 43):
        async with live_to(server.port, Wish(), token=wrong) as live:
            error = await next_of(live, ErrorSaid)
            assert error.error_code == "AUTHENTICATION_REQUIRED"
            with pytest.raises(SentAway) as raised:
                await next_of(live, ConnectionStatus)
            assert (raised.value.code, raised.value.status) == (4501, 401)


async def test_a_full_server_says_when_to_come_back(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__MAX_CONNECTIONS": "1"})
    async with live_to(server.port, Wish()) as live:
        await next_of(live, ConnectionStatus)

        with pytest.raises(Busy) as raised:
            async with live_to(server.port, Wish(), patience_s=0):
                pass
    assert raised.value.status == 503
    assert (raised.value.retry_after_s or 0) >= 1


@asynccontextmanager
async def live_to(
    port: int,
    wish: Wish,
    changes: list[LinkChange] | None = None,
    *,
    token: str | None = None,
    patience_s: float = 30.0,
) -> AsyncIterator[Live]:
    told = [] if changes is None else changes
    async with (
        Client(f"http://127.0.0.1:{port}", token, patience_s=patience_s) as client,
        client.live(wish, on_link=told.append) as live,
    ):
        yield live


async def next_of(live: Live, kind: type[Kind]) -> Kind:
    async with asyncio.timeout(LIMIT_S):
        while True:
            message = await anext(live)
            if isinstance(message, kind):
                return message


async def events(live: Live, count: int) -> list[int]:
    found = [await next_of(live, DeploymentEvent) for _ in range(count)]
    return [one.offset.seq for one in found if one.offset]


class Got:
    """The numbers of the events that came, while others wait for so many."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._news = asyncio.Condition()
        self.seqs: list[int] = []

    async def listen(self, count: int) -> None:
        while len(self.seqs) < count:
            seqs = await events(self._live, 1)
            async with self._news:
                self.seqs += seqs
                self._news.notify_all()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(LIMIT_S), self._news:
            await self._news.wait_for(lambda: len(self.seqs) >= count)


def restart(server: Server, way: str) -> None:
    getattr(server, way)()
    server.start()
