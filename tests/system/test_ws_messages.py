"""The JSON protocol at /ws: the greeting, deployments told, subscriptions, and what is wrong."""

from collections.abc import Generator, Sequence

import pytest

from tests.system.reading import Json, sample
from tests.system.rollout import post, rollout, seqs_of
from tests.system.server import Server
from tests.system.sockets import check_quiet
from tests.system.ws import Ws, ws

STATES = {"pending", "in_progress", "completed", "failed"}
EVENT_TYPES = {
    "deployment_started",
    "deployment_progress",
    "deployment_completed",
    "deployment_failed",
}


@pytest.fixture(autouse=True)
def quiet(server: Server) -> Generator[None, None, None]:
    """No test may be a surprise to the server."""
    yield
    check_quiet(server)


@pytest.mark.parametrize("path", ["/ws", "/ws/", "/ws?client_id=a", "/ws/?client_id=b"])
async def test_a_client_is_greeted_as_the_guide_says(path: str, server: Server) -> None:
    async with ws(server.port, path) as client:
        data = client.greeting["data"]

        assert data["status"] == "connected"
        assert isinstance(data["server_version"], str)
        assert isinstance(data["server_time"], str)
        assert data["client_count"] >= 1
        assert data["uptime_seconds"] >= 0
        assert {
            "real_time_metrics",
            "log_streaming",
            "webhook_notifications",
            "posco_integration",
        } <= set(data["features"])
        assert client.greeting["broadcast_id"]
        assert isinstance(data["epoch"], str)
        assert isinstance(data["seq"], int)


async def test_a_deployment_is_told_step_by_step(server: Server) -> None:
    ids = {"project": "w-5", "deployment_id": "w-5-1"}
    messages = [
        sample("step_started", **ids, step_name="构建", logs=""),
        sample("log_entry", **ids, message="第一行"),
        sample("step_completed", **ids, step_name="构建"),
        sample("step_started", **ids, step_name="测试"),
        sample("step_completed", **ids, step_name="测试", step_status="failure"),
        sample("deployment_completed", **ids, status="failure", logs="出错了"),
    ]
    async with ws(server.port) as client:
        receipts = await post(server.port, messages)
        events = [await client.until("posco_event") for _ in messages]

    data = [one["data"] for one in events]
    assert [one["seq"] for one in events] == seqs_of(receipts)
    assert [one["broadcast_id"] for one in events] == [event_id for event_id, _ in receipts]
    assert [one["event_type"] for one in data] == [
        "deployment_started",
        "deployment_progress",
        "deployment_progress",
        "deployment_progress",
        "deployment_progress",
        "deployment_failed",
    ]
    assert [one["source_type"] for one in data] == [one["type"] for one in messages]
    assert data[1]["message"] == "第一行"
    assert data[-1]["message"] == "出错了"
    assert data[-1]["status"] == "failed"
    assert data[0]["status"] == "in_progress"
    assert [(step["name"], step["status"]) for step in data[-1]["steps"]] == [
        ("构建", "completed"),
        ("测试", "failed"),
    ]
    assert {one["run"] for one in data} == {1}
    for one in data:
        check_posco(one, "w-5", "w-5-1")


async def test_a_deployment_comes_once_by_the_name_that_was_asked_for(server: Server) -> None:
    clients: list[Ws] = []
    asked: Sequence[list[str]] = (
        ["posco_event"],
        ["deployment_event"],
        ["posco_event", "deployment_event"],
        ["alert"],
    )
    for event_types in asked:
        client = await (await Ws.open(server.port)).greeted()
        await client.asked("subscribe", "subscribed", event_types=event_types)
        clients.append(client)
    receipts = await post(server.port, rollout("w-6", "w-6-1", steps=1, lines=1))
    got: list[list[tuple[str, int]]] = []
    for client in clients:
        await client.send("ping", client_time="2024-01-01T12:00:00Z")
        got.append([])
        while (message := await client.message())["type"] != "pong":
            got[-1].append((message["type"], message["seq"]))
        await client.close()

    seqs = seqs_of(receipts)
    assert got[0] == [("posco_event", seq) for seq in seqs]
    assert got[1] == [("deployment_event", seq) for seq in seqs]
    assert [seq for _, seq in got[2]] == seqs
    assert got[3] == []


async def test_unsubscribing_first_means_all_but_that(server: Server) -> None:
    async with ws(server.port) as client:
        told = await client.asked("unsubscribe", "unsubscribed", event_types=["log_update"])

        assert set(told["data"]["event_types"]) == {
            "status_update",
            "service_event",
            "alert",
            "webhook_event",
            "posco_event",
            "connection_status",
        }


async def test_deployments_can_be_narrowed_and_the_place_is_told(server: Server) -> None:
    async with ws(server.port) as client:
        told = await client.asked(
            "subscribe",
            "subscribed",
            event_types=["posco_event"],
            projects=["w-7"],
            deployment_ids=["w-8-1"],
            request_id="r-1",
        )
        assert told["data"]["projects"] == ["w-7"]
        assert told["data"]["deployment_ids"] == ["w-8-1"]
        assert told["data"]["recovered"] is None
        await post(server.port, [sample("log_entry", project="w-9", deployment_id="w-9-1")])
        receipts = await post(
            server.port,
            [
                sample("log_entry", project="w-7", deployment_id="w-7-1"),
                sample("log_entry", project="w-8", deployment_id="w-8-1"),
            ],
        )

        events = [await client.until("posco_event") for _ in receipts]
        assert [one["seq"] for one in events] == seqs_of(receipts)


async def test_a_client_goes_on_where_it_was(server: Server) -> None:
    async with ws(server.port) as client:
        await client.asked("subscribe", "subscribed", event_types=["posco_event"])
        receipts = await post(server.port, rollout("w-10", "w-10-1", steps=1))
        seen = [await client.until("posco_event") for _ in range(5)]
    epoch, seq = seen[-1]["epoch"], seen[-1]["seq"]
    receipts += await post(server.port, rollout("w-10", "w-10-2", steps=1))

    async with ws(server.port) as client:
        told = await client.asked(
            "subscribe",
            "subscribed",
            event_types=["posco_event"],
            projects=["w-10"],
            since={"epoch": epoch, "seq": seq},
        )
        assert told["data"]["recovered"] is True
        receipts += await post(server.port, rollout("w-10", "w-10-3", steps=1))
        rest = [await client.until("posco_event") for _ in receipts[5:]]
        assert [one["seq"] for one in seen + rest] == seqs_of(receipts)
        strange = {"epoch": "0" * 32, "seq": 1}
        told = await client.asked("subscribe", "subscribed", since=strange)
        assert told["data"]["recovered"] is False
        assert await client.answers()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type": "ping", "data": {', "INVALID_MESSAGE_FORMAT"),
        ("[]", "INVALID_MESSAGE_FORMAT"),
        ('"ping"', "INVALID_MESSAGE_FORMAT"),
        ("null", "INVALID_MESSAGE_FORMAT"),
        ("", "INVALID_MESSAGE_FORMAT"),
        ('{"data": {}}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "ping"}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": 5, "data": {}}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "ping", "data": []}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "ping", "data": "x"}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "subscribe", "data": {"event_types": "alert"}}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "subscribe", "data": {"event_types": ["x"]}}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "dance", "data": {}}', "UNKNOWN_MESSAGE_TYPE"),
        ('{"type": "service_control", "data": {"action": "stop"}}', "PERMISSION_DENIED"),
        ('{"type": "send_webhook", "data": {"message": "x"}}', "PERMISSION_DENIED"),
        (b"\x00\xff", "INVALID_MESSAGE_FORMAT"),
    ],
)
async def test_a_wrong_message_is_told_and_the_connection_goes_on(
    message: str | bytes, code: str, server: Server
) -> None:
    async with ws(server.port) as client:
        await client.socket.send(message)

        assert await client.error() == code
        assert await client.answers()


async def test_an_error_names_the_type_and_brings_the_question_back(server: Server) -> None:
    async with ws(server.port) as client:
        asked: Json = {"type": "dance", "data": {}, "request_id": "r-2", "timestamp": "yesterday"}
        await client.socket.send(asked)
        told = await client.until("error")

        assert told["request_id"] == "r-2"
        assert told["data"]["details"]["type"] == "dance"
        await client.send("pong")
        await client.socket.send({"type": "ping", "data": {}, "request_id": "r-3"})
        answer = await client.message()
        assert (answer["type"], answer["request_id"]) == ("pong", "r-3")


def check_posco(data: Json, project: str, deployment_id: str) -> None:
    """That it has all fields of the guide's example, with its words."""
    assert {"event_type", "branch", "commit_hash", "status", "progress", "message"} <= set(data)
    assert (data["project"], data["deployment_id"]) == (project, deployment_id)
    assert data["event_type"] in EVENT_TYPES
    assert data["status"] in STATES
    assert 0 <= data["progress"] <= 100
    assert data["branch"] is None
    assert data["commit_hash"] is None
    assert isinstance(data["message"], str)
    assert data["message"]
    for step in data["steps"]:
        assert {"name", "status"} <= set(step)
        assert step["status"] in STATES
