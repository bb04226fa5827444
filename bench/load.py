"""Make load: wrk for requests, and a figure for a page of a list."""

import re
import statistics
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

SCRIPT = Path(__file__).parent / "post.lua"
PATH = "/api/webhooks/deployment"


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk measured."""

    requests_per_s: float
    refused: int


def post_messages(url: str, *, connections: int = 64, seconds: int = 5) -> Load:
    """Post deployment messages on `connections` kept-alive connections, each in a closed loop."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT), url + PATH]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if rate is None:
        raise ValueError(said)
    return Load(float(rate[1]), int(refused[1]) if refused else 0)


def page_ms(url: str, *, times: int = 30) -> float:
    """The median time of a GET, in milliseconds."""
    found = []
    for _ in range(times):
        began_s = time.perf_counter()
        with urlopen(url, timeout=30) as answer:  # noqa: S310 - loopback
            answer.read()
        found.append((time.perf_counter() - began_s) * 1000)
    return statistics.median(found)
