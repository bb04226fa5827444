"""Long-polling under an Engine.IO session: a GET that waits for packets, POSTs that bring some.

https://socket.io/docs/v4/engine-io-protocol/#http-long-polling
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from tocsin.edge.calls import Receive, body_of
from tocsin.edge.websocket import HIGH_WATER_BYTES, MAX_UNSENT_BYTES
from tocsin.live.closing import CloseCode
from tocsin.live.engineio.handshake import unfit
from tocsin.live.engineio.packet import PacketType, ProtocolError, decode_payload, polling_packet
from tocsin.live.engineio.session import NORMAL, Session

# RFC 6455, 7.4.1: "terminating the connection due to a protocol error".
PROTOCOL_ERROR = 1002

_NOOP = PacketType.NOOP.value.encode()
_CLOSE = polling_packet(PacketType.CLOSE)


class Polling:
    """What waits for the next GET, or the GET that waits."""

    __slots__ = (
        "_is_left",
        "_is_posting",
        "_last_word",
        "_pending",
        "_session",
        "_size",
        "_waiting",
        "is_paused",
        "is_probed",
        "write",
    )

    def __init__(self, session: Session) -> None:
        self.write: Callable[[bytes], None] = self._write
        self.is_paused = False
        # Whether a WebSocket is being tried for the session.
        self.is_probed = False
        self._session = session
        self._pending: list[bytes] = []
        self._size = 0
        self._waiting: asyncio.Future[None] | None = None
        # What a GET is told when there is nothing for it and it is not to wait.
        self._last_word = b""
        self._is_posting = False
        self._is_left = False

    def unsent_bytes(self) -> int:
        """What no GET has fetched."""
        return self._size

    def _write(self, data: bytes) -> None:
        if self._is_left:
            # Whoever kept this method writes what the session takes now.
            self._session.write(data)
            return
        self._pending.append(data)
        self._size += len(data)
        self._wake()
        if self._size > HIGH_WATER_BYTES and not self.is_paused:
            self.is_paused = True
            self._session.paused()
        if self._size > MAX_UNSENT_BYTES:
            self._session.close(CloseCode.TOO_SLOW, CloseCode.TOO_SLOW.reason)

    def close(self, code: int, _reason: str) -> None:
        """Tell the GET that waits; who asked for the end by itself needs no telling.

        Nor does who is given messages: its next GET is refused. In one payload with them a stock
        client (socket.io-client 4.8) sees the end first. It then hands the messages on when it
        has come back, and asks for them once more (seen 2026-11).
        """
        if code != NORMAL and not self._pending:
            self._pending.append(_CLOSE)
        self.hurry()

    def hurry(self) -> None:
        """Have GETs answered at once, so that the client can go over to a WebSocket."""
        self._last_word = _NOOP
        self._wake()

    def stay(self) -> None:
        """Let GETs wait again: the WebSocket came to nothing."""
        self.is_probed = False
        if self._session.is_open:
            self._last_word = b""

    def leave(self) -> bytes:
        """What nobody has fetched; from now on the session has another transport."""
        left = b"".join(self._pending)
        self.hurry()
        self._is_left = True
        self._pending, self._size = [], 0
        return left

    async def get(self, receive: Receive) -> bytes:
        """The packets for a GET, as soon as there are any.

        Raises:
            Rejected: another one waits already, which ends the session.
        """
        if self._waiting is not None:
            self._session.fail(PROTOCOL_ERROR, "transport error")
            raise unfit("Another GET of this session waits already; the session has ended.")
        if not self._pending and not self._last_word:
            await self._wait(receive)
        packets = b"".join(self._pending)
        self._pending, self._size = [], 0
        if self.is_paused:
            self.is_paused = False
            self._session.resumed()
        return packets[:-1] or self._last_word or _NOOP

    async def post(self, headers: Mapping[str, str], receive: Receive, max_bytes: int) -> None:
        """Take the packets of a POST.

        Raises:
            Rejected: they are not of the protocol, or too large, or another POST is being read.
                Whatever it is, the session has ended, as something is missing in it now.
            Disconnected: they did not come whole; the same.
        """
        session = self._session
        if self._is_posting:
            session.fail(PROTOCOL_ERROR, "transport error")
            raise unfit("Another POST of this session is under way; the session has ended.")
        self._is_posting, is_taken = True, False
        try:
            session.take(decode_payload(await body_of(headers, receive, max_bytes)))
            is_taken = True
        except ProtocolError as error:
            raise unfit(f"The session has ended: {error}.") from error
        finally:
            self._is_posting = False
            if not is_taken:
                session.fail(PROTOCOL_ERROR, "parse error")

    async def _wait(self, receive: Receive) -> None:
        """Wait for packets, or for the client to give up."""
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(self._abandon)
        try:
            await waiting
        finally:
            self._waiting = None
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await gone

    def _abandon(self, gone: "asyncio.Task[None]") -> None:
        if not gone.cancelled() and self._waiting is not None:
            # What it was sent now would be lost: a client that cancels a GET has ended.
            self._session.fail(PROTOCOL_ERROR, "transport close")

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
