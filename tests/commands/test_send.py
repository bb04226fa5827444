"""Each `tocsin send` posts one well-formed message, prints the receipt, and says what failed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tocsin.commands import send


class Receiver(ThreadingHTTPServer):
    """Takes what is posted; answers with `answers` in turn, then with receipts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.posts.append((self.path, headers, json.loads(body)))
        seq = len(self.server.posts)
        receipt = {"success": True, "message": "ok", "event_id": f"e{seq}", "seq": seq}
        status, said = self.server.answers.pop(0) if self.server.answers else (200, receipt)
        answer = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(receiver: Receiver, *args: str, stdin: bytes | None = None) -> Result:
    app = typer.Typer()
    send.add_to(app)
    app.callback()(lambda: None)
    env = {"TOCSIN_URL": receiver.url, "TOCSIN_TOKEN": "tok"}
    return CliRunner().invoke(app, ["send", *args], input=stdin, env=env)


def test_a_step_is_sent_and_its_seq_printed(receiver: Receiver) -> None:
    result = run(
        receiver, "step", "shop", "42", "Build", "-s", "failed", "--duration", "2.5",
        "--logs", "no", "--workflow", "deploy", "--workflow-id", "7",
    )  # fmt: skip

    ((path, headers, message),) = receiver.posts
    at = datetime.fromisoformat(message.pop("timestamp"))
    assert (result.exit_code, result.stdout) == (0, "1\n")
    assert path == "/api/webhooks/deployment"
    assert headers["authorization"] == "Bearer tok"
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert message == {
        "type": "step_completed",
        "project": "shop",
        "deployment_id": "42",
        "step_name": "Build",
        "step_status": "failed",
        "workflow_name": "deploy",
        "workflow_id": "7",
        "logs": "no",
        "duration": 2.5,
    }


def test_a_step_begins_unless_told_otherwise(receiver: Receiver) -> None:
    run(receiver, "step", "shop", "42", "Build")

    assert receiver.posts[0][2]["type"] == "step_started"


def test_logs_of_a_step_come_from_standard_input(receiver: Receiver) -> None:
    run(receiver, "step", "shop", "42", "Build", "--logs", "-", stdin="a\n部署".encode())

    assert receiver.posts[0][2]["logs"] == "a\n部署"


def test_a_receipt_can_be_json(receiver: Receiver) -> None:
    result = run(receiver, "step", "shop", "42", "Build", "--json")

    assert json.loads(result.stdout) == {"event_id": "e1", "seq": 1}


def test_a_log_line_is_made_of_all_words(receiver: Receiver) -> None:
    run(receiver, "log", "shop", "42", "Cache", "is cold", "--level", "warning", "--step", "Build")

    message = receiver.posts[0][2]
    assert (message["type"], message["message"]) == ("log_entry", "Cache is cold")
    assert (message["level"], message["step_name"]) == ("warning", "Build")


def test_standard_input_is_sent_in_batches(receiver: Receiver) -> None:
    text = b"".join(b"line %d\n" % n for n in range(1500))

    result = run(receiver, "log", "shop", "42", "--json", stdin=text)

    lines = [line for _, _, message in receiver.posts for line in message["logs"]]
    assert json.loads(result.stdout) == {"event_id": "e2", "seq": 2, "lines": 1500}
    assert [len(message["logs"]) for _, _, message in receiver.posts] == [1000, 500]
    assert [line["message"] for line in lines] == [f"line {n}" for n in range(1500)]
    assert {line["level"] for line in lines} == {"info"}


def test_empty_input_sends_nothing(receiver: Receiver) -> None:
    result = run(receiver, "log", "shop", "42", stdin=b"")

    assert (result.exit_code, result.stdout, receiver.posts) == (0, "", [])


def test_input_is_read_to_its_end_after_a_refusal(receiver: Receiver) -> None:
    receiver.answers = [(400, {"message": "no"})]
    text = b"".join(b"line %d\n" % n for n in range(2500))

    result = run(receiver, "log", "shop", "42", stdin=text)

    assert result.exit_code == 1
    assert len(receiver.posts) == 1
    assert "0 lines were sent, the rest is read and dropped" in result.stderr


def test_an_end_tells_when_it_began(receiver: Receiver) -> None:
    run(receiver, "done", "shop", "42", "--status", "success", "--duration", "45")

    message = receiver.posts[0][2]
    begun, ended = (datetime.fromisoformat(message[k]) for k in ("started_at", "completed_at"))
    assert (message["type"], message["status"]) == ("deployment_completed", "success")
    assert abs(ended - begun - timedelta(seconds=45)) <= timedelta(milliseconds=1)


def test_an_end_needs_a_status(receiver: Receiver) -> None:
    assert run(receiver, "done", "shop", "42").exit_code == 2


@pytest.mark.parametrize("source", ["option", "file", "standard input"])
def test_an_event_is_a_cloud_event(source: str, receiver: Receiver, tmp_path: Path) -> None:
    data = '{"size": 3}'
    file = tmp_path / "data.json"
    file.write_text(data)
    said = {"option": data, "file": f"@{file}", "standard input": "-"}[source]

    run(
        receiver, "event", "backup.completed", "-p", "shop", "--subject", "db", "--data", said,
        stdin=data.encode(),
    )  # fmt: skip

    ((path, headers, event),) = receiver.posts
    assert path == "/api/v1/events"
    assert headers["content-type"] == "application/cloudevents+json"
    assert headers["idempotency-key"] == event.pop("id")
    assert datetime.fromisoformat(event.pop("time")).tzinfo is not None
    assert event == {
        "specversion": "1.0",
        "source": "/cli",
        "type": "backup.completed",
        "datacontenttype": "application/json",
        "subject": "db",
        "project": "shop",
        "data": {"size": 3},
    }


@pytest.mark.parametrize("data", ["{", "@/no/such/file"])
def test_wrong_data_is_a_fault_of_the_command_line(data: str, receiver: Receiver) -> None:
    result = run(receiver, "event", "x", "--data", data)

    assert result.exit_code == 2
    assert receiver.posts == []


def test_a_refusal_is_one_line_with_the_servers_words(receiver: Receiver) -> None:
    errors = [{"field": "project", "message": "is longer than 200 characters"}]
    receiver.answers = [(400, {"success": False, "message": "bad", "errors": errors})]

    result = run(receiver, "step", "shop", "42", "Build")

    expected = "tocsin: refused: bad (project: is longer than 200 characters).\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", expected)


def test_a_token_that_is_not_taken_comes_with_advice(receiver: Receiver) -> None:
    receiver.answers = [(401, {"message": "unknown token"})]

    result = run(receiver, "step", "shop", "42", "Build")

    assert "--token" in result.stderr
    assert "tok." not in result.stderr


def test_no_server_is_told_with_what_to_do(receiver: Receiver) -> None:
    args = ["step", "shop", "42", "Build", "--retry-for", "0", "--url", "http://127.0.0.1:9"]

    result = run(receiver, *args)

    assert result.exit_code == 1
    assert "http://127.0.0.1:9 does not answer (connection refused)" in result.stderr
    assert "tocsin serve" in result.stderr


@pytest.mark.parametrize("command", ["step", "log", "done", "event"])
def test_help_has_examples(command: str, receiver: Receiver) -> None:
    result = run(receiver, command, "--help")

    assert re.search(r"Examples", result.stdout)
    assert f"$ tocsin send {command}" in result.stdout
