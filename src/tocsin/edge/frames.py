"""Make the frames a server sends, once for an event, however many sockets get it; read clients'.

https://www.rfc-editor.org/rfc/rfc6455#section-5. What is sent is always a whole message (FIN)
and never masked.
"""

import logging
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

_TEXT = 0x81
_BINARY = 0x82

# A ping without a payload.
PING: Final = b"\x89\x00"


_library_log = logging.getLogger("websockets.server")


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
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")
