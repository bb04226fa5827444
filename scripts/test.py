"""Run every test, those without servers first, and end with one line that counts them all.

More run side by side than the machine has cores, because many of them wait for something: a
server's start, a limit, a retry. Those without servers wait little, those with a browser hardly
ever, and run about as many as there are cores. Those marked `alone` come last, one at a time: they
measure, or keep all cores busy by themselves. Arguments go to pytest.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

REPORTS = Path("reports")
NO_TESTS = 5  # pytest's exit code when a selection is empty
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

CORES = os.cpu_count() or 1
# Beyond eight the collecting, which each of them does for itself, costs more than it saves.
MOST = 8

# Where servers are started; tests/conftest.py sees to it. Each worker collects for itself, and that
# takes seconds.
SCREENS = "tests/system/screens"
SERVED = ("tests/system", "tests/docs")
# By file, because the tests of one share a server; tests/conftest.py says in which order.
BY_FILE = (
    "--dist",
    "loadfile",
    "--no-loadscope-reorder",
    "-m",
    "system and not alone and not soak",
)


@dataclass(frozen=True)
class Part:
    """Options for pytest, and where it looks unless it is told where."""

    options: tuple[str, ...]
    places: tuple[str, ...] = ()


PARTS = {
    "fast": Part(
        (
            *("-n", str(min(MOST, CORES + 1)), "--dist", "worksteal"),
            *("-m", "not system and not soak", "--ignore=tests/system"),
        )
    ),
    "system": Part(("-n", str(min(MOST, 2 * CORES)), *BY_FILE, f"--ignore={SCREENS}"), SERVED),
    "screens": Part(("-n", str(min(4, CORES)), *BY_FILE), (SCREENS,)),
    "alone": Part(("-m", "alone and not soak"), SERVED),
}


def main(args: list[str]) -> int:
    """0 when every part passed and there was at least one test."""
    started = time.monotonic()
    REPORTS.mkdir(exist_ok=True)
    seed = random.randrange(2**32)  # noqa: S311 - the order of tests is no secret
    counts: Counter[str] = Counter()
    broken = []
    for name, part in PARTS.items():
        print(f"--- {name} tests (this order again: ARGS=--randomly-seed={seed})", flush=True)
        report = REPORTS / f"{name}.xml"
        places = () if names_a_place(args) else part.places
        code = run(report, [*part.options, f"--randomly-seed={seed}", *args, *places])
        counts += counted(report)
        if code not in {0, NO_TESTS}:
            broken.append(name)
            print(f"--- {name} tests: pytest ended with code {code}")
    print(summary(counts, time.monotonic() - started))
    return 1 if broken or not counts["passed"] else 0


def names_a_place(args: list[str]) -> bool:
    return any(Path(one.partition("::")[0]).exists() for one in args)


def run(report: Path, args: list[str]) -> int:
    """One pytest, without the line that counts its own tests; gives its exit code."""
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-qq", f"--junit-xml={report}", *args]
    # Else each worker of each part would put together anew what an assert tells when it fails.
    surroundings = {name: os.environ[name] for name in os.environ if name != NO_BYTECODE}
    return subprocess.run(command, env=surroundings, check=False).returncode


def counted(report: Path) -> Counter[str]:
    """How the tests of one part ended; a part that broke off before its report is one error."""
    if not report.exists():
        return Counter(error=1)
    ends: Counter[str] = Counter()
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest has just written it
        found = {child.tag for child in case}
        kinds = {"failure": "failed", "error": "error", "skipped": "skipped"}
        ends[next((end for tag, end in kinds.items() if tag in found), "passed")] += 1
    return ends


def summary(counts: Counter[str], took_s: float) -> str:
    """The line as pytest writes it, over all parts."""
    told = [
        f"{counts[end]} {end}{'s' if end == 'error' and counts[end] > 1 else ''}"
        for end in ("failed", "passed", "skipped", "error")
        if counts[end]
    ]
    line = f" {', '.join(told) or 'no tests ran'} in {took_s:.2f}s "
    return line.center(80, "=")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
