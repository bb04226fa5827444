"""The transport of one answer: its head waits for the begin of its body, and both are one write.

uvicorn writes them one by one. An instance that is killed in between leaves a head without its
body, which a proxy has passed on already and cannot take back to ask another instance; and the
reader wakes up twice.
"""

import asyncio
from typing import Final

# What is larger than this is not copied to stand behind its head.
MAX_JOINED_BYTES: Final = 65_536
# What may come before the head of the answer itself.
_INTERIM: Final = b"HTTP/1.1 100 "


class AnswerTransport:
    """What uvicorn's cycle of one call uses of a transport."""

    __slots__ = ("_held", "_is_begun", "_loop", "_timer", "_transport")

    def __init__(self, transport: asyncio.Transport, *, has_body: bool) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held = b""
        # A head alone waits for nothing: what is written past us meanwhile would overtake it.
        self._is_begun = not has_body
        self._timer: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Write, the first time together with what comes next in the same pass of the loop."""
        if self._transport.is_closing():
            # Nobody reads it any more, and some transports raise.
            return
        if self._is_begun:
            self._transport.write(data)
        elif self._timer is None:
            self._write_first(data)
        elif len(data) <= MAX_JOINED_BYTES:
            self._held += data
            self._begin()
        else:
            self._begin()
            self.write(data)

    def _write_first(self, data: bytes) -> None:
        if data.startswith(_INTERIM):
            self._transport.write(data)
        else:
            self._held = data
            self._timer = self._loop.call_soon(self._begin)

    def close(self) -> None:
        """Close once everything is written."""
        if self._timer is not None:
            self._begin()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._is_begun, self._timer = True, None
        if not self._transport.is_closing():
            self._transport.write(self._held)
        self._held = b""
