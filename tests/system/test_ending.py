"""A run of the tests, or of the benchmark, that is killed leaves no server behind."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTER = """
import subprocess, sys, time
from bench.ending import end_with_us
with subprocess.Popen(["sleep", "600"]) as ended, subprocess.Popen(["sleep", "600"]) as started:
    for one in (ended, started):
        end_with_us(one)
    ended.kill()
    ended.wait()
    print("started", flush=True)
"""


def test_what_a_killed_process_has_started_ends_with_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "started\n"

        starter.kill()

        # All that has our pipe for its output is gone.
        assert starter.stdout.read() == ""
