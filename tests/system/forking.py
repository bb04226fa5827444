"""Servers forked off a process that has imported them already, which is most of a start.

Such a one has arguments, surroundings, a folder and output of its own, and from there on is a
process like any other: it goes through `main` and ends as one that was started by its name.
"""

import gc
import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

# Two threads of a test may start a server each; there is one parent.
_ONE_BY_ONE = threading.Lock()
MAX_WISH_BYTES = 128 * 1024
# What is told of a process: its number, and once it has ended its exit code.
TOLD_BYTES = 16


class Forked:
    """A process of Tocsin, used as a `subprocess.Popen` is; it ends when we do."""

    def __init__(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: IO[bytes]
    ) -> None:
        self._args = args
        self._told, telling = os.pipe()
        wish = json.dumps({"args": list(args), "cwd": str(cwd), "env": dict(env)})
        with _ONE_BY_ONE:
            socket.send_fds(_line_to_parent(), [wish.encode()], [output.fileno(), telling])
        os.close(telling)
        self._code: int | None = None
        self.pid = self._read()

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        return self._await(0)

    def wait(self, timeout: float) -> int:
        """The exit code, or subprocess.TimeoutExpired."""
        code = self._await(timeout)
        if code is None:
            raise subprocess.TimeoutExpired([*self._args], timeout)
        return code

    def send_signal(self, sign: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sign)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _await(self, timeout_s: float) -> int | None:
        if self._code is None and select.select([self._told], [], [], timeout_s)[0]:
            self._code = self._read()
            os.close(self._told)
        return self._code

    def _read(self) -> int:
        told = os.read(self._told, TOLD_BYTES)
        assert told, "the process that others are forked off has ended"
        return int(told)


@cache
def _line_to_parent() -> socket.socket:
    """To the process that the others are forked off, which ends with them when we do."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: os.environ[name] for name in ("PATH", "TZ", "PYTHONPATH") if name in os.environ}
    parent = subprocess.Popen(
        [sys.executable, "-P", __file__, str(its.fileno())],
        env={**kept, "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[its.fileno()],
        # A Ctrl-C in the terminal is for us.
        start_new_session=True,
    )
    its.close()
    # Nobody waits for it, for it ends after us.
    parent.returncode = 0
    return ours


# --- in the process that the others are forked off


@dataclass(frozen=True)
class Wish:
    """What a process is to be."""

    args: Sequence[str]
    cwd: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Child:
    """One that was forked; `telling` is where its end is told."""

    pid: int
    telling: int


class Parent:
    """Forks a process for each wish, and tells of each end, until nobody can wish any more."""

    def __init__(self, wishes: socket.socket) -> None:
        self._wishes = wishes
        self._children: dict[int, Child] = {}
        self._news = select.poll()
        self._news.register(wishes, select.POLLIN)
        # Those made by imports; each would go on alike in every process.
        gc.unfreeze()
        self._dice = [one for one in gc.get_objects() if type(one) is random.Random]
        gc.freeze()

    def fork_on(self) -> bool:
        """Returns True in each process that was forked, and False in the end."""
        while True:
            for number, _ in self._news.poll():
                if number in self._children:
                    self._bury(number)
                    continue
                wish, fds, _, _ = socket.recv_fds(self._wishes, MAX_WISH_BYTES, 2)
                if not wish:
                    for handle in self._children:
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
                    return False
                if self._fork(Wish(**json.loads(wish)), *fds):
                    return True

    def _fork(self, wish: Wish, output: int, telling: int) -> bool:
        pid = os.fork()
        if pid == 0:
            self._become(wish, output)
            return True
        os.close(output)
        handle = os.pidfd_open(pid)
        self._children[handle] = Child(pid, telling)
        self._news.register(handle, select.POLLIN)
        _tell(telling, pid)
        return False

    def _bury(self, handle: int) -> None:
        child = self._children.pop(handle)
        self._news.unregister(handle)
        os.close(handle)
        _tell(child.telling, os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]))
        os.close(child.telling)

    def _become(self, wish: Wish, output: int) -> None:
        """What differs from process to process, as if this one had begun with it."""
        self._wishes.detach()
        os.dup2(output, sys.stdout.fileno())
        os.dup2(output, sys.stderr.fileno())
        os.closerange(sys.stderr.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
        os.chdir(wish.cwd)
        os.environ.clear()
        os.environ.update(wish.env)
        time.tzset()
        for one in self._dice:
            one.seed()
        sys.argv[1:] = wish.args


def _tell(telling: int, number: int) -> None:
    """Tell who wished for it; who has gone needs to hear nothing."""
    try:
        os.write(telling, str(number).ljust(TOLD_BYTES).encode())
    except BrokenPipeError:
        return


if __name__ == "__main__":
    gc.disable()
    from tocsin import cli

    cli.build(["serve"])
    if Parent(socket.socket(fileno=int(sys.argv[1]))).fork_on():
        cli.main()
