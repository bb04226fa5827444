"""The process that sends: a step's beginning, its lines in batches, its end, and what was not."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.running.receiver import Receiver
from tocsin.client.messages import Line
from tocsin.model.times import EPOCH
from tocsin.running.brief import Brief, Ended, Progress
from tocsin.running.frames import Frame, Kind
from tocsin.running.job import Job
from tocsin.running.sending import _length

# Each starts a process.
pytestmark = pytest.mark.timeout(60)

JOB = Job("shop", "42", "deploy", "987", "main", "c0ffee")


class Sending:
    """The process beside the test."""

    def __init__(self, brief: Brief) -> None:
        self._talk, theirs = socket.socketpair()
        self._talk.settimeout(60)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tocsin.running.sending"],
                stdin=subprocess.PIPE,
                stdout=theirs.fileno(),
            )
        self._talk.sendall(brief.line())

    def write(self, *frames: Frame) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"".join(frame.packed() for frame in frames))
        self.process.stdin.flush()

    def finish(self, exit_code: int = 0, wait_s: float = 60) -> Progress:
        assert self.process.stdin
        self.process.stdin.close()
        self._talk.sendall(Ended(exit_code, time.time(), wait_s).line())
        return self.last()

    def last(self) -> Progress:
        with self._talk.makefile("rb") as said:
            return [Progress.read(line) for line in said][-1]

    def close(self) -> None:
        self._talk.close()
        if self.process.stdin:
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def brief(receiver: Receiver) -> Brief:
    return Brief(receiver.url, "", "Build", ["make", "a b"], ["s3cret"], JOB, time.time())


@pytest.fixture
def running() -> Iterator[list[Sending]]:
    made: list[Sending] = []
    yield made
    for one in made:
        one.close()


def start(brief: Brief, running: list[Sending]) -> Sending:
    running.append(Sending(brief))
    return running[-1]


def out(data: bytes, kind: Kind = Kind.OUT) -> Frame:
    return Frame(kind, time.time(), data)


def test_a_step_is_told_from_its_beginning_to_its_end(
    brief: Brief, receiver: Receiver, running: list[Sending]
) -> None:
    sending = start(replace(brief, step="Build s3cret", command=["make", "s3cret"]), running)
    sending.write(out(b"one\n"), out(b"ERROR: s3cret\n", Kind.ERR), out(b"half"))

    progress = sending.finish(exit_code=3)

    begun, batch, ended = receiver.taken()
    assert progress == Progress(2, 0, [], "", is_over=True)
    assert [one["type"] for one in (begun, batch, ended)] == [
        "step_started",
        "log_batch",
        "step_completed",
    ]
    assert {(one["project"], one["deployment_id"]) for one in (begun, batch, ended)} == {
        ("shop", "42")
    }
    assert {one["step_name"] for one in (begun, batch, ended)} == {"Build ***"}
    assert begun["logs"] == "$ make '***'"
    assert (begun["branch"], begun["commit_hash"]) == ("main", "c0ffee")
    assert (begun["workflow_name"], begun["workflow_id"]) == ("deploy", "987")
    assert [(line["message"], line["level"]) for line in batch["logs"]] == [
        ("one", "info"),
        ("ERROR: ***", "error"),
        ("half", "info"),
    ]
    assert (ended["step_status"], ended["exit_code"], ended["level"]) == ("failed", 3, "error")
    assert ended["duration"] > 0
    assert "s3cret" not in json.dumps(receiver.taken())


def test_lines_are_sent_while_the_command_runs(
    brief: Brief, receiver: Receiver, running: list[Sending]
) -> None:
    sending = start(brief, running)
    sending.write(out(b"one\n"))
    wait_for(lambda: receiver.lines() == ["one"])
    sending.write(out(b"two\n" * 2500))

    sending.finish()

    assert receiver.lines() == ["one", *["two"] * 2500]
    assert max(len(one["logs"]) for one in receiver.taken() if one["type"] == "log_batch") <= 1000
    assert (receiver.taken()[-1]["step_status"], receiver.taken()[-1]["level"]) == (
        "completed",
        "info",
    )


def test_when_time_is_short_the_end_goes_before_the_rest_of_the_lines(
    brief: Brief, receiver: Receiver, running: list[Sending]
) -> None:
    receiver.answers = [(200, {}), (-1, {})]
    sending = start(brief, running)
    sending.write(out(b"one\n"))
    wait_for(lambda: len(receiver.posts) == 2)

    # The first try after the end is not answered either.
    receiver.answers = [(-1, {})]
    progress = sending.finish(wait_s=2)

    assert receiver.types() == ["step_started", "log_batch", "step_completed"]
    assert [message["type"] for _, _, message in receiver.posts[-2:]] == [
        "step_completed",
        "log_batch",
    ]
    assert (progress.unsent_lines, progress.unsent) == (0, [])


def test_what_is_not_sent_in_time_is_told(
    brief: Brief, receiver: Receiver, running: list[Sending]
) -> None:
    receiver.answers = [(-1, {})] * 20
    sending = start(replace(brief, url=f"{receiver.url}/s3cret"), running)
    sending.write(out(b"one\ntwo\n"))
    wait_for(lambda: bool(receiver.posts))
    begun = time.monotonic()
    progress = sending.finish(wait_s=0.5)

    assert time.monotonic() - begun < 2
    assert progress.unsent == ["the beginning of the step", "the end of the step"]
    assert "no answer in time" in progress.fault
    assert "s3cret" not in progress.fault


def test_an_address_that_is_none_is_told(brief: Brief, running: list[Sending]) -> None:
    progress = start(replace(brief, url="shop"), running).finish()

    assert (progress.read_lines, len(progress.unsent)) == (0, 2)
    assert "is no address" in progress.fault


def test_a_step_whose_runner_was_killed_has_failed(
    brief: Brief, receiver: Receiver, running: list[Sending]
) -> None:
    sending = start(brief, running)
    sending.write(out(b"one\n"))
    wait_for(lambda: receiver.lines() == ["one"])

    assert sending.process.stdin
    sending.process.stdin.close()
    sending._talk.shutdown(socket.SHUT_WR)
    sending.last()

    ended = receiver.taken()[-1]
    assert (ended["type"], ended["step_status"]) == ("step_completed", "failed")
    assert "killed" in ended["logs"]
    assert ended["exit_code"] is None


def test_a_batch_is_bounded_in_lines_and_characters_and_never_empty() -> None:
    def lines(count: int, chars: int) -> list[Line]:
        return [Line("x" * chars, EPOCH)] * count

    sizes = ((0, 0), (5, 1), (2000, 1), (9, 60_000), (2, 10**6))
    assert [_length(lines(*size)) for size in sizes] == [0, 5, 1000, 3, 1]


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
