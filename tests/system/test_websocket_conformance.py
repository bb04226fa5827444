"""The Autobahn cases, which nearly every WebSocket implementation is held against.

https://github.com/crossbario/autobahn-testsuite, driven by kosoku. Left out are 9 (speed) and 12
and 13 (compression, which Tocsin does not offer).
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from kosoku import FailureError, run_fuzzingclient

from tests.system.server import LOOK_EVERY_S, START_LIMIT_S, clean_environment, free_port
from tests.system.wire import connected

pytestmark = pytest.mark.alone

LEFT_OUT = ("9.*", "12.*", "13.*")
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


@pytest.fixture
def port(tmp_path: Path) -> Generator[int, None, None]:
    """Where the echo server listens."""
    chosen = free_port()
    echo = [sys.executable, "-m", "tocsin.testing.echo", "--raw", "--port", str(chosen)]
    process = subprocess.Popen(echo, env=clean_environment(tmp_path, {}))
    try:
        yield chosen
    finally:
        process.kill()
        process.wait()


async def wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        try:
            async with connected(port):
                return
        except OSError:
            await asyncio.sleep(LOOK_EVERY_S)
    pytest.fail(f"the echo server does not listen after {START_LIMIT_S} s")


async def test_no_case_fails(port: int) -> None:
    await wait_until_it_listens(port)
    try:
        url = f"ws://127.0.0.1:{port}/"
        results = await run_fuzzingclient(url, None, list(LEFT_OUT), concurrency=4)
    except FailureError as failure:
        results = failure.results
    bad = [
        f"{one.case_id}: {one.behavior.value}, {one.behavior_close.value}"
        for one in results
        if one.behavior.value not in GOOD or one.behavior_close.value not in GOOD
    ]

    assert not bad
    assert len(results) > 240
