"""The measurements. Each takes its reference in the same run, in turns, and gives medians."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench import servers
from bench.load import page_ms, post_messages
from bench.postgres import Postgres

ROUNDS = 5
CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table. `target` is the bound on the ratio or value, in words."""

    measure: str
    value: str
    reference: str
    ratio: float | None
    target: str
    is_met: bool


def ingest() -> Iterator[Result]:
    """Durable ingest against the same server that stores nothing, and against a bare one."""
    stored, on_postgres, unstored, bare = [], [], [], []
    for round_number in range(ROUNDS):
        with servers.tocsin() as server:
            stored.append(_rate(server.url))
        with Postgres(is_durable=True) as postgres:
            url = postgres.create(f"round_{round_number}")
            with servers.tocsin_on(url) as running:
                on_postgres.append(_rate(running[0].url))
        with servers.unstoring() as server:
            unstored.append(_rate(server.url))
        with servers.bare() as server:
            bare.append(_rate(server.url))
    rate = statistics.median(stored)
    yield _ratio(
        "durable ingest, 64 connections / same receiver without storing",
        rate,
        statistics.median(unstored),
        0.5,
    )
    yield _ratio(
        "durable ingest on PostgreSQL, 64 connections / same receiver without storing",
        statistics.median(on_postgres),
        statistics.median(unstored),
        0.35,
    )
    yield _ratio(
        "durable ingest, 64 connections / bare ASGI answer (no checks, no JSON)",
        rate,
        statistics.median(bare),
        None,
    )


def instances() -> Iterator[Result]:
    """Durable ingest of two instances on one PostgreSQL, without Redis, against that of one."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for round_number in range(ROUNDS):
        with Postgres(is_durable=True) as postgres:
            for count, found in rates.items():
                url = postgres.create(f"round_{round_number}_{count}")
                with servers.tocsin_on(url, count) as running, ThreadPoolExecutor() as pool:
                    shares = [CONNECTIONS // count] * count
                    found.append(sum(pool.map(_rate, [one.url for one in running], shares)))
    one, two = (statistics.median(found) for found in rates.values())
    yield _ratio("durable ingest, two instances / one, on PostgreSQL", two, one, None)


def _rate(url: str, connections: int = CONNECTIONS) -> float:
    post_messages(url, connections=connections, seconds=1)
    load = post_messages(url, connections=connections)
    if load.refused:
        raise ValueError(f"{load.refused} calls were refused")
    return load.requests_per_s


def _ratio(measure: str, value: float, reference: float, at_least: float | None) -> Result:
    ratio = value / reference
    return Result(
        measure,
        f"{value:,.0f}/s",
        f"{reference:,.0f}/s",
        ratio,
        "" if at_least is None else f"≥ {at_least}",
        at_least is None or ratio >= at_least,
    )


def growth(few: int, many: int) -> Iterator[Result]:
    """Ingest and first pages with `many` events in the journal against `few`."""
    pages = {
        "first page of events": "/api/v1/events?limit=50",
        "first page of events of one type": "/api/v1/events?type=step_completed&limit=50",
        "first page of events of one project": "/api/v1/events?project=shop-7&limit=50",
        "first page of deployments": "/api/v1/deployments?limit=50",
    }
    times: dict[tuple[str, int], list[float]] = {}
    rates: dict[int, list[float]] = {few: [], many: []}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        folders = {count: Path(folder) / str(count) for count in (few, many)}
        for count, data_dir in folders.items():
            data_dir.mkdir()
            command = [sys.executable, "-m", "bench.fill", str(data_dir), str(count)]
            subprocess.run(command, check=True)
        for _ in range(3):
            for count, data_dir in folders.items():
                with servers.tocsin(data_dir) as server:
                    for name, path in pages.items():
                        times.setdefault((name, count), []).append(page_ms(server.url + path))
                    rates[count].append(_rate(server.url))
    of = f"{many:,} / {few:,} events"
    slow, quick = statistics.median(rates[many]), statistics.median(rates[few])
    yield _at_most(f"time of an ingest, {of}", 1e6 / slow, 1e6 / quick, 1.2, "µs")
    for name in pages:
        value = statistics.median(times[name, many])
        yield _at_most(f"{name}, {of}", value, statistics.median(times[name, few]), 1.2, "ms")


def _at_most(measure: str, value: float, reference: float, bound: float, unit: str) -> Result:
    ratio = value / reference
    return Result(
        measure,
        f"{value:.2f} {unit}",
        f"{reference:.2f} {unit}",
        ratio,
        f"≤ {bound}",
        ratio <= bound,
    )


def start() -> Iterator[Result]:
    """From the start of the process until it is ready, with an empty folder and a used one."""
    found = []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        for _ in range(ROUNDS):
            with servers.tocsin(Path(folder)) as server:
                found.append(server.start_s)
    value = statistics.median(found)
    yield Result("start to ready", f"{value:.2f} s", "", None, "≤ 2 s", value <= 2)


def memory(streams: int) -> Iterator[Result]:
    """Resident memory with so many event streams open, each having got a hundred events."""
    with servers.tocsin(TOCSIN_LIVE__MAX_CONNECTIONS=str(streams + 10)) as server:
        value = asyncio.run(_memory_with_streams(server, streams))
    yield Result(
        f"memory with {streams:,} event streams open",
        f"{value:.0f} MB",
        "",
        None,
        "≤ 150 MB",
        value <= 150,
    )


async def _memory_with_streams(server: servers.Running, streams: int) -> float:
    host, _, port = server.url.removeprefix("http://").partition(":")
    writers = []
    readers = []
    for _ in range(streams):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /api/v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"stream.opened")
        readers.append(reader)
        writers.append(writer)
    drains = [asyncio.create_task(_read_all(reader)) for reader in readers]
    await asyncio.to_thread(post_messages, server.url, connections=4, seconds=1)
    value = server.memory_mb()
    for writer in writers:
        writer.close()
    for drain in drains:
        drain.cancel()
    await asyncio.gather(*drains, return_exceptions=True)
    return value


async def _read_all(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass
