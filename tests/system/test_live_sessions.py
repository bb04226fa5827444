"""Sessions of Socket.IO that are lost and found: who may come back, how long, and only once."""

import asyncio
from typing import Any

import pytest

from tests.system.conftest import Launch
from tests.system.node import running
from tests.system.proxy import line_to
from tests.system.reading import Json, sample
from tests.system.rollout import post, seqs_of
from tests.system.server import Server
from tests.system.socketio_wire import NAMESPACE, SocketIo, socketio
from tests.system.wire import Headers


@pytest.mark.parametrize(
    ("agent", "auth", "is_recovered"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0 Safari/537.36", None, True),
        ("node-XMLHttpRequest", None, True),
        ("", None, True),
        ("Python/3.11 aiohttp/3.14.1", None, False),
        ("python-requests/2.32", None, False),
        ("Python/3.11 aiohttp/3.14.1", {"recover": True}, True),
        ("okhttp/3.12.12", None, False),
        ("Dart/3.4 (dart:io)", None, False),
        ("Mozilla/5.0", {"recover": False}, False),
    ],
)
async def test_only_who_can_take_an_offset_is_given_one(
    agent: str, auth: Json | None, is_recovered: bool, server: Server
) -> None:
    shown = [("User-Agent", agent)] if agent else []
    async with socketio(server.port, headers=shown, auth=auth) as client:
        await client.subscribed("n-1")
        await post(server.port, [sample("log_entry", project="n-1")])
        words = await client.words()

        assert ("pid" in client.connected) is is_recovered
        assert [type(one) for one in words[1:]] == ([dict, str] if is_recovered else [dict])


async def test_a_session_is_taken_up_over_any_path_but_only_in_its_namespace(
    server: Server,
) -> None:
    known, offset = await lost_session(server, "n-2")
    missed = await post(server.port, [sample("log_entry", project="n-2")])
    elsewhere = {"pid": known["pid"], "offset": offset}
    async with socketio(server.port, auth=elsewhere) as stranger:
        assert stranger.connected["sid"] != known["sid"]
    async with socketio(
        server.port, namespace=NAMESPACE, path="/project-dashboard/ws/", auth=elsewhere
    ) as client:
        assert client.connected["sid"] == known["sid"]
        assert client.connected["pid"] == known["pid"]
        assert (await client.until("event"))["seq"] == missed[0][1]


@pytest.mark.parametrize(
    "changed",
    [
        {"pid": "nobody"},
        {"pid": ""},
        {"pid": 7},
        {"pid": None},
        {"offset": "nonsense"},
        {"offset": ""},
        {"offset": 1e300},
        {"offset": {"a": []}},
        {"pid": "x" * 100_000, "offset": "y" * 100_000},
    ],
)
async def test_a_wrong_session_or_offset_begins_a_new_one(changed: Json, server: Server) -> None:
    known, offset = await lost_session(server, "n-3")
    asked = {"pid": known["pid"], "offset": offset} | changed
    async with socketio(server.port, namespace=NAMESPACE, auth=asked) as client:
        assert client.connected["sid"] != known["sid"]
        await client.subscribed("n-3")
        receipts = await post(server.port, [sample("log_entry", project="n-3")])

        assert (await client.until("event"))["seq"] == receipts[0][1]


async def test_who_comes_back_too_late_begins_anew(launch: Launch) -> None:
    server = launch({"TOCSIN_LIVE__RECOVERY_S": "1"})
    known, offset = await lost_session(server, "n-4")
    await post(server.port, [sample("log_entry", project="n-4")])
    await asyncio.sleep(2.5)
    asked = {"pid": known["pid"], "offset": offset}
    async with socketio(server.port, namespace=NAMESPACE, auth=asked) as client:
        assert client.connected["sid"] != known["sid"]
        assert (await client.acked("heartbeat"))["ok"] is True


async def test_two_connections_never_share_a_session(server: Server) -> None:
    async with socketio(server.port, namespace=NAMESPACE) as first:
        await first.subscribed("n-5")
        await post(server.port, [sample("log_entry", project="n-5")])
        offset = (await first.words())[-1]
        asked = {"pid": first.connected["pid"], "offset": offset}
        async with socketio(server.port, namespace=NAMESPACE, auth=asked) as second:
            assert second.connected["sid"] == first.connected["sid"]
            await first.socket.end()
            receipts = await post(server.port, [sample("log_entry", project="n-5")])

            assert (await second.until("event"))["seq"] == receipts[0][1]


async def test_who_leaves_a_namespace_and_comes_again_has_a_new_session(server: Server) -> None:
    async with socketio(server.port, namespace=NAMESPACE) as client:
        await client.subscribed("n-6")
        await client.socket.send(f"41{NAMESPACE},")
        await post(server.port, [sample("log_entry", project="n-6")])
        await client.socket.send(f"40{NAMESPACE},")

        answer = await client.packet()
        assert answer[0] == "0"
        assert client.connected["sid"] not in answer


async def test_two_namespaces_on_one_connection_both_recover(launch: Launch) -> None:
    server = launch()
    async with line_to(server.port) as line:
        shared: Json = {"forceNew": False, "transports": ["websocket"], "path": "/socket.io"}
        say = [["subscribe_project", "n-7"]]
        url = f"http://127.0.0.1:{line.port}"
        clients: list[dict[str, Any]] = [
            {"name": namespace, "url": f"{url}{namespace}", "options": shared, "say": say}
            for namespace in ("/", NAMESPACE)
        ]
        async with running("clients.mjs", clients) as script:
            await script.until("subscription:confirmed", 2)
            receipts = await post(server.port, [sample("log_entry", project="n-7")])
            await script.until("event", 2)
            line.cut()
            receipts += await post(server.port, [sample("log_entry", project="n-7")] * 3)
            line.restore()
            await script.until("connect", 2, recovered=True)
            receipts += await post(server.port, [sample("log_entry", project="n-7")])

            for one in clients:
                events = await script.until("event", len(receipts), name=one["name"])
                assert [told["data"]["seq"] for told in events] == seqs_of(receipts)


async def lost_session(
    server: Server, project: str, headers: Headers = ()
) -> tuple[dict[str, Any], str]:
    """What a client knows that got one event and lost its connection."""
    client = await SocketIo.open(server.port, namespace=NAMESPACE, headers=headers)
    await client.subscribed(project)
    await post(server.port, [sample("log_entry", project=project)])
    offset = (await client.words())[-1]
    await client.socket.abort()
    return client.connected, str(offset)
