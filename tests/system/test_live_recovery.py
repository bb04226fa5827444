"""Live clients through kills, restarts and lost lines: nothing is lost, nothing comes twice."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped] # it ships no types

from tests.system.conftest import Launch
from tests.system.load import Load
from tests.system.node import Script, running
from tests.system.proxy import Line, line_to
from tests.system.reading import Json, reading, sample
from tests.system.rollout import post, rollout, seqs_of
from tests.system.server import Server
from tests.system.websocket_wire import EndedError
from tests.system.wire import ClosedError
from tests.system.ws import Ws, ws

# What Load posts to.
PROJECT = "axi-star-cloud"
SUBSCRIBE = [["subscribe_project", PROJECT]]
NAMES = ("websocket", "default", "polling")
# A stock client waits for up to 5 s, and half as much again, before each try.
RETURN_LIMIT_S = 30.0
LOST_LINE_S = 3.0


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
async def test_stock_clients_survive_the_end_of_the_server(
    sign: signal.Signals, launch: Launch, soak_times: int
) -> None:
    server = launch()
    rounds = soak_times // 2
    async with running("clients.mjs", stock_clients(server.port)) as script:
        await script.until("subscription:confirmed", len(NAMES))
        for number in range(rounds):
            load = Load(f"r-{number}", server.port)
            pouring = asyncio.create_task(load.pour(8))
            await load.until(300)
            await asyncio.to_thread(server.stop, sign)
            await pouring
            await asyncio.to_thread(server.start)
            await post(server.port, rollout(PROJECT, f"r-{number}-away", steps=2))
            await script.until("connect", (number + 2) * len(NAMES), RETURN_LIMIT_S)
        await check_all(script, server)

    for name in NAMES:
        came_back = script.of("connect", name=name)[1:]
        assert [one["recovered"] for one in came_back] == [True] * rounds, name
        assert {one["reason"] for one in script.of("disconnect", name=name)} <= {
            "transport close",
            "transport error",
        }


async def test_a_line_that_halts_for_seconds_is_not_noticed(launch: Launch) -> None:
    server = launch()
    async with (
        line_to(server.port) as line,
        running("clients.mjs", stock_clients(line.port)) as script,
    ):
        await script.until("subscription:confirmed", len(NAMES))
        await post(server.port, rollout(PROJECT, "r-before", steps=1))
        line.stall()
        await post(server.port, rollout(PROJECT, "r-while", steps=5))
        await asyncio.sleep(LOST_LINE_S)
        line.restore()
        await check_all(script, server)

        assert not script.of("disconnect")


async def test_a_line_that_halts_and_breaks_costs_nothing(launch: Launch) -> None:
    server = launch()
    async with (
        line_to(server.port) as line,
        running("clients.mjs", stock_clients(line.port)) as script,
    ):
        await script.until("subscription:confirmed", len(NAMES))
        for number in range(3):
            await post(server.port, rollout(PROJECT, f"r-{number}-before", steps=1))
            line.stall()
            await post(server.port, rollout(PROJECT, f"r-{number}-while", steps=2))
            await asyncio.sleep(LOST_LINE_S / 3)
            line.cut()
            await post(server.port, rollout(PROJECT, f"r-{number}-cut", steps=2))
            await script.until("disconnect", (number + 1) * len(NAMES))
            line.restore()
            await script.until("connect", (number + 2) * len(NAMES), RETURN_LIMIT_S)
        await check_all(script, server)

        assert {one["recovered"] for one in script.of("connect")[len(NAMES) :]} == {True}


@pytest.mark.soak
@pytest.mark.parametrize("lost_s", [20, 60, 90])
async def test_a_minute_without_a_line_costs_nothing(lost_s: float, launch: Launch) -> None:
    """Beyond 45 s both sides give the other up (25 s between pings, 20 s for the answer)."""
    server = launch()
    async with (
        line_to(server.port) as line,
        running("clients.mjs", stock_clients(line.port)) as script,
    ):
        await script.until("subscription:confirmed", len(NAMES))
        line.stall()
        for number in range(int(lost_s) // 2):
            await post(server.port, [sample("log_entry", message=f"while lost {number}")])
            await asyncio.sleep(2)
        line.restore()
        await check_all(script, server)

        assert all(one["recovered"] for one in script.of("connect")[len(NAMES) :])


async def test_cuts_under_load_cost_nothing(launch: Launch, soak_times: int) -> None:
    server = launch()
    async with (
        line_to(server.port) as line,
        running("clients.mjs", stock_clients(line.port)) as script,
    ):
        await script.until("subscription:confirmed", len(NAMES))
        posting = asyncio.create_task(post(server.port, rollout(PROJECT, "r-cuts", steps=100)))
        await cut_often(line, script, soak_times)
        await posting
        await check_all(script, server)

        assert all(one["recovered"] for one in script.of("connect")[len(NAMES) :])


async def test_rooms_are_the_same_after_a_recovery(launch: Launch) -> None:
    server = launch()
    say = [
        ["subscribe_project", "r-1"],
        ["subscribe_project", "r-2"],
        ["subscribe_deployment", "r-3-1"],
        ["unsubscribe_project", "r-2"],
    ]
    async with running("clients.mjs", [stock_client(server.port, "a", say)]) as script:
        await script.until("unsubscription:confirmed")
        await post(server.port, [log("r-1", "r-1-1")])
        await script.until("event")
        server.kill()
        await asyncio.to_thread(server.start)
        places = [("r-1", "r-1-1"), ("r-2", "r-2-1"), ("r-3", "r-3-1"), ("r-3", "r-3-2")]
        missed = await post(server.port, [log(*place) for place in places])
        await script.until("connect", 1, RETURN_LIMIT_S, recovered=True)
        live = await post(server.port, [log(*place) for place in places])

        events = await script.until("event", 5)
        wanted = [missed[0], missed[2], live[0], live[2]]
        assert [one["data"]["seq"] for one in events[1:]] == seqs_of(wanted)


async def test_too_much_to_recover_is_told_and_can_be_asked_for(launch: Launch) -> None:
    server = launch()
    async with (
        line_to(server.port) as line,
        running("clients.mjs", [stock_client(line.port, "a", SUBSCRIBE)]) as script,
    ):
        await script.until("subscription:confirmed")
        [(_, seen)] = await post(server.port, [log(PROJECT, "r-seen")])
        await script.until("event")
        line.cut()
        missed = await post(server.port, rollout(PROJECT, "r-missed", steps=55))
        assert len(missed) > 1000
        line.restore()
        back = (await script.until("connect", 2, RETURN_LIMIT_S))[-1]
        assert back["recovered"] is False
        script.command(name="a", say=["heartbeat"])
        await script.until("heartbeat:ack")
        assert len(script.of("event")) == 1
        again = {"project": PROJECT, "since_seq": seen}
        script.command(name="a", say=["subscribe_project", again])
        await check_all(script, server)


async def test_the_python_client_goes_on_by_since_seq(launch: Launch) -> None:
    server = launch()
    events: list[Json] = []
    news = asyncio.Condition()
    confirmed = asyncio.Event()
    sio = socketio.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=1)

    async def on_event(event: Any) -> None:
        async with news:
            events.append(event)
            news.notify_all()

    async def on_connect() -> None:
        since: Json = {"since_seq": events[-1]["seq"]} if events else {}
        await sio.emit("subscribe_project", {"project": PROJECT, **since})

    async def until(count: int) -> None:
        async with news:
            await news.wait_for(lambda: len(events) >= count)

    sio.on("event", on_event)
    sio.on("connect", on_connect)
    sio.on("subscription:confirmed", lambda _: confirmed.set())
    async with line_to(server.port) as line, asyncio.timeout(90):
        url = f"http://127.0.0.1:{line.port}"
        await sio.connect(url, transports=["websocket"], wait_timeout=30)
        await confirmed.wait()
        receipts = await post(server.port, rollout(PROJECT, "r-py-0", steps=1))
        for number in range(3):
            await until(len(receipts))
            line.cut()
            receipts += await post(server.port, rollout(PROJECT, f"r-py-{number + 1}", steps=2))
            line.restore()
        await until(len(receipts))
        await sio.disconnect()

    assert [event["seq"] for event in events] == seqs_of(receipts)


async def test_the_json_protocol_goes_on_through_kills(launch: Launch, soak_times: int) -> None:
    server = launch()
    seqs: list[int] = []
    place: Json = {}
    for number in range(soak_times // 2):
        load = Load(f"r-ws-{number}", server.port)
        client = await (await Ws.open(server.port)).greeted()
        epoch = client.greeting["data"]["epoch"]
        since = {"since": place} if place else {}
        told = await client.asked(
            "subscribe", "subscribed", event_types=["posco_event"], projects=[PROJECT], **since
        )
        assert told["data"]["recovered"] is (True if place else None)
        listening = asyncio.create_task(seqs_to_the_end(client))
        pouring = asyncio.create_task(load.pour(8))
        await load.until(300)
        server.kill()
        await pouring
        seqs += await listening
        place = {"epoch": epoch, "seq": seqs[-1]}
        await asyncio.to_thread(server.start)

    async with reading(server.port) as reader, ws(server.port) as client:
        kept = [event["seq"] for event in await reader.events(project=PROJECT)]
        await client.send("subscribe", projects=[PROJECT], since=place)
        while len(seqs) < len(kept):
            seqs.append((await client.until("posco_event"))["seq"])
    assert seqs == kept


async def cut_often(line: Line, script: Script, times: int) -> None:
    """Cut a line, each time once all clients are there again.

    Until they have noticed: a polling client has no connection between two calls.
    """
    for number in range(times):
        line.cut()
        await script.until("disconnect", (number + 1) * len(NAMES))
        line.restore()
        await script.until("connect", (number + 2) * len(NAMES), RETURN_LIMIT_S)


async def check_all(script: Script, server: Server) -> None:
    """That each client got all that the journal holds, once and in order."""
    await post(server.port, [log(PROJECT, "r-end")])
    async with reading(server.port) as reader:
        kept = [event["seq"] for event in await reader.events(project=PROJECT)]
    names = sorted({one["name"] for one in script.of("connect")})
    for name in names:
        await script.until("event", len(kept), name=name)
    for name in names:
        got = [one["data"]["seq"] for one in script.of("event", name=name)]
        assert got == kept, f"{name}: {difference(got, kept)}"


def difference(got: Sequence[int], kept: Sequence[int]) -> str:
    lost = sorted(set(kept) - set(got))
    strange = sorted(set(got) - set(kept))
    twice = sorted(seq for seq in set(got) if got.count(seq) > 1)
    return f"lost {lost[:20]}, twice {twice[:20]}, strange {strange[:20]} of {len(kept)}"


async def seqs_to_the_end(client: Ws) -> list[int]:
    """All that comes until the server is gone."""
    seqs: list[int] = []
    try:
        while True:
            seqs.append((await client.until("posco_event"))["seq"])
    except (EndedError, ClosedError):
        return seqs
    finally:
        await client.socket.abort()


def stock_clients(port: int, **options: Any) -> list[Json]:
    """One for each way to connect, all subscribed to the project."""
    ways: Json = {name: {} if name == "default" else {"transports": [name]} for name in NAMES}
    return [
        stock_client(
            port,
            name,
            SUBSCRIBE,
            **ways[name],
            reconnectionDelay=200,
            reconnectionDelayMax=1000,
            **options,
        )
        for name in NAMES
    ]


def stock_client(port: int, name: str, say: Sequence[Any], **options: Any) -> Json:
    url = f"http://127.0.0.1:{port}/project-dashboard/ws"
    return {"name": name, "url": url, "options": {"path": "/socket.io", **options}, "say": say}


def log(project: str, deployment_id: str) -> Json:
    return sample("log_entry", project=project, deployment_id=deployment_id)
