"""Where a client stands in a server's journal, and what a new connection means for that.

Pure. A place is an epoch (which journal) and a seq (how far in it); together, written
`<epoch>:<seq>`, they are what a client shows to go on where it was.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection stands. `recovered` tells whether it goes on without a gap; None: it is new."""

    epoch: str
    seq: int
    recovered: bool | None


@dataclass(frozen=True, slots=True)
class Back:
    """A lost connection stands again.

    `missed` is 0 when nothing is missing, else how many events the journal took in
    meanwhile at most (a filter may want fewer of them), None when that cannot be known.
    """

    missed: int | None


@dataclass(frozen=True, slots=True)
class Lost:
    """A connection ended; it is being tried again. Told once, however many tries it takes."""

    detail: str


@dataclass(frozen=True, slots=True)
class Place:
    """How far a client has read. `start` counts until there is a seq: "start", "now" or a seq."""

    start: str = "now"
    epoch: str = ""
    seq: int | None = None

    @property
    def offset(self) -> str | None:
        """What to show as Last-Event-ID; None when there is nothing to go on from."""
        return None if self.seq is None else f"{self.epoch}:{self.seq}"

    def is_repeat(self, epoch: str, seq: int) -> bool:
        """Whether an event of this number was here before."""
        return self.seq is not None and epoch == self.epoch and seq <= self.seq

    def after(self, epoch: str, seq: int) -> "Place":
        """The place once the event of this number was handed on."""
        return replace(self, epoch=epoch, seq=seq)

    def opened(self, by: Opened) -> "Place":
        """The place from which a connection that opened like this goes on.

        Only one that begins without a past tells by its seq what was read. Where the past
        is still to come, the events that come tell it.
        """
        starts_now = by.recovered is False or (self.seq is None and self.start == "now")
        return Place(self.start, by.epoch, by.seq) if starts_now else self

    def back(self, by: Opened) -> Back:
        """What a connection that opened like this means to one who stood here."""
        if by.recovered is not False:
            # Without an offset (nothing seen yet, read from the start) all is read anew.
            return Back(0)
        if self.seq is None or by.epoch != self.epoch or by.seq < self.seq:
            return Back(None)
        return Back(by.seq - self.seq)


def read_offset(text: str) -> tuple[str, int] | None:
    """The epoch and seq of `<epoch>:<seq>`; None when `text` is not one."""
    epoch, colon, seq = text.rpartition(":")
    if not colon or not (seq.isascii() and seq.isdigit() and len(seq) <= 19):
        return None
    return epoch, int(seq)
