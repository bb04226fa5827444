"""The command itself: started with what it would have had without us, its signals and its end.

It stays in our process group, so that a CI that ends the group ends it too. Signals of the
terminal therefore reach it by themselves; what a process sent to us alone is relayed.
"""

import fcntl
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tocsin.running.frames import Kind
from tocsin.running.terminal import Terminal, open_terminal

_RELAYED = frozenset(
    {
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGUSR1,
        signal.SIGUSR2,
    }
)
_WATCHED = _RELAYED | {signal.SIGCHLD, signal.SIGWINCH}
# So that the command goes on writing while this process does not get to run for a moment.
_PIPE_BYTES = 1024 * 1024
# Python ignores these; a command expects that they end it.
_NOT_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)

# Should the signal of its end be lost.
_LOOK_EVERY_S = 0.2

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


class CannotStart(Exception):
    """There is no such command, or it is no program; `exit_code` is what a shell ends with."""

    def __init__(self, command: str, error: OSError) -> None:
        is_missing = isinstance(error, FileNotFoundError)
        why = "command not found" if is_missing else os.strerror(error.errno or 0)
        super().__init__(f"{command}: {why}")
        self.exit_code = _NOT_FOUND if is_missing else _NOT_EXECUTABLE


@dataclass(frozen=True, slots=True)
class Output:
    """What the command writes comes at `source` and belongs to our own `target`."""

    kind: Kind
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Child:
    """The running command."""

    pid: int
    outputs: tuple[Output, ...]
    terminal: Terminal | None

    def wait(self) -> int:
        """Relay signals until it ends; its exit code, of a signal 128 and the signal's number."""
        while True:
            info = signal.sigtimedwait(_WATCHED, _LOOK_EVERY_S)
            if info is None or info.si_signo == signal.SIGCHLD:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                if pid:
                    code = os.waitstatus_to_exitcode(status)
                    return code if code >= 0 else 128 - code
            else:
                self._relay(info)

    def _relay(self, info: signal.struct_siginfo) -> None:
        if info.si_signo == signal.SIGWINCH and self.terminal is not None:
            self.terminal.copy_size()
        # Positive: the kernel sent it to everybody in front of the terminal (sigaction(2)).
        is_of_kernel = info.si_code > 0
        has_own_terminal = self.terminal is not None and self.terminal.owns_input
        if has_own_terminal or not is_of_kernel:
            with suppress(ProcessLookupError):
                os.kill(self.pid, info.si_signo)


def hold_signals() -> set[signal.Signals]:
    """Have signals wait for `Child.wait`, before there is a thread; gives the mask until then."""
    # A parent that ignores the end of its children hands that on.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return {signal.Signals(one) for one in signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)}


def start(command: Sequence[str], environ: Mapping[str, str], mask: set[signal.Signals]) -> Child:
    """Start the command: each of its outputs a terminal where ours is one, else a pipe.

    Raises:
        CannotStart: there is no such program.
        OSError: the machine has no more pipes or pseudo-terminals.
    """
    terminal, outputs, ends = _outputs()
    actions = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in ends.items()]
    owns_input = terminal is not None and terminal.owns_input
    if terminal is not None and owns_input:
        # The first terminal that the leader of a session opens becomes that of the session.
        slave = (os.POSIX_SPAWN_OPEN, 0, terminal.slave_name, os.O_RDWR, 0)
        actions = [slave, *actions]  # type: ignore[list-item] # two forms of tuple
    try:
        pid = os.posix_spawnp(
            command[0],
            list(command),
            dict(environ),
            file_actions=actions,
            setsid=owns_input,
            setsigmask=mask,
            setsigdef=_NOT_IGNORED,
        )
    except OSError as error:
        for output in outputs:
            os.close(output.source)
        if terminal is not None:
            terminal.restore()
        raise CannotStart(command[0], error) from error
    finally:
        for end in set(ends.values()):
            os.close(end)
    return Child(pid, outputs, terminal)


def _outputs() -> tuple[Terminal | None, tuple[Output, ...], dict[int, int]]:
    """Where the command's outputs come from, and its end of each by descriptor."""
    terminal, outputs, ends = None, [], {}
    shown = [number for number in (1, 2) if os.isatty(number)]
    if shown:
        # Without one there would be no colours, but the build would go on.
        with suppress(OSError):
            # When only standard error is shown, another program may be writing to the terminal.
            terminal, slave = open_terminal(shown[0], takes_input=shown[0] == 1)
            outputs.append(Output(Kind(shown[0]), terminal.master, shown[0]))
            ends = dict.fromkeys(shown, slave)
    if not ends and _are_one():
        # One pipe for what goes to one place, so that the lines of both stay in their order.
        source, end = _pipe()
        return None, (Output(Kind.OUT, source, 1),), {1: end, 2: end}
    for number in (1, 2):
        if number not in ends:
            source, ends[number] = _pipe()
            outputs.append(Output(Kind(number), source, number))
    return terminal, tuple(outputs), ends


def _are_one() -> bool:
    """Whether standard output and standard error go to the same place, as after `2>&1`."""
    try:
        return os.path.sameopenfile(1, 2)
    except OSError:
        return False


def _pipe() -> tuple[int, int]:
    source, end = os.pipe()
    with suppress(OSError):
        fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return source, end
