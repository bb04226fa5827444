"""Run the measurements and print them as a table: `python -m bench [--large] [--write]`.

Absolute figures say little on a shared machine; the ratios are of medians of runs in turns.
"""

import argparse
import os
import platform
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from bench import deliveries, live, measures
from bench.measures import Result

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


def machine() -> str:
    """What the figures were measured on."""
    model = next(
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({model}), "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def table(results: list[Result]) -> str:
    """The results as a Markdown table."""
    lines = ["| Measure | Value | Reference | Ratio | Target | |", "|---|---|---|---|---|---|"]
    for one in results:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        met = "" if not one.target else ("met" if one.is_met else "**not met**")
        lines.append(
            f"| {one.measure} | {one.value} | {one.reference} | {ratio} | {one.target} | {met} |"
        )
    return "\n".join(lines)


def write(section: str, text: str) -> None:
    """Put `text` between the marks of `section` in the page of benchmarks."""
    page = PAGE.read_text(encoding="utf-8")
    begin, end = BEGIN.format(section), END.format(section)
    head, _, rest = page.partition(begin)
    _, _, tail = rest.partition(end)
    PAGE.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", encoding="utf-8")


def main() -> None:
    """Measure what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--large", action="store_true", help="growth to ten million events alone")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md as well")
    parser.add_argument("--only", help="only measures whose name has this in it")
    arguments = parser.parse_args()
    sections: dict[str, dict[str, Callable[[], Iterator[Result]]]] = {
        "bench": {
            "ingest": measures.ingest,
            "instances": measures.instances,
            "growth": lambda: measures.growth(10_000, 300_000),
            "start": measures.start,
            "memory": lambda: measures.memory(1_000),
        },
        "live": {
            "live.fanout": live.fanout,
            "live.connects": live.connects,
            "live.sockets": lambda: live.sockets(10_000),
            "live.subscribers": live.subscribers,
            "live.latency": live.latency,
            "live.stalled": live.stalled,
        },
        "deliveries": {
            "deliveries.rate": deliveries.rate,
            "deliveries.latency": deliveries.latency,
        },
    }
    if arguments.large:
        sections = {"large": {"growth": lambda: measures.growth(10_000, 10_000_000)}}
    for section, parts in sections.items():
        wanted = [part for name, part in parts.items() if (arguments.only or "") in name]
        results = [result for part in wanted for result in part()]
        if results:
            text = f"{machine()}\n\n{table(results)}"
            print(text, flush=True)
            if arguments.write:
                write(section, text)


if __name__ == "__main__":
    main()
