"""The server in this process, with real sockets and signals: it stops in reverse and in time."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect

from tests.app.whole import STREAM, kinds, loaded
from tocsin.app import serving as module
from tocsin.app.serving import STOP_S, serve
from tocsin.errors import ConfigError


@pytest.fixture
def port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(autouse=True)
def file_limit() -> Any:
    """`serve` raises it for the whole process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def ask(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_it_in_time_and_ends_what_is_open(
    tmp_path: Path, port: int, number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = asyncio.create_task(serve(loaded(tmp_path, LISTEN=f"127.0.0.1:{port}")))
    # The signals are caught before anything else is done.
    await asyncio.sleep(0)
    alive = await ask(port, "/health/live")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {STREAM} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    await reader.readuntil(b"stream.opened")
    began = time.monotonic()
    os.kill(os.getpid(), number)
    code = await serving
    took_s = time.monotonic() - began
    rest = await reader.read()
    writer.close()

    assert alive.startswith(b"HTTP/1.1 200")
    assert code == 0
    assert took_s < STOP_S
    assert rest.endswith(b"0\r\n\r\n"), "the stream was ended, not cut"
    assert await kinds(tmp_path) == ["instance.started i-1", "instance.stopped i-1"]
    printed = capsys.readouterr().out
    assert f"http://127.0.0.1:{port}/sign-in?code=" in printed


async def test_sockets_are_told_to_come_back_when_it_stops(tmp_path: Path, port: int) -> None:
    serving = asyncio.create_task(serve(loaded(tmp_path, LISTEN=f"127.0.0.1:{port}")))
    await asyncio.sleep(0)
    await ask(port, "/health/live")
    async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as client:
        first = orjson.loads(await client.recv())
        os.kill(os.getpid(), signal.SIGTERM)
        await client.wait_closed()
    await serving

    assert first["type"] == "connection_status"
    assert (client.close_code, client.close_reason) == (4001, "draining")


async def test_a_call_that_never_ends_does_not_hold_up_the_stop(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE_S", 1)
    serving = asyncio.create_task(serve(loaded(tmp_path, LISTEN=f"127.0.0.1:{port}")))
    await asyncio.sleep(0)
    await ask(port, "/health/live")
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = "POST /api/webhooks/deployment HTTP/1.1\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Host: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    await writer.drain()
    await ask(port, "/health/live")
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    await reader.read()
    writer.close()

    assert await kinds(tmp_path) == ["instance.started i-1", "instance.stopped i-1"]


async def test_an_address_that_is_taken_stops_the_start_before_anything_is_made(
    tmp_path: Path,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"^listen: cannot listen on {listen}"):
            await serve(loaded(tmp_path / "data", LISTEN=listen))

    assert not (tmp_path / "data").exists()


async def test_a_start_that_fails_closes_what_it_listened_on(tmp_path: Path, port: int) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")

    with pytest.raises(ConfigError):
        await serve(loaded(taken, LISTEN=f"127.0.0.1:{port}"))

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
