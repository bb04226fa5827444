"""From the POST of a message to the subscriber who has it, on the whole of `tocsin serve`."""

import re
import socket
import statistics
import subprocess
import sys
import time
from array import array
from dataclasses import dataclass
from urllib.request import urlopen

from bench.live_crowd import Crowd, Reader
from bench.live_posts import MARK, PROJECT
from bench.live_servers import port_of, whole

WARM_UP_S = 2.0

_SENT = re.compile(rb"%s(\d{20})" % MARK.encode())
_MARK_BYTES = len(MARK) + 20


@dataclass(frozen=True, slots=True)
class Latency:
    """Over all deliveries."""

    p50_ms: float
    p99_ms: float
    deliveries: int


class Clock:
    """Readers that note how long each message was on its way."""

    def __init__(self) -> None:
        self.ms = array("d")

    def reader(self, one: socket.socket) -> Reader:
        """The reader of one client."""
        tail = b""

        def read(buffer: bytearray) -> int:
            nonlocal tail
            size = one.recv_into(buffer)
            now_ns = time.monotonic_ns()
            received = tail + buffer[:size]
            end = 0
            for found in _SENT.finditer(received):
                self.ms.append((now_ns - int(found[1])) / 1e6)
                end = found.end()
            # The beginning of a mark may stand at the end of what came.
            tail = received[max(end, len(received) - _MARK_BYTES + 1) :]
            return size

        return read


@dataclass(frozen=True, slots=True)
class Load:
    """Who is connected, and what is posted.

    Besides the clients, `stalled` more read nothing; what is posted is to be enough to have them
    all closed for that.
    """

    clients: int
    rate_per_s: int
    seconds: float
    message_chars: int
    stalled: int = 0


def post_to_subscriber(load: Load) -> Latency:
    """Measure one run."""
    with whole(load.clients + load.stalled).run() as (server, crowd):
        found = _measure(crowd, port_of(server), load)
        still_open = _open_connections(server.url)
        if still_open != load.clients:
            raise ValueError(f"{still_open} clients are open, {load.clients} of them read")
        return found


def _open_connections(url: str) -> int:
    with urlopen(f"{url}/metrics", timeout=10) as answer:  # noqa: S310 - loopback
        said = answer.read().decode()
    found = re.search(r'^tocsin_live_connections{dialect="socketio"} (\S+)$', said, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _measure(crowd: Crowd, port: int, load: Load) -> Latency:
    clock = Clock()
    for number in crowd.open(load.clients, project=PROJECT):
        crowd.read_by(number, clock.reader)
    crowd.open(load.stalled, project=PROJECT, is_stalled=True)
    command = [sys.executable, "-m", "bench.live_posts", str(port), str(load.rate_per_s)]
    command += [str(WARM_UP_S + load.seconds), str(load.message_chars)]
    with subprocess.Popen(command) as posting:
        crowd.run(WARM_UP_S)
        del clock.ms[:]
        while posting.poll() is None:
            crowd.run(0.1)
        crowd.run_until_quiet()
        if posting.returncode:
            raise RuntimeError("the posting failed")
    if crowd.lost:
        raise ConnectionError(f"{crowd.lost} clients were disconnected")
    parts = statistics.quantiles(clock.ms, n=100)
    return Latency(parts[49], parts[98], len(clock.ms))
