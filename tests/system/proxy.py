"""A line between a client and the server that can be cut, stalled and restored."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK_BYTES = 1 << 16


class Line:
    """Carries bytes both ways until it is told otherwise.

    `stall` is a lost radio link: nothing arrives, nobody is told, what is sent waits. `cut` is
    a pulled plug: every connection is reset and new ones are refused until `restore`.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self._reset_all()
        for task in list(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)
        await self._server.wait_closed()

    def stall(self) -> None:
        self._flows.clear()

    def cut(self) -> None:
        self._is_cut = True
        self._reset_all()

    def restore(self) -> None:
        self._is_cut = False
        self._flows.set()

    def _reset_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._carrying.add(task)
        task.add_done_callback(self._carrying.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await self._flows.wait()
            there = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            # The server is down: the client sees a line that breaks at once.
            self._drop(writer)
            return
        except asyncio.CancelledError:
            self._drop(writer)
            raise
        self._open.add(there[1])
        try:
            await asyncio.gather(self._carry(reader, there[1]), self._carry(there[0], writer))
        finally:
            self._drop(writer)
            self._drop(there[1])

    def _drop(self, writer: asyncio.StreamWriter) -> None:
        self._open.discard(writer)
        writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, to its end; a reset on one side becomes a reset on the other."""
        try:
            while data := await reader.read(CHUNK_BYTES):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            writer.transport.abort()


@asynccontextmanager
async def line_to(target_port: int) -> AsyncIterator[Line]:
    """A line to a server, torn down at the end."""
    line = Line(target_port)
    await line.start()
    try:
        yield line
    finally:
        await line.stop()
