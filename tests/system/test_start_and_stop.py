"""Starting with something wrong, and stopping in the middle of work."""

import asyncio
import http.client
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests.system.conftest import Launch
from tests.system.load import Load
from tests.system.reading import RECEIVER, reading, sample
from tests.system.server import START_LIMIT_S, STOP_LIMIT_S, Server
from tests.system.sse import streaming
from tests.system.wire import ClosedError, Connection, connected, encoded, head
from tocsin.app.serving import GRACE_S

# 0, or what a shell shows for a process that ended by the signal.
STOPPED = {
    signal.SIGTERM: {0, 128 + signal.SIGTERM, -signal.SIGTERM},
    signal.SIGINT: {0, 128 + signal.SIGINT, -signal.SIGINT},
}


@pytest.fixture(scope="module")
def is_forked() -> bool:
    """Here each start is one from nothing."""
    return False


@pytest.mark.parametrize("sign", list(STOPPED))
async def test_a_stop_under_load_loses_nothing(sign: signal.Signals, launch: Launch) -> None:
    server = launch()
    load = Load("stop", server.port)
    pouring = asyncio.create_task(load.pour())
    await load.until(500)

    code = await asyncio.to_thread(server.stop, sign)
    await pouring
    assert code in STOPPED[sign]
    assert {answer.status for answer in load.refused} <= {503}
    assert "Traceback" not in server.log()
    await asyncio.to_thread(server.start)
    async with reading(server.port) as reader:
        await load.check(reader)
        await load.repeat_all()
        await load.check(reader)


async def test_an_open_stream_and_an_idle_connection_hold_no_stop_up(launch: Launch) -> None:
    server = launch()
    async with streaming(server.port), streaming(server.port), connected(server.port) as idle:
        assert (await idle.get("/health/live")).status == 200
        started = time.monotonic()
        code = await asyncio.to_thread(server.stop)

        assert code in STOPPED[signal.SIGTERM]
        assert time.monotonic() - started < GRACE_S


async def test_a_stop_waits_for_a_slow_sender_but_not_for_ever(launch: Launch) -> None:
    server = launch()
    async with connected(server.port) as slow:
        await half_a_call(slow)
        code = await asyncio.to_thread(server.stop)

        assert code in STOPPED[signal.SIGTERM]


@pytest.mark.alone
async def test_what_is_in_hand_is_finished(launch: Launch) -> None:
    server = launch()
    async with connected(server.port) as slow:
        rest = await half_a_call(slow)
        server.signal(signal.SIGTERM)
        await until_not_ready(server)
        try:
            await slow.send(rest)
            answer = await slow.answer()
        except ClosedError:
            pytest.fail("a call in hand was dropped")

        assert answer.status == 200
    assert await asyncio.to_thread(server.wait) in STOPPED[signal.SIGTERM]


@pytest.mark.alone
async def test_a_second_signal_ends_it_at_once(launch: Launch) -> None:
    server = launch()
    async with connected(server.port) as slow:
        await half_a_call(slow)
        server.signal(signal.SIGTERM)
        await until_not_ready(server)
        started = time.monotonic()
        server.signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait)

        # The first signal alone would wait for the slow sender.
        assert time.monotonic() - started < GRACE_S / 2


async def test_from_the_signal_on_it_is_not_ready(launch: Launch) -> None:
    server = launch()
    async with connected(server.port) as slow, connected(server.port) as asking:
        assert (await asking.get("/health/ready")).status == 200
        await half_a_call(slow)
        server.signal(signal.SIGTERM)
        await until_not_ready(server)
        try:
            assert (await asking.get("/health/ready")).status == 503
        except ClosedError:
            # An idle connection may be closed at once; a new one is not taken.
            assert not server.is_ready()


def test_a_taken_port_is_told(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = launch(start=False)
        server.port = taken.getsockname()[1]
        server.launch()

        assert server.wait(START_LIMIT_S) not in {0, -signal.SIGTERM}
    assert str(server.port) in server.log()
    assert "Traceback" not in server.log()


def test_a_database_of_a_newer_program_is_a_clear_stop(launch: Launch) -> None:
    server = launch()
    server.stop()
    [path] = [path for path in server.data_dir.iterdir() if is_database(path)]
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999_from_the_future'")
        conn.execute("UPDATE journal_facts SET value = '9999' WHERE name = 'schema_serves_from'")
    conn.close()
    before = path.read_bytes()
    server.launch()

    assert server.wait(START_LIMIT_S) not in {0, -signal.SIGTERM}
    told = server.log()
    assert "newer" in told
    assert "Traceback" not in told
    assert path.read_bytes() == before


def test_an_unknown_setting_names_the_nearest(launch: Launch) -> None:
    server = launch({"TOCSIN_INGEST__RATE_LIMT_PER_S": "5"}, start=False)
    server.launch()

    assert server.wait(START_LIMIT_S) == 2
    assert "RATE_LIMT_PER_S" in server.log().upper()
    assert "RATE_LIMIT_PER_S" in server.log().upper()
    assert "Traceback" not in server.log()


def test_all_wrong_settings_are_told_at_once(launch: Launch) -> None:
    wrong = {
        "TOCSIN_INGEST__MAX_DEPTH": "deep",
        "TOCSIN_AUTH__LOCAL_ROLE": "king",
        "TOCSIN_SOURCES__NOBODY__SECRET": "x",
    }
    server = launch(wrong, start=False)
    server.launch()

    assert server.wait(START_LIMIT_S) == 2
    told = server.log().lower()
    assert "max_depth" in told
    assert "local_role" in told
    assert "nobody" in told


def test_two_servers_on_one_folder_do_no_harm(launch: Launch) -> None:
    """The second either refuses or shares the data; it never spoils what the first keeps."""
    first = launch()
    second = launch(start=False, data_dir=first.data_dir)
    second.launch()
    deadline = time.monotonic() + START_LIMIT_S
    while second.is_running and not second.is_ready():
        assert time.monotonic() < deadline, second.log()
        time.sleep(0.05)
    answers = []
    for number in range(40):
        server = second if number % 2 and second.is_running else first
        answers.append(post(server, f"line {number}"))

    assert set(answers) <= {200, 503}
    assert "Traceback" not in first.log() + second.log()
    for server in (first, second):
        if server.is_running:
            server.stop()
    first.start()
    seqs = listed(first)
    assert len(seqs) == answers.count(200)
    assert len(set(seqs)) == len(seqs)


def test_several_addresses_are_listened_on(launch: Launch) -> None:
    other = Server(Path("/nowhere")).port
    server = launch(options=("--listen", f"127.0.0.1:{other}"))
    for port in (server.port, other):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/health/ready")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_first_start_prints_a_sign_in_that_works_once(launch: Launch) -> None:
    server = launch()
    [address] = {word.strip("\"'.,}") for word in server.log().split() if "/sign-in?code=" in word}
    code = address.partition("code=")[2]
    assert signed_in(server, code) in {200, 204}
    assert signed_in(server, code) in {400, 401, 403, 410}


def signed_in(server: Server, code: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/session", encoded({"code": code}), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def post(server: Server, text: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", RECEIVER, encoded(sample("log_entry", message=text)), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def listed(server: Server) -> list[int]:
    async def read() -> list[int]:
        async with reading(server.port) as reader:
            return [event["seq"] for event in await reader.events()]

    return asyncio.run(read())


def is_database(path: Path) -> bool:
    return path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"


async def half_a_call(sender: Connection) -> bytes:
    """Send the head of a call and half its body; gives the other half."""
    body = encoded(sample("log_entry", message="in two halves"))
    await sender.send(head("POST", RECEIVER, body, [("Content-Type", "application/json")]))
    await sender.send(body[:40])
    # So that the call is in hand, and not only in a buffer of the machine.
    async with connected(sender.port) as other:
        assert (await other.get("/health/live")).status == 200
    return body[40:]


async def until_not_ready(server: Server) -> None:
    deadline = time.monotonic() + STOP_LIMIT_S
    while server.is_running and await asyncio.to_thread(server.is_ready):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def test_help_and_version_need_no_server(launch: Launch) -> None:
    server = launch(start=False)
    for args in (["--help"], ["version"], ["serve", "--help"], ["check-config"]):
        told: subprocess.CompletedProcess[str] = server.run(*args)
        assert told.returncode == 0, told.stderr
        assert told.stdout
