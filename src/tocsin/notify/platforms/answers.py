"""What a platform's answer says: a code in the body, and what follows from it.

Chats answer 200 to what they refuse, so a body is always read: a code that is known decides, then
the status, and a code that nobody knows is a failure. What cannot be read at all is tried again:
it is a proxy's or an error page's.
"""

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater

# Of what a platform says about a failure so much is told.
MAX_TEXT_CHARS = 300
# A clock that is off by less is no reason to refuse a signature.
_CLOCK_S = 60.0
_NUMBER = re.compile("-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What follows from a code; `hint` is a sentence for who has to do something about it."""

    kind: type[DeliveryFailed]
    reason: Reason
    hint: str = ""
    after_s: float | None = None
    # It goes for all destinations of the account.
    is_accounts: bool = False

    def error(self, message: str, asked_s: float | None = None) -> DeliveryFailed:
        """The failure; the destination's own wish (`asked_s`) can only lengthen the pause."""
        if self.kind is not TryLater:
            return self.kind(message, reason=self.reason)
        pauses = [pause for pause in (self.after_s, asked_s) if pause is not None]
        longest = max(pauses, default=None)
        return TryLater(message, reason=self.reason, after_s=longest, is_accounts=self.is_accounts)


def later(
    reason: Reason, after_s: float | None = None, hint: str = "", *, is_accounts: bool = False
) -> Meaning:
    """It may be taken later."""
    return Meaning(TryLater, reason, hint, after_s, is_accounts)


def never(reason: Reason, hint: str = "") -> Meaning:
    """This message will not be taken."""
    return Meaning(GiveUp, reason, hint)


def gone(reason: Reason, hint: str = "") -> Meaning:
    """No message will be."""
    return Meaning(Disable, reason, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How a platform answers: a JSON object, whose `code` is 0 if all is well, else `text` is why.

    `by_text` gives a code's meaning where it alone does not tell it. `wait_headers` say how many
    seconds to wait.
    """

    platform: str
    code: str
    text: str
    meanings: Mapping[int, Meaning]
    by_text: Callable[[int, str], Meaning | None] = lambda _code, _text: None
    wait_headers: tuple[str, ...] = ("retry-after",)

    def code_of(self, answer: Answer) -> int | None:
        """The code that stands in the body, if one does."""
        return _whole(object_in(answer).get(self.code))

    def read(self, answer: Answer, now: datetime) -> dict[str, Any]:
        """The body of an answer that says that all is well.

        Raises:
            TryLater: the platform says so, is busy, or cannot be understood.
            GiveUp: it refuses, or gives a code that is not known.
        """
        body, code = object_in(answer), self.code_of(answer)
        if code == 0 and answer.status < 400:
            return body
        text = " ".join(str(body.get(self.text) or "").split())[:MAX_TEXT_CHARS]
        meaning = self._meaning(answer, code, text)
        said = f"{code or answer.status}: {text}" if text else f"{code or answer.status}"
        told = [f"{self.platform} answers {said.rstrip('.')}."]
        told += [meaning.hint] if meaning.hint else []
        if meaning.reason is Reason.BAD_SIGNATURE:
            told.append(clock_compared(answer, now))
        raise meaning.error(" ".join(told), self._asked_s(answer, now))

    def _meaning(self, answer: Answer, code: int | None, text: str) -> Meaning:
        if code:
            known = self.by_text(code, text) or self.meanings.get(code)
            if known is not None:
                return known
        by_status = status_meaning(answer.status)
        if by_status is not None:
            return by_status
        if not code:
            return later(Reason.BAD_ANSWER, hint="The answer is none of the platform's.")
        return never(Reason.REFUSED)

    def _asked_s(self, answer: Answer, now: datetime) -> float | None:
        asked = [wait_s(answer.headers.get(name), now) for name in self.wait_headers]
        return max((one for one in asked if one is not None), default=None)


def object_in(answer: Answer) -> dict[str, Any]:
    """The JSON object of a body; an empty one when it is anything else."""
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def status_meaning(status: int) -> Meaning | None:
    """What an HTTP status alone says, where it says something."""
    match status:
        case 408:
            return later(Reason.TIMED_OUT)
        case 413:
            return never(Reason.TOO_LARGE)
        case 429:
            return later(Reason.RATE_LIMITED)
        case _:
            return later(Reason.BUSY) if status >= 500 else None


def certain_meaning(status: int) -> Meaning:
    """The same where nothing else tells: what HTTP calls the caller's fault stays one."""
    return status_meaning(status) or _FAULTS.get(status) or later(Reason.BAD_ANSWER)


_FAULTS: Mapping[int, Meaning] = {
    400: never(Reason.REFUSED),
    401: gone(Reason.BAD_CREDENTIALS),
    403: never(Reason.NOT_ALLOWED),
    404: gone(Reason.GONE),
    410: gone(Reason.GONE),
}


def failure(
    platform: str, said: str | int, meaning: Meaning, asked_s: float | None = None
) -> DeliveryFailed:
    """A failure in a sentence, with the hint."""
    text = " ".join(str(said).split())[:MAX_TEXT_CHARS].rstrip(".")
    return meaning.error(f"{platform} answers {text}. {meaning.hint}".rstrip(), asked_s)


def wait_s(header: str | None, now: datetime) -> float | None:
    """The seconds that a header such as Retry-After asks for, as a number or an instant."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        instant = _instant(header)
        seconds = (instant - now).total_seconds() if instant else math.nan
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def clock_compared(answer: Answer, now: datetime) -> str:
    """A sentence on whose clock is off, told by the answer's Date, as signatures hold a time."""
    theirs = _instant(answer.headers.get("date", ""))
    if theirs is None:
        return "The secret is wrong, or this machine's clock."
    ahead_s = (now - theirs).total_seconds()
    if abs(ahead_s) < _CLOCK_S:
        return "This machine's clock is right, so the secret is wrong."
    side = "ahead of" if ahead_s > 0 else "behind"
    return f"This machine's clock is {abs(ahead_s):.0f} s {side} the platform's."


async def with_token(
    call: Callable[[str], Awaitable[Answer]],
    token: Callable[[str], Awaitable[str]],
    is_refused: Callable[[Answer], bool],
) -> Answer:
    """Call with an access token, and once more with a new one if that is refused.

    `token` gives a good one, other than the refused one it is told.
    """
    current = await token("")
    answer = await call(current)
    return await call(await token(current)) if is_refused(answer) else answer


def _whole(code: Any) -> int | None:
    if isinstance(code, str) and _NUMBER.fullmatch(code):
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _instant(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
