"""A real Redis on a free port, in a temporary folder: started, stopped, emptied by tests."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from bench.ending import end_with_us
from tests.system.server import free_port

START_LIMIT_S = 20.0
LOOK_EVERY_S = 0.01


class RedisServer:
    """One `redis-server`; `start` after `stop` or `kill` goes on with the same port and data."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> Self:
        """Start, and wait until it answers."""
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: scripts/system-packages.sh installs it"
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(program, "--port", str(self.port), "--bind", "127.0.0.1"),
                    *("--dir", str(self.folder), "--daemonize", "no"),
                    # What it knows outlives a kill, as in a set-up that means it.
                    *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end_with_us(self._process)
        deadline = time.monotonic() + START_LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "redis.log").read_text("utf-8")
            assert time.monotonic() < deadline, "Redis does not answer"
            time.sleep(LOOK_EVERY_S)
        return self

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Have it take connections and answer nothing, until `thaw`."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._running().send_signal(signal.SIGCONT)

    def say(self, *words: str | bytes) -> bytes:
        """The first line or so of the answer to a command, in Redis' own form."""
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        text = b"*%d\r\n" % len(parts)
        text += b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as line:
            line.sendall(text)
            return line.recv(65_536)

    def flush(self) -> None:
        """Forget everything."""
        assert self.say("FLUSHALL") == b"+OK\r\n"

    def clean_up(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        assert self._process.poll() is None
        return self._process

    def _end(self, sign: signal.Signals) -> None:
        process = self._running()
        process.send_signal(sign)
        process.wait(START_LIMIT_S)

    def _answers(self) -> bool:
        try:
            return self.say("PING") == b"+PONG\r\n"
        except OSError:
            return False


@contextmanager
def redis_in(folder: Path, *options: str) -> Generator[RedisServer, None, None]:
    """One that answers, ended at the end."""
    folder.mkdir(exist_ok=True)
    server = RedisServer(folder, *options)
    try:
        yield server.start()
    finally:
        server.clean_up()
