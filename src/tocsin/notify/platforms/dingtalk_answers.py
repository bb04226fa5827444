"""How DingTalk answers: by a code, of which the text alone may tell what it stands for.

https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
What stands before DingTalk answers callers that are too quick by itself, without a code.
"""

import re
from datetime import datetime, timedelta, timezone

from tocsin.edge.outbound import Answer
from tocsin.errors import Reason, TryLater
from tocsin.notify.platforms.answers import Answers, Meaning, gone, later, never, object_in

# What it says of a limit holds for the rest of its minute, or for the 10 of its penalty.
_PENALTY_S = 600.0
_CHINA = timezone(timedelta(hours=8))
_DAILY_CAP = 90030


def _of_security(code: int, text: str) -> Meaning | None:
    """One code stands for all security settings; which one, the text alone tells."""
    if code != 310000:
        return None
    low = text.lower()
    for meaning, words in _SECURITY:
        if re.search(words, low):
            return meaning
    return never(Reason.REFUSED)


_SECURITY: tuple[tuple[Meaning, str], ...] = (
    (never(Reason.KEYWORD_MISSING, "The robot asks for a keyword."), "keyword|关键词"),
    (never(Reason.BAD_SIGNATURE), "timestamp|时间戳|sign|签名"),
    (
        never(Reason.NOT_ALLOWED, "The robot takes calls of some addresses only."),
        r"\bip\b|ip地址|白名单",
    ),
)
_FAST = later(Reason.RATE_LIMITED, _PENALTY_S)
_UNKNOWN = gone(Reason.BAD_CREDENTIALS, "The access_token is of no robot.")
_GONE = gone(Reason.GONE, "The robot or its group is gone.")
_REFUSED = never(Reason.CONTENT_REFUSED)
_ANSWERS = Answers(
    platform="DingTalk",
    code="errcode",
    text="errmsg",
    by_text=_of_security,
    meanings={
        -1: later(Reason.BUSY, 30.0),
        130101: _FAST,
        410100: _FAST,
        300001: _UNKNOWN,
        300005: _UNKNOWN,
        400101: _UNKNOWN,
        400013: _GONE,
        400102: _GONE,
        400106: _GONE,
        430101: _REFUSED,
        430102: _REFUSED,
        430103: _REFUSED,
        430104: _REFUSED,
        101002: never(Reason.TOO_LARGE),
        460101: never(Reason.TOO_LARGE),
    },
)


def read(answer: Answer, now: datetime) -> None:
    """See that the robot has taken a message.

    Raises:
        DeliveryFailed: it has not; its code, or the edge before it, says what follows.
    """
    if _ANSWERS.code_of(answer) is None:
        _check_edge(answer)
    elif _ANSWERS.code_of(answer) == _DAILY_CAP:
        message = "DingTalk takes no more of this robot today (90030)."
        raise TryLater(message, reason=Reason.RATE_LIMITED, after_s=_until_tomorrow_s(now))
    _ANSWERS.read(answer, now)


def _check_edge(answer: Answer) -> None:
    """What stands before DingTalk slows down callers in words of its own, without a code."""
    body = object_in(answer)
    wait = body.get("wait")
    if "punish" not in body and body.get("status") != 1111:
        return
    after_s = float(wait) if isinstance(wait, int | float) else None
    message = "DingTalk's edge holds calls back."
    raise TryLater(message, reason=Reason.RATE_LIMITED, after_s=after_s)


def _until_tomorrow_s(now: datetime) -> float:
    local = now.astimezone(_CHINA)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - local).total_seconds()
