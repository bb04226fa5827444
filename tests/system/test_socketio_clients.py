"""Socket.IO clients as people use them: the guide's code, stock clients of every transport."""

import asyncio
import subprocess
from collections.abc import Generator, Sequence
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped] # it ships no types

from tests.system.browser import page_with
from tests.system.conftest import Launch
from tests.system.node import bundled, document, running
from tests.system.reading import Json, address, sample
from tests.system.rollout import check_event, post, rollout, seqs_of
from tests.system.server import Server, free_port
from tests.system.sockets import check_quiet
from tests.system.wire import connected

GUIDE_HOST = "https://dashboard.example"
GUIDE_PROJECT = "axi-star-cloud"
GUIDE_DEPLOYMENT = "123456789"
PATHS = ("/socket.io", "/project-dashboard/ws", "/project-dashboard/ws/socket.io")
NAMESPACES = ("/", "/project-dashboard/ws")
TRANSPORTS: dict[str, Json] = {
    "websocket": {"transports": ["websocket"]},
    "polling": {"transports": ["polling"]},
    "default": {},
}
# What the guide's switch prints, by the type of the event.
PRINTED = {
    "step_started": "begun:",
    "step_completed": "done:",
    "deployment_completed": "deployed:",
    "log_entry": "line:",
}


@pytest.fixture(autouse=True)
def quiet(server: Server) -> Generator[None, None, None]:
    """No test may be a surprise to the server."""
    yield
    check_quiet(server)


async def test_the_guides_code_prints_each_event_once_and_in_order(launch: Launch) -> None:
    server = launch()
    messages = rollout(GUIDE_PROJECT, GUIDE_DEPLOYMENT, steps=15)
    wanted = [texts_of(one) for one in printed_of(messages)]
    async with running("document.mjs", guide(server)) as script:
        await script.until("log", 2)
        await post(server.port, messages)
        printed = await script.until("log", len(wanted) + 2)

        assert [one["args"] for one in printed[:2]] == [["ready"], ["ready"]]
        assert [texts_of(one["args"]) for one in printed[2:]] == wanted
        assert not script.of("error")


@pytest.mark.parametrize("transport", list(TRANSPORTS))
async def test_stock_clients_get_each_event_once_and_in_order(
    transport: str, server: Server
) -> None:
    project, deployment_id = f"c-{transport}", f"c-{transport}-1"
    say = [["subscribe_project", project], ["subscribe_deployment", deployment_id]]
    way = TRANSPORTS[transport]
    clients = [
        client(server, f"{path} {namespace}", namespace, say, path=path, **way)
        for path in PATHS
        for namespace in NAMESPACES
    ]
    messages = rollout(project, deployment_id)
    async with running("clients.mjs", clients) as script:
        for one in clients:
            await script.until("subscription:confirmed", 2, name=one["name"])
        receipts = await post(server.port, messages)
        await script.until("event", len(messages) * len(clients))
        end = await post(server.port, [sample("test", project=project)])
        await script.until("event", (len(messages) + 1) * len(clients))

        for one in clients:
            events = [told["data"] for told in script.of("event", name=one["name"])]
            assert [event["seq"] for event in events] == seqs_of(receipts + end), one["name"]
            for event, message, receipt in zip(events, messages, receipts, strict=False):
                check_event(event, message, receipt)
        assert not script.of("disconnect")
        used = {told["transport"] for told in script.of("connect") + script.of("upgrade")}
        assert ("websocket" in used) is (transport != "polling")


@pytest.mark.parametrize("path", PATHS)
async def test_the_last_slash_of_the_address_may_be_missing(path: str, server: Server) -> None:
    asked = [
        client(server, name, path=path, addTrailingSlash=False, **TRANSPORTS[name])
        for name in TRANSPORTS
    ]
    async with running("clients.mjs", asked) as script:
        await script.until("connect", len(asked))


async def test_a_subscription_is_confirmed_and_its_end_too(server: Server) -> None:
    async with running("clients.mjs", [client(server, "a")]) as script:
        await script.until("connect")
        for words in (
            ["subscribe_project", "c-1"],
            ["subscribe:project", {"project": "c-2"}],
            ["subscribe_deployment", "c-3"],
            ["subscribe:deployment", {"deploymentId": "c-4"}],
            ["subscribe_deployment", {"deployment_id": "c-5"}],
            ["unsubscribe_project", "c-1"],
            ["unsubscribe:project", {"project": "c-2"}],
            ["unsubscribe_deployment", "c-3"],
            ["unsubscribe:deployment", {"deploymentId": "c-4"}],
        ):
            script.command(name="a", say=words)
        begun = await script.until("subscription:confirmed", 5)
        ended = await script.until("unsubscription:confirmed", 4)

        kinds = ["project", "project", "deployment", "deployment", "deployment"]
        ids = ["c-1", "c-2", "c-3", "c-4", "c-5"]
        assert [(one["data"]["type"], one["data"]["id"]) for one in begun] == list(
            zip(kinds, ids, strict=True)
        )
        assert [one["data"]["id"] for one in ended] == ids[:4]
        assert all({"type", "id", "timestamp"} <= set(one["data"]) for one in begun + ended)
        receipts = await post(
            server.port,
            [sample("log_entry", project="c", deployment_id=one) for one in ("c-3", "c-4", "c-5")]
            + [sample("test", project="c-1"), sample("test", project="c-2")],
        )
        script.command(name="a", say=["heartbeat"])
        await script.until("heartbeat:ack")
        [event] = await script.until("event")
        assert event["data"]["seq"] == receipts[2][1]


async def test_without_a_subscription_nothing_comes(server: Server) -> None:
    clients = [client(server, "quiet"), client(server, "asking", say=[["subscribe_project", "n"]])]
    async with running("clients.mjs", clients) as script:
        await script.until("subscription:confirmed")
        await post(server.port, [sample("log_entry", project="n"), sample("test", project="m")])
        await script.until("event", name="asking")
        script.command(name="quiet", say=["subscribe_project", "n"])
        await script.until("subscription:confirmed", name="quiet")

        assert not script.of("event", name="quiet")


async def test_a_question_is_acknowledged(server: Server) -> None:
    async with running("clients.mjs", [client(server, "a")]) as script:
        await script.until("connect")
        script.command(name="a", ask=["subscribe_project", "c-6"])
        [good] = await script.until("answer")
        assert good["error"] is None
        assert good["answer"]["ok"] is True
        script.command(name="a", ask=["subscribe_project", {"project": 7.5}])
        bad = (await script.until("answer", 2))[-1]
        assert bad["answer"]["ok"] is False
        assert isinstance(bad["answer"]["error"], str)
        script.command(name="a", say=["subscribe_deployment", ["not", "an", "id"]])
        [told] = await script.until("error")
        assert isinstance(told["data"]["message"], str)
        script.command(name="a", say=["heartbeat"])
        await script.until("heartbeat:ack")


async def test_a_snapshot_and_the_events_after_it_fit_together(server: Server) -> None:
    messages = rollout("c-7", "c-7-1", steps=4)
    async with running("clients.mjs", [client(server, "a")]) as script:
        await script.until("connect")
        posting = asyncio.create_task(post(server.port, messages))
        await until_known(server, "c-7-1")
        asked = {"deployment_id": "c-7-1", "lines": 1000}
        script.command(name="a", say=["subscribe_deployment", asked])
        await posting
        await script.until("event", type="deployment_completed")

        [shown] = await script.until("snapshot")
        told = [text for one in script.of("event") if (text := text_of(one["data"]["payload"]))]
        wanted = [text for one in messages if (text := text_of(one))]
        check_status(shown["data"], "c-7", "c-7-1")
        seen = [text for text in wanted if any(text in line for line in shown["data"]["logs"])]
        assert seen + told == wanted


async def test_the_snapshot_of_what_is_over_tells_how_it_went(server: Server) -> None:
    await post(server.port, rollout("c-8", "c-8-1", steps=3, lines=1))
    asking = client(server, "a", say=[["subscribe:deployment", "c-8-1"]])
    async with running("clients.mjs", [asking]) as script:
        [shown] = await script.until("snapshot")

        check_status(shown["data"], "c-8", "c-8-1")
        assert shown["data"]["status"] == "success"
        steps = shown["data"]["steps"]
        assert [step["stepName"] for step in steps] == ["步骤 0", "步骤 1", "步骤 2"]
        assert {step["status"] for step in steps} == {"completed"}
        assert {step["duration"] for step in steps} == {12}
        assert not script.of("event")


async def test_a_message_of_an_unknown_type_comes_as_it_was_sent(server: Server) -> None:
    strange = sample("type_of_a_newer_sender", project="c-9", deployment_id="c-9-1")
    asking = client(server, "a", say=[["subscribe_project", "c-9"]])
    async with running("clients.mjs", [asking]) as script:
        await script.until("subscription:confirmed")
        await post(server.port, [strange])
        [told] = await script.until("event")

        assert told["data"]["type"] == strange["type"]
        for name, value in strange.items():
            if name not in {"type", "project", "deployment_id", "timestamp"}:
                assert told["data"]["payload"][name] == value


async def test_a_namespace_that_is_not_there_is_told(server: Server) -> None:
    async with running("clients.mjs", [client(server, "a", "/nowhere")]) as script:
        [told] = await script.until("connect_error")

        assert told["message"] == "Invalid namespace"


@pytest.mark.parametrize("transport", ["default", "polling"])
async def test_a_page_of_an_allowed_origin_gets_each_event_once(
    transport: str, launch: Launch
) -> None:
    port = free_port()
    server = launch({"TOCSIN_AUTH__ALLOWED_ORIGINS": f"http://127.0.0.1:{port}"})
    address = {GUIDE_HOST: server.url}
    if transport != "default":
        address["['websocket']"] = "['polling']"
    code = await bundled(document("notifications.js", address) + CONFIRMED)
    messages = rollout(GUIDE_PROJECT, GUIDE_DEPLOYMENT)
    async with page_with(code, port) as page:
        await page.wait_for_function("told.filter((one) => one.args[0] === 'ready').length === 2")
        await post(server.port, messages)
        wanted = [texts_of(one) for one in printed_of(messages)]
        await page.wait_for_function(
            "count => told.filter((one) => one.what === 'log').length >= count",
            arg=len(wanted) + 2,
        )

        told = await page.evaluate("told")
        assert [texts_of(one["args"]) for one in told if one["args"][0] != "ready"] == wanted


async def test_a_page_of_another_origin_gets_nothing(server: Server) -> None:
    code = await bundled(document("notifications.js", {GUIDE_HOST: server.url}) + REFUSED)
    async with page_with(code, free_port()) as page:
        await page.wait_for_function("told.some((one) => one.args[0] === 'refused')")

        assert not await page.evaluate("told.some((one) => one.args[0] === 'ready')")


@pytest.mark.parametrize("transport", ["websocket", "polling", "default"])
@pytest.mark.parametrize("namespace", NAMESPACES)
async def test_the_python_client_gets_each_event_once(
    namespace: str, transport: str, server: Server
) -> None:
    project = f"c-py-{transport}{namespace.replace('/', '-')}"
    messages = rollout(project, f"{project}-1", steps=4)
    events: list[Any] = []
    confirmed, is_over = asyncio.Event(), asyncio.Event()

    async def on_event(event: Any) -> None:
        """One argument: a second one, such as an offset for recovery, would break it."""
        events.append(event)
        if event["type"] == "deployment_completed":
            is_over.set()

    sio = socketio.AsyncClient(reconnection=False)
    sio.on("event", on_event, namespace=namespace)
    sio.on("subscription:confirmed", lambda _: confirmed.set(), namespace=namespace)
    chosen = None if transport == "default" else [transport]
    async with asyncio.timeout(60):
        await sio.connect(server.url, transports=chosen, namespaces=[namespace], wait_timeout=30)
        await sio.emit("subscribe_project", project, namespace=namespace)
        await confirmed.wait()
        receipts = await post(server.port, messages)
        await is_over.wait()
        answer = await sio.call("subscribe_deployment", f"{project}-1", namespace=namespace)
        await sio.disconnect()

    assert answer["ok"] is True
    assert [event["seq"] for event in events] == seqs_of(receipts)
    for event, message, receipt in zip(events, messages, receipts, strict=True):
        check_event(event, message, receipt)


async def test_the_guides_curl_is_told_what_is_missing(server: Server) -> None:
    """It sends `Sec-WebSocket-Key: test`, and no EIO: people use it to see whether it is up."""
    headers = (
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: test",
    )
    for path in PATHS:
        told = await asyncio.to_thread(
            subprocess.run,
            ["curl", "-isN", "--max-time", "10"]
            + [word for header in headers for word in ("-H", header)]
            + [f"{server.url}{path}/"],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert told.returncode == 0, told
        assert told.stdout.startswith("HTTP/1.1 400 "), told.stdout
        assert "EIO" in told.stdout


def guide(server: Server) -> Json:
    """The guide's code with another address, and a word when a subscription is confirmed."""
    return {
        "file": "notifications.js",
        "replace": [[GUIDE_HOST, server.url]],
        "append": CONFIRMED,
    }


# Added after the guide's last line: the test has to know when it may begin, or that it may not.
CONFIRMED = "socket.on('subscription:confirmed', () => console.log('ready'));"
REFUSED = CONFIRMED + "socket.on('connect_error', () => console.log('refused'));"


def client(
    server: Server, name: str, namespace: str = "/", say: Sequence[Any] = (), **options: Any
) -> Json:
    """A client for clients.mjs."""
    return {"name": name, "url": f"{server.url}{namespace}", "options": options, "say": say}


async def until_known(server: Server, deployment_id: str) -> None:
    """Come back when the first message of a deployment is stored."""
    async with asyncio.timeout(20), connected(server.port) as asking:
        while True:
            if (await asking.get(address(deployment_id))).status == 200:
                return
            await asyncio.sleep(0.01)


def check_status(snapshot: Json, project: str, deployment_id: str) -> None:
    """That it is the guide's DeploymentStatus."""
    assert {"id", "project", "status", "duration", "steps", "logs"} <= set(snapshot)
    assert (snapshot["id"], snapshot["project"]) == (deployment_id, project)
    assert all(isinstance(line, str) for line in snapshot["logs"])
    for step in snapshot["steps"]:
        assert {"stepName", "status", "duration", "logs", "timestamp"} <= set(step)
        assert step["status"] in {"started", "running", "completed", "failed", "retrying"}
        assert isinstance(step["logs"], str)


def text_of(message: Json) -> str | None:
    """The log text that tells a message from all others; None for metrics."""
    text = message.get("message") or message.get("logs")
    return None if text is None else str(text)


def printed_of(messages: Sequence[Json]) -> list[list[Any]]:
    """What the guide's `switch` prints for messages."""
    return [[PRINTED[one["type"]], one] for one in messages if one["type"] in PRINTED]


def texts_of(words: Sequence[Any]) -> tuple[str, str | None]:
    """The label and the log text out of a printed line."""
    label, payload = words
    return label, text_of(payload)
