"""A cluster under a steady load, to which one thing after the other happens.

Two instances behind nginx, PostgreSQL and Redis; 200 messages a second, 100 clients of either
protocol. Whatever happens: each answered message is in the journal once, each client is given each
event of its topics once and in order, and the trouble ends within 30 s of its cause.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.cluster import Cluster
from tests.system.node import Script
from tests.system.reading import Json, reading
from tests.system.trial import (
    PROJECTS,
    JsonClients,
    Senders,
    json_clients,
    project_of,
    stock_clients,
)

SECRET = "known to all senders"
RATE_PER_S = 200
CLIENTS = 100
CALM_S = 30.0
# Between two happenings, beyond the time that the first one's trouble takes.
PAUSE_S = 2.0
AWAY_S = 10.0
FIGURES = Path("reports/trial.json")


@dataclass(frozen=True)
class Happening:
    """What is done to the cluster, and how long senders and clients were in trouble after it."""

    name: str
    trouble_s: float
    behind_s: float


@pytest.mark.alone
async def test_a_cluster_goes_on_whatever_happens(cluster: Cluster, is_soak: bool) -> None:
    rounds = 5 if is_soak else 1
    token = cluster.token()
    senders = Senders(cluster.url, SECRET, RATE_PER_S)
    found: list[Happening] = []
    async with (
        json_clients(cluster.url, token, CLIENTS) as in_json,
        stock_clients(cluster.url, token, CLIENTS) as stock,
    ):
        sending = asyncio.create_task(senders.run())
        await asyncio.sleep(PAUSE_S)
        for _ in range(rounds):
            for name, happen in happenings(cluster).items():
                found.append(await look_at(name, happen, senders, in_json, stock))
        senders.stop()
        await sending
        await until_level(senders, in_json, stock, time.monotonic())
        given = await given_to_all(in_json, stock)
        kept = await events_by_project(cluster)
    write_figures(found, senders)

    check_journal(senders, kept)
    check_clients(given, kept)
    assert [one for one in found if max(one.trouble_s, one.behind_s) > CALM_S] == []


@pytest.fixture
def cluster(tmp_path: Path) -> Generator[Cluster, None, None]:
    """Two instances on a PostgreSQL that waits for its disk, a Redis, and nginx."""
    settings = {
        "TOCSIN_SOURCES__DEPLOYMENT__SECRET": SECRET,
        # All clients come from one address.
        "TOCSIN_LIVE__MAX_CONNECTIONS_PER_CLIENT": str(CLIENTS),
    }
    with Cluster(tmp_path, settings=settings, is_durable=True, is_forked=False) as made:
        yield made


def happenings(cluster: Cluster) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """All that a cluster has to live through, in turn."""

    async def kill_one() -> None:
        cluster.kill(0)
        await asyncio.sleep(PAUSE_S)
        await asyncio.to_thread(cluster.restart, 0)

    async def restart_redis() -> None:
        await asyncio.to_thread(cluster.redis.stop)
        await asyncio.to_thread(cluster.redis.start)

    async def stop_postgres() -> None:
        await asyncio.to_thread(cluster.postgres.stop)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(cluster.postgres.start)

    async def reload_nginx() -> None:
        await asyncio.to_thread(cluster.reload_nginx)

    async def upgrade() -> None:
        await asyncio.to_thread(cluster.upgrade)

    return {
        "an instance killed and started again": kill_one,
        "Redis restarted": restart_redis,
        "PostgreSQL stopped for 10 s": stop_postgres,
        "nginx reloaded": reload_nginx,
        "one instance after the other upgraded": upgrade,
    }


async def look_at(
    name: str,
    happen: Callable[[], Awaitable[None]],
    senders: Senders,
    in_json: JsonClients,
    stock: Script,
) -> Happening:
    """Have it happen, and wait until senders are answered and clients have everything again."""
    await happen()
    # What is away for a while is counted from when it is back.
    since_s = time.monotonic()
    behind_s = await until_level(senders, in_json, stock, since_s)
    await asyncio.sleep(PAUSE_S)
    return Happening(name, senders.last_trouble_s(since_s), behind_s)


async def until_level(
    senders: Senders, in_json: JsonClients, stock: Script, since_s: float
) -> float:
    """Wait until all clients have all that was answered by then; gives how long it took."""
    while True:
        wanted = Counter(PROJECTS[number_of(key) % len(PROJECTS)] for key in senders.receipts)
        json_wanted = sum(wanted[project_of(name)] for name in in_json.seqs)
        stock_wanted = sum(wanted[project_of(f"stock-{number}")] for number in range(CLIENTS))
        before = len(stock.of("count"))
        stock.command(do="count")
        told = (await stock.until("count", before + 1))[-1]
        json_has = sum(len(seqs) for seqs in in_json.seqs.values())
        if told["events"] >= stock_wanted and json_has >= json_wanted:
            return time.monotonic() - since_s
        assert time.monotonic() - since_s < 2 * CALM_S, (told, stock_wanted, json_has, json_wanted)
        await asyncio.sleep(0.25)


def number_of(key: str) -> int:
    return int(key.rpartition("-")[2])


async def events_by_project(cluster: Cluster) -> dict[str, list[Json]]:
    """All that the journal holds, in its order."""
    async with reading(cluster.instances[0].port) as reader:
        return {project: await reader.events(project=project) for project in PROJECTS}


async def given_to_all(in_json: JsonClients, stock: Script) -> dict[str, list[int]]:
    """The events that each client was given."""
    stock.command(do="tell")
    told = await stock.until("told", CLIENTS)
    return {**in_json.seqs, **{one["name"]: one["seqs"] for one in told}}


def check_journal(senders: Senders, kept: Mapping[str, Sequence[Json]]) -> None:
    """Each answered message is there once, under the number and id that its sender was told."""
    places = Counter(one["data"]["message"] for events in kept.values() for one in events)
    found = {
        one["data"]["message"]: (one["id"], one["seq"])
        for events in kept.values()
        for one in events
    }

    assert [key for key, times in places.items() if times > 1] == []
    assert found == senders.receipts


def check_clients(given: Mapping[str, list[int]], kept: Mapping[str, Sequence[Json]]) -> None:
    """Each client has each event of its project once, in order."""
    assert len(given) == 2 * CLIENTS
    wrong = {}
    for name, seqs in given.items():
        wanted = [one["seq"] for one in kept[project_of(name)]]
        if seqs != wanted:
            twice = [seq for seq, times in Counter(seqs).items() if times > 1]
            wrong[name] = {"missing": sorted({*wanted} - {*seqs}), "twice": twice, "given": seqs}
    assert wrong == {}


def write_figures(found: Sequence[Happening], senders: Senders) -> None:
    """Keep what was measured where a person finds it after the run."""
    took = sorted(senders.took_s)
    figures = {
        "messages": senders.sent,
        "answers": senders.statuses,
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[len(took) * 99 // 100] * 1000, 1),
        "happenings": [
            {
                "what": one.name,
                "trouble_s": round(one.trouble_s, 1),
                "behind_s": round(one.behind_s, 1),
            }
            for one in found
        ],
    }
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.write_text(json.dumps(figures, indent=2), "utf-8")
