"""Many clients in one process that cost next to nothing: sockets that are read and counted."""

import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Self

from bench.live_wire import ENGINE_PING, ENGINE_PONG, Dialect, frames

BUFFER_BYTES = 256 * 1024
OPEN_LIMIT_S = 60
# Handshakes going on at once: less than any server's backlog.
AT_ONCE = 32
# Loopback addresses to connect from, so that ports of earlier runs are never waited for.
ADDRESSES = 8

# Takes what has come into a buffer and gives its size, as `socket.recv_into` does.
Reader = Callable[[bytearray], int]


class Crowd:
    """Clients of one server. Everything happens in `turn`, in the caller's thread."""

    def __init__(self, port: int, dialect: Dialect) -> None:
        self.dialect = dialect
        self.bytes = 0
        self.opened = 0
        self.lost = 0
        self._port = port
        self._steps = dialect.steps(port)
        self._buffer = bytearray(BUFFER_BYTES)
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._readers: dict[int, Reader] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def open(self, count: int, *, project: str = "", is_stalled: bool = False) -> list[int]:
        """Connect so many more; each follows `project`. Stalled ones are never read again."""
        steps = list(self._steps)
        if project:
            subscribe = self.dialect.event("subscribe_project", project)
            steps.append((subscribe, b"subscription:confirmed"))
        begun: list[int] = []
        before = self.opened
        until_s = time.monotonic() + OPEN_LIMIT_S
        while self.opened < before + count:
            while len(begun) < count and len(begun) - (self.opened - before) < AT_ONCE:
                begun.append(self._begin(steps, is_stalled=is_stalled))
            # Without sleeping: to wake the clients would cost the server as much as to answer.
            self.turn(0)
            if time.monotonic() > until_s:
                raise TimeoutError(f"{self.opened - before} of {count} clients are connected")
        return begun

    def _begin(self, steps: list[tuple[bytes, bytes]], *, is_stalled: bool) -> int:
        one = socket.socket()
        # Closed by a reset: a port is free again at once.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if is_stalled:
            # Loopback's large segments would have the server's kernel take megabytes.
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1448)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.bind((f"127.0.0.{1 + len(self._sockets) % ADDRESSES}", 0))
        one.connect(("127.0.0.1", self._port))
        one.setblocking(False)
        number = one.fileno()
        self._sockets[number] = one
        self._readers[number] = _Opening(self, one, steps, is_stalled=is_stalled).read
        self._epoll.register(number, select.EPOLLIN)
        one.send(steps[0][0])
        return number

    def opening_is_over(self, one: socket.socket, *, is_stalled: bool) -> None:
        """The handshake of a client is done."""
        self.opened += 1
        self._readers[one.fileno()] = one.recv_into
        if is_stalled:
            self._epoll.unregister(one.fileno())

    def read_by(self, number: int, reader: Callable[[socket.socket], Reader]) -> socket.socket:
        """Have a client's bytes read by another reader; they are counted all the same."""
        one = self._sockets[number]
        self._readers[number] = reader(one)
        return one

    def add(self, one: socket.socket, reader: Reader) -> None:
        """Read one more socket, whose bytes `reader` takes and which gives -1 for them."""
        self._sockets[one.fileno()] = one
        self._readers[one.fileno()] = reader
        self._epoll.register(one.fileno(), select.EPOLLIN)

    def turn(self, timeout_s: float) -> None:
        """Wait for bytes, and take what has come."""
        buffer, readers = self._buffer, self._readers
        total = 0
        for number, _ in self._epoll.poll(timeout_s):
            try:
                size = readers[number](buffer)
            except BlockingIOError:
                continue
            except ConnectionError:
                size = 0
            if size <= 0:
                if not size:
                    self._drop(number)
                continue
            total += size
            if buffer[size - 1] == ENGINE_PING[-1] and buffer[size - 3 : size] == ENGINE_PING:
                self._sockets[number].send(ENGINE_PONG)
        self.bytes += total

    def run(self, seconds: float) -> None:
        """Take what comes for so long."""
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            self.turn(left_s)

    def run_until_quiet(self, pause_s: float = 0.3) -> None:
        """Take what comes until nothing has come for `pause_s`."""
        while True:
            before = self.bytes
            self.run(pause_s)
            if self.bytes == before:
                return

    def _drop(self, number: int) -> None:
        self.lost += 1
        self._epoll.unregister(number)
        self._sockets.pop(number).close()

    def close(self) -> None:
        """Close all of them."""
        for one in self._sockets.values():
            one.close()
        self._sockets.clear()
        self._epoll.close()


class _Opening:
    """The handshake of one client."""

    def __init__(
        self,
        crowd: Crowd,
        one: socket.socket,
        steps: list[tuple[bytes, bytes]],
        *,
        is_stalled: bool,
    ) -> None:
        self._crowd = crowd
        self._socket = one
        self._steps = steps
        self._step = 0
        self._heard = b""
        self._is_stalled = is_stalled

    def read(self, buffer: bytearray) -> int:
        """Go on to the next step when the answer to this one is there."""
        size = self._socket.recv_into(buffer)
        self._heard += buffer[:size]
        if self._steps[self._step][1] not in self._heard:
            if b"HTTP/1.1 " in self._heard and b"HTTP/1.1 101" not in self._heard:
                raise ValueError(f"refused: {self._heard.decode(errors='replace')}")
            return size
        self._step += 1
        if self._step == len(self._steps):
            self._crowd.opening_is_over(self._socket, is_stalled=self._is_stalled)
        else:
            # The answer to this one is looked for in what comes from now on.
            self._heard = b""
            self._socket.send(self._steps[self._step][0])
        return size


class Probe:
    """One client of a crowd that counts its messages and tells the server that it has them."""

    # Shorter frames are the engine's own.
    MIN_BYTES = 100

    def __init__(
        self, crowd: Crowd, number: int, told: Callable[[int], None] | None = None
    ) -> None:
        self.messages = 0
        self.bytes = 0
        self._received = bytearray()
        self._dialect = crowd.dialect
        self._told = told or self._tell_server
        self._socket = crowd.read_by(number, lambda _one: self._read)

    def say(self, name: str, argument: object) -> None:
        """Send the server a message."""
        self._socket.send(self._dialect.event(name, argument))

    def _tell_server(self, messages: int) -> None:
        self.say("received", messages)

    def _read(self, buffer: bytearray) -> int:
        size = self._socket.recv_into(buffer)
        self._received += buffer[:size]
        before = self.messages
        for payload in frames(self._received):
            if len(payload) >= self.MIN_BYTES:
                self.messages += 1
                self.bytes += len(payload) + 4
        if self.messages > before:
            self._told(self.messages)
        return size
