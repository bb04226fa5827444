"""Follow a server over `/ws` and speak to it, across lost lines.

One is used with `async with` and read with `async for`. It is read, not pushed: a program that
is slow in reading slows the server down, which in the end closes the line and is come back to.
"""

import itertools
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from tocsin.client.errors import Busy, Refused, Unreachable
from tocsin.client.follow import OnLink
from tocsin.client.live.follower import Follower
from tocsin.client.live.line import Line
from tocsin.client.live.messages import ErrorSaid, Message, Offset, Pong, Rubbish
from tocsin.client.live.reading import read_message
from tocsin.client.live.subscription import Subscription, Wish
from tocsin.client.place import Lost, Opened, Place
from tocsin.client.retry import Pacing, pause_s

# The server pings each 30 s; after this it is gone, whatever TCP says.
_SILENCE_S = 45.0
# A server that does not answer the question where a line goes on within this is of no use.
_ANSWER_S = 10.0
# A line that held this long was a good one: the next loss is a first failure again.
_GOOD_S = 5.0

_STATUS_OF = {"AUTHENTICATION_REQUIRED": 401, "PERMISSION_DENIED": 403}


@dataclass(frozen=True, slots=True)
class Course:
    """How a `Live` behaves, apart from what it is to get."""

    on_link: OnLink
    patience_s: float
    pacing: Pacing
    client_id: str = ""


class Live(AbstractAsyncContextManager["Live"], AsyncIterator[Message]):
    """A line to a server that is kept up; `Client.live` makes one.

    Each event of the journal comes once and in order. A server that was never reached is given
    up at once, a busy one after the patience; one that was reached is tried again until it is
    back. Reading raises what `Client.events` does, and SentAway.
    """

    def __init__(
        self, session: aiohttp.ClientSession, url: str, wish: Wish, place: Place, course: Course
    ) -> None:
        self._session = session
        self._url = url
        self._follower = Follower(place, Subscription().plus(wish))
        self._on_link = course.on_link
        self._pacing = course.pacing
        self._patience_s = course.patience_s
        self._client_id = course.client_id or f"python_{uuid.uuid4().hex[:12]}"
        self._ids = itertools.count(1)
        self._line: Line | None = None
        self._begun_at = 0.0
        self._give_up_at = 0.0
        self._failures = 0
        self._asked_s: float | None = None
        self._was_open = self._is_lost = self._is_over = False
        self._pinged: tuple[str, float] | None = None
        self._latency_s: float | None = None

    async def __aenter__(self) -> Self:
        self._give_up_at = self._pacing.monotonic() + self._patience_s
        await self._connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    @property
    def offset(self) -> Offset | None:
        """Up to where the journal was handed on; what `last_event_id` takes to go on there."""
        return self._follower.offset

    @property
    def is_connected(self) -> bool:
        """Whether the line stands."""
        return self._line is not None and self._follower.is_open

    @property
    def latency_s(self) -> float | None:
        """There and back, by the last ping that was answered."""
        return self._latency_s

    async def __anext__(self) -> Message:
        while True:
            if self._is_over:
                raise StopAsyncIteration
            line = self._line or await self._connect()
            try:
                heard = await line.hear(self._limit_s())
            except Unreachable as error:
                if self._line is line:
                    await self._lose(error.detail)
                continue
            if heard is not None:
                message = read_message(heard)
                if isinstance(message, Rubbish) or await self._takes(message):
                    return message

    async def subscribe(self, wish: Wish) -> None:
        """Ask for more; see `Wish`. It is remembered, and told again on each new line."""
        await self._change("subscribe", wish)

    async def unsubscribe(self, wish: Wish) -> None:
        """Get these types, projects and deployments no more."""
        for kind, part in self._follower.subscription.ending(wish):
            await self._change(kind, part)

    async def ping(self) -> None:
        """Ask for a sign of life; it comes as a Pong, and sets `latency_s`."""
        pinged_at = self._pacing.monotonic()
        request_id = await self.send("ping", {"client_time": _now()})
        self._pinged = (request_id, pinged_at)

    async def send(self, kind: str, data: Mapping[str, Any], request_id: str | None = None) -> str:
        """Say something; gives the id that comes back in what answers it.

        Raises:
            Unreachable: there is no line, or it is just lost; reading makes a new one.
        """
        if self._line is None:
            raise Unreachable(self._url, "not connected")
        known = request_id or self._new_id()
        await self._line.say(_message(kind, data, known))
        return known

    async def _change(self, kind: str, wish: Wish) -> None:
        request_id = self._new_id()
        is_more = kind == "subscribe"
        self._follower.change(
            request_id, lambda one: one.plus(wish) if is_more else one.minus(wish)
        )
        if self._line is not None:
            # Whoever reads will find it lost, and make a new one that is asked for all.
            with suppress(Unreachable):
                await self._line.say(_message(kind, wish.data(), request_id))

    # What comes

    async def _takes(self, message: Message) -> bool:
        """Note what a message means; whether to hand it on."""
        verdict = self._follower.take(message)
        if verdict.opened is not None and verdict.before is not None:
            self._tell_open(verdict.opened, verdict.before)
        if message.offset is not None and verdict.is_wanted:
            self._failures = 0
        if isinstance(message, Pong) and self._pinged and message.request_id == self._pinged[0]:
            self._latency_s = self._pacing.monotonic() - self._pinged[1]
        if isinstance(message, ErrorSaid) and verdict.is_refused:
            status = _STATUS_OF.get(message.error_code, 400)
            raise Refused(status, message.error_message or message.error_code)
        if verdict.is_passing:
            await self._lose("the server cannot subscribe just now")
        return verdict.is_wanted

    def _tell_open(self, opened: Opened, before: Place) -> None:
        is_back = self._was_open
        self._was_open, self._is_lost = True, False
        self._on_link(before.back(opened) if is_back else opened)

    def _limit_s(self) -> float:
        """How long the line may be silent now."""
        if self._follower.is_open:
            return _SILENCE_S
        # Never 0, which would be no limit.
        return max(0.001, self._begun_at + _ANSWER_S - self._pacing.monotonic())

    # The line

    async def _connect(self) -> Line:
        """Make a new line, after a pause when the last one failed."""
        while True:
            if self._failures:
                pause = pause_s(self._failures, self._pacing.chance(), self._asked_s)
                await self._pacing.sleep(pause)
            self._asked_s = None
            try:
                line = await Line.open(self._session, self._url, self._client_id)
                await self._begin(line)
            except (Unreachable, Busy) as error:
                self._fail(error)
            else:
                return line

    async def _begin(self, line: Line) -> None:
        """Say who this is and what it wants."""
        asked = self._follower.begin(self._new_id)
        # From here on, so that what is asked for meanwhile is said too.
        self._line, is_said = line, False
        self._begun_at = self._pacing.monotonic()
        try:
            info = {"client_id": self._client_id, "client_type": "tocsin_python"}
            await line.say(_message("client_info", info, None))
            for request_id, data in asked:
                await line.say(_message("subscribe", data, request_id))
            is_said = True
        finally:
            if not is_said:
                self._line = None
                await line.close()

    def _fail(self, error: Unreachable | Busy) -> None:
        """Count a failure; give a server up that was not reached so far."""
        self._asked_s = error.retry_after_s if isinstance(error, Busy) else None
        self._failures += 1
        left_s = self._give_up_at - self._pacing.monotonic() - (self._asked_s or 0.0)
        if not self._was_open and (isinstance(error, Unreachable) or left_s < 0):
            raise error

    async def _lose(self, detail: str) -> None:
        """The line ended, or is of no use."""
        line, self._line = self._line, None
        if self._pacing.monotonic() - self._begun_at >= _GOOD_S:
            self._failures = 0
        self._failures += 1
        if line is not None:
            await line.close()
        if not self._was_open:
            left_s = self._give_up_at - self._pacing.monotonic()
            if left_s < 0:
                raise Unreachable(self._url, detail)
        elif not self._is_lost:
            self._is_lost = True
            self._on_link(Lost(detail))

    def _new_id(self) -> str:
        return f"{self._client_id}-{next(self._ids)}"


def _message(kind: str, data: Mapping[str, Any], request_id: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {"type": kind, "data": data, "timestamp": _now()}
    if request_id is not None:
        message["request_id"] = request_id
    return message


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
