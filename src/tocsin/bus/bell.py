"""A bell for the parts of one process: rung after a commit, with the newest seq.

A lost ring delays, it never loses: whoever waits also looks by itself after a while,
which is how events written by another process are found.
"""

import asyncio


class Bell:
    """Wakes everybody who waits for events beyond a seq. Used from one event loop."""

    def __init__(self) -> None:
        self._newest = 0
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def newest(self) -> int:
        """The highest seq rung so far."""
        return self._newest

    def ring(self, seq: int) -> None:
        """Say that events up to `seq` are committed."""
        if seq > self._newest:
            self._newest = seq
            self.wake()

    def wake(self) -> None:
        """Wake everybody, with or without something new: at the stop of the process."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(
        self, after: int, timeout_s: float, unless: "asyncio.Future[None] | None" = None
    ) -> None:
        """Return once something beyond `after` is rung.

        Also when `timeout_s` have passed, or when `unless` is done.
        """
        if self._newest > after:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        ends = (future,) if unless is None else (future, unless)
        try:
            await asyncio.wait(ends, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting.discard(future)
