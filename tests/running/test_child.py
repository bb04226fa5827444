"""The command starts with what it would have had without us, and ends with a shell's code."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.running.child import CannotStart, Child, hold_signals, start
from tocsin.running.frames import Kind


@pytest.fixture(autouse=True)
def held() -> Iterator[set[signal.Signals]]:
    """The signals of this process, held and given back."""
    mask = hold_signals()
    yield mask
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def run(*command: str, mask: set[signal.Signals]) -> tuple[int, dict[Kind, bytes]]:
    """The exit code, and what was written on each stream."""
    child = start(command, {"PATH": os.environ["PATH"], "A": "b"}, mask)
    said = {output.kind: read_all(output.source) for output in child.outputs}
    return child.wait(), said


def read_all(source: int) -> bytes:
    with os.fdopen(source, "rb") as file:
        return file.read()


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -9 $$", 137)]
)
def test_the_exit_code_is_that_of_a_shell(
    script: str, code: int, held: set[signal.Signals]
) -> None:
    assert run("sh", "-c", script, mask=held)[0] == code


def test_the_streams_are_kept_apart(held: set[signal.Signals]) -> None:
    _, said = run("sh", "-c", "echo out; echo err >&2", mask=held)

    assert said == {Kind.OUT: b"out\n", Kind.ERR: b"err\n"}


def test_one_place_for_both_streams_keeps_their_order(
    held: set[signal.Signals], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "sameopenfile", lambda _a, _b: True)

    _, said = run("sh", "-c", "echo 1; echo 2 >&2; echo 3", mask=held)

    assert said == {Kind.OUT: b"1\n2\n3\n"}


def test_the_command_has_its_environment_and_no_file_of_ours(held: set[signal.Signals]) -> None:
    ours = subprocess.check_output(["ls", "/proc/self/fd"], close_fds=False)
    _, said = run("sh", "-c", "echo $A; exec ls /proc/self/fd", mask=held)

    assert said[Kind.OUT] == b"b\n" + ours


def test_no_signal_is_held_or_ignored_in_the_command(held: set[signal.Signals]) -> None:
    _, said = run("grep", "Sig[BI]", "/proc/self/status", mask=held)

    masks = dict(line.split(b":") for line in said[Kind.OUT].splitlines())
    ours = {1 << (signum - 1) for signum in (signal.SIGPIPE, signal.SIGTERM, signal.SIGCHLD)}
    for mask in masks.values():
        assert not [one for one in ours if int(mask, 16) & one]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("kind", ["no such", "no program", "a folder", "without right"])
def test_what_cannot_be_started_has_the_code_of_a_shell(
    kind: str, tmp_path: Path, held: set[signal.Signals]
) -> None:
    file = tmp_path / "command"
    if kind == "a folder":
        file.mkdir()
    elif kind != "no such":
        file.write_bytes(b"\0")
        file.chmod(0o644 if kind == "without right" else 0o755)
    open_before = open_files()

    with pytest.raises(CannotStart) as caught:
        start([str(file)], {}, held)

    assert caught.value.exit_code == (127 if kind == "no such" else 126)
    assert str(file) in str(caught.value)
    assert open_files() == open_before


def test_a_command_that_is_gone_is_sent_no_signal(held: set[signal.Signals]) -> None:
    child = start(["true"], {"PATH": os.environ["PATH"]}, held)
    assert child.wait() == 0

    Child._relay(child, signal.struct_siginfo((signal.SIGUSR1, 0, 0, 0, 0, 0, 0)))

    for output in child.outputs:
        os.close(output.source)
