"""Fan-out: deliveries a second, and what one costs the server's processor."""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.live_crowd import Crowd, Probe
from bench.live_posts import PROJECT, Posts
from bench.live_publisher import TOCSIN_CHARS, Publisher
from bench.live_servers import Contestant, port_of
from bench.servers import Running

WARM_UP_S = 0.5
WINDOW_S = 2.5


@dataclass(frozen=True, slots=True)
class Mode:
    """How many messages may be on their way, and how many are made at a time."""

    outstanding: int
    burst: int


UNJOINED = Mode(1, 1)
MANY = Mode(64, 1)
BURSTS = Mode(8, 8)
NOTHING = Mode(0, 1)


@dataclass(frozen=True, slots=True)
class Fanout:
    """What was measured; `crowd_load` near 1 would mean that the clients are the limit."""

    deliveries_per_s: float
    cpu_us: float
    crowd_load: float


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    bytes: int
    messages: int
    message_bytes: int
    cpu_s: float
    crowd_cpu_s: float


def cpu_s(pid: int) -> float:
    """Processor time of a process with all its threads (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fan_out(contestant: Contestant, clients: int, modes: Iterable[Mode]) -> list[Fanout]:
    """The server itself publishes, as its program would."""
    with contestant.run() as (server, crowd):
        probe = Probe(crowd, _last_to_join(crowd, clients))

        def publish(mode: Mode) -> None:
            probe.say("publish", {"outstanding": mode.outstanding, "burst": mode.burst})

        return [_measure(server, crowd, probe, publish, mode) for mode in modes]


def fan_out_posts(contestant: Contestant, clients: int, modes: Iterable[Mode]) -> list[Fanout]:
    """What is published comes in by POST, and the clients' process posts it."""
    with contestant.run() as (server, crowd):
        posts = Posts(port_of(server))

        def post(seq: int) -> None:
            posts.wait(0)
            posts.post(f"{seq} ".ljust(TOCSIN_CHARS, "x"))

        publisher = Publisher(post)
        probe = Probe(crowd, _last_to_join(crowd, clients), publisher.received)

        def publish(mode: Mode) -> None:
            publisher.start(mode.outstanding, mode.burst)

        return [_measure(server, crowd, probe, publish, mode) for mode in modes]


def _last_to_join(crowd: Crowd, clients: int) -> int:
    """Most servers write to that one last."""
    return crowd.open(clients, project=PROJECT)[-1]


def _measure(
    server: Running, crowd: Crowd, probe: Probe, publish: Callable[[Mode], None], mode: Mode
) -> Fanout:
    publish(mode)
    found = _between(server, crowd, probe)
    publish(NOTHING)
    crowd.run_until_quiet()
    return found


def _between(server: Running, crowd: Crowd, probe: Probe) -> Fanout:
    """Measure while somebody publishes."""
    crowd.run(WARM_UP_S)
    before = _reading(server, crowd, probe)
    crowd.run(WINDOW_S)
    after = _reading(server, crowd, probe)
    if crowd.lost:
        raise ConnectionError(f"{crowd.lost} clients were disconnected")
    frame_bytes = (after.message_bytes - before.message_bytes) / (after.messages - before.messages)
    deliveries = (after.bytes - before.bytes) / frame_bytes
    seconds = after.at_s - before.at_s
    return Fanout(
        deliveries / seconds,
        (after.cpu_s - before.cpu_s) / deliveries * 1e6,
        (after.crowd_cpu_s - before.crowd_cpu_s) / seconds,
    )


def _reading(server: Running, crowd: Crowd, probe: Probe) -> _Reading:
    return _Reading(
        time.monotonic(),
        crowd.bytes,
        probe.messages,
        probe.bytes,
        cpu_s(server.pid),
        time.process_time(),
    )
