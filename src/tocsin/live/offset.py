"""Where a live client stands in the journal, and whether it can go on from there.

Pure. An offset is `<epoch>:<seq>`: the seq of the last event the client has, and the identity
of the journal that gave it. A seq of another journal, or one before events that retention has
removed, would silently leave out a part, so it is not resumed from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_LARGEST_SEQ = 2**63 - 1
_MAX_DIGITS = 19


@dataclass(frozen=True, slots=True)
class Offset:
    """The last event a client has."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}:{self.seq}"


def parse_offset(text: str) -> Offset | None:
    """The offset in a client's `Last-Event-ID`; None when it is none."""
    epoch, _, seq = text.strip().partition(":")
    if not epoch or not (seq.isascii() and seq.isdecimal()):
        return None
    # Python refuses to make a number of thousands of digits.
    if len(seq) > _MAX_DIGITS or int(seq) > _LARGEST_SEQ:
        return None
    return Offset(epoch, int(seq))


def own_offset(offset: Offset, epoch: str, former_epochs: Mapping[str, int]) -> Offset:
    """The offset as the journal of `epoch` gives it, if the client has nothing but what is in it.

    One of before a backup was put back counts, up to the last event that the backup has. As it
    was otherwise.
    """
    is_same = offset.seq <= former_epochs.get(offset.epoch, -1)
    return Offset(epoch, offset.seq) if is_same else offset


def can_resume(offset: Offset, epoch: str, pruned_through: int, newest: int) -> bool:
    """Whether every event after `offset` is still there to be given."""
    return offset.epoch == epoch and pruned_through <= offset.seq <= newest
