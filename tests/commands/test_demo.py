"""`tocsin demo` plays its story against a server, and shows a person what happens."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tocsin.client.story import step_names
from tocsin.commands import demo


class Stage(ThreadingHTTPServer):
    """Takes the messages; refuses once with 503 before message number `trips_at`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.messages: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.trips_at = -1
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Stage
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together: two writes would wait for each other's ACK

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_trip = len(self.server.messages) == self.server.trips_at
        if is_trip:
            self.server.trips_at = -1
        else:
            self.server.messages.append(message)
            self.server.keys.append(self.headers["Idempotency-Key"])
        answer = json.dumps({"event_id": "e", "seq": len(self.server.messages)}).encode()
        self.send_response(503 if is_trip else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(url: str, *args: str) -> Result:
    app = typer.Typer()
    demo.add_to(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["demo", "--fast", "--url", url, *args])


def test_the_whole_story_arrives_in_order(stage: Stage) -> None:
    result = run(stage.url, "--project", "my shop", "--deployment", "4/2", "--seed", "1")

    ends = [m for m in stage.messages if m.get("step_status") == "completed"]
    assert result.exit_code == 0
    assert [m["step_name"] for m in ends] == list(step_names())
    assert stage.messages[-1]["type"] == "deployment_completed"
    assert {m["deployment_id"] for m in stage.messages} == {"4/2"}
    assert len(set(stage.keys)) == len(stage.keys)


def test_a_person_sees_the_steps_the_failure_and_where_to_look(stage: Stage) -> None:
    result = run(stage.url, "--project", "my shop", "--deployment", "4/2", "--seed", "1")

    lines = result.stdout.splitlines()
    assert len(lines) == len(step_names()) + 1 + 2
    assert "✗ Upload failed" in result.stdout
    assert "✓ Upload completed" in result.stdout
    assert "✓ success in" in lines[-2]
    assert lines[-1] == f"Look at it: {stage.url}/deployments/4%2F2?project=my%20shop"


def test_a_story_without_pauses_is_not_ahead_of_its_time(stage: Stage) -> None:
    run(stage.url)

    times = [m["timestamp"] for m in stage.messages if "timestamp" in m]
    assert times == sorted(times)
    assert datetime.fromisoformat(times[-1]) <= datetime.now(UTC)


def test_a_new_deployment_gets_an_id_of_its_own(stage: Stage) -> None:
    run(stage.url)

    assert stage.messages[0]["deployment_id"].startswith("demo-")
    assert stage.messages[0]["project"] == "demo-shop"


def test_a_server_that_is_away_for_a_moment_does_not_end_the_story(stage: Stage) -> None:
    stage.trips_at = 5

    result = run(stage.url, "--seed", "1")

    assert result.exit_code == 0
    assert stage.messages[-1]["type"] == "deployment_completed"
    assert "trying again" in result.stderr


def test_without_a_server_a_person_hears_of_it_at_once() -> None:
    result = run("http://127.0.0.1:9")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "tocsin serve" in result.stderr
