"""Socket.IO sessions in the list of live connections: each counted from its begin to its end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.serving import NAMESPACE, REMOTE, Serving, serving_in, until
from tocsin.live.closing import CloseCode


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving_in(tmp_path) as live:
        yield live


def is_open(live: Serving) -> float:
    return live.counted("tocsin_live_connections", dialect="socketio")


def closed(live: Serving, cause: str) -> float:
    return live.counted("tocsin_live_closed_total", dialect="socketio", cause=cause)


async def test_a_session_counts_while_it_is_open_whether_or_not_somebody_came_in(
    live: Serving,
) -> None:
    async with live.socket(), live.client(), live.polling():
        assert is_open(live) == 3
        assert live.counted("tocsin_live_accepted_total", dialect="socketio") == 3
    async with live.socket(headers=REMOTE):
        # The sockets that were left are noticed as such.
        await until(lambda: is_open(live) == 2)


async def test_why_it_ended_is_counted(live: Serving) -> None:
    async with live.client() as one, live.client() as two:
        one.socket.transport.abort()
        await two.socket.send("41/project-dashboard/ws,")
        await two.socket.send("1")
        await until(lambda: is_open(live) == 0)

    assert closed(live, "transport_close") == 2


async def test_two_namespaces_are_one_session(live: Serving) -> None:
    async with live.client() as talk:
        await talk.socket.send("40")
        await talk.hear()

        assert is_open(live) == 1


async def test_going_over_to_a_websocket_makes_it_no_second_one(live: Serving) -> None:
    async with live.polling() as polls, live.socket(query=f"&sid={polls.sid}", probes=True) as talk:
        await talk.socket.send("2probe")
        assert await talk.socket.recv() == "3probe"
        await talk.socket.send("5")
        await talk.enter()

        assert is_open(live) == 1


async def test_draining_closes_it_to_come_back_and_takes_no_other(live: Serving) -> None:
    async with live.client() as talk:
        await live.stage.drain()

        code, reason = await talk.until_closed()
        assert (code, reason) == (CloseCode.DRAINING, "draining")
        await until(lambda: is_open(live) == 0)
        assert closed(live, "draining") == 1


async def test_a_session_by_long_polling_is_told_by_its_get(live: Serving) -> None:
    async with live.polling() as polls:
        await polls.enter()
        waiting = asyncio.create_task(polls.packets())
        await until(lambda: live.stage._engine._sessions[polls.sid].transport._waiting is not None)  # type: ignore[union-attr]
        await live.stage.drain()

        assert await waiting == ["1"]
        assert is_open(live) == 0


async def test_what_its_client_sends_is_counted(live: Serving) -> None:
    async with live.client() as talk:
        before = live.counted("tocsin_live_messages_received_total", dialect="socketio")
        bytes_before = live.counted("tocsin_live_bytes_received_total", dialect="socketio")
        await talk.ask("subscribe_project", "é")

        said = f'2{NAMESPACE},1["subscribe_project","é"]'.encode()
        assert live.counted("tocsin_live_messages_received_total", dialect="socketio") - before == 1
        assert (
            live.counted("tocsin_live_bytes_received_total", dialect="socketio") - bytes_before
        ) == len(said)
