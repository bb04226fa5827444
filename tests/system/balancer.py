"""The kit's nginx in front of servers: docker/nginx/nginx.sh on free ports, in a test's folder.

Only what differs from place to place is told, as it is in a container; the configuration is the one
that people run.
"""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.ending import end_with_us
from tests.system.server import free_port

SCRIPT = Path(__file__).parents[2] / "docker" / "nginx" / "nginx.sh"
START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, as files."""

    chain: Path
    key: Path


class Balancer:
    """One nginx; `ports` are those of the instances by their INSTANCE_ID."""

    def __init__(
        self,
        folder: Path,
        ports: Mapping[str, int],
        *,
        certificate: Certificate | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.https_port = free_port()
        self._folder = folder
        self._log_path = folder / "nginx.log"
        nowhere = folder / "no-certificate.pem"
        shown = certificate or Certificate(nowhere, nowhere)
        self.environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "TOCSIN_INSTANCES": " ".join(
                f"{name}=127.0.0.1:{port}" for name, port in ports.items()
            ),
            "NGINX_HTTP": f"127.0.0.1:{self.port}",
            "NGINX_HTTPS": f"127.0.0.1:{self.https_port}",
            "NGINX_REDIRECT_PORT": str(self.https_port),
            "TLS_CERTIFICATE": str(shown.chain),
            "TLS_KEY": str(shown.key),
            # Where the tests run as root: their folders can be entered by their owner only.
            "NGINX_USER": "root",
            "NGINX_RUN": str(folder / "nginx"),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        """Start and wait until it answers; `AssertionError` with its log when it does not."""
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [SCRIPT, "start"], env=self.environment, stdout=log, stderr=log
            )
        end_with_us(self._process, signal.SIGTERM)
        until = time.monotonic() + START_LIMIT_S
        while not self._answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < until, self.log()
            time.sleep(LOOK_EVERY_S)
        return self

    def run(self, word: str) -> subprocess.CompletedProcess[str]:
        """`check`, or `reload` while it runs."""
        return subprocess.run(
            [SCRIPT, word],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            timeout=START_LIMIT_S,
            check=False,
        )

    def reload(self) -> None:
        """Have it read its configuration anew; who is connected stays so.

        Returns once no former worker takes connections any more: one that it took last would be
        closed when it is quiet.
        """
        former = self._workers()
        assert former, self.log()
        done = self.run("reload")
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + START_LIMIT_S
        while any(_takes_connections(pid) for pid in former):
            assert time.monotonic() < deadline, self.log()
            time.sleep(LOOK_EVERY_S)

    def _workers(self) -> list[str]:
        """Their process ids."""
        assert self._process is not None
        pid = self._process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def stop(self) -> None:
        """End it with its connections."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(STOP_LIMIT_S)

    def log(self) -> str:
        """What it has said, with a line for each call."""
        return self._log_path.read_text("utf-8", "replace") if self._log_path.exists() else ""

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/health/proxy")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _takes_connections(worker: str) -> bool:
    """Nginx writes into the name of a process that it only ends what it has."""
    try:
        return b"shutting down" not in Path(f"/proc/{worker}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
