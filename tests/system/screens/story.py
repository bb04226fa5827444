"""What the screens' server has seen: deployments in every state, with long names and long logs."""

import json
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.system.server import Server

Message = Mapping[str, Any]

SHOP, LONG = "axi-star-cloud", "группа-непрерывной-поставки/платёжный-шлюз-и-личный-кабинет"
FAILED, RUNNING, DONE, AGAIN = "failed-1", "running-1", "done-1", "again-1"
COLOURED = "\x1b[32m✓\x1b[0m compiled \x1b[1;34mmain.ts\x1b[0m in \x1b[33m1.2 s\x1b[0m"


def tell(server: Server, messages: Iterable[Message]) -> None:
    """Post the messages as a CI job does, one after the other."""
    for message in messages:
        post(server, "/api/webhooks/deployment", message)


def post(server: Server, path: str, body: Message, method: str = "POST") -> Any:
    """The answer's JSON; an error is the test's."""
    call = urllib.request.Request(  # noqa: S310 - the server that the test has started
        f"{server.url}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
        method=method,
    )
    with urllib.request.urlopen(call, timeout=30) as answer:  # noqa: S310 - the same
        text = answer.read()
        return json.loads(text) if text else None


def fill(server: Server) -> None:
    """Every state a deployment can be in, and three weeks of ended ones."""
    now = datetime.now(UTC)
    tell(server, past(now))
    tell(server, one("done", SHOP, DONE, now - timedelta(minutes=9), "success"))
    tell(server, one("cancelled", LONG, "cancelled-1", now - timedelta(minutes=8), "cancelled"))
    tell(server, failed(now - timedelta(minutes=6)))
    tell(server, again(now - timedelta(minutes=5)))
    tell(server, running(now - timedelta(minutes=1)))


def at(when: datetime, seconds: float = 0) -> str:
    return (when + timedelta(seconds=seconds)).isoformat()


def step(
    kind: str, project: str, deployment: str, name: str, when: str, status: str, **more: Any
) -> Message:
    return {
        "type": kind,
        "project": project,
        "deployment_id": deployment,
        "step_name": name,
        "step_status": status,
        "timestamp": when,
        **more,
    }


def end(project: str, deployment: str, when: str, status: str, **more: Any) -> Message:
    return {
        "type": "deployment_completed",
        "project": project,
        "deployment_id": deployment,
        "status": status,
        "timestamp": when,
        **more,
    }


def lines(project: str, deployment: str, name: str, texts: Iterable[Message]) -> Message:
    return {
        "type": "log_batch",
        "project": project,
        "deployment_id": deployment,
        "step_name": name,
        "logs": list(texts),
    }


def past(now: datetime) -> Iterator[Message]:
    """Ended deployments of the last weeks, most of them good."""
    for day in range(21, 0, -1):
        for project in (SHOP, LONG):
            begun = now - timedelta(days=day, minutes=day)
            deployment = f"{1_000 + day}-{len(project)}"
            status = "failure" if (day + len(project)) % 5 == 0 else "success"
            yield step("step_started", project, deployment, "Build", at(begun), "started")
            yield step("step_completed", project, deployment, "Build", at(begun, 30 + day), status)
            yield end(project, deployment, at(begun, 60 + day), status)


def one(words: str, project: str, deployment: str, begun: datetime, status: str) -> list[Message]:
    texts = [
        {"level": "info", "message": f"{words} {number} {COLOURED}", "timestamp": at(begun, number)}
        for number in range(40)
    ]
    return [
        step(
            "step_started",
            project,
            deployment,
            "部署验证",
            at(begun),
            "started",
            branch="main",
            commit_hash="4f2a9c1d7b3e5f60",
            workflow_name="deploy-project",
        ),
        lines(project, deployment, "部署验证", texts),
        step("step_completed", project, deployment, "部署验证", at(begun, 42), "success"),
        end(project, deployment, at(begun, 45), status, duration=45),
    ]


def failed(begun: datetime) -> list[Message]:
    """A step that failed at its second attempt beside one that was skipped; figures that differ."""
    upload = "Загрузка артефактов сборки в хранилище объектов"
    texts = [
        {
            "level": "error" if number == 17 else "info",
            "message": f"attempt {number}: connection reset <b>by</b> peer",
            "timestamp": at(begun, 20 + number),
        }
        for number in range(30)
    ]
    return [
        step("step_started", SHOP, FAILED, "Build", at(begun), "started", branch="release/2.4"),
        step("step_completed", SHOP, FAILED, "Build", at(begun, 20), "success"),
        step("step_started", SHOP, FAILED, upload, at(begun, 20), "started"),
        step("step_completed", SHOP, FAILED, upload, at(begun, 40), "failure"),
        step("step_started", SHOP, FAILED, upload, at(begun, 41), "started"),
        lines(SHOP, FAILED, upload, texts),
        step("step_completed", SHOP, FAILED, upload, at(begun, 60), "timed_out"),
        step("step_completed", SHOP, FAILED, "Smoke test", at(begun, 61), "skipped"),
        {
            "type": "metrics_update",
            "project": SHOP,
            "deployment_id": FAILED,
            "timestamp": at(begun, 62),
            "metrics": {"total_duration": 45, "steps_count": 5, "failed_steps": 1, "custom": "x"},
        },
        end(SHOP, FAILED, at(begun, 63), "failure", errorMessage="upload timed out after 19 s"),
    ]


def again(begun: datetime) -> list[Message]:
    """Two runs: a failed one, and one that went well."""
    return [
        step("step_started", LONG, AGAIN, "Build", at(begun), "started"),
        step("step_completed", LONG, AGAIN, "Build", at(begun, 5), "failure"),
        end(LONG, AGAIN, at(begun, 6), "failure"),
        step("step_started", LONG, AGAIN, "Build", at(begun, 20), "started"),
        step("step_completed", LONG, AGAIN, "Build", at(begun, 25), "success"),
        end(LONG, AGAIN, at(begun, 26), "success"),
    ]


def running(begun: datetime) -> list[Message]:
    texts = [
        {"level": "info", "message": f"line {number}", "timestamp": at(begun, 15)}
        for number in range(500)
    ]
    return [
        step("step_started", SHOP, RUNNING, "Build", at(begun), "started", branch="main"),
        step("step_completed", SHOP, RUNNING, "Build", at(begun, 14), "success"),
        step("step_started", SHOP, RUNNING, "Deploy", at(begun, 14), "started"),
        lines(SHOP, RUNNING, "Deploy", texts),
    ]
