"""A dialect of bare numbers, and clients that note what they are given of it."""

from dataclasses import dataclass
from typing import Any

from tocsin.live.rooms import Client
from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.testing.clock import START

# Stands in front of numbers in a dialect other than the first.
MARK = "~"
# From so much unsent on a transport says that it is paused.
HIGH_WATER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Numbers:
    """Shows an event as its seq behind `mark`; those of type `hidden` not at all.

    `padding` makes it so much longer. What is said to one client alone is no number.
    """

    label: str = "numbers"
    hidden: str = ""
    padding: int = 0
    mark: str = ""
    shows_standing: bool = False

    def frame(self, entry: Entry) -> bytes | None:
        if entry.event.type == self.hidden:
            return None
        return f"{'.' * self.padding}{self.mark}{entry.seq};".encode()


class Ear:
    """What a client hears; while it takes nothing, that stays in its transport.

    Its transport says that it is paused beyond `high_water_bytes`.
    """

    def __init__(
        self, dialect: Numbers | None = None, *, high_water_bytes: int = HIGH_WATER_BYTES
    ) -> None:
        self.client = Client(dialect or Numbers(), self.write, self.unsent_bytes, self.close)
        self.heard: list[str] = []
        self._high_water_bytes = high_water_bytes
        # Every write that was made, also of what was not taken yet.
        self.writes: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.is_taking = True
        self._unsent = b""
        self._is_marked = False

    @property
    def seqs(self) -> list[int]:
        """The events it has heard, whatever their mark."""
        found = (one.lstrip(MARK) for one in self.heard)
        return [int(one) for one in found if one.isdecimal()]

    def write(self, data: bytes) -> None:
        """What its dialect writes; never again once there was something with a mark."""
        assert not self._is_marked, data
        self._note(data)

    def write_marked(self, data: bytes) -> None:
        """What another dialect writes, with a mark at each number."""
        said = [one.lstrip(".") for one in data.decode().split(";")]
        assert not any(one.isdecimal() for one in said), data
        self._is_marked = True
        self._note(data)

    def _note(self, data: bytes) -> None:
        self.writes.append(data)
        self._unsent += data
        if self.is_taking:
            self.take()
        self.client.is_paused = len(self._unsent) > self._high_water_bytes

    def unsent_bytes(self) -> int:
        return len(self._unsent)

    def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))
        self._unsent = b""

    def stop_taking(self) -> None:
        """As a client whose line is full."""
        self.is_taking = False

    def go_on_taking(self) -> None:
        self.is_taking = True
        self.take()

    def take(self) -> None:
        """Take what is in the transport, and nothing more unless it takes everything."""
        self.heard += [one.lstrip(".") for one in self._unsent.decode().split(";")[:-1]]
        self._unsent = b""
        self.client.is_paused = False


def entry(seq: int, kind: str = "note", **other: Any) -> Entry:
    """An event as it comes from the journal."""
    fields: dict[str, Any] = {
        "id": f"e-{seq}",
        "source": "deployment",
        "project": "shop",
        "subject": "",
        "occurred_at": START,
        "received_at": START,
        "data": None,
        "occurred_text": None,
        "attributes": None,
    }
    return Entry(Event(seq=seq, type=kind, **{**fields, **other}))
