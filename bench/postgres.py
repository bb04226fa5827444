"""A real PostgreSQL in a folder of its own, on a loopback port: started, killed and stopped by us.

For the benchmark, and for the tests. PostgreSQL refuses to run as root; then it runs as the user
that Debian's package makes for it.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.ending import end_with_us

START_LIMIT_S = 30.0
STOP_LIMIT_S = 20.0
LOOK_EVERY_S = 0.02

USER = "tocsin"
# Debian keeps several versions beside each other, and none of them on the PATH.
_DEBIAN = Path("/usr/lib/postgresql")
# Sorted as people sort, which is what databases are often made with. Tocsin compares by bytes.
_INITDB = ("--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US")


class Postgres:
    """One server; `start` after `kill` or `stop` goes on with the same data and port.

    Without `is_durable` it syncs nothing, which a test that cuts no power does not notice.
    """

    def __init__(
        self, *, is_durable: bool, port: int = 0, settings: Mapping[str, str] | None = None
    ) -> None:
        self.port = port or _free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="tocsin-postgres-"))
        self._data = self._folder / "data"
        self._owner = "postgres" if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None
        durable = {} if is_durable else {"fsync": "off", "full_page_writes": "off"}
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "64MB",
            "max_connections": "200",
            "log_destination": "stderr",
            **durable,
            **(settings or {}),
        }
        if self._owner is not None:
            owner = pwd.getpwnam(self._owner)
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        command = (_program("initdb"), "-D", self._data, "-U", USER, "-A", "trust", "--no-sync")
        self._run(*command, *_INITDB)

    def url(self, database: str) -> str:
        """The address of a database, as it is written in the settings."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The postmaster's; the others are its children."""
        return self._started().pid

    def start(self) -> Self:
        """Start and wait until it takes connections."""
        deadline = time.monotonic() + START_LIMIT_S
        while not self._is_ready():
            # After a kill the children of the killed one may still hold on to its memory.
            if self._process is None or self._process.poll() is not None:
                self._launch()
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL is not ready:\n{self.log()}")
            time.sleep(LOOK_EVERY_S)
        return self

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it at once, with a message to whoever is connected."""
        self._end(signal.SIGINT)

    def log(self) -> str:
        """What it has said."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database; gives its address."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, with whoever is connected to it."""
        self.sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement as the owner of all; gives what psql prints."""
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1")
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database)
        return self._run(_program("psql"), *options, *where, "-c", statement).strip()

    def close(self) -> None:
        """Stop it and remove all it has kept."""
        if self._process is not None and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self._folder)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _log_path(self) -> Path:
        return self._folder / "log"

    def _launch(self) -> None:
        options = [
            part for name, value in self._settings.items() for part in ("-c", f"{name}={value}")
        ]
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), "-D", self._data, *options],
                user=self._owner,
                group=self._owner,
                extra_groups=None if self._owner is None else [],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal is for us; we stop it when we are done.
                start_new_session=True,
            )
        # At once, its children too, and nothing left in the machine's memory.
        end_with_us(self._process, signal.SIGQUIT)

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            return False
        asked = subprocess.run(
            [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
            check=False,
            cwd=self._folder,
        )
        return asked.returncode == 0

    def _end(self, sign: signal.Signals) -> None:
        process = self._started()
        process.send_signal(sign)
        process.wait(STOP_LIMIT_S)

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._process

    def _run(self, *command: str | Path) -> str:
        done = subprocess.run(
            command,
            user=self._owner,
            group=self._owner,
            extra_groups=None if self._owner is None else [],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name}: {done.stderr}")
        return done.stdout


def _program(name: str) -> str:
    """One of PostgreSQL's programs, of the newest version there is."""
    found = shutil.which(name)
    if found is not None and name != "psql":
        return found
    versions = sorted(_DEBIAN.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if versions:
        return str(versions[-1])
    if found is not None:
        return found
    raise FileNotFoundError(f"{name}: PostgreSQL is not installed (Debian: postgresql)")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
