"""What nginx does when an instance dies with a call, or refuses it: when the other one is asked.

Between nginx and the first instance stands somebody who takes an answer away: the instance has
stored the message then, and the sender never hears of it. That is when a repeat might store it
twice.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.system.balancer import Balancer
from tests.system.cluster import Cluster
from tests.system.reading import RECEIVER, Reader, reading, receipt_of, sample
from tests.system.wire import Connection, Headers, connected

CLOUD_EVENT = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "built", "data": {}}
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster, None, None]:
    settings = {"TOCSIN_SOURCES__CLOUDEVENTS__UNSIGNED_NETWORKS": "127.0.0.0/8"}
    with Cluster(tmp_path_factory.mktemp("cluster"), settings=settings) as made:
        yield made


class Robber:
    """Stands before an instance; hands each call on, and answers nothing, or `instead`."""

    def __init__(self, target_port: int, instead: bytes) -> None:
        self._target_port = target_port
        self._instead = instead
        self.taken: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        names = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if line)
        call = head + await reader.readexactly(int(names.get(b"content-length", b"0")))
        self.taken.append(call)
        if not self._instead:
            async with connected(self._target_port) as there:
                await there.send(call)
                await there.answer()
        writer.write(self._instead)
        writer.close()


@asynccontextmanager
async def robbed(
    cluster: Cluster, folder: Path, instead: bytes = b""
) -> AsyncGenerator[tuple[Robber, Connection], None]:
    """An nginx of its own whose first instance is behind a robber, and a connection to it."""
    robber = Robber(cluster.instances[0].port, instead)
    server = await asyncio.start_server(robber.serve, "127.0.0.1", 0)
    ports = {"api-1": server.sockets[0].getsockname()[1], "api-2": cluster.instances[1].port}
    balancer = await asyncio.to_thread(Balancer(folder, ports).start)
    try:
        async with connected(balancer.port) as connection:
            yield robber, connection
    finally:
        balancer.stop()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("address", "body", "headers"),
    [
        pytest.param(RECEIVER, {}, [], id="nothing_to_tell_it_by"),
        pytest.param(RECEIVER, {}, [("Idempotency-Key", "k-1")], id="idempotency_key"),
        pytest.param(RECEIVER, {}, [("webhook-id", "msg_1")], id="webhook_id"),
        pytest.param(RECEIVER, {"event_id": "e-1"}, [], id="id_in_the_body"),
        pytest.param(f"/project-dashboard{RECEIVER}", {}, [], id="project_dashboard"),
    ],
)
async def test_a_message_whose_answer_was_lost_is_stored_once(
    cluster: Cluster, tmp_path: Path, address: str, body: dict[str, str], headers: Headers
) -> None:
    project = f"lost-{tmp_path.name}"
    async with robbed(cluster, tmp_path) as (robber, sender):
        receipts = []
        for number in range(4):
            own = {name: f"{value}-{number}-{project}" for name, value in body.items()}
            line = sample("log_entry", project=project, message=f"line {number}", **own)
            shown = [(name, f"{value}-{number}-{project}") for name, value in headers]
            receipts.append(receipt_of(await sender.post(address, line, shown)))

        assert robber.taken
        assert await stored(cluster, project) == [seq for _, seq in receipts]


async def test_a_cloud_event_is_told_by_its_own_id(cluster: Cluster, tmp_path: Path) -> None:
    kind = "application/cloudevents+json"
    async with robbed(cluster, tmp_path) as (robber, sender):
        seqs = []
        for number in range(4):
            event = CLOUD_EVENT | {"id": f"c-{number}"}
            seqs.append(
                (await sender.post("/api/v1/events", event, content_type=kind)).json()["seq"]
            )

        assert robber.taken
        async with signed_in(cluster) as reader:
            found = await reader.events("cloudevents")
        assert [one["seq"] for one in found] == seqs


async def test_two_like_messages_of_a_sender_stay_two(cluster: Cluster, tmp_path: Path) -> None:
    line = sample("log_entry", project="alike", message="the same")
    async with robbed(cluster, tmp_path) as (_, sender):
        receipts = [receipt_of(await sender.post(RECEIVER, line)) for _ in range(4)]

    assert len(set(receipts)) == 4
    assert await stored(cluster, "alike") == [seq for _, seq in receipts]


async def test_what_one_instance_cannot_take_the_other_one_does(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with robbed(cluster, tmp_path, UNAVAILABLE) as (robber, sender):
        for number in range(4):
            line = sample("log_entry", project="full", message=f"line {number}")
            receipt_of(await sender.post(RECEIVER, line))

        assert robber.taken
    assert len(await stored(cluster, "full")) == 4


async def test_a_change_that_was_sent_is_not_sent_again(cluster: Cluster, tmp_path: Path) -> None:
    async with robbed(cluster, tmp_path) as (robber, sender):
        answers = [await sender.post("/api/v1/session", {"code": "no"}) for _ in range(2)]

    # One met the robber: what came of it nobody knows, and the caller is told just that.
    lost = [one for one in answers if one.status == 503]
    assert len(lost) == len(robber.taken) == 1
    assert lost[0].headers["retry-after"] == "5"


async def test_each_post_gets_an_id_and_keeps_its_own(cluster: Cluster, tmp_path: Path) -> None:
    async with robbed(cluster, tmp_path, UNAVAILABLE) as (robber, sender):
        await sender.post(RECEIVER, sample("log_entry"))
        await sender.post(RECEIVER, sample("log_entry"))
        found = [line for line in robber.taken[0].split(b"\r\n") if line.startswith(b"Idempotency")]

    assert len(found) == 1
    assert len(found[0].removeprefix(b"Idempotency-Key: ")) == 32


async def test_a_body_is_not_lost_to_an_offer_of_h2c(cluster: Cluster) -> None:
    offer = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "A")]
    async with connected(cluster.port) as sender:
        line = sample("log_entry", project="h2c")
        receipt = receipt_of(await sender.post(RECEIVER, line, offer))

    assert await stored(cluster, "h2c") == [receipt[1]]


async def test_nothing_is_lost_while_instances_die_hang_and_are_upgraded(cluster: Cluster) -> None:
    told: list[Any] = []
    is_over = asyncio.Event()

    async def post(name: str) -> None:
        while not is_over.is_set():
            line = sample("log_entry", project="trouble", message=f"{name} {len(told)}")
            # A connection each: one that is kept may be closed at a reload just when it is used.
            async with connected(cluster.port) as sender:
                answer = await sender.post(RECEIVER, line)
            told.append((answer.status, answer.body))

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(post(f"sender {number}"))
        await asyncio.to_thread(make_trouble, cluster)
        is_over.set()

    assert {status for status, _ in told} == {200}
    used = Counter(line.split('"instances":"')[1].split('"')[0] for line in calls(cluster))
    assert {f"127.0.0.1:{one.port}" for one in cluster.instances} <= set(used)
    assert len(await stored(cluster, "trouble")) == len(told)


def make_trouble(cluster: Cluster) -> None:
    cluster.kill(0)
    cluster.restart(0)
    cluster.instances[1].signal(signal.SIGSTOP)
    # With the calls that it took along and never answered.
    cluster.kill(1)
    cluster.restart(1)
    cluster.reload_nginx()
    cluster.upgrade()


def calls(cluster: Cluster) -> list[str]:
    return [line for line in cluster.nginx.log().splitlines() if line.startswith('{"at"')]


async def stored(cluster: Cluster, project: str) -> list[int]:
    async with signed_in(cluster) as reader:
        return [one["seq"] for one in await reader.events(project=project)]


@asynccontextmanager
async def signed_in(cluster: Cluster) -> AsyncGenerator[Reader, None]:
    """A reader at an instance, which is on the same machine."""
    async with reading(cluster.instances[1].port) as reader:
        yield reader
