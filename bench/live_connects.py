"""Connections: how many a second, and what many of them hold in memory."""

import time
from dataclasses import dataclass

from bench.live_fanout import cpu_s
from bench.live_posts import PROJECT, post_steadily
from bench.live_servers import Contestant, port_of

COLD = 50
MESSAGES_PER_S = 20
MESSAGE_CHARS = 200


@dataclass(frozen=True, slots=True)
class Connects:
    """How fast clients came in, and what one cost the server's processor."""

    per_s: float
    cpu_us: float


def connect_many(contestant: Contestant, clients: int) -> Connects:
    """Connect clients as far as the namespace's answer."""
    with contestant.run() as (server, crowd):
        # The first ones find a cold server.
        crowd.open(COLD)
        began_s, began_cpu_s = time.monotonic(), cpu_s(server.pid)
        crowd.open(clients)
        taken_s = time.monotonic() - began_s
        return Connects(clients / taken_s, (cpu_s(server.pid) - began_cpu_s) / clients * 1e6)


def memory_mb(contestant: Contestant, clients: int, messages: int) -> float:
    """What the process holds when all its clients have got so many messages."""
    with contestant.run() as (server, crowd):
        crowd.open(clients, project=PROJECT)
        post_steadily(port_of(server), MESSAGES_PER_S, messages / MESSAGES_PER_S, MESSAGE_CHARS)
        crowd.run_until_quiet()
        if crowd.lost:
            raise ConnectionError(f"{crowd.lost} clients were disconnected")
        return server.memory_mb()
