"""Cut what comes in by a pipe into batches of log lines, soon enough to be seen live."""

import asyncio
import codecs
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress

MAX_LINES = 1000
MAX_WAIT_S = 0.5
# The server takes bodies of 10 MB; JSON makes at most six bytes of a character.
_MAX_CHARS = 1_000_000
# Longer is no line but a file without line ends; it is cut, so that it fits into a batch.
_MAX_LINE_CHARS = 100_000
# Pieces that wait to be sent; this many hold up the reading, and with it who writes them.
_MAX_PIECES = 64


class LineCutter:
    """Pure: bytes in any pieces in, whole lines out. What is not UTF-8 becomes U+FFFD."""

    def __init__(self, max_line_chars: int = _MAX_LINE_CHARS) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun: list[str] = []
        self._begun_chars = 0
        self._max_line_chars = max_line_chars

    def feed(self, piece: bytes, *, is_last: bool = False) -> list[str]:
        """The lines that `piece` ends; all that is left when it `is_last`."""
        *ended, begun = self._decoder.decode(piece, final=is_last).split("\n")
        lines: list[str] = []
        for text in ended:
            self._begun.append(text)
            lines += self._cut()
        self._begun.append(begun)
        self._begun_chars += len(begun)
        if self._begun_chars >= self._max_line_chars or (is_last and self._begun_chars):
            lines += self._cut()
        return lines

    def _cut(self) -> list[str]:
        line = "".join(self._begun).removesuffix("\r")
        self._begun, self._begun_chars = [], 0
        size = self._max_line_chars
        return [line[at : at + size] for at in range(0, len(line), size)] or [""]


def batch_length(lines: Sequence[str], max_lines: int) -> int:
    """How many of `lines` make one batch; at least one."""
    chars = 0
    for count, line in enumerate(lines[:max_lines]):
        chars += len(line)
        if chars > _MAX_CHARS and count:
            return count
    return min(len(lines), max_lines)


async def batches(
    read: Callable[[], bytes], max_lines: int = MAX_LINES, max_wait_s: float = MAX_WAIT_S
) -> AsyncGenerator[list[str], None]:
    """Lines that `read` gives, until it gives b"": when many, or when they waited long enough.

    `read` blocks and is called in a thread of its own, which nobody waits for: a person
    who presses Ctrl-C must not have to press Enter as well.
    """
    loop = asyncio.get_running_loop()
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    room = threading.Semaphore(_MAX_PIECES)
    reading = threading.Thread(target=_pump, args=(read, pieces, room, loop), daemon=True)
    reading.start()
    cutter = LineCutter()
    lines: list[str] = []
    is_over = False
    while not is_over or lines:
        leave_at = loop.time() + max_wait_s if lines else None
        while not is_over and batch_length(lines, max_lines) == len(lines) < max_lines:
            try:
                async with asyncio.timeout_at(leave_at):
                    piece = await pieces.get()
            except TimeoutError:
                break
            room.release()
            is_over = not piece
            lines += cutter.feed(piece, is_last=is_over)
            if lines and leave_at is None:
                leave_at = loop.time() + max_wait_s
        length = batch_length(lines, max_lines)
        if length:
            batch, lines = lines[:length], lines[length:]
            yield batch


def _pump(
    read: Callable[[], bytes],
    pieces: asyncio.Queue[bytes],
    room: threading.Semaphore,
    loop: asyncio.AbstractEventLoop,
) -> None:
    """Carry what `read` gives into the loop; ends with the input or with the loop."""
    # RuntimeError: the loop is closed.
    with suppress(RuntimeError):
        while True:
            room.acquire()
            piece = read()
            loop.call_soon_threadsafe(pieces.put_nowait, piece)
            if not piece:
                return
