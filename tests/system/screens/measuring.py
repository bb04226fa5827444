"""What the measuring tests have in common: even senders, figures, and clocks within the page."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.system.screens.story import SHOP, Message, lines
from tests.system.server import Server

FIGURES = Path(__file__).parents[3] / "reports" / "screens" / "figures.txt"

# Resolves with the milliseconds from `since` until the line is in view.
SEEN = """([number, since]) => new Promise((resolve) => {
  const look = () => {
    const link = document.querySelector(`[role=log] [data-line="${number}"]`);
    const box = link?.getBoundingClientRect();
    if (box && box.height > 0 && box.top >= 0 && box.bottom <= innerHeight) {
      resolve(performance.now() - since);
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
})"""
# Keeps the largest number of rows that the log ever held, and when a key was pressed last.
WATCH = """() => {
  window.mostRows = 0;
  new MutationObserver(() => {
    const rows = document.querySelectorAll('[role=log] li').length;
    window.mostRows = Math.max(window.mostRows, rows);
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener('keydown', () => (window.pressedAt = performance.now()), true);
}"""
# How long each frame took, for so many milliseconds.
FRAMES = """(ms) => new Promise((resolve) => {
  const deltas = [];
  const begin = performance.now();
  let before = begin;
  const frame = (now) => {
    deltas.push(now - before);
    before = now;
    if (now - begin > ms) resolve(deltas.slice(1));
    else requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""


def note(text: str) -> None:
    """Keep a figure in `reports/screens/`, beside the pictures."""
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    with FIGURES.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M}  {text}\n")


def median_of(what: str, taken_ms: list[float]) -> float:
    """Their median; all of them are kept."""
    note(f"{what}: {', '.join(f'{one:.0f}' for one in sorted(taken_ms))} ms")
    return statistics.median(taken_ms)


@contextmanager
def kept_open(server: Server) -> Iterator[Callable[[Message], None]]:
    """Posts messages over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)

    def post(message: Message) -> None:
        body = json.dumps(message).encode()
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/api/webhooks/deployment", body, headers)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status == http.HTTPStatus.OK, told

    try:
        yield post
    finally:
        connection.close()


@contextmanager
def steadily(server: Server, deployment: str, rate_per_s: int) -> Iterator[list[int]]:
    """While in it, posts log lines at an even rate; gives the numbers of those that were taken."""
    sent: list[int] = []
    is_over = threading.Event()

    def send() -> None:
        begin = time.monotonic()
        with kept_open(server) as post:
            while not is_over.wait(max(0, begin + len(sent) / rate_per_s - time.monotonic())):
                text = f"event {len(sent) + 1}"
                post(lines(SHOP, deployment, "Build", [{"message": text}]))
                sent.append(len(sent) + 1)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield sent
    finally:
        is_over.set()
        sender.join()
