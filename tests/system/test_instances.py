"""Two instances on one PostgreSQL and one Redis: whoever is asked, it is as if there were one."""

import asyncio
import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.postgres import fresh_database, postgres_server
from tests.system.instances import Instances, instances_in, nginx_before
from tests.system.load import Load
from tests.system.node import Script, running
from tests.system.reading import RECEIVER, Json, reading, sample
from tests.system.rollout import post, rollout, seqs_of
from tests.system.server import Server
from tests.system.socketio_wire import socketio
from tests.system.sse import Stream, streaming
from tests.system.websocket_wire import RefusedError, WebSocket
from tests.system.wire import connected
from tests.system.ws import ws

PROJECT = "axi-star-cloud"
LIST = "deployment_notifications"
HEADER = "x-tocsin-instance"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Generator[Instances, None, None]:
    folder = tmp_path_factory.mktemp("instances")
    with postgres_server() as postgres, fresh_database(postgres) as url:
        settings = {"TOCSIN_DATABASE_URL": url, "TOCSIN_SECRET_KEY": "k" * 44}
        with instances_in(folder, settings=settings) as instances:
            yield instances


@pytest.fixture
def two(shared: Instances) -> Instances:
    """Both, running again if a test before has killed one."""
    shared.start()
    return shared


def seqs(stream: Stream, count: int) -> "asyncio.Task[list[int]]":
    """The seqs of the next so many events, as they come."""

    async def read() -> list[int]:
        return [int(one.id.partition(":")[2]) for one in await stream.events(count)]

    return asyncio.create_task(read())


async def metric(server: Server, name: str) -> float:
    async with connected(server.port) as connection:
        text = (await connection.get("/metrics")).body.decode()
    found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def checks(server: Server) -> Json:
    async with connected(server.port) as connection:
        answer = await connection.get("/health")
    found: Json = answer.json()
    return found


# --- events


async def test_readers_at_both_get_what_both_take_in_once_and_in_order(two: Instances) -> None:
    a, b = two.servers
    messages = rollout(PROJECT, "d-1", steps=5)
    async with (
        streaming(a.port, project=PROJECT) as at_a,
        streaming(b.port, project=PROJECT) as at_b,
    ):
        count = 2 * len(messages)
        heard = [seqs(at_a, count), seqs(at_b, count)]
        others = rollout(PROJECT, "d-2", steps=5)
        receipts = await asyncio.gather(post(a.port, messages), post(b.port, others))
        found = await asyncio.gather(*heard)

    wanted = sorted(seqs_of(receipts[0]) + seqs_of(receipts[1]))
    assert found == [wanted, wanted]
    for one in two.servers:
        # All of it was told, or nearly so; nothing had to be looked for each second.
        assert await metric(one, "tocsin_live_journal_events_total") <= count / 10
        assert await metric(one, "tocsin_bus_received_total") > 0


async def test_standings_are_told_too(two: Instances) -> None:
    a, b = two.servers
    async with ws(b.port) as socket:
        await socket.asked("subscribe", "subscribed", event_types=["deployment_event"])
        await post(a.port, rollout(PROJECT, "d-standing", steps=1, lines=0))
        frames = [await socket.until("deployment_event") for _ in range(3)]

    steps = [[step["status"] for step in one["data"]["steps"]] for one in frames]
    assert steps[0] == ["in_progress"]
    assert steps[-1] == ["completed"]


async def test_without_redis_events_come_late_and_none_is_lost(two: Instances) -> None:
    a, b = two.servers
    async with streaming(b.port, project=PROJECT) as stream:
        first = await post(a.port, [sample("log_entry", project=PROJECT)])
        two.redis.kill()
        second = await post(a.port, [sample("log_entry", project=PROJECT)])
        found = await seqs(stream, 2)
        while_down = await checks(b)
        two.redis.start()
        third = await post(a.port, [sample("log_entry", project=PROJECT)])
        found += await seqs(stream, 1)

    assert found == seqs_of([*first, *second, *third])
    assert while_down["status"] == while_down["checks"]["bus"]["status"] == "degraded"
    async with connected(b.port) as connection:
        assert (await connection.get("/health/ready")).status == 200


# --- clients that go elsewhere


async def test_a_reader_goes_on_at_the_other_after_a_kill(two: Instances) -> None:
    a, b = two.servers
    load = Load("d-kill", a.port)
    pouring = asyncio.create_task(load.pour(4))
    async with streaming(a.port, project=PROJECT) as stream:
        before = await seqs(stream, 50)
        await load.until(100)
        a.kill()
        await pouring
    last = f"{stream.last_id.partition(':')[0]}:{before[-1]}"
    async with streaming(b.port, project=PROJECT, last_event_id=last) as stream:
        assert stream.opened["recovered"] is True
        async with reading(b.port) as reader:
            events = await reader.events(project=PROJECT)
        wanted = [one["seq"] for one in events if one["seq"] >= before[0]]
        after = await seqs(stream, len(wanted) - len(before))

    assert before + after == wanted
    async with reading(b.port) as reader:
        await load.check(reader)


async def test_a_socketio_client_is_recovered_at_the_other_after_a_kill(two: Instances) -> None:
    a, b = two.servers
    async with socketio(a.port, auth={"recover": True}) as client:
        await client.subscribed(PROJECT)
        [(_, seen)] = await post(b.port, [sample("log_entry", project=PROJECT)])
        *_, offset = await client.words()
        a.kill()
        pid = client.connected["pid"]
    missed = await post(b.port, [sample("log_entry", project=PROJECT) for _ in range(3)])
    back = {"recover": True, "pid": pid, "offset": offset}
    async with socketio(b.port, auth=back) as client:
        found = [await client.until("event") for _ in missed]

        assert client.connected["pid"] == pid
        assert seen not in [one["seq"] for one in found]
        assert [one["seq"] for one in found] == seqs_of(missed)


async def test_stock_clients_move_from_instance_to_instance(two: Instances, tmp_path: Path) -> None:
    names = ("websocket", "polling", "default")
    a, b = two.servers
    with nginx_before(tmp_path / "nginx", two.servers) as port:
        async with running("clients.mjs", clients(port, names)) as script:
            await script.until("subscription:confirmed", len(names))
            receipts = await post(a.port, rollout(PROJECT, "d-1", steps=2))
            await _all_have(script, names, seqs_of(receipts))
            for victim, other in ((a, b), (b, a)):
                victim.kill()
                away = await post(other.port, rollout(PROJECT, f"d-{victim.port}", steps=1))
                receipts += away
                await _all_have(script, names, seqs_of(receipts))
                await asyncio.to_thread(victim.start)

    for name in names:
        assert all(one["recovered"] for one in script.of("connect", name=name)[1:]), name


async def _all_have(script: Script, names: tuple[str, ...], wanted: list[int]) -> None:
    for name in names:
        found = await script.until("event", len(wanted), 40, name=name)
        assert [one["data"]["seq"] for one in found] == wanted, name


def clients(port: int, names: tuple[str, ...]) -> list[Json]:
    return [
        {
            "name": name,
            "url": f"http://127.0.0.1:{port}",
            "options": {} if name == "default" else {"transports": [name]},
            "say": [["subscribe_project", PROJECT]],
        }
        for name in names
    ]


async def test_a_session_that_is_polled_tells_whose_it_is(two: Instances) -> None:
    for number, one in enumerate(two.servers, start=1):
        async with connected(one.port) as connection:
            answer = await connection.get("/socket.io/", EIO="4", transport="polling")

        assert json.loads(answer.body[1:])["sid"].startswith(f"api-{number}.")


# --- who says it


async def test_every_answer_says_which_instance_gave_it(two: Instances) -> None:
    _, b = two.servers
    async with connected(b.port) as connection:
        message = sample("log_entry", project=PROJECT)
        answers = [
            await connection.get("/health"),
            await connection.get("/health/live"),
            await connection.get("/metrics"),
            await connection.get("/nowhere"),
            await connection.get("/api/v1/events"),
            await connection.get("/socket.io/"),
            await connection.post(RECEIVER, message),
            await connection.post(RECEIVER, b"{"),
            await connection.post("/hooks/nothing", b"{}"),
        ]
    socket = await WebSocket.open(b.port, "/ws")
    await socket.close()
    with pytest.raises(RefusedError) as refused:
        await WebSocket.open(b.port, "/nowhere")

    said = [one.headers[HEADER] for one in (*answers, refused.value.answer)]
    assert said == ["api-2"] * len(said)
    assert socket.headers[HEADER] == "api-2"
    assert 'tocsin_instance_info{instance_id="api-2"' in answers[2].body.decode()
    log = [json.loads(line) for line in b.log().splitlines() if line.startswith("{")]
    assert {line["instance"] for line in log} == {"api-2"}


# --- stages


async def test_stages_may_run_in_instances_of_their_own(tmp_path: Path) -> None:
    with instances_in(tmp_path, settings={"TOCSIN_STAGES": "ingest,watch"}) as instances:
        taking, showing = instances.servers
        showing.stop()
        showing.settings["TOCSIN_STAGES"] = "live"
        showing.options = ["--stages", "live,web"]
        await asyncio.to_thread(showing.start)
        async with streaming(showing.port, project=PROJECT) as stream:
            receipts = await post(taking.port, rollout(PROJECT, "d-1", steps=1))
            found = await seqs(stream, len(receipts))
        async with connected(showing.port) as connection:
            message = sample("log_entry", project=PROJECT)
            refused = await connection.post(RECEIVER, message)
            system = (await connection.get("/api/v1/system")).json()
        async with connected(taking.port) as connection:
            statuses = [
                (await connection.get(path)).status
                for path in ("/health", "/metrics", "/api/v1/system", "/api/v1/events/stream")
            ]
        with pytest.raises(RefusedError) as no_socket:
            await WebSocket.open(taking.port, "/ws")

    assert found == seqs_of(receipts)
    assert (refused.status, refused.headers["retry-after"]) == (503, "5")
    assert refused.json()["success"] is False
    assert system["runs"] == ["live", "web"]
    loops = {one["name"] for one in system["stages"]}
    assert {"bus.send", "bus.hear", "live.hub", "store.leases"} <= loops
    assert loops.isdisjoint({"ingest.inbox", "watch.stalled", "store.retention"})
    assert statuses == [200, 200, 404, 503]
    assert no_socket.value.answer.status == 503


# --- the inbox


def push(two: Instances, first: int, last: int) -> None:
    for number in range(first, last):
        message = sample("log_entry", project="pushed", message=f"line {number}")
        two.redis.say("LPUSH", LIST, json.dumps(message))


async def stored(server: Server) -> list[str]:
    async with reading(server.port) as reader:
        return [one["data"]["message"] for one in await reader.events(project="pushed")]


async def until_stored(server: Server, count: int, limit_s: float = 40.0) -> list[str]:
    async with asyncio.timeout(limit_s):
        while len(found := await stored(server)) < count:  # noqa: ASYNC110 - nobody tells here
            await asyncio.sleep(0.05)
    return found


@pytest.mark.long
async def test_what_is_pushed_is_stored_once_through_kills_and_a_restart_of_redis(
    two: Instances,
) -> None:
    a, b = two.servers
    others = await stored(a)
    await asyncio.to_thread(push, two, 0, 300)
    a.kill()
    await asyncio.to_thread(push, two, 300, 400)
    two.redis.kill()
    two.redis.start()
    await asyncio.to_thread(push, two, 400, 500)
    await until_stored(b, len(others) + 500)
    b.kill()
    await asyncio.to_thread(push, two, 500, 600)
    await asyncio.to_thread(a.start)
    found = await until_stored(a, len(others) + 600)

    new = [one for one in found if one not in others]
    assert sorted(new) == sorted(f"line {number}" for number in range(600))
    assert await metric(a, "tocsin_inbox_messages_total") > 0
    assert two.redis.say("LLEN", LIST) == b":0\r\n"


async def test_an_unreadable_one_is_kept_and_shown_in_health(two: Instances) -> None:
    a, _ = two.servers
    before = len(await stored(a))
    two.redis.say("LPUSH", LIST, "no JSON")
    await asyncio.to_thread(push, two, 1000, 1001)
    await until_stored(a, before + 1)

    assert (await checks(a))["checks"]["inbox"] == {
        "status": "ok",
        "waiting_messages": 0,
        "taken_messages": 0,
        "dead_messages": 1,
    }
