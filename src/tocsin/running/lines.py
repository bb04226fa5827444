"""From pieces of output to log lines: cut, masked, with their level.

Pure. A line ends with a line feed. Carriage returns inside of it stay, since a reader of the log
shows what a progress bar looked like at its end; so do colours. What is not UTF-8 and NUL
become U+FFFD.
"""

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from tocsin.client.messages import Line
from tocsin.running.frames import Frame, Kind
from tocsin.running.masking import Masks

MAX_LINE_CHARS = 64_000

# GitHub's workflow command; what it says is masked from there on.
_ADD_MASK = re.compile(r"\s*::add-mask(?: [^:]*)?::(.*)", re.IGNORECASE)
_ADD_MASK_SIGN = re.compile("::add-mask", re.IGNORECASE)
_COLOUR = r"(?:\x1b\[[0-9;]*m)*"
# `::error file=a.py::text`, `##[error]text`, `ERROR: text`, `[ERROR] text`, also in colour.
_LEVEL = re.compile(
    rf"{_COLOUR}(?:::(error|warning|debug)[ :]|##\[(error|warning|debug)\]"
    rf"|\[?{_COLOUR}(ERROR|FATAL|CRITICAL|WARNING|WARN|DEBUG)\b)"
)
_LEVELS = {"fatal": "critical", "warn": "warning"}


class Lines:
    """Takes the frames of both streams; `read` counts the line ends that made a line."""

    def __init__(self, masks: Masks, max_line_chars: int = MAX_LINE_CHARS) -> None:
        self.read = 0
        self._masks = masks
        self._max_chars = max_line_chars
        self._texts = {Kind.OUT: _Text(), Kind.ERR: _Text()}

    def feed(self, frame: Frame) -> Iterator[Line]:
        """The lines that `frame` ends."""
        if frame.kind is Kind.GAP:
            yield self._missing(frame)
            return
        text = self._texts[frame.kind]
        at = datetime.fromtimestamp(frame.at, UTC)
        block = text.add(frame.data)
        if block is not None:
            self.read += block.count("\n") + 1
            for line in self._lines(block):
                yield Line(line, at, _level(line))
        for piece in text.pieces(self._max_chars, self._masks):
            yield Line(piece, at, _level(piece))

    def rest(self) -> Iterator[Line]:
        """What no line feed ended, once no more is coming."""
        now = datetime.now(UTC)
        for text in self._texts.values():
            if block := text.rest():
                for line in self._lines(block):
                    yield Line(line, now, _level(line))

    def _lines(self, block: str) -> Iterator[str]:
        """The lines of a block of whole lines, masked."""
        if _ADD_MASK_SIGN.search(block):
            lines = list(self._without_masks(block))
        else:
            lines = self._masks.hide(block).split("\n")
        size = self._max_chars
        for line in lines:
            bare = line.removesuffix("\r")
            if len(bare) <= size:
                yield bare
            else:
                yield from (bare[at : at + size] for at in range(0, len(bare), size))

    def _without_masks(self, block: str) -> Iterator[str]:
        for line in block.split("\n"):
            found = _ADD_MASK.match(line)
            if found:
                self._masks.add(_unescaped(found[1]))
            else:
                yield self._masks.hide(line)

    def _missing(self, frame: Frame) -> Line:
        # Half a line, and with it half a secret, may stand on either side of the gap.
        for text in self._texts.values():
            text.skip()
        said = f"[tocsin run: {frame.lines} lines are missing here; Tocsin was away for too long]"
        return Line(said, datetime.now(UTC), "warning")


class _Text:
    """One stream, decoded: gives whole lines as soon as they end and keeps the begun one."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = ""
        self._is_skipping = False

    def add(self, data: bytes) -> str | None:
        """The lines that `data` ends, without the last line feed; None when it ends none."""
        text = self._decoded(data)
        if self._is_skipping:
            _, found, text = text.partition("\n")
            self._is_skipping = not found
        block, found, begun = text.rpartition("\n")
        if not found:
            self._begun += begun
            return None
        ended, self._begun = self._begun + block, begun
        return ended

    def pieces(self, max_chars: int, masks: Masks) -> Iterator[str]:
        """Parts of a begun line that is too long to wait for its end, masked.

        So many characters stay that a secret which is not whole yet cannot be cut.
        """
        while len(self._begun) >= max_chars + masks.longest:
            cut = max_chars
            for begin, end in masks.spans(self._begun):
                if begin < cut < end:
                    cut = begin or end
            yield masks.hide(self._begun[:cut])
            self._begun = self._begun[cut:]

    def rest(self) -> str:
        """The line that was begun."""
        text, self._begun = self._begun + self._decoded(b"", is_last=True), ""
        return "" if self._is_skipping else text

    def skip(self) -> None:
        """Forget the begun line, and what comes of it."""
        self._decoder.reset()
        self._begun, self._is_skipping = "", True

    def _decoded(self, data: bytes, *, is_last: bool = False) -> str:
        return self._decoder.decode(data, is_last).replace("\0", "\ufffd")


def _level(line: str) -> str:
    found = _LEVEL.match(line)
    if found is None:
        return "info"
    word = (found[1] or found[2] or found[3]).lower()
    return _LEVELS.get(word, word)


def _unescaped(value: str) -> str:
    """The value of a workflow command, whose line ends and per cent signs are escaped."""
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, char)
    return value
