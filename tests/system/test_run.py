"""`tocsin run` beside a real server: what it shows, and that a build never suffers from it."""

import asyncio
import fcntl
import os
import pty
import re
import select
import shlex
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path

import pytest

from tests.running.receiver import receiving
from tests.system.conftest import Launch
from tests.system.reading import Reader, reading
from tests.system.server import Server, clean_environment, command

# For processes to start and end on a busy machine, on top of what is promised.
BUSY_S = 5
LIMIT_S = 30


class Job:
    """A `tocsin run` of a script beside the test; what it reads and writes are pipes."""

    def __init__(self, folder: Path, url: str, script: str, options: tuple[str, ...]) -> None:
        self.id = f"job-{time.monotonic_ns()}"
        named = ("run", "-p", "ci", "-d", self.id, "--step", "Build", *options)
        self.process = subprocess.Popen(
            command(*named, "--", "bash", "-c", script),
            cwd=folder,
            env=clean_environment(folder, {"TOCSIN_URL": url}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A signal to all of it reaches nothing of the test.
            start_new_session=True,
        )

    def line(self) -> bytes:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def answer(self) -> None:
        """Let the script's `read` go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def end(self) -> tuple[int, bytes, bytes]:
        out, err = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out, err

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


Start = Callable[..., Job]


@pytest.fixture
def start(tmp_path: Path) -> Generator[Start, None, None]:
    """Starts jobs in a folder of the test."""
    jobs: list[Job] = []

    def make(url: str, script: str, *options: str) -> Job:
        jobs.append(Job(tmp_path, url, script, options))
        return jobs[-1]

    yield make
    for job in jobs:
        job.close()


async def texts(reader: Reader, job: Job) -> list[str]:
    """The command's own lines, which stand between two of ours."""
    first, *lines, last = await reader.lines(job.id, project="ci")
    assert first["text"].startswith("$ bash -c ")
    assert last["text"].startswith("[tocsin run: ")
    return [line["text"] for line in lines]


async def state(reader: Reader, job: Job) -> tuple[str, list[int | None]]:
    """How the step stands, and the exit codes that were told."""
    [step] = await reader.steps(job.id, project="ci")
    ends = await reader.events(project="ci", subject=job.id, type="step_completed")
    return step["status"], [event["data"]["exit_code"] for event in ends]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not await condition():
        assert time.monotonic() < limit
        await asyncio.sleep(0.05)


async def shown(reader: Reader, job: Job, lines: list[str]) -> None:
    """Wait until the server has these lines of the command."""

    async def is_shown() -> bool:
        found = await reader.events(project="ci", subject=job.id, type="log_batch")
        return [line["message"] for one in found for line in one["data"]["logs"]] == lines

    await until(is_shown)


# --- what is passed on and shown


async def test_output_and_exit_code_are_passed_on_and_shown(
    server: Server, reader: Reader, start: Start
) -> None:
    job = start(server.url, r"printf 'a\rb\0\xff\n'; printf 'ERROR: no' >&2; exit 3")

    assert job.end() == (3, b"a\rb\0\xff\n", b"ERROR: no")
    assert await state(reader, job) == ("failed", [3])
    _, *lines, last = await reader.lines(job.id, project="ci")
    assert last["text"] == "[tocsin run: exit code 3]"
    assert {(line["text"], line["level"], line["step"]) for line in lines} == {
        ("a\rb��", "info", "Build"),
        ("ERROR: no", "error", "Build"),
    }


@pytest.mark.parametrize(("program", "code"), [("no-such-command", 127), ("/", 126)])
async def test_what_cannot_be_started_ends_as_in_a_shell(
    program: str, code: int, server: Server, reader: Reader
) -> None:
    named = ("run", "-p", "ci", "-d", f"code-{code}", "--step", "Build", "--", program)
    done = server.run(*named)

    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(f"tocsin: {program}: ")
    lines = await reader.lines(f"code-{code}", project="ci")
    assert done.stderr.strip() in {line["text"] for line in lines}


async def test_output_is_shown_while_the_command_runs(
    server: Server, reader: Reader, start: Start
) -> None:
    job = start(server.url, "echo one; read x; echo two")
    assert job.line() == b"one\n"
    await shown(reader, job, ["one"])
    assert job.process.poll() is None
    job.answer()

    assert job.end() == (0, b"two\n", b"")
    assert await texts(reader, job) == ["one", "two"]


@pytest.mark.long
async def test_every_line_of_a_large_output_is_stored_once_and_in_order(
    server: Server, reader: Reader, start: Start
) -> None:
    job = start(server.url, "seq 200000", "--wait", "60")
    code, out, err = job.end()

    assert (code, out.count(b"\n"), err) == (0, 200_000, b"")
    batches = await reader.events(project="ci", subject=job.id, type="log_batch")
    stored = [line["message"] for batch in batches for line in batch["data"]["logs"]]
    assert stored == [str(number) for number in range(1, 200_001)]
    assert (await reader.deployment(job.id, project="ci"))["lines"] == 200_000 + 2


async def test_no_secret_gets_to_the_server(server: Server, reader: Reader, start: Start) -> None:
    parts = ("echo pa", "printf hunter", "sleep 0.1", "echo 22", "echo ::add-mask::later99")
    script = "; ".join([*parts, "echo later99", "printf hunter22 | base64"])
    job = start(server.url, script, "--mask", "hunter22")
    _, out, _ = job.end()

    assert b"hunter22\n::add-mask::later99\nlater99\n" in out
    assert await texts(reader, job) == ["pa", "***", "***", "***I="]
    events = await reader.events(project="ci", subject=job.id)
    assert "hunter22" not in str(events)


# --- signals, and ends that are no ends


@pytest.mark.parametrize(("sign", "code"), [("TERM", 143), ("INT", 130), ("HUP", 129), ("USR1", 9)])
async def test_a_signal_reaches_the_command(
    sign: str, code: int, server: Server, reader: Reader, start: Start
) -> None:
    waiting = "exec sleep 60" if sign != "USR1" else "while :; do sleep 0.05; done"
    job = start(server.url, f"trap 'exit 9' USR1; echo ready; {waiting}")
    assert job.line() == b"ready\n"
    job.process.send_signal(signal.Signals[f"SIG{sign}"])

    assert job.end()[0] == code
    assert await state(reader, job) == ("failed", [code])


async def test_a_second_signal_ends_the_wait_for_the_server(launch: Launch, start: Start) -> None:
    job = start(
        launch(start=False).url,
        # The further signals are for the wait: to the command they would be another end.
        "trap 'trap : TERM; echo end; exit 9' TERM; echo one; sleep 60 & wait",
        "--wait",
        "600",
    )
    assert job.line() == b"one\n"
    job.process.send_signal(signal.SIGTERM)
    assert job.line() == b"end\n"
    limit = time.monotonic() + LIMIT_S
    while job.process.poll() is None:
        assert time.monotonic() < limit
        job.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)

    code, _, said = job.end()
    assert code == 9, said
    # A signal that came early ended the reading of the last ones, too.
    assert re.search(rb"not sent: [12] log lines?", said), said


async def test_a_runner_that_is_killed_leaves_a_failed_step(
    server: Server, reader: Reader, start: Start
) -> None:
    job = start(server.url, "echo ready; read x")
    await shown(reader, job, ["ready"])
    os.killpg(job.process.pid, signal.SIGKILL)

    async def is_told() -> bool:
        found = await reader.events(project="ci", subject=job.id, type="step_completed")
        return bool(found)

    await until(is_told)
    assert job.end()[0] == -signal.SIGKILL
    assert await state(reader, job) == ("failed", [None])


async def test_a_program_in_the_background_is_not_waited_for(
    server: Server, reader: Reader, start: Start
) -> None:
    job = start(server.url, "sleep 60 & echo $!")
    background = int(job.line())
    job.process.wait(LIMIT_S)
    # Still there, which the next line would not be without.
    os.kill(background, signal.SIGTERM)

    assert await state(reader, job) == ("completed", [0])


def test_who_stops_reading_ends_the_command_as_without_us(server: Server, tmp_path: Path) -> None:
    typed = " ".join(command("run", "-p", "ci", "-d", "head", "--step", "s", "--", "yes"))
    done = subprocess.run(
        ["bash", "-c", f"{typed} | head -n 2; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        env=clean_environment(tmp_path, {"TOCSIN_URL": server.url}),
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )

    assert done.stdout == b"y\ny\n141\n"


async def test_it_works_without_any_standard_stream(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    typed = " ".join(command("run", "-p", "ci", "-d", "bare", "--step", "s", "--"))
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", f"{typed} sh -c 'echo one; exit 4' <&- >&- 2>&-"],
        cwd=tmp_path,
        env=clean_environment(tmp_path, {"TOCSIN_URL": server.url}),
        timeout=LIMIT_S,
        check=False,
    )

    assert done.returncode == 4
    [found] = await reader.steps("bare", project="ci")
    assert found["status"] == "failed"


# --- on a terminal


class Screen:
    """A terminal in which a job runs as a shell would run it."""

    def __init__(self, server: Server, folder: Path, words: list[str]) -> None:
        environ = clean_environment(folder, {"TOCSIN_URL": server.url})
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(words[0], words, environ)  # noqa: S606 - as a shell does it
        self.seen = b""

    def resize(self, rows: int, columns: int) -> None:
        size = struct.pack("4H", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wait_for(self, word: bytes) -> None:
        while word not in self.seen:
            assert self._read(), self.seen

    def end(self) -> int:
        """The exit code."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._master)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        """Whether there was more in time."""
        if not select.select([self._master], [], [], LIMIT_S)[0]:
            return False
        try:
            piece = os.read(self._master, 1000)
        except OSError:
            return False
        self.seen += piece
        return bool(piece)


def words(job_id: str, script: str) -> list[str]:
    """What is typed to run a script."""
    return command("run", "-p", "ci", "-d", job_id, "--step", "s", "--", "bash", "-c", script)


# Without $(…): bash 5.2 may stumble over one when a trap interrupts it.
SCREEN_SCRIPT = """
test -t 0 && test -t 1 && test -t 2 && echo on a terminal
trap 'stty size' WINCH
echo ready
while ! stty size | grep -q '^33 111$'; do sleep 0.02; done
read -r typed
echo "got $typed"
exec sleep 60
"""


async def test_on_a_terminal_the_command_has_one(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    screen = Screen(server, tmp_path, words("screen", SCREEN_SCRIPT))
    screen.wait_for(b"ready\r\n")
    screen.resize(33, 111)
    screen.wait_for(b"33 111\r\n")
    screen.type("größe\n".encode())
    screen.wait_for("got größe\r\n".encode())
    screen.type(b"\x03")

    assert screen.end() == 130
    assert b"on a terminal\r\n" in screen.seen
    lines = [line["text"] for line in await reader.lines("screen", project="ci")]
    assert {"on a terminal", "33 111", "got größe", "[tocsin run: exit code 130]"} <= set(lines)


def test_in_a_pipe_the_terminal_is_let_be_and_ctrl_c_comes_once(
    server: Server, tmp_path: Path
) -> None:
    trap = "n=0; trap 'n=$((n+1))' INT; echo ready; for i in 1 2 3 4 5; do sleep 0.1; done"
    typed = shlex.join(words("piped", f"{trap}; echo ended $n; exit 5"))
    screen = Screen(
        server, tmp_path, ["bash", "-c", f"{typed} | (trap '' INT; cat); exit ${{PIPESTATUS[0]}}"]
    )
    screen.wait_for(b"ready\r\n")
    screen.type(b"\x03")

    assert screen.end() == 5
    assert b"ended 1\r\n" in screen.seen


async def test_output_on_a_terminal_is_on_one_also_when_input_is_not(
    server: Server, reader: Reader, tmp_path: Path
) -> None:
    script = "exec < /dev/null; test -t 1 && printf 'one\\ntwo\\n'"
    screen = Screen(server, tmp_path, words("half", script))

    assert screen.end() == 0
    assert b"one\r\ntwo\r\n" in screen.seen


# --- a server that is away, slow or does not want it


async def test_what_a_server_that_was_away_missed_it_gets_when_it_is_back(
    launch: Launch, start: Start
) -> None:
    server = launch(start=False)
    script = "for n in 1 2 3; do echo begin $n; read x; seq 3000; done"
    job = start(server.url, script, "--wait", "20")
    assert job.line() == b"begin 1\n"
    job.answer()
    assert [job.line() for _ in range(3001)][-1] == b"begin 2\n"
    server.start()
    async with reading(server.port) as reader:

        async def is_there() -> bool:
            return bool(await reader.all("/api/v1/deployments"))

        await until(is_there)
    server.kill()
    job.answer()
    assert [job.line() for _ in range(3001)][-1] == b"begin 3\n"
    server.start()
    job.answer()

    code, _, err = job.end()
    assert (code, err) == (0, b"")
    numbers = [str(number) for number in range(1, 3001)]
    async with reading(server.port) as reader:
        assert await texts(reader, job) == [
            text for n in (1, 2, 3) for text in [f"begin {n}", *numbers]
        ]
        assert await state(reader, job) == ("completed", [0])


def test_without_a_server_the_build_goes_on_and_is_told_in_the_end(
    launch: Launch, start: Start
) -> None:
    server = launch(start=False)
    begun = time.monotonic()
    job = start(server.url, "seq 20; exit 6", "--wait", "3")
    code, out, err = job.end()

    assert (code, out.count(b"\n")) == (6, 20)
    assert time.monotonic() - begun < 3 + BUSY_S
    assert err.decode() == (
        "tocsin: not sent: 20 log lines, the beginning of the step, the end of the step; "
        f"{server.url} does not answer (connection refused)\n"
    )


def test_a_server_that_never_answers_costs_five_seconds_at_most(start: Start) -> None:
    with receiving() as receiver:
        receiver.answers = [(-1, {})] * 100
        job = start(receiver.url, "seq 20; date +%s.%N")
        _, out, err = job.end()
        ended = time.time()

    assert ended - float(out.splitlines()[-1]) < 5 + BUSY_S
    assert err.startswith(b"tocsin: not sent: 21 log lines, ")
    assert b"gives no answer in time" in err


def test_a_busy_server_is_asked_again_when_it_said_and_gets_each_message_once(
    start: Start,
) -> None:
    with receiving() as receiver:
        receiver.answers = [(200, {}), (503, {"Retry-After": "1"}), (429, {"Retry-After": "1"})]
        job = start(receiver.url, "seq 20; read x")
        posts = receiver.posts
        limit = time.monotonic() + LIMIT_S
        while len(posts) < 4:
            assert time.monotonic() < limit
            time.sleep(0.02)
        job.answer()
        code, _, err = job.end()

        assert (code, err) == (0, b"")
        assert receiver.types() == ["step_started", "log_batch", "step_completed"]
        assert [posts[n][1] for n in (2, 3)] == [posts[1][1]] * 2
        assert min(posts[n + 1][0] - posts[n][0] for n in (1, 2)) >= 1


def test_a_wrong_token_is_told_once_and_fails_nothing(server: Server, start: Start) -> None:
    job = start(server.url, "seq 20; exit 5", "--token", "tsn_wrong")
    begun = time.monotonic()
    code, out, err = job.end()

    assert (code, out.count(b"\n")) == (5, 20)
    assert err.count(b"\n") == 1
    assert b"not let in" in err
    assert b"tsn_wrong" not in err
    assert time.monotonic() - begun < BUSY_S
