"""What a channel would send, without sending it: its first call, with all secrets masked."""

import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from socket import socket
from typing import Any

import orjson

from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed
from tocsin.model.masks import MASK
from tocsin.model.message import Outgoing
from tocsin.notify.channel import Token
from tocsin.notify.exchange import Exchange, shown
from tocsin.notify.known import Target


class _Enough(Exception):
    """The call that was to be seen is there."""


class DryLine:
    """A `notify.channel.Reach` that ends with the first call."""

    def __init__(self, secrets: Iterable[str], base_url: str, now: datetime) -> None:
        self.base_url = base_url
        self._now = now
        self._secrets = set(secrets)
        self._seen: list[Exchange] = []

    def now(self) -> datetime:
        """When it would be sent."""
        return self._now

    async def call(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,  # noqa: ARG002 - as the seam names it
    ) -> Answer:
        """Remember the call, and go no further."""
        sent = body if json is None else orjson.dumps(json)
        self._seen.append(Exchange(method, url, headers or {}, sent or b"", None, b"", 0))
        raise _Enough

    async def token(
        self,
        key: str,  # noqa: ARG002 - as the seam names it
        fetch: Callable[[], Awaitable[Token]],  # noqa: ARG002 - as the seam names it
        *,
        refused: str = "",  # noqa: ARG002 - as the seam names it
    ) -> str:
        """In place of one that a platform would give."""
        return MASK

    async def connect(self, host: str, port: int) -> socket:  # noqa: ARG002 - as the seam names it
        """Nobody is called."""
        raise _Enough

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
        """Remember what would go another way."""
        self._seen.append(Exchange(method, url, headers, body, status, answer, 0))

    def hide(self, secret: str) -> None:
        """Mask this too."""
        self._secrets.add(secret)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The call, as {method, url, headers, body}."""
        if not self._seen:
            return []
        told = orjson.loads(shown(self._seen, self._secrets).request)
        return told if isinstance(told, list) else [told]

    @property
    def size(self) -> int | None:
        """How many bytes the call's body has."""
        return len(self._seen[-1].body) if self._seen else None


async def dry_run(target: Target, outgoing: Outgoing, base_url: str, now: datetime) -> DryLine:
    """Have the channel draw the message, up to its first call."""
    line = DryLine(target.secrets, base_url, now)
    with contextlib.suppress(_Enough, DeliveryFailed):
        await target.channel.send(outgoing, target.options, line)
    return line
