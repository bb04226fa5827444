"""The stage that asks FAL after trainings of which nothing has been heard.

FAL pushes the end alone, and gives up when nobody answers; so each training that is under way is
asked after, from a minute and a half of silence on, and for an hour. What is new is appended as
if FAL had called. A start looks back a day: the end may have come while nobody was there.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter

from tocsin.clock import Clock
from tocsin.edge.outbound import Answer, Outbound
from tocsin.errors import DeliveryFailed, GiveUp, Reason, TryLater
from tocsin.model.event import NewEvent
from tocsin.model.logline import clean_text
from tocsin.model.times import to_us
from tocsin.model.training import TrainingChange
from tocsin.model.training_news import PORTRAIT, SOURCE, STYLE, training_event
from tocsin.settings.schema import Secret, WatchSettings
from tocsin.store import trainings
from tocsin.store.database import Database
from tocsin.store.journal import Journal
from tocsin.store.trainings import Pauses, StoredTraining
from tocsin.watch.fal_answers import (
    address_of,
    is_complete,
    is_news,
    news_in_result,
    news_in_status,
)

LOOK_BACK = timedelta(hours=24)
# Asked after at a time, and of these at once.
PAGE, AT_ONCE = 50, 5
# A day's log of a training has some megabytes.
MAX_BYTES = 16 * 1024 * 1024

log = structlog.get_logger(__name__)


class FalOptions(Protocol):
    """What the stage needs of the options of the source `fal`."""

    @property
    def api_key(self) -> Secret: ...
    @property
    def api_url(self) -> str: ...
    @property
    def portrait_endpoint(self) -> str: ...
    @property
    def style_endpoint(self) -> str: ...


class SilentTrainings:
    """One step lets time pass and asks after all that are due; without a key it asks nobody."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        http: Outbound,
        settings: WatchSettings,
        options: FalOptions,
        registry: CollectorRegistry,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._http = http
        self._settings = settings
        self._options = options
        self._started_at = clock.now()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._asked = Counter(
            "tocsin_training_asks",
            "Questions to FAL after trainings, by what came of them.",
            ("outcome",),
            registry=registry,
        )

    async def step(self) -> None:
        await self._clock.sleep(self._settings.poll_s)
        if self._options.api_key.get_secret_value():
            while await self.ask_after_some():
                pass

    async def ask_after_some(self) -> bool:
        """Ask after those that are due; whether there may be more of them."""
        now = self._clock.now()
        span = timedelta(seconds=self._settings.training_ask_for_s)
        has_just_started = now < self._started_at + span
        heard_since = self._started_at - LOOK_BACK if has_just_started else now - span
        pauses = Pauses(
            after=timedelta(seconds=self._settings.training_ask_after_s),
            every=timedelta(seconds=self._settings.training_ask_every_s),
        )
        async with self._database.read() as conn:
            due = await trainings.to_ask_after(conn, now, heard_since, pauses, PAGE)
        if not due:
            return False
        # Ahead of asking: what fails has its turn again after the pause, like all the others.
        ids = [one.id for one in due]
        await self._database.write(lambda conn: trainings.mark_asked(conn, ids, now))
        asking = [asyncio.create_task(self._ask(one)) for one in due]
        try:
            # As they come: who has long to wait for an answer holds up nobody else's news.
            for answered in asyncio.as_completed(asking):
                if (event := await answered) is not None:
                    await self._journal.append([event])
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return len(due) == PAGE

    async def _ask(self, one: StoredTraining) -> NewEvent | None:
        """The event of what FAL says; None when it says nothing new, or nothing at all."""
        endpoint, request_id = self._endpoint(one), one.training.fact("request_id")
        if not endpoint or not request_id:
            self._asked.labels("unknown_endpoint").inc()
            return None
        try:
            async with self._room:
                address = address_of(self._options.api_url, endpoint, request_id)
                change, said = await self._news(one, address)
        except DeliveryFailed as error:
            self._asked.labels(error.reason.value).inc()
            log.warning(
                "training_not_asked",
                training=one.id,
                reason=error.reason.value,
                cause=error.message,
            )
            return None
        if change is None or not is_news(one.training, change):
            self._asked.labels("no_news").inc()
            return None
        self._asked.labels("news").inc()
        return training_event(change, said, self._clock.now(), _key(change))

    def _endpoint(self, one: StoredTraining) -> str:
        of_type = {
            PORTRAIT: self._options.portrait_endpoint,
            STYLE: self._options.style_endpoint,
        }
        known = one.training.fact("endpoint")
        return known or of_type.get(one.training.fact("training_type"), "")

    async def _news(self, one: StoredTraining, address: str) -> tuple[TrainingChange | None, Any]:
        """What FAL says of a training now, and its answer.

        Raises:
            DeliveryFailed: FAL cannot be reached, or gives no answer that can be read.
        """
        answer = await self._get(f"{address}/status?logs=1")
        said = _json(answer)
        if answer.status >= 400 or not isinstance(said, dict):
            raise _bad(answer)
        at = to_us(self._clock.now())
        change = news_in_status(one.id, said, at)
        if change is not None or not is_complete(said):
            shown = {name: value for name, value in said.items() if name != "logs"}
            return change, {"request_id": one.id, **shown, "asked": True}
        answer = await self._get(address)
        result = _json(answer)
        # Client errors are the training's own: what was sent to it was wrong.
        if answer.status in (401, 403, 404, 408, 429) or answer.status >= 500:
            raise _bad(answer)
        change = news_in_result(one.id, one.training, answer.status, result, at)
        told = {"request_id": one.id, "status": "COMPLETED", "payload": result, "asked": True}
        return change, told

    async def _get(self, address: str) -> Answer:
        key = self._options.api_key.get_secret_value()
        headers = {"Authorization": f"Key {key}", "Accept": "application/json"}
        return await self._http.call("GET", address, headers=headers, max_bytes=MAX_BYTES)


def _key(change: TrainingChange) -> str:
    """Told by two instances at the same moment, it is the same news."""
    said: Sequence[object] = (change.status, change.word, change.progress, change.queue_position)
    told = change.status if change.status is not None and change.status.is_final else said
    return f"{SOURCE}\n\n{change.training_id}\nasked {told}"


def _json(answer: Answer) -> Any:
    """The JSON of an answer, as every database can keep it; None when it is none."""
    try:
        said = orjson.loads(answer.body)
        # What is nested deeper than can be written out again cannot be kept.
        orjson.dumps(said)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return _cleaned(said) if b"\\u0000" in answer.body else said


def _cleaned(said: Any) -> Any:
    if isinstance(said, str):
        return clean_text(said)
    if isinstance(said, dict):
        return {clean_text(name): _cleaned(value) for name, value in said.items()}
    return [_cleaned(one) for one in said] if isinstance(said, list) else said


def _bad(answer: Answer) -> DeliveryFailed:
    message = f"FAL answers {answer.status}, and nothing that tells of a training."
    if answer.status in (401, 403):
        return GiveUp("FAL does not take sources.fal.api_key.", reason=Reason.BAD_CREDENTIALS)
    return TryLater(message, reason=Reason.BAD_ANSWER)
