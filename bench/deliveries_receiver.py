"""A destination of callbacks that costs next to nothing.

`python -m bench.deliveries_receiver PORT`. It is many destinations, by the first part of the path:
`/fine/…` is answered 200, `/hanging/…` is read and never answered. `GET /figures` tells what came
to the fine ones since the last `GET /begin`, `GET /sample` gives the newest body.
"""

import asyncio
import re
import sys
import time
from dataclasses import dataclass, field
from typing import cast

import orjson
import uvloop

from bench.live_posts import MARK

_SENT = re.compile(rb"%s(\d{20})" % MARK.encode())
_SIZE = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Figures:
    """What came, by the clock that all processes of the machine share."""

    count: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    # How long each was on its way that tells when it was sent.
    ms: list[float] = field(default_factory=list)

    def add(self, body: bytes) -> None:
        """Count one call."""
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.count += 1
        found = _SENT.search(body)
        if found:
            self.ms.append(self.last_s * 1000 - int(found[1]) / 1e6)


class Receiver:
    """Shared by all connections."""

    def __init__(self) -> None:
        self._figures = Figures()
        self._sample = b"{}"

    def answer(self, path: str, body: bytes) -> bytes | None:
        """The body of the answer to a call; None: there will be none."""
        if path.startswith("/fine/"):
            self._figures.add(body)
            self._sample = body
            return b"ok"
        if path.startswith("/hanging/"):
            return None
        if path == "/figures":
            return orjson.dumps(self._figures)
        if path == "/sample":
            return self._sample
        self._figures = Figures()
        return b"ok"


class Connection(asyncio.Protocol):
    """One kept-alive connection, whose calls come one after the other."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = bytes(self._received).partition(b"\r\n\r\n")
        size = _SIZE.search(head)
        if not end or len(body) < (int(size[1]) if size else 0):
            return
        self._received.clear()
        answer = self._receiver.answer(head.split(b" ", 2)[1].decode(), body)
        if answer is not None:
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self._transport.write(b"%s%d\r\n\r\n%s" % (start, len(answer), answer))


async def _serve(port: int) -> None:
    receiver = Receiver()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(receiver), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
