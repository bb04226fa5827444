"""One WebSocket to `/ws`, from its handshake to its end.

Everything that knows of the wire is in this file; going on after a loss is `live.py`.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import aiohttp

from tocsin.client.answers import reason_of
from tocsin.client.errors import Answered, Busy, NotTocsin, Refused, SentAway, Unreachable
from tocsin.client.retry import read_retry_after

_PATH = "/ws"
_OPEN_S = 10.0
# Leaving waits so long for the server's own close frame.
_CLOSE_S = 2.0
# A message beyond this is not one; as for the event stream (`tocsin.client.sse`).
_MAX_MESSAGE_BYTES = 64 * 1024 * 1024

# 502 and 504 come from a proxy whose server is starting anew.
_COME_BACK = frozenset({429, 502, 503, 504})
# RFC 6455 leaves 4000-4999 to applications; Tocsin says by the upper half: do not come back.
_FINAL = range(4500, 5000)

_TEXT, _BINARY = aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY


class Line:
    """An open line; `open` makes one."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, url: str) -> None:
        self._socket = socket
        self._url = url

    @classmethod
    async def open(cls, session: aiohttp.ClientSession, url: str, client_id: str) -> "Line":
        """Connect to the server at `url`.

        Raises:
            Unreachable: it cannot be reached.
            Busy, Refused, NotTocsin: as it answers.
        """
        try:
            async with asyncio.timeout(_OPEN_S):
                socket = await session.ws_connect(
                    url + _PATH,
                    params={"client_id": client_id},
                    # Each frame is a sign of life, so pings are to be seen here.
                    autoping=False,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_S),
                    max_msg_size=_MAX_MESSAGE_BYTES,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise _failure_of(url, error) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(url, reason_of(error)) from error
        return cls(socket, url)

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send one message.

        Raises:
            Unreachable: the line is lost.
        """
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
        try:
            # A lone surrogate, which no UTF-8 can hold, must not end the line.
            await self._socket.send_str(text.encode("utf-8", "replace").decode())
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(self._url, reason_of(error)) from error

    async def hear(self, limit_s: float) -> str | bytes | None:
        """The next message; None: a sign of life without one.

        Raises:
            Unreachable: the line ended, or nothing came for `limit_s`.
            SentAway: the server ended it and does not want this client back.
        """
        try:
            frame = await self._socket.receive(timeout=limit_s)
            if frame.type is aiohttp.WSMsgType.PING:
                await self._socket.pong(frame.data)
                return None
        except TimeoutError as error:
            raise Unreachable(self._url, f"silent for {limit_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unreachable(self._url, reason_of(error)) from error
        if frame.type in {_TEXT, _BINARY}:
            heard: str | bytes = frame.data
            return heard
        if frame.type is aiohttp.WSMsgType.PONG:
            return None
        raise self._ended(frame)

    async def close(self) -> None:
        """End it; idempotent."""
        with suppress(aiohttp.ClientError, OSError):
            await self._socket.close()

    def _ended(self, frame: aiohttp.WSMessage) -> Unreachable | SentAway:
        if frame.type is aiohttp.WSMsgType.ERROR:
            return Unreachable(self._url, f"the server says what no WebSocket does: {frame.data}")
        if frame.type is not aiohttp.WSMsgType.CLOSE:
            return Unreachable(self._url, "connection closed")
        code, reason = int(frame.data), str(frame.extra or "")
        if code in _FINAL:
            return SentAway(code, reason)
        words = reason.replace("_", " ") or f"code {code}"
        return Unreachable(self._url, f"the server closed it: {words}")


def _failure_of(url: str, error: aiohttp.WSServerHandshakeError) -> Answered | NotTocsin:
    """What a handshake that was answered otherwise stands for. Its body cannot be read."""
    status = error.status
    if status < 400:
        return NotTocsin(f"{url} answers, but not with a WebSocket")
    known = status in HTTPStatus.__members__.values()
    message = f"{status} {HTTPStatus(status).phrase}" if known else str(status)
    if status in _COME_BACK:
        asked = error.headers.get("Retry-After") if error.headers else None
        return Busy(status, message, read_retry_after(asked))
    return Refused(status, message)
