"""Start the servers that are measured, on free loopback ports and in temporary folders."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

START_LIMIT_S = 60
STOP_LIMIT_S = 15


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers; `start_s` is from its start as a process to its first answer."""

    url: str
    pid: int
    start_s: float

    def memory_mb(self) -> float:
        """Resident memory of the process, in MB (proc(5), VmRSS in kB)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1000


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def tocsin(data_dir: Path | None = None, **settings: str) -> Iterator[Running]:
    """`tocsin serve` with SQLite in `data_dir`, or in a folder that is removed again."""
    port = free_port()
    environ = {"TOCSIN_INGEST__RATE_LIMIT_PER_S": "0", "TOCSIN_LOGS__LEVEL": "warning", **settings}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        command = [sys.executable, "-m", "tocsin", "serve"]
        command += ["--data-dir", str(data_dir or folder), "--listen", f"127.0.0.1:{port}"]
        with process(command, f"http://127.0.0.1:{port}", "/health/ready", environ) as running:
            yield running


@contextmanager
def tocsin_on(database_url: str, count: int = 1) -> Iterator[list[Running]]:
    """So many instances of `tocsin serve` on a database that is there."""
    shared = {"TOCSIN_DATABASE_URL": database_url, "TOCSIN_SECRET_KEY": secrets.token_hex(32)}
    with ExitStack() as stack:
        yield [
            stack.enter_context(tocsin(None, **shared, TOCSIN_INSTANCE_ID=f"api-{number}"))
            for number in range(1, count + 1)
        ]


@contextmanager
def bare() -> Iterator[Running]:
    """A reference that looks at nothing and answers."""
    with _reference("bare") as running:
        yield running


@contextmanager
def unstoring() -> Iterator[Running]:
    """A reference with Tocsin's own receivers, which store nothing."""
    with _reference("unstoring") as running:
        yield running


@contextmanager
def _reference(kind: str) -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-m", "bench.references", kind, str(port)]
    with process(command, f"http://127.0.0.1:{port}", "/", {}) as running:
        yield running


@contextmanager
def process(
    command: list[str], url: str, path: str, environ: Mapping[str, str]
) -> Iterator[Running]:
    began_s = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL)
    try:
        _wait_until_ready(process, url + path)
        yield Running(url, process.pid, time.monotonic() - began_s)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_LIMIT_S)


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str) -> None:
    until_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until_s:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except (URLError, ConnectionError):
            time.sleep(0.01)
    raise TimeoutError(url)
