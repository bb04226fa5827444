"""The measurements of deliveries, to destinations on this machine by the channel `custom`."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import orjson

from bench import servers
from bench.live_fanout import cpu_s
from bench.live_posts import PROJECT
from bench.live_servers import port_of
from bench.measures import Result
from bench.servers import Running, free_port

ROUNDS = 5
EVENTS = 1_000
BATCH = 500
DEPLOYMENTS = 100
DESTINATIONS = 4
# As many calls at a time as the channel makes to one destination.
CONCURRENCY = 8
WARM_UP_S = 2.0
SECONDS = 8.0
LIMIT_S = 120.0
CALLBACKS = "/api/v1/release/projects/*/callbacks"
SETTINGS = {
    "TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
    "TOCSIN_AUTH__LOCAL_ROLE": "admin",
    # Those that fail are told of by warnings.
    "TOCSIN_LOGS__LEVEL": "error",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run came to; the processor time is that of the sender."""

    per_s: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Taken:
    """From the POST of an event to its arrival, over all events."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


def rate() -> Iterator[Result]:
    """A queue that is full from the begin on, against the same client without one."""
    ours: list[Cost] = []
    bare: list[Cost] = []
    with _receiver() as receiver:
        for _ in range(ROUNDS):
            ours.append(_queued(receiver))
            bare.append(_unqueued(receiver))
    value, reference = (statistics.median(one.per_s for one in each) for each in (ours, bare))
    cost, least = (statistics.median(one.cpu_us for one in each) for each in (ours, bare))
    ratio, words = value / reference, "same client without the queue"
    yield Result(
        f"deliveries, each try recorded / {words}",
        f"{value:,.0f}/s",
        f"{reference:,.0f}/s",
        ratio,
        "≥ 0.3",
        ratio >= 0.3,
    )
    measure = f"processor time a delivery, that of taking in its event included / {words}"
    yield Result(measure, f"{cost:,.0f} µs", f"{least:,.0f} µs", cost / least, "", is_met=True)


def latency() -> Iterator[Result]:
    """From the POST of an event to its arrival at a fine destination, others in trouble or not."""
    with _receiver() as receiver:
        fine = _urls(receiver, "fine", 1)
        troubled = [*fine, *_urls(receiver, "hanging", 1), f"http://127.0.0.1:{free_port()}/"]
        for rate_per_s, urls, beside in (
            (50, fine, ""),
            (200, fine, ""),
            (200, troubled, ", beside one that hangs and one that refuses"),
        ):
            found = [_on_the_way(receiver, urls, rate_per_s) for _ in range(ROUNDS)]
            words = f"event to destination, {rate_per_s} events/s{beside}"
            for name, value, bound in (
                ("p50", statistics.median(one.p50_ms for one in found), 10),
                ("p95", statistics.median(one.p95_ms for one in found), None),
                ("p99", statistics.median(one.p99_ms for one in found), 100),
            ):
                target = f"≤ {bound} ms" if beside and bound else ""
                is_met = not target or value <= (bound or 0)
                yield Result(f"{words}, {name}", f"{value:.1f} ms", "", None, target, is_met)


def _queued(receiver: Running) -> Cost:
    with servers.tocsin(None, **SETTINGS) as server:
        _call_back(server, _urls(receiver, "fine", DESTINATIONS))
        _get(receiver, "/begin")
        before_s = cpu_s(server.pid)
        for begin in range(0, EVENTS, BATCH):
            _post(server, "/api/v1/events", _events(begin), "application/cloudevents-batch+json")
        per_s = _per_s(receiver)
        return Cost(per_s, (cpu_s(server.pid) - before_s) / (EVENTS * DESTINATIONS) * 1e6)


def _unqueued(receiver: Running) -> Cost:
    """The reference, with the body that came last."""
    body = _get(receiver, "/sample")
    _get(receiver, "/begin")
    command = [sys.executable, "-m", "bench.deliveries_client", str(EVENTS), str(CONCURRENCY)]
    command += _urls(receiver, "fine", DESTINATIONS)
    said = subprocess.run(command, input=body, check=True, capture_output=True).stdout
    return Cost(_per_s(receiver), float(said) / (EVENTS * DESTINATIONS) * 1e6)


def _on_the_way(receiver: Running, urls: Sequence[str], rate_per_s: int) -> Taken:
    with servers.tocsin(None, **SETTINGS) as server:
        _call_back(server, urls)
        command = [sys.executable, "-m", "bench.live_posts", str(port_of(server)), str(rate_per_s)]
        command += [str(WARM_UP_S + SECONDS), "200", str(DEPLOYMENTS)]
        with subprocess.Popen(command) as posting:
            time.sleep(WARM_UP_S)
            _get(receiver, "/begin")
        if posting.returncode:
            raise RuntimeError("the posting failed")
        _wait_for(receiver, int(rate_per_s * SECONDS * 0.9))
        parts = statistics.quantiles(orjson.loads(_get(receiver, "/figures"))["ms"], n=100)
        return Taken(parts[49], parts[94], parts[98])


def _per_s(receiver: Running) -> float:
    found = _wait_for(receiver, EVENTS * DESTINATIONS)
    return float(found["count"] / (found["last_s"] - found["first_s"]))


def _wait_for(receiver: Running, count: int) -> dict[str, Any]:
    """The figures once so many have come and no more do."""
    ends_at_s, before = time.monotonic() + LIMIT_S, -1
    while True:
        found: dict[str, Any] = orjson.loads(_get(receiver, "/figures"))
        if found["count"] >= count and found["count"] == before:
            return found
        if time.monotonic() > ends_at_s:
            raise TimeoutError(f"{found['count']} of {count} have come")
        before = found["count"]
        time.sleep(0.3)


def _events(begin: int) -> list[dict[str, Any]]:
    return [
        {
            "specversion": "1.0",
            "id": f"event-{number}",
            "source": "bench",
            "type": "log_entry",
            "subject": f"run-{number % DEPLOYMENTS}",
            "project": PROJECT,
            "data": {"level": "info", "message": f"{number:06} {'x' * 200}"},
        }
        for number in range(begin, begin + BATCH)
    ]


@contextmanager
def _receiver() -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-m", "bench.deliveries_receiver", str(port)]
    with servers.process(command, f"http://127.0.0.1:{port}", "/begin", {}) as running:
        yield running


def _urls(receiver: Running, kind: str, count: int) -> list[str]:
    return [f"{receiver.url}/{kind}/{number}" for number in range(count)]


def _call_back(server: Running, urls: Sequence[str]) -> None:
    """Have all log lines sent there."""
    channels = [{"type": "custom", "config": {"url": one}} for one in urls]
    _post(server, CALLBACKS, {"events": ["log_entry"], "channels": channels}, "application/json")


def _post(server: Running, path: str, said: Any, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    request = Request(server.url + path, orjson.dumps(said), headers)  # noqa: S310 - loopback
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
        answer.read()


def _get(server: Running, path: str) -> bytes:
    with urlopen(server.url + path, timeout=30) as answer:  # noqa: S310 - loopback
        found: bytes = answer.read()
    return found
