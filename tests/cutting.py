"""A line to a server that breaks after so many bytes, wherever that is in what goes over it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from tests.system.proxy import Line


class CutLine(Line):
    """Counts the bytes of both directions; `connects` counts who came, `breaks` how often it broke.

    After each break those who come again may.
    """

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.connects = 0
        self.breaks = 0
        # The bytes until each break that is to come; nothing goes over the line any more at 0.
        self._left_bytes: list[int] = []

    def cut_after(self, *counts: int) -> None:
        """Break everything off once so many bytes more went over it, then again after so many."""
        self._left_bytes = list(counts)

    def break_off(self) -> None:
        """Break everything off now, and not later for the count that runs."""
        del self._left_bytes[:1]
        self.breaks += 1
        self._reset_all()

    def pass_on(self, data: bytes) -> bytes:
        """As much of `data` as still goes over it."""
        if not self._left_bytes:
            return data
        kept = data[: self._left_bytes[0]]
        self._left_bytes[0] -= len(kept)
        return kept

    def breaks_now(self) -> bool:
        """Whether its time has come; then it is broken and the next one holds."""
        if self._left_bytes[:1] != [0]:
            return False
        self.break_off()
        return True

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connects += 1
        super()._connected(reader, writer)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted = _Counted(reader, self)
        # It is read from, and nothing else.
        await super()._carry(cast("asyncio.StreamReader", counted), writer)


class _Counted:
    def __init__(self, reader: asyncio.StreamReader, line: CutLine) -> None:
        self._reader = reader
        self._line = line
        self._breaks_before = line.breaks

    async def read(self, count: int) -> bytes:
        if self._line.breaks_now():
            return b""
        data = await self._reader.read(count)
        # What was under way at a break is lost, and no byte of the line that comes after it.
        return self._line.pass_on(data) if self._line.breaks == self._breaks_before else b""


@asynccontextmanager
async def cut_line_to(target_port: int) -> AsyncGenerator[CutLine, None]:
    """A line to a server of this machine, torn down at the end."""
    line = CutLine(target_port)
    await line.start()
    try:
        yield line
    finally:
        await line.stop()
