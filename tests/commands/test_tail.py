"""`tocsin tail` shows events as they come and says what became of the connection."""

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import typer
from typer.testing import CliRunner, Result

from tocsin.commands import tail


class Stream(ThreadingHTTPServer):
    """Answers each connection with the next of `scripts`, then refuses: that ends the command."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scripts: list[bytes] = []
        self.asked: list[tuple[str, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Stream

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Last-Event-ID"]))
        if not self.server.scripts:
            self.send_response(403)
            self.end_headers()
            self.wfile.write(b'{"detail": "over"}')
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(self.server.scripts.pop(0))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def stream() -> Iterator[Stream]:
    with Stream() as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(url: str, *args: str) -> Result:
    app = typer.Typer()
    tail.add_to(app)
    app.callback()(lambda: None)
    return CliRunner().invoke(app, ["tail", "--url", url, *args])


def opened(seq: int, *, recovered: bool | None = None, epoch: str = "e") -> bytes:
    said = json.dumps({"epoch": epoch, "seq": seq, "recovered": recovered})
    return f"event: stream.opened\ndata: {said}\n\n".encode()


def event(seq: int, text: str = "hello", epoch: str = "e") -> bytes:
    body = {
        "seq": seq,
        "type": "log_entry",
        "project": "shop",
        "subject": "42",
        "occurred_at": "2024-01-01T12:00:30.000Z",
        "data": {"level": "info", "message": text},
    }
    said = json.dumps(body, ensure_ascii=False)
    return f"id: {epoch}:{seq}\nevent: log_entry\ndata: {said}\n\n".encode()


def test_events_are_shown_one_a_line(stream: Stream) -> None:
    stream.scripts = [opened(3) + event(4, "a") + event(5, "b" * 300)]

    result = run(stream.url)

    # The zone of the tests is 5:45 h ahead.
    lines = result.stdout.splitlines()
    assert lines == [
        "17:45:30 shop/42 log_entry            info    a",
        "17:45:30 shop/42 log_entry            info    " + "b" * 300,
    ]


def test_without_a_terminal_there_is_no_colour(stream: Stream) -> None:
    stream.scripts = [opened(3) + event(4, "\x1b[31mred\x1b[0m")]

    result = run(stream.url)

    assert "\x1b" not in result.stdout
    assert result.stdout.endswith("info    red\n")


def test_json_is_printed_as_it_came_but_for_what_a_terminal_obeys(stream: Stream) -> None:
    stream.scripts = [opened(3) + event(4, "部署 \x9b2J\x1b[31m")]

    result = run(stream.url, "--json")

    (line,) = result.stdout.splitlines()
    assert json.loads(line)["data"]["message"] == "部署 \x9b2J\x1b[31m"
    assert "部署" in line
    assert "\x9b" not in line
    assert "\x1b" not in line


class ClosedPipe(io.StringIO):
    def flush(self) -> None:
        raise BrokenPipeError


def test_a_reader_that_has_enough_is_left_to_the_command() -> None:
    with pytest.raises(BrokenPipeError):
        tail._Output(file=ClosedPipe()).print("x")


@pytest.mark.parametrize(
    ("args", "query"),
    [
        ([], "from=now"),
        (["--from-start"], "from=start"),
        (["--since-seq", "7"], "from=7"),
        (["-p", "a b", "-d", "4/2"], "project=a+b&subject=4/2&from=now"),
        (["-t", "x"], "type=x&from=now"),
        (["-t", "x", "-t", "y"], "from=now"),
    ],
)
def test_options_narrow_what_is_asked_for(args: list[str], query: str, stream: Stream) -> None:
    run(stream.url, *args)

    assert stream.asked == [(f"/api/v1/events/stream?{query}", None)]


@pytest.mark.parametrize(
    ("reopened", "expected"),
    [
        (opened(5, recovered=True), "back, nothing missed"),
        (opened(9, recovered=False), "back, up to 5 events could not be recovered"),
        (opened(1, recovered=False, epoch="f"), "back, but what happened meanwhile"),
    ],
)
def test_a_loss_and_the_return_are_told(reopened: bytes, expected: str, stream: Stream) -> None:
    stream.scripts = [opened(3) + event(4), reopened]

    result = run(stream.url)

    said = result.stderr.splitlines()
    assert said[0].startswith("tocsin: connection lost, trying again…")
    assert expected in said[1]
    assert stream.asked[1][1] == "e:4"


def test_a_place_that_is_not_kept_any_more_is_told(stream: Stream) -> None:
    stream.scripts = [opened(9, recovered=False)]

    assert "not kept any more" in run(stream.url, "--since-seq", "2").stderr


def test_a_refusal_ends_it_with_a_line(stream: Stream) -> None:
    result = run(stream.url)

    assert result.exit_code == 1
    assert result.stderr == "tocsin: not allowed: over. It needs a token of a higher role.\n"


def test_two_beginnings_are_a_fault_of_the_command_line(stream: Stream) -> None:
    assert run(stream.url, "--from-start", "--since-seq", "1").exit_code == 2


def test_without_a_server_a_person_hears_of_it_at_once() -> None:
    result = run("http://127.0.0.1:9")

    assert result.exit_code == 1
    assert "tocsin serve" in result.stderr
