"""How the runner hands output to the sender: pieces with their stream and the time of reading.

Pure. A frame is a header (kind, Unix time, length) and so many bytes; a gap's bytes are the
number of lines that had to be dropped at this place.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_HEADER = struct.Struct("<BdI")
_COUNT = struct.Struct("<Q")


class Kind(IntEnum):
    """What a frame holds."""

    OUT = 1
    ERR = 2
    GAP = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of output, or with `Kind.GAP` that `lines` of it are missing here."""

    kind: Kind
    at: float
    data: bytes = b""

    @property
    def lines(self) -> int:
        return int(_COUNT.unpack(self.data)[0])

    def packed(self) -> bytes:
        return _HEADER.pack(self.kind, self.at, len(self.data)) + self.data


def gap(lines: int, at: float) -> Frame:
    """A frame that stands for `lines` dropped ones."""
    return Frame(Kind.GAP, at, _COUNT.pack(lines))


class FrameReader:
    """Bytes in any pieces in, frames out."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, piece: bytes) -> Iterator[Frame]:
        """The frames that `piece` completes."""
        self._bytes += piece
        at = 0
        while len(self._bytes) - at >= _HEADER.size:
            kind, time, length = _HEADER.unpack_from(self._bytes, at)
            begin, end = at + _HEADER.size, at + _HEADER.size + length
            if len(self._bytes) < end:
                break
            yield Frame(Kind(kind), time, bytes(self._bytes[begin:end]))
            at = end
        del self._bytes[:at]
