"""A `Reach` for tests of channels: it records what is called, and answers from a script.

reach = FakeReach(answer({"code": 0}))
await CHANNEL.send(outgoing(message()), options_of(CHANNEL, webhook_url="…"), reach)

assert reach.call_made.json == {...}
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from pydantic import TypeAdapter

from tocsin.edge.outbound import Answer
from tocsin.model.message import Field, Message, Outgoing, Tone
from tocsin.notify.channel import Channel, Token, extras_of
from tocsin.testing.clock import HandClock

ID = "01hzdelivery0000000000000a"


@dataclass(frozen=True, slots=True)
class Called:
    """A call that a channel made; `body` are the bytes that go out, of `json` too."""

    method: str
    url: str
    json: Any
    body: bytes
    headers: Mapping[str, str]
    timeout_s: float | None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def raw_query(self) -> str:
        """The query as it stands in the address, encoded."""
        return urlsplit(self.url).query

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, decoded once; of several of a name the last."""
        parsed = parse_qs(self.raw_query, keep_blank_values=True, strict_parsing=True)
        return {name: values[-1] for name, values in parsed.items()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a channel says that went by a socket of its own."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None
    answer: bytes


# An answer, what is raised in its place, or what makes one of them out of the call.
Reply = Answer | Exception | Callable[[Called], Answer | Exception]


class FakeReach:
    """Answers calls with `replies` in their order, and after them with `always`.

    A call that nothing is foreseen for fails the test. `clock` is moved by hand; `hidden` is what
    the channel asked to have masked; `base_url` may be set. Tokens are kept until the clock says
    they are over, and each is fetched once, however many ask at a time.
    """

    def __init__(
        self, *replies: Reply, always: Reply | None = None, clock: HandClock | None = None
    ) -> None:
        self.base_url = ""
        self.clock = clock or HandClock()
        self.calls: list[Called] = []
        self.hidden: list[str] = []
        self.recorded: list[Recorded] = []
        self.connected: list[tuple[str, int]] = []
        self.fetched: list[str] = []
        self._replies = list(replies)
        self._always = always
        self._tokens = _Tokens()

    @property
    def call_made(self) -> Called:
        """The only call."""
        assert len(self.calls) == 1, f"{len(self.calls)} calls were made"
        return self.calls[0]

    @property
    def paths(self) -> list[str]:
        """Of all calls, in their order."""
        return [call.path for call in self.calls]

    def then(self, *replies: Reply) -> None:
        """Answer further calls with these."""
        self._replies.extend(replies)

    def now(self) -> datetime:
        return self.clock.now()

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer:
        assert json is None or body is None, "a call has json or a body, not both"
        sent = orjson.dumps(json) if json is not None else body or b""
        called = Called(method, url, json, sent, dict(headers or {}), timeout_s)
        self.calls.append(called)
        # Others may run while one waits for an answer, as they do in the world.
        await asyncio.sleep(0)
        reply = self._replies.pop(0) if self._replies else self._always
        assert reply is not None, f"no answer is foreseen for {method} {url}"
        given = reply if isinstance(reply, Answer | Exception) else reply(called)
        if isinstance(given, Exception):
            raise given
        return given

    async def token(
        self, key: str, fetch: Callable[[], Awaitable[Token]], *, refused: str = ""
    ) -> str:
        async with self._tokens.locks.setdefault(key, asyncio.Lock()):
            text, good_until = self._tokens.kept.get(key, ("", 0.0))
            if text and text != refused and self.clock.monotonic() < good_until:
                return text
            token = await fetch()
            self.hide(token.text)
            self.fetched.append(token.text)
            self._tokens.kept[key] = (token.text, self.clock.monotonic() + token.good_for_s)
            return token.text

    @property
    def token_keys(self) -> list[str]:
        """Under which tokens are kept."""
        return list(self._tokens.kept)

    async def connect(self, host: str, port: int) -> socket.socket:
        self.connected.append((host, port))
        made = socket.socket()
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (host, port))
        return made

    def record(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        status: int | None,
        answer: bytes,
    ) -> None:
        self.recorded.append(Recorded(method, url, dict(headers), body, status, answer))

    def hide(self, secret: str) -> None:
        self.hidden.append(secret)


@dataclass
class _Tokens:
    kept: dict[str, tuple[str, float]] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)


def answer(
    content: Any = b"", status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer: bytes and text as they are, anything else as JSON."""
    if isinstance(content, str):
        content = content.encode()
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Answer(status, {name.lower(): value for name, value in (headers or {}).items()}, body)


def message(**changes: Any) -> Message:
    """The first of the document's three, as drawn in Chinese; with changes."""
    usual: dict[str, Any] = {
        "heading": "发布通知",
        "title": "金丝雀发布开始",
        "tone": Tone.RUNNING,
        "fields": (
            Field("项目", "my-app"),
            Field("版本", "v1.2.3"),
            Field("状态", "发布中..."),
        ),
    }
    return Message(**usual | changes)


def outgoing(of: Message | None = None, **changes: Any) -> Outgoing:
    """That message on its way."""
    usual: dict[str, Any] = {
        "id": ID,
        "event_type": "canary_started",
        "message": of or message(),
        "standard": {"event_type": "canary_started"},
    }
    return Outgoing(**usual | changes)


def drawing(of: Outgoing | None = None) -> Callable[[], Awaitable[Outgoing]]:
    """What draws that, or the usual message, when it is asked to."""

    async def draw() -> Outgoing:
        return of or outgoing()

    return draw


def options_of(channel: Channel, /, **config: Any) -> Any:
    """A channel's options out of a configuration, checked as when it is saved."""
    adapter = TypeAdapter[Any](channel.Options)
    unknown = set(config) - set(adapter.json_schema()["properties"])
    assert not unknown, f"no such options: {unknown}"
    options = adapter.validate_python(config)
    extras_of(channel).check(options)
    return options
