"""Whole deployments as a CI job posts them, and what subscribers must be told of each message."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.system.reading import Json, receipt_of, sample
from tests.system.wire import connected

# The address and the header of the guide's `curl`.
ADDRESS = "/project-dashboard/api/webhooks/deployment"
HEADERS = [("User-Agent", "axi-deploy-websocket/1.0")]

Receipt = tuple[str, int]
TIMES = frozenset({"timestamp", "startTime", "endTime", "startedAt", "completedAt"})


def rollout(project: str, deployment_id: str, steps: int = 10, lines: int = 20) -> list[Json]:
    """All messages of a deployment that goes well; each is told from all others by its text."""
    ids = {"project": project, "deployment_id": deployment_id}
    messages = []
    for number in range(steps):
        step = {**ids, "step_name": f"步骤 {number}"}
        messages.append(sample("step_started", **step, logs=f"{deployment_id} {number} 开始"))
        messages += [
            sample("log_entry", **ids, message=f"{deployment_id} {number} 第 {line} 行")
            for line in range(lines)
        ]
        messages.append(sample("step_completed", **step, logs=f"{deployment_id} {number} 完成"))
    messages.append(sample("metrics_update", **ids))
    messages.append(sample("deployment_completed", **ids, logs=f"{deployment_id} 部署成功"))
    return messages


async def post(port: int, messages: Sequence[Json]) -> list[Receipt]:
    """Post messages one after the other, as the guide does it."""
    async with connected(port) as sender:
        return [receipt_of(await sender.post(ADDRESS, one, HEADERS)) for one in messages]


def seqs_of(receipts: Sequence[Receipt]) -> list[int]:
    return [seq for _, seq in receipts]


def check_event(event: Any, message: Json, receipt: Receipt) -> None:
    """That a Socket.IO `event` says all that its message said, in camelCase."""
    assert {"type", "payload", "timestamp", "projectId", "deploymentId", "seq"} <= set(event)
    assert event["type"] == message["type"]
    assert event["seq"] == receipt[1]
    assert event["projectId"] == message["project"]
    assert event["deploymentId"] == message["deployment_id"]
    assert instant(event["timestamp"]) == instant(message["timestamp"])
    wanted = camel_cased(
        {
            name: value
            for name, value in message.items()
            if name not in {"type", "project", "deployment_id"}
        }
    )
    assert_holds(event["payload"], wanted)


def camel_cased(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {camel_case(name): camel_cased(one) for name, one in value.items()}
    if isinstance(value, list):
        return [camel_cased(one) for one in value]
    return value


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def assert_holds(found: Any, wanted: Any) -> None:
    """That `found` has every field of `wanted`, at any depth; times may be written otherwise."""
    if not isinstance(wanted, Mapping):
        assert found == wanted
        return
    for name, value in wanted.items():
        assert name in found, f"{name} is missing in {found}"
        if name in TIMES:
            assert instant(found[name]) == instant(value)
        else:
            assert_holds(found[name], value)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
