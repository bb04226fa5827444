"""What holds for every test: its limits, its surroundings, and two guards.

One guard lets nothing connect beyond this machine, the other fails a test in which code of
Tocsin holds up the event loop. Both look at this process only, not at servers it starts.
"""

import faulthandler
import gc
import itertools
import os
import signal
import socket
import sys
import threading
import time
import traceback
from asyncio import events
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import hypothesis
import pytest

from tests.postgres import empty_databases, empty_postgres, postgres, postgres_url

# Fixtures for any test that wants a PostgreSQL.
__all__ = ["empty_databases", "empty_postgres", "postgres", "postgres_url"]

SOURCE = str(Path(__file__).parent.parent / "src" / "tocsin") + os.sep
SYSTEM_TESTS = Path(__file__).parent / "system"
# Where others are that start servers: scripts/test.py looks for them nowhere else.
DOCS_TESTS = Path(__file__).parent / "docs"

SYSTEM_LIMIT_S = 120
SOAK_LIMIT_S = 1800
# A time-out may hit the loop between a callback's turn and its call. Then that callback is lost,
# and a task that waits for it cannot even be cancelled: the process ends, and shows where it is.
TEARDOWN_LIMIT_S = 120
# Where that is shown: what the tests print is caught.
STDERR = pytest.StashKey[int]()

# Who asks for one of these fixtures takes long; one marked `long` as long as so many of them.
LONG_BY = frozenset({"launch", "browser"})
LONG_AS = 10

# What the guards saw since the test began; a fault in a thread cannot be raised in the test.
_faults: list[str] = []


# --- limits and options


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long trials in full")


def pytest_configure(config: pytest.Config) -> None:
    _prepare_surroundings()
    config.stash[STDERR] = os.dup(2)
    hypothesis.settings.register_profile("short", deadline=None, print_blob=True)
    hypothesis.settings.register_profile(
        "soak", parent=hypothesis.settings.get_profile("short"), max_examples=10_000
    )
    hypothesis.settings.load_profile("soak" if config.getoption("--soak") else "short")
    sys.addaudithook(_only_this_machine)
    _watch_loops()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and all that they import stay to the end: no garbage is among them."""
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    is_soak = config.getoption("--soak")
    for item in items:
        if SYSTEM_TESTS in item.path.parents:
            item.add_marker("system")
        elif item.get_closest_marker("system") and DOCS_TESTS not in item.path.parents:
            raise pytest.UsageError(f"{item.nodeid} starts servers: it belongs into {SYSTEM_TESTS}")
        if item.get_closest_marker("soak") and not is_soak:
            item.add_marker(pytest.mark.skip(reason="a long trial: runs in `make soak`"))
        if item.get_closest_marker("timeout"):
            continue
        if item.get_closest_marker("soak") or (is_soak and item.get_closest_marker("system")):
            item.add_marker(pytest.mark.timeout(SOAK_LIMIT_S))
        elif item.get_closest_marker("system"):
            item.add_marker(pytest.mark.timeout(SYSTEM_LIMIT_S))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        _put_long_files_first(items)


def _put_long_files_first(items: list[pytest.Item]) -> None:
    """So that nobody works at a long file alone when all the others are done.

    A file takes long by the tests that start a server for themselves, look at pages, or are marked.
    """
    slow: Counter[Path] = Counter()
    for item in items:
        is_slow = not LONG_BY.isdisjoint(getattr(item, "fixturenames", ()))
        slow[item.path] += LONG_AS if item.get_closest_marker("long") else is_slow
    items.sort(key=lambda item: -slow[item.path])


@pytest.fixture(scope="session")
def soak_times(pytestconfig: pytest.Config) -> int:
    """How often a trial such as a kill under load is made: 5, in `make soak` 20."""
    return 20 if pytestconfig.getoption("--soak") else 5


def _prepare_surroundings() -> None:
    """Settings, proxies and colours of the developer's shell must not reach a test."""
    for name in list(os.environ):
        if name.startswith("TOCSIN_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    for name in ("ENVIRONMENT", "FORCE_COLOR", "GITHUB_ACTIONS"):
        os.environ.pop(name, None)
    # Who runs the tests in the background has these ignored, and so would all that they start.
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    # A zone with odd minutes: a time that is read or written as local shows at once.
    os.environ["TZ"] = "NPT-5:45"
    time.tzset()


# --- the guards' verdict


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    del item
    _faults.clear()
    yield
    _complain()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    del item
    yield
    _complain()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    shown = item.config.stash[STDERR]
    faulthandler.dump_traceback_later(TEARDOWN_LIMIT_S, exit=True, file=shown)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
    _complain()


def _complain() -> None:
    if _faults:
        told = "\n".join(_faults)
        _faults.clear()
        pytest.fail(told, pytrace=False)


# --- nothing beyond this machine


class BeyondThisMachineError(OSError):
    """A test tried to reach the network."""


def _only_this_machine(event: str, args: tuple[object, ...]) -> None:
    """Refuse connects and look-ups that would leave the machine (PEP 578 audit hook)."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        target = args[1]
        # A path or None: a Unix socket, or one that is connected already.
        host = target[0] if isinstance(target, tuple) else None
        is_refused = isinstance(host, str) and not _is_here(host)
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = args[0].decode("ascii", "replace") if isinstance(args[0], bytes) else args[0]
        is_refused = isinstance(host, str) and not (_is_address(host) or _is_here(host))
    else:
        return
    if is_refused:
        _faults.append(f"{event} of {host!r}: tests reach nothing beyond this machine")
        raise BeyondThisMachineError(_faults[-1])


def _is_here(host: str) -> bool:
    if _is_address(host):
        address = ip_address(host.partition("%")[0])
        return address.is_loopback or address.is_unspecified
    return host in {"", "localhost", socket.gethostname()} or host.endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


# --- nothing holds up the loop

# A callback is found guilty when looks in a row find it still running, with code of Tocsin on its
# stack, for so long in sum. What a thread works counts by its own time, which no other program on
# a busy machine takes part in; what it waits counts by looks, for when the whole machine halts, the
# watcher halts with it.
LOOK_EVERY_S = 0.25
WORKS_S = 0.001
HELD_LIMIT_S = 1.25

# The callback that each thread's loop runs now, as a number: to hold the callback itself would
# keep alive what a test expects to be gone.
_running: dict[int, int] = {}


def _watch_loops() -> None:
    """Have each callback of an asyncio loop noted while it runs, and a thread look at them."""
    original: Callable[[events.Handle], None] = events.Handle._run
    numbers = itertools.count(1)

    def noted(handle: events.Handle) -> None:
        thread = threading.get_ident()
        _running[thread] = next(numbers)
        try:
            original(handle)
        finally:
            _running.pop(thread, None)

    events.Handle._run = noted  # type: ignore[method-assign,assignment] # there is no hook for it
    threading.Thread(target=_keep_looking, name="loop watcher", daemon=True).start()


def _keep_looking() -> None:
    seen: dict[int, _Seen] = {}
    while True:
        time.sleep(LOOK_EVERY_S)
        seen = {
            thread: _look(thread, number, seen.get(thread, _Seen()))
            for thread, number in list(_running.items())
            if thread in _running
        }


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the last look at a thread has found."""

    number: int = 0
    held_s: float = 0.0
    worked_s: float = 0.0


def _look(thread: int, number: int, before: _Seen) -> _Seen:
    """What is found now, where a callback of this number runs."""
    worked_s = time.clock_gettime(time.pthread_getcpuclockid(thread))
    if number != before.number:
        return _Seen(number, 0.0, worked_s)
    frame = sys._current_frames().get(thread)
    stack = traceback.extract_stack(frame) if frame else traceback.StackSummary()
    if not any(call.filename.startswith(SOURCE) for call in stack):
        return _Seen(number, 0.0, worked_s)
    new_s = worked_s - before.worked_s
    held_s = before.held_s + (new_s if new_s > WORKS_S else LOOK_EVERY_S)
    if before.held_s < HELD_LIMIT_S <= held_s:
        where = "".join(traceback.format_list(stack[-6:]))
        _faults.append(f"the event loop was held up for more than {HELD_LIMIT_S} s at\n{where}")
    return _Seen(number, held_s, worked_s)
