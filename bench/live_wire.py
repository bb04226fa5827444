"""What the clients of the live benchmarks say and hear, as bytes; pure.

Handshakes of WebSocket (RFC 6455), Engine.IO v4 and Socket.IO v5, made by hand: a client that
measures must cost next to nothing, and the same with every server.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson

# What each server sends when the engine's interval is over, as a whole frame.
ENGINE_PING = b"\x81\x012"


def client_frame(text: bytes) -> bytes:
    """A text frame. The mask is zero, which the standard allows and which costs nothing."""
    size = len(text)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + text


ENGINE_PONG = client_frame(b"3")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a client connects: what it sends, and what it hears before it sends the next."""

    path: str
    opening: tuple[tuple[bytes, bytes], ...]
    event_prefix: bytes

    def steps(self, port: int) -> tuple[tuple[bytes, bytes], ...]:
        """The upgrade, and what follows on it."""
        request = (
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ).encode()
        (_, heard), *rest = self.opening
        return ((request, heard), *rest)

    def event(self, name: str, argument: object) -> bytes:
        """A message of the client, as a frame."""
        return client_frame(self.event_prefix + orjson.dumps([name, argument]))


def socketio() -> Dialect:
    """Socket.IO over websocket alone, as far as the namespace's answer."""
    opening = ((b"", b'"sid"'), (client_frame(b"40"), b'40{"sid"'))
    return Dialect("/socket.io/?EIO=4&transport=websocket", opening, b"42")


def plain() -> Dialect:
    """A WebSocket that carries JSON."""
    return Dialect("/", ((b"", b"\r\n\r\n"),), b"")


def frames(received: bytearray) -> Iterator[bytes]:
    """The payloads of the whole frames of a server in `received`, which are taken out of it."""
    at = 0
    while len(received) >= at + 2:
        size, head = received[at + 1], 2
        if size >= 126:
            head = 4 if size == 126 else 10
            size = int.from_bytes(received[at + 2 : at + head], "big")
            if len(received) < at + head:
                break
        end = at + head + size
        if len(received) < end:
            break
        yield bytes(received[at + head : end])
        at = end
    del received[:at]
