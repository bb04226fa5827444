"""Tocsin as a whole, in this process: it starts in order, and stops in reverse and in time."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect

from tests.appending import event, ground_in, rows
from tocsin import app as module
from tocsin.app import STOP_S, Tocsin, build, serve
from tocsin.errors import ConfigError
from tocsin.ingest.source import find_sources
from tocsin.model.access import Role
from tocsin.model.people import Person
from tocsin.settings import Loaded, load
from tocsin.store import people
from tocsin.store.beside import opened
from tocsin.testing.clock import START, HandClock

STREAM = "/api/v1/events/stream"
MESSAGE = {
    "type": "step_started",
    "project": "shop",
    "deployment_id": "7",
    "step_name": "build",
    "timestamp": "2026-01-01T00:00:00Z",
}


def loaded(folder: Path, **environ: str) -> Loaded:
    said = {"DATA_DIR": str(folder), "INSTANCE_ID": "i-1", "LISTEN": "127.0.0.1:0", **environ}
    kinds = {name: kind.Options for name, kind in find_sources().items()}
    return load(environ={f"TOCSIN_{name}": value for name, value in said.items()}, kinds=kinds)


@asynccontextmanager
async def built(folder: Path, **environ: str) -> AsyncIterator[Tocsin]:
    async with build(loaded(folder, **environ), HandClock()) as tocsin:
        loops = [asyncio.ensure_future(forever(step)) for _, step in tocsin.loops]
        try:
            yield tocsin
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


async def forever(step: Any) -> None:
    while True:
        await step()


@dataclass
class Call:
    """One call over ASGI; `answered` is set with the first bytes of a body."""

    tocsin: Tocsin
    method: str
    path: str
    body: bytes = b""
    status: int = 0
    answer: bytes = b""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> "Call":
        path, _, query = self.path.partition("?")
        headers = {"host": "127.0.0.1:8000", "content-type": "application/json"}
        if self.body:
            headers["content-length"] = str(len(self.body))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "client": ("127.0.0.1", 4711),
            "server": ("127.0.0.1", 8000),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        sent = iter([{"type": "http.request", "body": self.body, "more_body": False}])

        async def receive() -> Any:
            first = next(sent, None)
            if first is None:
                await self.gone.wait()
            return first or {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            self.status = message.get("status", self.status)
            self.answer += message.get("body", b"")
            if message["type"] == "http.response.body":
                self.answered.set()

        await self.tocsin.front(scope, receive, send)
        return self

    @property
    def json(self) -> Any:
        return orjson.loads(self.answer)


async def get(tocsin: Tocsin, path: str) -> Call:
    return await Call(tocsin, "GET", path).run()


async def post(tocsin: Tocsin, path: str, message: Mapping[str, Any]) -> Call:
    return await Call(tocsin, "POST", path, orjson.dumps(dict(message))).run()


async def kinds(folder: Path) -> list[str]:
    async with opened("", folder) as database:
        found = await rows(database, "SELECT type, subject FROM events ORDER BY seq")
    return [f"{row['type']} {row['subject']}".strip() for row in found]


async def test_it_makes_its_folder_and_says_when_it_began_and_ended(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    for _ in range(2):
        async with built(folder):
            pass

    assert await kinds(folder) == ["instance.started i-1", "instance.stopped i-1"] * 2


async def test_a_message_is_kept_shown_and_seen_live(tmp_path: Path) -> None:
    async with built(tmp_path) as tocsin:
        stream = Call(tocsin, "GET", STREAM)
        streaming = asyncio.create_task(stream.run())
        await stream.answered.wait()
        taken = await post(tocsin, "/api/webhooks/deployment", MESSAGE)
        prefixed = await post(tocsin, "/project-dashboard/api/webhooks/deployment", MESSAGE)
        shown = await get(tocsin, "/api/v1/deployments/7?project=shop")
        await tocsin.wind_down()
        await streaming

    assert taken.status == prefixed.status == shown.status == 200
    assert taken.json["success"] is True
    assert shown.json["status"] == "running"
    assert stream.status == 200


async def test_it_is_ready_until_it_winds_down(tmp_path: Path) -> None:
    async with built(tmp_path) as tocsin:
        before = await get(tocsin, "/health/ready")
        await tocsin.wind_down()
        ready, live, late = [
            await get(tocsin, path) for path in ("/health/ready", "/health/live", STREAM)
        ]

    assert before.status == 200
    assert (ready.status, live.status, late.status) == (503, 200, 503)


async def test_the_sign_in_code_is_made_while_there_are_no_people(tmp_path: Path) -> None:
    codes = []
    for _ in range(2):
        async with built(tmp_path) as tocsin:
            codes.append(tocsin.sign_in_code)
    async with opened("", tmp_path) as database:
        mina = Person("p-1", "mina", Role.ADMIN, START)
        await database.write(lambda conn: people.add(conn, mina, "no hash"))
    async with built(tmp_path) as tocsin:
        codes.append(tocsin.sign_in_code)

    first, second, third = codes
    assert first
    assert second
    assert first != second
    assert third is None


async def test_events_of_before_the_start_can_be_gone_on_from(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await ground.append(event(), event())
        said = f"{ground.epoch}:1"
    async with built(tmp_path) as tocsin:
        stream = Call(tocsin, "GET", f"{STREAM}?last_event_id={said}")
        streaming = asyncio.create_task(stream.run())
        await stream.answered.wait()
        await tocsin.wind_down()
        await streaming

    assert b'"recovered":true' in stream.answer


async def test_a_database_of_a_newer_version_stops_the_start(tmp_path: Path) -> None:
    async with opened("", tmp_path) as database:
        await database.write(
            lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        )

    with pytest.raises(ConfigError, match="newer"):
        async with built(tmp_path):
            pass


async def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")

    with pytest.raises(ConfigError, match=r"^data_dir: "):
        async with built(taken):
            pass


async def test_a_start_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    async with built(tmp_path):
        pass
    with pytest.raises(ConfigError, match="secret_key"):
        async with built(tmp_path, SECRET_KEY="another key than the one it was made with"):
            pass

    assert await kinds(tmp_path) == ["instance.started i-1", "instance.stopped i-1"]


# --- with real sockets and signals


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


async def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one(
    tmp_path: Path, file_limit: tuple[int, int]
) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, file_limit[0]), file_limit[1]))
    taken = tmp_path / "taken"
    taken.write_text("a file")

    with pytest.raises(ConfigError):
        await serve(loaded(taken))

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
