"""Run every test, those without servers first, and end with one line that counts them all.

The system tests come second and one at a time: they measure waits and kill processes, which
goes wrong on a small machine that is busy with other tests. Arguments go to pytest.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

REPORTS = Path("reports")
NO_TESTS = 5  # pytest's exit code when a selection is empty

PARTS = {
    "fast": ("-n", "2", "-m", "not system and not soak"),
    "system": ("-m", "system and not soak"),
}


def main(args: list[str]) -> int:
    """0 when every part passed and there was at least one test."""
    started = time.monotonic()
    REPORTS.mkdir(exist_ok=True)
    seed = random.randrange(2**32)  # noqa: S311 - the order of tests is no secret
    counts: Counter[str] = Counter()
    broken = []
    for part, selection in PARTS.items():
        print(f"--- {part} tests (this order again: ARGS=--randomly-seed={seed})", flush=True)
        report = REPORTS / f"{part}.xml"
        code = run(report, [*selection, f"--randomly-seed={seed}", *args])
        counts += counted(report)
        if code not in {0, NO_TESTS}:
            broken.append(part)
            print(f"--- {part} tests: pytest ended with code {code}")
    print(summary(counts, time.monotonic() - started))
    return 1 if broken or not counts["passed"] else 0


def run(report: Path, args: list[str]) -> int:
    """One pytest, without the line that counts its own tests; gives its exit code."""
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-qq", f"--junit-xml={report}", *args]
    return subprocess.run(command, check=False).returncode


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
