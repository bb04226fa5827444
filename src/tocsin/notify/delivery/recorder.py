"""Store what came of tries, many at once, with the events that tell of it."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import structlog

from tocsin.clock import Clock
from tocsin.errors import Reason, Rejected, StoreDown
from tocsin.model.delivery import Delivery, DeliveryState
from tocsin.model.event import OWN_SOURCE, NewEvent, new_event_id
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows, ended_of, tries_of
from tocsin.store.delivery_results import Result, record
from tocsin.store.journal import Journal

# Between two tries to store what is known here alone.
RETRY_S = 1.0
# So many results are worked out in a row at most, while nothing else goes on.
MAX_AT_ONCE = 100


log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """What a try changes, and the events that tell of it."""

    result: Result
    events: tuple[NewEvent, ...] = ()


class Recorder:
    """Gathers results while one batch is stored, and stores them as the next, in `store_on`.

    What there is to tell of them is worked out together as well: the same steps again and again
    take a processor far less time than each of them in between of calls.
    """

    def __init__(
        self, database: Database, journal: Journal, rows: DeliveryRows, clock: Clock
    ) -> None:
        self._database = database
        self._journal = journal
        self._rows = rows
        self._clock = clock
        self._ended: list[Callable[[], Told]] = []
        self._gathered: list[Told] = []
        self._news = asyncio.Event()
        self._is_ending = False

    def record(self, tell: Callable[[], Told]) -> None:
        """Have it stored, however long the store is away; `tell` is called soon."""
        self._ended.append(tell)
        if len(self._ended) >= MAX_AT_ONCE:
            self._gather()
        self._news.set()

    def _gather(self) -> None:
        ended, self._ended = self._ended, []
        self._gathered += [tell() for tell in ended]

    def end(self) -> None:
        """Nothing more comes."""
        self._is_ending = True
        self._news.set()

    async def store_on(self, stored: Callable[[Told], None]) -> None:
        """Store what is recorded, as much at a time as there is, until the end.

        `stored` is called with each result that is.

        Raises:
            LeaseLost: another instance does it now; nothing more is stored.
        """
        while self._ended or self._gathered or not self._is_ending:
            await self._news.wait()
            self._news.clear()
            self._gather()
            told, self._gathered = self._gathered, []
            await self._store(told)
            for one in told:
                stored(one)

    async def _store(self, told: Sequence[Told]) -> None:
        while told:
            try:
                await self._append(told)
            except StoreDown:
                told = await self._left_of(told)
            except Rejected as error:
                if len(told) == 1:
                    told = [self._bare(told[0], error)]
                    continue
                # One of them cannot be stored; the others must not suffer for it.
                for one in told:
                    await self._store([one])
                return
            else:
                return

    def _bare(self, told: Told, error: Rejected) -> Told:
        """That it has ended, without what came of it: else it would be sent again and again."""
        if told.result.attempt is None:
            raise error
        delivery = told.result.delivery
        log.error("result_refused", delivery=delivery.id, cause=error.message)
        ended = delivery._replace(
            state=DeliveryState.FAILED,
            ended_at=self._clock.now(),
            status=None,
            response="",
            reason=Reason.BROKEN.value,
            error="What came of it cannot be stored.",
        )
        return Told(Result(ended))

    async def _append(self, told: Sequence[Told]) -> None:
        events = [event for one in told for event in one.events]
        results = [one.result for one in told]
        await self._journal.append(events, also=lambda conn: record(conn, self._rows, results))

    async def _left_of(self, told: Sequence[Told]) -> Sequence[Told]:
        """What is not stored, once the store answers: of a commit that counts not all are heard."""
        while True:
            await self._clock.sleep(RETRY_S)
            self._gather()
            with suppress(StoreDown):
                ids = [one.result.delivery.id for one in told]
                async with self._database.read() as conn:
                    tried, ended = await tries_of(conn, ids), await ended_of(conn, ids)
                return [one for one in told if not _is_among(one, tried, ended)]


def _is_among(told: Told, tried: Collection[tuple[str, int]], ended: Collection[str]) -> bool:
    delivery, attempt = told.result.delivery, told.result.attempt
    if attempt is None:
        return delivery.id in ended
    return (attempt.delivery_id, attempt.number) in tried


_TOLD = {
    DeliveryState.DELIVERED: "delivery.sent",
    DeliveryState.FAILED: "delivery.failed",
    DeliveryState.WAITING: "delivery.retrying",
}


def delivery_event(delivery: Delivery, at: datetime, label: str = "") -> NewEvent:
    """The event that tells of a try; `delivery` is as it stands after it.

    `label` is what may be shown of where it goes, "" where that is not known.
    """
    data: dict[str, Any] = {
        "delivery_id": delivery.id,
        "config_id": delivery.config_id,
        "channel": delivery.channel_type,
        "task_id": delivery.task_id,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "attempt": delivery.attempts,
        "duration_ms": delivery.duration_ms,
        "status": delivery.status,
    }
    if label:
        data["label"] = label
    if delivery.reason is not None:
        data |= {"reason": delivery.reason, "error": delivery.error}
    return _event(_TOLD[delivery.state], delivery.project, delivery.id, data, at)


def destination_event(
    kind: str, destination: str, channel: str, label: str, by: str, reason: str | None, at: datetime
) -> NewEvent:
    """A destination was paused or resumed; `by` is "" where Tocsin did it."""
    data = {"channel": channel, "label": label, "by": by, "reason": reason}
    return _event(kind, "", destination, data, at)


def _event(kind: str, project: str, subject: str, data: dict[str, Any], at: datetime) -> NewEvent:
    return NewEvent(
        id=new_event_id(),
        source=OWN_SOURCE,
        type=kind,
        project=project,
        subject=subject,
        occurred_at=at,
        received_at=at,
        data=data,
    )
