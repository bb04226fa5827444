"""The command's pseudo-terminal is as large as the real one and changes no byte of output."""

import fcntl
import os
import struct
import termios
from collections.abc import Iterator

import pytest

from tocsin.running.terminal import open_terminal


@pytest.fixture
def real() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal that is not that of this process."""
    ends = os.openpty()
    yield ends
    for end in ends:
        os.close(end)


def size_of(fd: int) -> tuple[int, ...]:
    return struct.unpack("4H", fcntl.ioctl(fd, termios.TIOCGWINSZ, b"\0" * 8))


def test_it_has_the_size_of_the_real_one_also_when_that_changes(real: tuple[int, int]) -> None:
    fcntl.ioctl(real[0], termios.TIOCSWINSZ, struct.pack("4H", 40, 120, 0, 0))
    terminal, slave = open_terminal(real[1], takes_input=True)
    first = size_of(slave)
    fcntl.ioctl(real[0], termios.TIOCSWINSZ, struct.pack("4H", 50, 90, 0, 0))
    terminal.copy_size()

    assert (first[:2], size_of(slave)[:2]) == ((40, 120), (50, 90))
    os.close(slave)
    os.close(terminal.master)


def test_without_its_input_bytes_are_the_same_and_the_real_one_is_let_be(
    real: tuple[int, int],
) -> None:
    before = termios.tcgetattr(real[1])
    terminal, slave = open_terminal(real[1], takes_input=True)
    os.write(slave, b"one\ntwo\x1b[0m\r\n")

    assert not terminal.owns_input
    assert os.read(terminal.master, 100) == b"one\ntwo\x1b[0m\r\n"
    terminal.restore()
    assert termios.tcgetattr(real[1]) == before
    os.close(slave)
    os.close(terminal.master)


def test_what_is_no_terminal_is_an_error_of_the_system(tmp_path: object) -> None:
    source, end = os.pipe()
    os.close(source)
    try:
        terminal, slave = open_terminal(end, takes_input=True)
        assert not terminal.owns_input
        os.close(slave)
        os.close(terminal.master)
    finally:
        os.close(end)
