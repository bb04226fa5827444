"""Live clients through the kit's nginx and two instances: told at once, kept by a reload."""

import json
import re
import secrets
from collections import Counter
from collections.abc import Generator

import pytest

from tests.system.cluster import Cluster
from tests.system.reading import RECEIVER, receipt_of, sample
from tests.system.socketio_wire import NAMESPACE, SocketIo
from tests.system.sse import streaming
from tests.system.websocket_wire import RefusedError, WebSocket
from tests.system.wire import Answer, Connection, connected

POLLING = "/socket.io/?EIO=4&transport=polling"
# Each with a half chance of the wrong instance: that none meets it by luck is one in 2**24.
SESSIONS = 8
POLLS = 3


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster, None, None]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(scope="module")
def token(cluster: Cluster) -> str:
    return cluster.token()


@pytest.mark.parametrize("path", ["/socket.io/", "/project-dashboard/ws/"])
async def test_long_polling_finds_its_instance_again(
    cluster: Cluster, token: str, path: str
) -> None:
    address = POLLING.replace("/socket.io/", path)
    for _ in range(SESSIONS):
        async with connected(cluster.port) as caller:
            opened = opened_by(await caller.get(address))
            session = f"{address}&sid={opened['sid']}"
            await ask_in_session(caller, session, "40" + json.dumps({"token": token}))
            for number in range(POLLS):
                # Connections are spread anew; only the session's id leads back.
                async with connected(cluster.port) as again:
                    words = json.dumps(["subscribe_project", f"project-{number}"])
                    await ask_in_session(again, session, f"42{words}")


async def test_a_session_that_began_with_polling_goes_on_over_a_websocket(
    cluster: Cluster, token: str
) -> None:
    del token
    for _ in range(SESSIONS):
        async with connected(cluster.port) as caller:
            opened = opened_by(await caller.get(POLLING))
        target = f"/socket.io/?EIO=4&transport=websocket&sid={opened['sid']}"
        socket = await WebSocket.open(cluster.port, target)
        await socket.send("2probe")

        assert await socket.receive() == "3probe"
        await socket.abort()


async def test_the_session_of_a_dead_instance_is_told_to_begin_anew(cluster: Cluster) -> None:
    async with connected(cluster.port) as caller:
        answer = await caller.get(f"{POLLING}&sid=api-9.{secrets.token_hex(8)}")

    assert answer.status == 400


async def test_every_kind_of_client_is_told_at_once_and_kept_by_a_reload(
    cluster: Cluster, token: str
) -> None:
    project = "reloaded"
    shown = [("X-Tocsin-Token", token)]
    follower = await SocketIo.open(
        cluster.port, path="/project-dashboard/ws/", namespace=NAMESPACE, headers=shown
    )
    await follower.emit("subscribe_project", project)
    await follower.until("subscription:confirmed")
    async with streaming(cluster.port, shown, project=project) as stream:
        for number in range(2):
            line = sample("log_entry", project=project, message=f"line {number}")
            async with connected(cluster.port) as sender:
                _, seq = receipt_of(await sender.post(RECEIVER, line))

            assert (await stream.event()).json()["seq"] == seq
            assert (await follower.until("event"))["seq"] == seq
            if number == 0:
                cluster.reload_nginx()
    await follower.socket.abort()


async def test_both_instances_have_live_clients_and_calls(cluster: Cluster, token: str) -> None:
    sockets = [await WebSocket.open(cluster.port, f"/ws?token={token}") for _ in range(10)]
    async with connected(cluster.port) as caller:
        called = [await caller.get("/health") for _ in range(10)]

    live = Counter(one.headers["x-tocsin-instance"] for one in sockets)
    calls = Counter(one.headers["x-tocsin-instance"] for one in called)
    # Half each, but for sockets of former tests that have not gone yet.
    for counted in (live, calls):
        assert set(counted) == {"api-1", "api-2"}
        assert min(counted.values()) >= 3
    for one in sockets:
        await one.abort()


async def test_only_a_get_becomes_a_socket(cluster: Cluster) -> None:
    head = (
        b"POST /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    )
    async with connected(cluster.port) as caller:
        await caller.send(head)
        answer = await caller.answer()

    assert 400 <= answer.status < 500


@pytest.mark.parametrize("prefix", ["", "/project-dashboard"])
async def test_the_screens_find_their_files_where_nginx_shows_them(
    cluster: Cluster, prefix: str
) -> None:
    # What a stranger says of a prefix does not count.
    said = [("X-Forwarded-Prefix", "/elsewhere")]
    async with connected(cluster.port) as caller:
        shown = await caller.get(f"{prefix}/deployments", said)
        found = re.search(rb'src="([^"]+\.js)"', shown.body)
        assert found
        script = await caller.get(found[1].decode())

    assert found[1].startswith(f"{prefix}/assets/".encode())
    assert script.status == 200


async def test_through_nginx_nobody_is_local(cluster: Cluster) -> None:
    async with connected(cluster.port) as caller:
        seen = await caller.get("/api/v1/events")
        health = await caller.get("/health")

    assert seen.status == 401
    assert health.json() == {"status": "ok"}
    with pytest.raises(RefusedError):
        await SocketIo.open(cluster.port, path="/nowhere/")


def opened_by(answer: Answer) -> dict[str, str]:
    """What the first packet of a session says."""
    assert answer.status == 200, answer.body
    found: dict[str, str] = json.loads(answer.body.split(b"\x1e")[0][1:])
    return found


async def ask_in_session(caller: Connection, session: str, packet: str) -> None:
    """Send a packet and poll for what is said to it."""
    sent = await caller.ask("POST", session, packet.encode(), [("Content-Type", "text/plain")])
    assert (sent.status, sent.body) == (200, b"ok"), sent.body
    answer = await caller.get(session)
    assert answer.status == 200, answer.body
    assert answer.body.startswith(b"4")
