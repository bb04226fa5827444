"""A fake of DingTalk's custom robots.

What it holds senders to: the signature (milliseconds, one hour, in the query, encoded once),
keywords, 20,000 bytes of body, 20 messages a minute, and ten minutes of nothing for whoever sends
more. All of its answers are HTTP 200.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tocsin.model.message import Link
from tocsin.testing.fake import Fake, Faults, Trouble
from tocsin.testing.forms import content_type, json_object
from tocsin.testing.marked import Marks, read
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Buttons, Part, Taken, Words, text_in, words

SEND = "/robot/send"
WINDOW_MS = 3_600_000
MAX_BYTES = 20_000
PENALTY_S = 600
# A line's end alone is none: it takes an empty line, or two spaces before it.
MARKDOWN = Marks(
    ("heading", "blockquote", "emphasis", "link", "image", "list", "escape"), has_breaks=False
)


TOO_FAST = "send too fast, exceed 20 times per minute"
THROTTLED = {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "0"}


def said(errcode: int, errmsg: str) -> Reply:
    """An answer as DingTalk gives it: with HTTP 200, whatever it says."""
    return Reply.of({"errcode": errcode, "errmsg": errmsg})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret` signs; without it signatures are not looked at. `rate` is in messages a minute."""

    secret: str = ""
    keywords: tuple[str, ...] = ()
    rate: int = 20
    access_token: str = "demo0dingtalk0robot"  # noqa: S105 - it opens nothing but this fake


class _RefusedError(Exception):
    """A message that is not as it should be; the arguments are errcode and errmsg."""


class Platform(Fake):
    TITLE = "DingTalk"
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("-1, system busy", said(-1, "系统繁忙")),
        "rate_limited": Trouble("130101, too many in a minute", said(130101, TOO_FAST)),
        "edge_throttle": Trouble("no errcode: refused before the platform", Reply.of(THROTTLED)),
        "gone": Trouble("400102, the robot was switched off", said(400102, "机器人已停用")),
        "not_allowed": Trouble(
            "310000, the sender's address is not on the list",
            said(310000, "ip 203.0.113.1 not in whitelist"),
        ),
        "content": Trouble("430102, improper text", said(430102, "消息文本不合适")),
        "daily_cap": Trouble("90030, no more today", said(90030, "daily limit reached")),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._options = options
        self._rates = Counts(Rate(options.rate, 60))
        self._blocked_until_s = 0.0

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self._options
        url = f"{self.shelf.url}{SEND}?access_token={own.access_token}"
        secret = {"sign_secret": own.secret} if own.secret else {}
        return {"robot": {"webhook_url": url, **secret}}

    def is_refusal(self, reply: Reply) -> bool:
        return reply.status >= 300 or b'"errcode":0,' not in reply.body

    def refuse(self, code: str, _call: Asked) -> Reply:
        return said(int(code), "refused")

    def take(self, call: Asked) -> Reply:
        if call.path != SEND:
            return Reply(status=404)
        try:
            return self._take(call)
        except _RefusedError as error:
            code, message = error.args
            return said(code, message)

    def _take(self, call: Asked) -> Reply:
        if call.method != "POST":
            raise _RefusedError(43002, "需要POST请求")
        if content_type(call) != "application/json":
            raise _RefusedError(43004, "无效的HTTP HEADER Content-Type")
        token = call.query.get("access_token", "")
        if not token:
            raise _RefusedError(40035, "缺少参数 access_token")
        if token != self._options.access_token:
            raise _RefusedError(300005, "token is not exist")
        if len(call.body) > MAX_BYTES:
            raise _RefusedError(460101, "message too long, exceed 20000 bytes")
        body = json_object(call)
        if body is None:
            raise _RefusedError(40035, "缺少参数 json")
        self._check_signature(call.query)
        title, parts = _drawn(body)
        self._check_keywords(f"{title}\n{text_in(parts)}")
        self._check_rate()
        kind = str(body["msgtype"])
        mentions = tuple(_mentions(body, f"{title}\n{text_in(parts)}"))
        self.shelf.keep(
            Taken(
                id=f"msg{self.shelf.number()}",
                at=self.shelf.clock.now(),
                kind=kind,
                title=title,
                parts=parts,
                raw=body,
                mentions=mentions,
            )
        )
        return said(0, "ok")

    def _check_signature(self, query: Mapping[str, str]) -> None:
        if not self._options.secret:
            return
        timestamp, sign = query.get("timestamp", ""), query.get("sign", "")
        now_ms = self.shelf.now_s * 1000
        if not timestamp.isdecimal() or abs(now_ms - int(timestamp)) > WINDOW_MS:
            raise _RefusedError(310000, "invalid timestamp")
        text = f"{timestamp}\n{self._options.secret}".encode()
        wanted = b64encode(hmac.new(self._options.secret.encode(), text, "sha256").digest())
        if not hmac.compare_digest(wanted, sign.encode()):
            raise _RefusedError(310000, "sign not match")

    def _check_keywords(self, text: str) -> None:
        keywords = self._options.keywords
        if keywords and not any(one in text for one in keywords):
            raise _RefusedError(310000, "keywords not in content")

    def _check_rate(self) -> None:
        """Whoever is over is shut out for ten minutes, however few come in them."""
        now_s = self.shelf.now_s
        if now_s < self._blocked_until_s:
            raise _RefusedError(410100, "发送速度太快而限流")
        if self._rates.wait_s("", now_s) > 0:
            self._blocked_until_s = now_s + PENALTY_S
            raise _RefusedError(130101, TOO_FAST)


def _drawn(body: Mapping[str, Any]) -> tuple[str, tuple[Part, ...]]:
    kind = body.get("msgtype")
    inside = body.get(str(kind))
    if kind not in {"text", "markdown", "link", "actionCard", "feedCard"}:
        raise _RefusedError(400105, "不支持的消息类型")
    if not isinstance(inside, dict):
        raise _RefusedError(40035, f"缺少参数 {kind}")
    match kind:
        case "text":
            return "", words(_text(inside, "content"))
        case "markdown":
            # The title is for the list of chats only; it is not in the message.
            return _text(inside, "title"), _marked(inside)
        case "link":
            link = Link(_text(inside, "title"), _text(inside, "messageUrl"))
            return link.text, (*words(_text(inside, "text")), Buttons((link,)))
        case "actionCard":
            return _text(inside, "title"), (*_marked(inside), Buttons(tuple(_buttons(inside))))
        case _:
            links = inside.get("links")
            if not isinstance(links, list) or not links:
                raise _RefusedError(40035, "缺少参数 links")
            found = tuple(Link(_text(one, "title"), _text(one, "messageURL")) for one in links)
            return found[0].text, (Buttons(found),)


def _marked(inside: Mapping[str, Any]) -> tuple[Part, ...]:
    blocks = read(_text(inside, "text"), MARKDOWN)
    return (Words(blocks),)


def _buttons(inside: Mapping[str, Any]) -> Iterator[Link]:
    if "singleTitle" in inside:
        yield Link(_text(inside, "singleTitle"), _text(inside, "singleURL"))
        return
    buttons = inside.get("btns")
    if not isinstance(buttons, list) or not buttons:
        raise _RefusedError(40035, "缺少参数 btns")
    for one in buttons:
        yield Link(_text(one, "title"), _text(one, "actionURL"))


def _text(inside: Mapping[str, Any], name: str) -> str:
    text = inside.get(name)
    if not isinstance(text, str) or not text.strip():
        raise _RefusedError(40035, f"缺少参数 {name}")
    return text


def _mentions(body: Mapping[str, Any], text: str) -> Iterator[str]:
    """Who is listed is called if the text names him too."""
    at = body.get("at") or {}
    if at.get("isAtAll"):
        yield "all"
    for one in (*at.get("atMobiles", ()), *at.get("atUserIds", ())):
        if f"@{one}" in text:
            yield str(one)
