"""The measurements of live delivery, against Socket.IO's own servers and Bun, in turns."""

import statistics
from collections.abc import Iterator

from bench import live_servers
from bench.live_connects import Connects, connect_many, memory_mb
from bench.live_fanout import BURSTS, MANY, UNJOINED, Fanout, Mode, fan_out, fan_out_posts
from bench.live_latency import Latency, Load, post_to_subscriber
from bench.live_servers import Contestant
from bench.measures import Result

ROUNDS = 5
CLIENTS = 1_000
MODES: dict[Mode, str] = {
    UNJOINED: "1 on its way",
    MANY: "64 on their way",
    BURSTS: "bursts of 8",
}


def fanout() -> Iterator[Result]:
    """1 KB to a thousand clients from one process, the publisher in a closed loop."""
    ours = live_servers.hub()
    at_least = {
        live_servers.python_socketio(): 8.0,
        live_servers.node_socketio(): 4.0,
        live_servers.bun_publish(): 1.0,
    }
    rounds: dict[Contestant, list[list[Fanout]]] = {one: [] for one in (ours, *at_least)}
    whole: list[list[Fanout]] = []
    for _ in range(ROUNDS):
        for contestant, found in rounds.items():
            found.append(fan_out(contestant, CLIENTS, MODES))
        whole.append(fan_out_posts(live_servers.whole(CLIENTS), CLIENTS, MODES))
    yield from _fan_outs(ours, at_least, rounds, whole)
    load = max(one.crowd_load for found in rounds.values() for each in found for one in each)
    measure = "share of a core that all clients took, at most"
    yield Result(measure, f"{load:.2f}", "", None, "", is_met=True)


def _fan_outs(
    ours: Contestant,
    at_least: dict[Contestant, float],
    rounds: dict[Contestant, list[list[Fanout]]],
    whole: list[list[Fanout]],
) -> Iterator[Result]:
    for number, (mode, words) in enumerate(MODES.items()):
        costs = {one: [each[number] for each in found] for one, found in rounds.items()}
        if mode is BURSTS:
            yield from _costs(words, costs, 2.5)
            continue
        # With one on its way, what is measured is the pause in which others may join it.
        bounds = at_least if mode is MANY else dict.fromkeys(at_least)
        for reference, bound in bounds.items():
            measure = f"fan-out of 1 KB to {CLIENTS:,} clients, {words} / {reference.name}"
            yield _rate(measure, _median_rate(costs[ours]), _median_rate(costs[reference]), bound)
        measure = f"fan-out, {words}, from POST through the journal / the hub alone"
        posted = [each[number] for each in whole]
        yield _rate(measure, _median_rate(posted), _median_rate(costs[ours]), None)
        if mode is UNJOINED:
            yield from _costs(words, costs, 10)


def _median_rate(found: list[Fanout]) -> float:
    return statistics.median(one.deliveries_per_s for one in found)


def _costs(words: str, costs: dict[Contestant, list[Fanout]], bound_us: float) -> Iterator[Result]:
    """The processor time a delivery; the bound is for the first, which is ours."""
    medians = {
        one: statistics.median(each.cpu_us for each in found) for one, found in costs.items()
    }
    (ours, value), *references = medians.items()
    measure = f"processor time a delivery, {words}"
    is_met = value <= bound_us
    yield Result(f"{measure}, {ours.name}", f"{value:.2f} µs", "", None, f"≤ {bound_us} µs", is_met)
    for reference, other in references:
        measured = f"{value:.2f} µs", f"{other:.2f} µs"
        yield Result(f"{measure} / {reference.name}", *measured, value / other, "", is_met=True)


def connects() -> Iterator[Result]:
    """Socket.IO over websocket, as far as the namespace's answer."""
    ours, reference = live_servers.whole(CLIENTS + 50), live_servers.python_socketio()
    rounds: dict[Contestant, list[Connects]] = {ours: [], reference: []}
    for _ in range(ROUNDS):
        for contestant, found in rounds.items():
            found.append(connect_many(contestant, CLIENTS))
    rates = [statistics.median(one.per_s for one in found) for found in rounds.values()]
    costs = [statistics.median(one.cpu_us for one in found) for found in rounds.values()]
    value, other = rates
    yield _rate(f"Socket.IO connects / {reference.name}", value, other, 5)
    ratio = costs[0] / costs[1]
    measure = f"processor time a connect / {reference.name}"
    yield Result(measure, f"{costs[0]:.0f} µs", f"{costs[1]:.0f} µs", ratio, "", is_met=True)


def sockets(count: int) -> Iterator[Result]:
    """Memory with very many sockets open."""
    value = memory_mb(live_servers.whole(count), count, 5) * 1e6 / 2**20
    yield _bound(f"memory with {count:,} Socket.IO websockets open", value, 200, "MiB")


def subscribers() -> Iterator[Result]:
    """Memory with a thousand subscribers that have got a hundred messages each."""
    value = memory_mb(live_servers.whole(CLIENTS), CLIENTS, 100)
    yield _bound(f"memory with {CLIENTS:,} Socket.IO subscribers", value, 150, "MB")


def latency() -> Iterator[Result]:
    """From the POST of a message to the subscriber who has it."""
    load = Load(clients=100, rate_per_s=500, seconds=8, message_chars=200)
    found = [post_to_subscriber(load) for _ in range(3)]
    words = f"POST to subscriber, {load.clients} clients, {load.rate_per_s} events/s"
    for name, value, bound in (
        ("p50", statistics.median(one.p50_ms for one in found), 5),
        ("p99", statistics.median(one.p99_ms for one in found), 50),
    ):
        yield _bound(f"{words}, {name}", value, bound, "ms")


def stalled() -> Iterator[Result]:
    """The same while a tenth of the clients reads nothing, and while all do."""
    without = Load(clients=900, rate_per_s=20, seconds=10, message_chars=8_000)
    with_some = Load(clients=900, rate_per_s=20, seconds=10, message_chars=8_000, stalled=100)
    found: dict[Load, list[Latency]] = {without: [], with_some: []}
    for _ in range(3):
        for load, latencies in found.items():
            latencies.append(post_to_subscriber(load))
    quiet, busy = (statistics.median(one.p99_ms for one in each) for each in found.values())
    ratio = busy / quiet
    measure = "p99 of POST to 900 subscribers, 100 more read nothing / nobody else"
    yield Result(measure, f"{busy:.1f} ms", f"{quiet:.1f} ms", ratio, "≤ 1.5", ratio <= 1.5)


def _rate(measure: str, value: float, reference: float, at_least: float | None) -> Result:
    ratio = value / reference
    target = "" if at_least is None else f"≥ {at_least:g}"
    is_met = at_least is None or ratio >= at_least
    return Result(measure, f"{value:,.0f}/s", f"{reference:,.0f}/s", ratio, target, is_met)


def _bound(measure: str, value: float, bound: float, unit: str) -> Result:
    target = f"≤ {bound:g} {unit}"
    return Result(measure, f"{value:.1f} {unit}", "", None, target, value <= bound)
