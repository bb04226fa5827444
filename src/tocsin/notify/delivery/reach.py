"""How channels reach the world: every call is checked, timed and recorded."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from socket import socket
from time import monotonic
from typing import Any

import orjson

from tocsin.clock import Clock
from tocsin.edge.outbound import Answer, Outbound
from tocsin.model.masks import forms_of, without_pieces, without_secrets
from tocsin.notify.channel import Token
from tocsin.notify.delivery.tokens import Tokens
from tocsin.notify.exchange import Exchange, Shown, shown

# Of an answer so much is read; what a destination says beyond is not waited for.
MAX_ANSWER_BYTES = 65_536


class Line:
    """A `notify.channel.Reach` for one attempt of one channel."""

    def __init__(
        self,
        http: Outbound,
        tokens: Tokens,
        clock: Clock,
        *,
        secrets: Sequence[str],
        public_url: str,
        base_url: str,
        timeout_s: float,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._own_secrets = tuple(secrets)
        self._secrets = set(secrets)
        self._public_url = public_url
        self._timeout_s = timeout_s
        self._exchanges: list[Exchange] = []
        self._shown: Shown | None = None
        self.base_url = base_url

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

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
        """Call and record; see `notify.channel.Reach.call`."""
        sent = dict(headers or {})
        if json is not None:
            body = orjson.dumps(json)
            if not any(name.lower() == "content-type" for name in sent):
                sent["Content-Type"] = "application/json; charset=utf-8"
        target, began = self._target(url), monotonic()
        answer: Answer | None = None
        try:
            answer = await self._answer(method, target, sent, body, timeout_s or self._timeout_s)
        finally:
            took_ms = round((monotonic() - began) * 1000)
            status, said = (answer.status, answer.body) if answer is not None else (None, b"")
            self._exchanges.append(
                Exchange(method, target, sent, body or b"", status, said, took_ms, json is not None)
            )
        return answer

    async def _answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> Answer:
        opened = self._http.open(method, url, headers=headers, body=body, timeout_s=timeout_s)
        said = bytearray()
        async with opened as arriving:
            async for chunk in arriving.chunks:
                said += chunk
                if len(said) >= MAX_ANSWER_BYTES:
                    break
        return Answer(arriving.status, arriving.headers, bytes(said[:MAX_ANSWER_BYTES]))

    def _target(self, url: str) -> str:
        """Where a call really goes: the platform may be reached at another address."""
        public = self._public_url
        if public and self.base_url != public and (url + "/").startswith(public + "/"):
            return self.base_url + url[len(public) :]
        return url

    async def token(
        self, key: str, fetch: Callable[[], Awaitable[Token]], *, refused: str = ""
    ) -> str:
        """The access token of a credential; see `notify.channel.Reach.token`."""
        # A new secret for the same account is another credential.
        # Those hidden since, such as a token that was refused, are no part of it.
        mark = hashlib.sha256("\n".join([key, *self._own_secrets]).encode()).hexdigest()[:32]

        async def hidden() -> Token:
            got = await fetch()
            self.hide(got.text)
            return got

        text = await self._tokens.token(mark, hidden, refused=refused)
        self.hide(text)
        return text

    async def connect(self, host: str, port: int) -> socket:
        """An open socket to an address that was looked at."""
        return await self._http.connect(host, port)

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
        """Record what went another way; see `notify.channel.Reach.record`."""
        self._exchanges.append(Exchange(method, url, headers, body, status, answer, 0))

    def hide(self, secret: str) -> None:
        """Mask this too in what is recorded."""
        if secret:
            self._secrets.add(secret)

    def without_secrets(self, text: str) -> str:
        """A text of an error, which may be a part of an answer, as it may be kept."""
        if not text:
            return text
        forms = forms_of(tuple(self._secrets))
        return without_pieces(without_secrets(text, forms), forms)

    def shown(self) -> Shown:
        """All calls, as they may be looked at; none is made after that."""
        if self._shown is None:
            self._shown = shown(self._exchanges, self._secrets)
        return self._shown
