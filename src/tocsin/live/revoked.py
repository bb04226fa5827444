"""Notice that a credential was withdrawn, and end what it holds open.

A socket may stay open for weeks, and shows its token or session only once. So everything that is
held open is asked about again, one question for each credential however many sockets it has.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Protocol

import structlog

from tocsin.clock import Clock
from tocsin.errors import Rejected, StoreDown
from tocsin.model.access import Caller

# Withdrawn credentials are noticed within 30 s: this, and the time that the questions take.
ASK_EVERY_S = 20.0
# So many are asked about at a time.
ASK_AT_ONCE = 2

log = structlog.get_logger(__name__)


class Holder(Protocol):
    """Something that a credential holds open."""

    def credential_checked(self, caller: Caller | None) -> None:
        """Who it still stands for; None: it is withdrawn, or may not read any more."""
        ...


class Watched:
    """What one credential holds open, and how to ask about it."""

    __slots__ = ("ask", "holders")

    def __init__(self, ask: Callable[[], Awaitable[Caller]]) -> None:
        self.ask = ask
        self.holders: dict[Holder, None] = {}


class Revocations:
    """Asks again and again; `step` is the loop of it. Used from one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watched: dict[str, Watched] = {}

    def watch(self, key: str, ask: Callable[[], Awaitable[Caller]], holder: Holder) -> None:
        """Tell `holder` what becomes of the credential `key`; `ask` gives whom it stands for."""
        watched = self._watched.get(key)
        if watched is None:
            watched = self._watched[key] = Watched(ask)
        watched.holders[holder] = None

    def forget(self, key: str, holder: Holder) -> None:
        """Tell it nothing more; idempotent."""
        watched = self._watched.get(key)
        if watched is not None:
            watched.holders.pop(holder, None)
            if not watched.holders:
                del self._watched[key]

    async def step(self) -> None:
        """Let time pass, then ask about all."""
        await self._clock.sleep(ASK_EVERY_S)
        waiting = iter(list(self._watched))
        async with asyncio.TaskGroup() as group:
            for _ in range(ASK_AT_ONCE):
                group.create_task(self._ask_about(waiting))

    async def _ask_about(self, keys: Iterator[str]) -> None:
        for key in keys:
            watched = self._watched.get(key)
            if watched is None:
                continue
            try:
                caller: Caller | None = await watched.ask()
            except Rejected:
                caller = None
            except StoreDown:
                # Nobody can tell now; the next time will.
                continue
            if caller is not None and not (caller.may_read and caller.key == key):
                caller = None
            self._tell(key, watched, caller)

    def _tell(self, key: str, watched: Watched, caller: Caller | None) -> None:
        if caller is None:
            self._watched.pop(key, None)
            log.info("credential_withdrawn", credential=key, sockets=len(watched.holders))
        for holder in list(watched.holders):
            holder.credential_checked(caller)
