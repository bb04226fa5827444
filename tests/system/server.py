"""A real server in its own process, on its own folder: started, killed and stopped by tests.

Only the process that was started here is ever signalled.
"""

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from bench.ending import end_with_us
from tests.system.forking import Forked

START_LIMIT_S = 60.0
# The server takes at most half of it; the rest is for a busy machine.
STOP_LIMIT_S = 20.0
LOOK_EVERY_S = 0.02

# Below the range from which Linux takes ports for outgoing connections: a port chosen here is
# still free after a kill, however many clients connect meanwhile. Of those who run tests side by
# side each has a share of its own, for a port is not taken yet while its server starts.
PORTS = range(20_000, 32_000)
SHARES = 16
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_not_chosen = random.SystemRandom().sample(PORTS[WORKER % SHARES :: SHARES], len(PORTS) // SHARES)


class StartFailedError(AssertionError):
    """The server ended, or was not ready in time; the text holds its log."""


class Server:
    """One `tocsin serve`; `start` after `kill` or `stop` goes on with the same data and port.

    Unless a test is about the start itself, it is forked off one that has imported everything.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        data_dir: Path | None = None,
        options: Sequence[str] = (),
        is_forked: bool = True,
    ) -> None:
        self.folder = folder
        self.data_dir = data_dir or folder / "data"
        self.settings = dict(settings or {})
        self.options = list(options)
        self.is_forked = is_forked
        self.port = free_port()
        self._log_path = folder / "server.log"
        self._process: subprocess.Popen[bytes] | Forked | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._running().pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start and wait until it is ready.

        Raises:
            StartFailedError: it ended, or took too long.
        """
        self.launch()
        return self.wait_ready()

    def wait_ready(self) -> Self:
        """Wait until it is ready; as `start` raises."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self.is_ready():
            if not self.is_running or time.monotonic() > deadline:
                raise StartFailedError(f"not ready after {START_LIMIT_S} s:\n{self.log()}")
            time.sleep(LOOK_EVERY_S)
        return self

    def launch(self) -> None:
        """Start without waiting."""
        assert not self.is_running
        listen = f"127.0.0.1:{self.port}"
        args = ["serve", "--data-dir", str(self.data_dir), "--listen", listen, *self.options]
        environment = clean_environment(self.folder, self.settings)
        with self._log_path.open("ab") as log:
            if self.is_forked:
                self._process = Forked(args, cwd=self.folder, env=environment, output=log)
                return
            self._process = subprocess.Popen(
                command(*args),
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end_with_us(self._process)

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        process = self._running()
        process.kill()
        process.wait(STOP_LIMIT_S)

    def stop(self, sign: signal.Signals = signal.SIGTERM, limit_s: float = STOP_LIMIT_S) -> int:
        """Ask it to stop and give its exit code; subprocess.TimeoutExpired when it does not."""
        self.signal(sign)
        return self.wait(limit_s)

    def signal(self, sign: signal.Signals) -> None:
        self._running().send_signal(sign)

    def wait(self, limit_s: float = STOP_LIMIT_S) -> int:
        """The exit code, once it has ended."""
        assert self._process is not None
        return self._process.wait(limit_s)

    def clean_up(self) -> None:
        """Leave nothing behind, whatever state a failed test left it in."""
        if self.is_running:
            self.kill()

    def log(self) -> str:
        """All it wrote, over all its starts."""
        return self._log_path.read_text("utf-8", "replace") if self._log_path.exists() else ""

    def run(self, *args: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run another command of Tocsin against this server, to its end."""
        return subprocess.run(
            command(*args),
            cwd=self.folder,
            env=self.client_environment(),
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def client_environment(self) -> dict[str, str]:
        return clean_environment(self.folder, {"TOCSIN_URL": self.url})

    def _running(self) -> subprocess.Popen[bytes] | Forked:
        assert self._process is not None, "start it first"
        assert self._process.poll() is None, f"it has ended:\n{self.log()}"
        return self._process


def command(*args: str) -> list[str]:
    """The command line of Tocsin, with this interpreter."""
    return [sys.executable, "-m", "tocsin", *args]


def clean_environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's: no settings, an empty home, UTF-8."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    # The virtual environment counts by the interpreter's path; PYTHONPATH for who has none.
    python = {"PYTHONPATH": os.environ["PYTHONPATH"]} if "PYTHONPATH" in os.environ else {}
    return kept | python | {"HOME": str(home), "LANG": "C.UTF-8", **settings}


def free_port() -> int:
    """A port of the loopback interface that nobody listens on, and that nobody is given again."""
    while _not_chosen:
        port = _not_chosen.pop()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise StartFailedError("no free port")
