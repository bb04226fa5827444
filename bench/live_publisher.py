"""Publishes in a closed loop: some messages may be on their way, told by one client's receipts."""

from collections.abc import Callable
from typing import Any

# With this much text the frame's payload is 1,024 bytes.
SOCKETIO_CHARS = 839
# Tocsin adds the offset by which a client comes back.
TOCSIN_CHARS = 818


def message(seq: int, chars: int) -> dict[str, Any]:
    """A message as Tocsin's subscribers get it, with so much text."""
    return {
        "type": "log_entry",
        "payload": {"type": "log_entry", "message": "x" * chars, "level": "info"},
        "timestamp": "2026-01-01T12:00:00.000Z",
        "projectId": "bench",
        "deploymentId": "run-1",
        "seq": seq,
    }


class Publisher:
    """Counts messages; `publish` makes the one of a number."""

    def __init__(self, publish: Callable[[int], None]) -> None:
        self._publish = publish
        self._outstanding = 0
        self._burst = 1
        self._published = 0
        self._received = 0

    def start(self, outstanding: int, burst: int) -> None:
        """At most `outstanding` messages on their way, made `burst` at a time; 0 ends it."""
        self._outstanding = outstanding
        self._burst = burst
        self._fill()

    def received(self, count: int) -> None:
        """The client has got `count` messages in all."""
        self._received = count
        self._fill()

    def _fill(self) -> None:
        while self._published - self._received <= self._outstanding - self._burst:
            for _ in range(self._burst):
                self._published += 1
                self._publish(self._published)
