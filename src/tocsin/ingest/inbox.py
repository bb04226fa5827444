"""Take what producers push onto the list in Redis, as deployment messages, and store it.

A message leaves Redis only after its commit. One that cannot be read goes to the list of those,
with the reason; nobody waits for an answer to it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from tocsin.bus.connection import Pause
from tocsin.bus.inbox import ALIVE_EVERY_S, InboxLists, Message
from tocsin.clock import Clock
from tocsin.errors import BusDown, Reason, Rejected, StoreDown
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall, Source, SourceOptions
from tocsin.model.event import Receipt
from tocsin.model.times import rfc3339
from tocsin.store.journal import Journal

# Whose messages these are.
SOURCE: Final = "deployment"

log = structlog.get_logger(__name__)


class InboxFigures:
    """What became of messages, in metrics; all 0 without an inbox."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "tocsin_inbox_messages",
            "Messages of the inbox, by what became of them.",
            ("outcome",),
            registry=registry,
        )
        self.waiting = Gauge(
            "tocsin_inbox_waiting_messages", "Messages that nobody has taken.", registry=registry
        )
        self.dead = Gauge(
            "tocsin_inbox_dead_messages", "Unreadable messages that are kept.", registry=registry
        )
        self.taken_over = Counter(
            "tocsin_inbox_taken_over",
            "Messages taken over from instances that are gone.",
            registry=registry,
        )


class Inbox:
    """The inbox of one instance."""

    def __init__(
        self,
        lists: InboxLists,
        journal: Journal,
        source: Source,
        options: SourceOptions,
        limits: BodyLimits,
        clock: Clock,
        figures: InboxFigures,
    ) -> None:
        self._lists = lists
        self._journal = journal
        self._source = source
        self._options = options
        self._limits = limits
        self._clock = clock
        self._figures = figures
        self._away = Pause(clock)
        self._store_down = Pause(clock)
        # Since when what was taken could not be stored.
        self.waits_since: datetime | None = None

    @property
    def loops(self) -> Sequence[tuple[str, Callable[[], Awaitable[None]]]]:
        """What is to be kept going."""
        return (("ingest.inbox", self.step), ("ingest.inbox_alive", self.alive_step))

    async def step(self) -> None:
        """Deal with what there is, or wait for something to come.

        Raises:
            BusDown: Redis refuses.
        """
        try:
            taken = await self._lists.take()
            if taken.left_by:
                log.warning("inbox_taken_over", owner=taken.left_by, count=len(taken.messages))
                self._figures.taken_over.inc(len(taken.messages))
            if taken.messages:
                await self._deal_with(taken.messages)
                await self._lists.done()
            else:
                await self._lists.wait()
        except BusDown as error:
            if error.reason is not Reason.BUS_DOWN:
                raise
            await self._away.after_failure()
        else:
            self._away.reset()

    async def alive_step(self) -> None:
        """Give a sign of life, now and then, and count what waits.

        Raises:
            BusDown: Redis refuses.
        """
        try:
            await self._lists.stay_alive()
            lengths = await self._lists.lengths()
        except BusDown as error:
            if error.reason is not Reason.BUS_DOWN:
                raise
        else:
            self._figures.waiting.set(lengths.waiting)
            self._figures.dead.set(lengths.dead)
        await self._clock.sleep(ALIVE_EVERY_S)

    async def _deal_with(self, messages: Sequence[Message]) -> None:
        """Store or bury all of these, however long that takes."""
        while messages := await self._store(messages):
            await self._store_down.after_failure()
        self._store_down.reset()
        self.waits_since = None

    async def _store(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Store them in their order; gives those that have to wait until the store is there."""
        done = await asyncio.gather(*map(self._append, messages), return_exceptions=True)
        waiting: list[Message] = []
        for message, outcome in zip(messages, done, strict=True):
            if isinstance(outcome, StoreDown):
                waiting.append(message)
                self._see_waiting(outcome)
            elif isinstance(outcome, Rejected):
                await self._bury(message, outcome.reason.value, outcome.message)
            elif isinstance(outcome, Exception):
                # It must not keep all others from being stored.
                log.error("inbox_message_failed", id=message.id, exc_info=outcome)
                await self._bury(message, "bug", "Tocsin failed; the log says why.")
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                is_known = bool(outcome) and all(one.is_duplicate for one in outcome)
                self._figures.messages.labels("duplicate" if is_known else "stored").inc()
        return waiting

    async def _append(self, message: Message) -> Sequence[Receipt]:
        """Store what one message means.

        Raises:
            Rejected: it cannot be read.
            StoreDown: it is not stored.
        """
        if len(message.text) > self._limits.max_body_bytes:
            limit = self._limits.max_body_bytes
            raise Rejected(413, Reason.TOO_LARGE, f"The message is larger than {limit} bytes.")
        # By this key it is stored once, however often it is read.
        headers = {"idempotency-key": message.id}
        now = self._clock.now()
        call = InboundCall(headers, {}, message.text, "", now, self._limits)
        return await self._journal.append(self._source.read(call, self._options))

    def _see_waiting(self, error: StoreDown) -> None:
        if self.waits_since is None:
            self.waits_since = self._clock.now()
            log.warning("inbox_waits", reason=error.reason)

    async def _bury(self, message: Message, reason: str, text: str) -> None:
        log.warning("inbox_message_dead", id=message.id, reason=reason)
        facts: dict[str, Any] = {
            "at": rfc3339(self._clock.now()),
            "reason": reason,
            "message": text,
        }
        await self._lists.bury(message, facts)
        self._figures.messages.labels("dead").inc()
