"""What is to be sent in one HTTP answer, filled by the hub and emptied by the call itself."""

import asyncio
from collections.abc import Callable
from typing import Final

# From so much unsent on its client counts as paused.
HIGH_WATER_BYTES: Final = 64 * 1024


class Outbox:
    """Bytes on their way to one client; `on_pause` is told when it falls behind, or has caught up.

    `cause` is why it was closed.
    """

    def __init__(self) -> None:
        self.on_pause: Callable[[bool], None] | None = None
        self.is_closed = False
        self.cause = "gone"
        self._waiting: list[bytes] = []
        self._unsent = 0
        self._was_written = False
        self._wake: asyncio.Future[None] | None = None

    def write(self, data: bytes) -> None:
        """Add to what is to be sent."""
        if self.is_closed:
            return
        before = self._unsent
        self._waiting.append(data)
        self._unsent += len(data)
        self._was_written = True
        if before <= HIGH_WATER_BYTES < self._unsent and self.on_pause is not None:
            self.on_pause(True)
        self._ring()

    def unsent_bytes(self) -> int:
        """What is not with the client yet."""
        return self._unsent

    def is_quiet(self) -> bool:
        """Whether nothing was written since this was asked last."""
        is_quiet, self._was_written = not self._was_written, False
        return is_quiet

    def close(self, _code: int, cause: str) -> None:
        """Take nothing more; what is waiting is given up, as its client comes back for it."""
        if not self.is_closed:
            self.is_closed = True
            self.cause = cause
            self._waiting.clear()
            self._ring()

    async def take(self) -> bytes:
        """All that is to be sent, once there is something; b"" when it is closed."""
        while not self._waiting and not self.is_closed:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        waiting, self._waiting = self._waiting, []
        return b"".join(waiting)

    def sent(self, size: int) -> None:
        """So much of it is on its way."""
        before = self._unsent
        self._unsent -= size
        if before > HIGH_WATER_BYTES >= self._unsent and self.on_pause is not None:
            self.on_pause(False)

    def _ring(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
