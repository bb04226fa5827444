"""A forked server is one like any other, and no twin."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.conftest import Launch
from tests.system.forking import Forked
from tests.system.reading import reading
from tests.system.server import STOP_LIMIT_S, Server, clean_environment

ROOT = Path(__file__).parents[2]
STARTER = """
import sys, time
from pathlib import Path
from tests.system.forking import Forked

folder = Path(sys.argv[1])
with (folder / "log").open("wb") as output:
    args = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"]
    print(Forked(args, cwd=folder, env={}, output=output).pid, flush=True)
    time.sleep(600)
"""


def ended(folder: Path, *args: str) -> tuple[int, str]:
    """The code with which a process of these arguments ends, and what it says."""
    said = folder / "said"
    with said.open("wb") as output:
        process = Forked(args, cwd=folder, env=clean_environment(folder, {}), output=output)
    return process.wait(STOP_LIMIT_S), said.read_text("utf-8")


async def first_id(server: Server) -> str:
    async with reading(server.port) as reader:
        return str((await reader.all("/api/v1/events"))[0]["id"])


def test_arguments_and_exit_codes_are_its_own(tmp_path: Path) -> None:
    assert ended(tmp_path, "serve", "--no-such-option")[0] == 2
    code, said = ended(tmp_path, "serve", "--listen", "nowhere")
    assert (code, "listen" in said) == (2, True)
    assert ended(tmp_path, "serve", "--help")[0] == 0


async def test_chance_is_its_own(launch: Launch) -> None:
    # Of an id the first twelve digits are the time.
    ids = {(await first_id(launch()))[13:] for _ in range(2)}

    assert len(ids) == 2


def test_a_signal_ends_it(launch: Launch) -> None:
    server = launch()
    with pytest.raises(subprocess.TimeoutExpired):
        server.wait(0.01)

    assert server.stop() == 0
    server.start()
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    assert not server.is_running


def test_it_ends_with_who_started_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        server = os.pidfd_open(int(starter.stdout.readline()))
        assert select.select([server], [], [], 0)[0] == []
        starter.kill()

    assert select.select([server], [], [], STOP_LIMIT_S)[0] == [server]
    os.close(server)
