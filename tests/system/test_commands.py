"""The commands of the README beside a running server."""

import asyncio
import json
import queue
import subprocess
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest

from tests.system.conftest import Launch
from tests.system.reading import RECEIVER, Reader, sample
from tests.system.rollout import post
from tests.system.server import Server, command
from tests.system.wire import connected

# The help of `token revoke` promises two seconds; the rest is for a busy machine.
REVOKED_LIMIT_S = 8

# The document's own example, host changed; also in the README.
CURL = (
    *("curl", "-sS", "-X", "POST", "-H", "Content-Type: application/json"),
    *("-H", "User-Agent: axi-deploy-websocket/1.0"),
)


class Tail:
    """`tocsin tail` running beside the test."""

    def __init__(self, server: Server, *options: str) -> None:
        self._process = subprocess.Popen(
            command("tail", *options),
            cwd=server.folder,
            env=server.client_environment() | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def line(self, limit_s: float = 30) -> str:
        return self._lines.get(timeout=limit_s)

    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.line())
        return event

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reading.join(10)
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line.rstrip("\n"))


@pytest.fixture
def tails() -> Generator[list[Tail], None, None]:
    running: list[Tail] = []
    yield running
    for tail in running:
        tail.close()


async def test_the_demo_plays_a_whole_deployment(server: Server, reader: Reader) -> None:
    done = server.run("demo", "--fast", "--project", "c-1", "--deployment", "c-1")

    assert done.returncode == 0, done.stderr
    detail = await reader.deployment("c-1", project="c-1")
    assert (detail["status"], detail["progress"], detail["run"]) == ("success", 100, 1)
    steps = {step["name"]: step for step in await reader.steps("c-1", project="c-1")}
    assert len(steps) == detail["steps_known"]
    assert all(step["status"] == "completed" for step in steps.values())
    assert [one["status"] for one in steps["Upload"]["attempts"]] == ["failed", "completed"]
    assert detail["runs"][0]["figures"]["agree"] is True
    assert detail["lines"] > 10
    assert any("\x1b[" in line["text"] for line in await reader.lines("c-1", project="c-1"))


async def test_the_curl_of_the_readme_shows_up(
    server: Server, reader: Reader, tails: list[Tail]
) -> None:
    tail = Tail(server, "--json", "--from-start", "--project", "c-2")
    tails.append(tail)
    body = json.dumps(sample("step_started", project="c-2", deployment_id="c-2"))
    done = await asyncio.to_thread(
        subprocess.run,
        [*CURL, "-d", body, f"{server.url}/project-dashboard{RECEIVER}"],
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=True,
    )

    receipt = json.loads(done.stdout)
    assert receipt["success"] is True
    assert tail.event()["id"] == receipt["event_id"]
    [found] = await reader.all("/api/v1/deployments", project="c-2")
    assert found["id"] == "c-2"


async def test_tail_goes_on_after_a_kill_each_event_once(launch: Launch, tails: list[Tail]) -> None:
    server = launch()
    tail = Tail(server, "--json", "--from-start", "--type", "log_entry")
    tails.append(tail)
    told = []
    for number in range(3):
        lines = [f"line {number} {line}" for line in range(5)]
        await post(server.port, [sample("log_entry", message=line) for line in lines])
        told += [tail.event() for _ in range(5)]
        server.kill()
        server.start()

    assert [one["data"]["message"] for one in told] == [
        f"line {number} {line}" for number in range(3) for line in range(5)
    ]


async def test_tail_in_colour_shows_one_line_an_event(server: Server, tails: list[Tail]) -> None:
    tail = Tail(server, "--from-start", "--project", "c-4")
    tails.append(tail)
    server.run("send", "log", "c-4", "c-4", "eine Zeile 日志")

    assert "eine Zeile 日志" in tail.line()


async def test_send_reports_a_whole_deployment(server: Server, reader: Reader) -> None:
    for args in (
        ("step", "c-5", "c-5", "Build"),
        ("step", "c-5", "c-5", "Build", "--status", "completed", "--duration", "12.5"),
        ("log", "c-5", "c-5", "--level", "warning", "--step", "Build", "Cache is cold"),
        ("done", "c-5", "c-5", "--status", "success", "--duration", "45"),
        ("event", "backup.completed", "--project", "c-5", "--data", '{"size_bytes": 1048576}'),
    ):
        done = server.run("send", *args)
        assert done.returncode == 0, (args, done.stderr)
    piped = server.run("send", "log", "c-5", "c-5", text="first\nsecond\n")
    assert piped.returncode == 0, piped.stderr

    detail = await reader.deployment("c-5", project="c-5")
    assert (detail["status"], detail["duration"]) == ("success", 45)
    [step] = await reader.steps("c-5", project="c-5")
    assert (step["name"], step["status"], step["duration"]) == ("Build", "completed", 12.5)
    lines = await reader.lines("c-5", project="c-5")
    told = [(line["text"], line["level"], line["step"]) for line in lines]
    assert ("Cache is cold", "warning", "Build") in told
    assert [text for text, _, _ in told if text in {"first", "second"}] == ["first", "second"]
    [event] = await reader.all("/api/v1/events", type="backup.completed", project="c-5")
    assert event["data"] == {"size_bytes": 1048576}


def test_a_command_without_a_server_says_what_to_do(launch: Launch) -> None:
    server = launch(start=False)
    for args in (["demo", "--fast"], ["send", "log", "p", "d", "x", "--retry-for", "0"]):
        done = server.run(*args)
        assert done.returncode == 1
        assert "tocsin serve" in done.stderr
        assert "Traceback" not in done.stderr


async def test_tokens_are_made_listed_and_revoked_beside_the_server(launch: Launch) -> None:
    server = launch({"TOCSIN_AUTH__LOCAL_ROLE": "none"})
    data = ("--data-dir", str(server.data_dir))
    made = server.run("token", "create", "--role", "viewer", "--name", "wall", *data)
    assert made.returncode == 0, made.stderr
    token = made.stdout.removesuffix("\n")
    assert token
    assert not any(character.isspace() for character in token)
    assert await status_with(server, token) == 200

    listed = server.run("token", "list", "--json", *data)
    [row] = [json.loads(line) for line in listed.stdout.splitlines()]
    assert (row["name"], row["role"], row["revoked_at"]) == ("wall", "viewer", None)
    assert token not in listed.stdout
    table = server.run("token", "list", *data)
    assert "wall" in table.stdout

    assert server.run("token", "revoke", "wall", *data).returncode == 0
    deadline = time.monotonic() + REVOKED_LIMIT_S
    while await status_with(server, token) != 401:
        assert time.monotonic() < deadline, "a revoked token is still taken"
        await asyncio.sleep(0.05)
    again = server.run("token", "revoke", "nobody", *data)
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    events = server.run("token", "list", "--json", *data)
    assert json.loads(events.stdout)["revoked_at"] is not None


async def status_with(server: Server, token: str) -> int:
    """On a connection of its own: commands between two calls take longer than an idle one lives."""
    async with connected(server.port) as sender:
        return (await sender.get("/api/v1/events", [("Authorization", f"Bearer {token}")])).status
