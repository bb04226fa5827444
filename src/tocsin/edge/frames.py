"""Make the frames a server sends, once for an event, however many sockets get it; read clients'.

https://www.rfc-editor.org/rfc/rfc6455#section-5. What is sent is always a whole message (FIN)
and never masked.
"""

import logging
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.utils import apply_mask

_TEXT = 0x81
_BINARY = 0x82
_IS_MASKED = 0x80
# What a client's shortest frame has before its payload: kind, length, mask.
_MASKED_HEAD = 6
# Longer payloads have their length elsewhere.
_MAX_SHORT = 125

# A ping without a payload.
PING: Final = b"\x89\x00"


_library_log = logging.getLogger("websockets.server")


def short_text(segment: bytes, max_bytes: int) -> bytes | None:
    """The payload of a segment that is one whole text message of 125 bytes at most; else None.

    That is what nearly all clients send. The library reads everything else, but takes several
    times as long and 1.4 KB a socket.
    """
    length = len(segment) - _MASKED_HEAD
    if not 0 <= length <= min(_MAX_SHORT, max_bytes):
        return None
    if segment[:2] != bytes((_TEXT, _IS_MASKED | length)):
        return None
    return apply_mask(segment[_MASKED_HEAD:], segment[2:_MASKED_HEAD])


class Frames(ServerProtocol):
    """The library's reading of an open socket's frames.

    A close frame may come wherever RFC 6455 (5.4) allows a control frame: the library takes one
    in the midst of a fragmented message for a fault.
    """

    def __init__(self, max_message_bytes: int) -> None:
        super().__init__(state=State.OPEN, max_size=max_message_bytes, logger=_library_log)

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


def text_frame(payload: bytes) -> bytes:
    """A text message; `payload` is UTF-8."""
    return _head(_TEXT, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """A binary message."""
    return _head(_BINARY, len(payload)) + payload


def _head(first: int, length: int) -> bytes:
    if length <= _MAX_SHORT:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
