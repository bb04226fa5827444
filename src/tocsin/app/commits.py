"""Who in this process is told of commits, whichever instance made them."""

from collections.abc import Callable, Sequence

from tocsin.model.entry import Entry

Tell = Callable[[Sequence[Entry]], None]


class Commits:
    """Hands what was committed to all who listen, in the order in which they began to."""

    def __init__(self) -> None:
        self._listeners: list[Tell] = []

    def listen(self, told: Tell) -> None:
        """Have `told` called with the events of each commit."""
        self._listeners.append(told)

    def tell(self, entries: Sequence[Entry]) -> None:
        """These were committed."""
        for told in self._listeners:
            told(entries)
