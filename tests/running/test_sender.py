"""The runner's end of the sender: fed all the time, asked once, never waited for too long."""

import time
from collections.abc import Iterator

import pytest

from tests.running.receiver import Receiver
from tocsin.running import sender as of_sender
from tocsin.running.brief import Brief, Ended
from tocsin.running.frames import Kind
from tocsin.running.job import Job
from tocsin.running.sender import Sender
from tocsin.running.spool import Spool

# Each starts a process.
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def brief(receiver: Receiver) -> Brief:
    return Brief(receiver.url, "", "Build", ["make"], [], Job("shop", "42"), time.time())


@pytest.fixture
def spool() -> Iterator[Spool]:
    made = Spool()
    yield made
    made.clean_up()


def ended(wait_s: float) -> Ended:
    return Ended(0, time.time(), wait_s)


def test_what_is_put_into_the_spool_arrives(brief: Brief, spool: Spool, receiver: Receiver) -> None:
    sender = Sender(brief, spool, {})
    spool.put(Kind.OUT, time.time(), b"one\ntwo\n")
    spool.close()
    progress = sender.finish(ended(60))
    sender.close()

    assert (progress.read_lines, progress.unsent_lines, progress.unsent) == (2, 0, [])
    assert receiver.lines() == ["one", "two"]


def test_it_is_waited_for_no_longer_than_said(
    brief: Brief, spool: Spool, receiver: Receiver
) -> None:
    receiver.answers = [(-1, {})] * 9
    sender = Sender(brief, spool, {})
    spool.close()
    begun = time.monotonic()
    progress = sender.finish(ended(0.3))
    sender.close()

    assert time.monotonic() - begun < 2
    assert not progress.is_over or progress.unsent


@pytest.mark.parametrize(
    "command", [("/no/such/python",), ("/bin/true",), ("/bin/sh", "-c", "exit 1")]
)
def test_a_sender_that_is_not_there_is_told_and_holds_up_nobody(
    command: tuple[str, ...], brief: Brief, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_sender, "_COMMAND", command)
    sender = Sender(brief, spool, {})
    for _ in range(10):
        spool.put(Kind.OUT, time.time(), b"x" * 100_000)
    spool.close()
    progress = sender.finish(ended(60))
    sender.close()

    assert "the process that sends" in progress.fault
    assert not progress.is_over
