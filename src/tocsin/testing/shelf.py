"""Where a fake platform keeps what it took, and what it is told to fail with next."""

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tocsin.clock import Clock
from tocsin.testing.taken import Lost, Taken

# What may be kept of the past, for one that stands for days.
MAX_KEPT = 1000


class Shelf:
    """Where a platform keeps what it took; made by `platform`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.taken: list[Taken] = []
        self.lost: list[Lost] = []
        self.revision = 0
        # Told of each thing that happens, in a line.
        self.on_news: Callable[[str], None] | None = None
        self._numbers = itertools.count(1)
        self._faults: deque[str | None] = deque()
        self._standing: str | None = None

    @property
    def now_s(self) -> float:
        """The present instant as Unix time."""
        return self.clock.now().timestamp()

    def number(self) -> int:
        """One that was not there before, for an id."""
        return next(self._numbers)

    def keep(self, taken: Taken) -> None:
        """It arrived."""
        self.taken.append(taken)
        del self.taken[:-MAX_KEPT]
        self.tell(f"taken: {_gist(taken)}")

    def update(self, taken: Taken) -> None:
        """It stands in the place of the message with the same id."""
        place = next(n for n, one in enumerate(self.taken) if one.id == taken.id)
        before = self.taken[place]
        self.taken[place] = replace(taken, at=before.at, edits=before.edits + 1)
        self.tell(f"updated: {_gist(taken)}")

    def find(self, taken_id: str) -> Taken | None:
        """The message that has this id."""
        return next((one for one in self.taken if one.id == taken_id), None)

    def lose(self, why: str, raw: Any) -> None:
        """The sender hears that all is well, and nobody sees anything."""
        self.lost.append(Lost(self.clock.now(), why, raw))
        del self.lost[:-MAX_KEPT]
        self.tell(f"seen by nobody: {why}")

    def tell(self, news: str) -> None:
        """Something happened."""
        self.revision += 1
        if self.on_news is not None:
            self.on_news(news)

    def script(self, *faults: str | None) -> None:
        """One for each of the next sends; None takes it as usual."""
        self._faults.extend(faults)

    def always(self, fault: str | None) -> None:
        """For every send that no script tells."""
        self._standing = fault

    def next_fault(self) -> str | None:
        """What the send that just came meets."""
        return self._faults.popleft() if self._faults else self._standing


def _gist(taken: Taken) -> str:
    return taken.title or " ".join(taken.text.split())[:80] or taken.kind
