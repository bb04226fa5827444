"""Output is passed on unchanged and at once, and nobody waits for what never ends."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from tests.running.test_spool import all_of
from tocsin.running.child import Output
from tocsin.running.frames import Kind
from tocsin.running.passing import drain, pass_on, write_all
from tocsin.running.spool import Spool


class Way:
    """A pipe from the command to us, and one from us to who reads."""

    def __init__(self) -> None:
        self.source, self.command = os.pipe()
        self.reader, self.target = os.pipe()
        self.output = Output(Kind.OUT, self.source, self.target)


@pytest.fixture
def spool() -> Iterator[Spool]:
    made = Spool()
    yield made
    made.clean_up()


@pytest.fixture
def way() -> Iterator[Way]:
    made = Way()
    yield made
    for fd in (made.command, made.reader, made.target):
        try:
            os.close(fd)
        except OSError:
            continue


def test_bytes_arrive_at_once_and_as_they_are(way: Way, spool: Spool) -> None:
    passing = pass_on([way.output], spool)
    os.write(way.command, b"a\xff\r")
    first = os.read(way.reader, 100)
    os.write(way.command, b"\0b")
    second = os.read(way.reader, 100)
    os.close(way.command)
    drain(passing)
    spool.close()

    assert (first, second) == (b"a\xff\r", b"\0b")
    assert b"".join(frame.data for frame in all_of(spool)) == b"a\xff\r\0b"


def test_an_output_that_somebody_keeps_open_is_not_waited_for(way: Way, spool: Spool) -> None:
    begun = time.monotonic()
    drain(pass_on([way.output], spool))

    assert 0.2 < time.monotonic() - begun < 2


def test_the_last_words_of_a_quiet_command_are_waited_for(way: Way, spool: Spool) -> None:
    (passing,) = pass_on([way.output], spool)
    # They are in the pipe, and the thread that reads them has had no turn yet.
    passing._idle_since = time.monotonic() - 60
    begun = time.monotonic()
    drain([passing])

    assert 0.2 < time.monotonic() - begun < 2


def test_what_was_written_is_waited_for_when_the_reader_is_slow(way: Way, spool: Spool) -> None:
    data = b"x" * 300_000
    writer = threading.Thread(target=write_all, args=(way.command, data))
    passing = pass_on([way.output], spool)
    writer.start()
    got = bytearray()

    def read_slowly() -> None:
        time.sleep(0.5)
        while len(got) < len(data):
            got.extend(os.read(way.reader, 65536))

    reader = threading.Thread(target=read_slowly)
    reader.start()
    writer.join()
    drain(passing)
    reader.join()

    assert bytes(got) == data


def test_the_command_finds_out_that_nobody_reads(way: Way, spool: Spool) -> None:
    os.close(way.reader)
    passing = pass_on([way.output], spool)
    os.write(way.command, b"x")
    drain(passing)

    with pytest.raises(BrokenPipeError):
        os.write(way.command, b"y")


def test_a_target_that_does_not_block_gets_all(way: Way) -> None:
    os.set_blocking(way.target, False)
    data = b"y" * 300_000
    writer = threading.Thread(target=write_all, args=(way.target, data))
    writer.start()
    got = b""
    while len(got) < len(data):
        got += os.read(way.reader, 65536)
    writer.join()

    assert got == data
