"""Read and write Engine.IO packets. Pure.

https://socket.io/docs/v4/engine-io-protocol/#packet-encoding

What goes out has one of two forms: a WebSocket frame, or a packet of long-polling that ends in
the separator. Both can be joined with others of their kind by `+`, which is all that a fan-out
does with them.
"""

import binascii
from base64 import b64decode, b64encode
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from tocsin.edge.frames import binary_frame, text_frame

SEPARATOR: Final = b"\x1e"

Encoding = Literal["websocket", "polling"]


class ProtocolError(ValueError):
    """What came is not of the protocol; the session ends."""


class PacketType(StrEnum):
    OPEN = "0"
    CLOSE = "1"
    PING = "2"
    PONG = "3"
    MESSAGE = "4"
    UPGRADE = "5"
    NOOP = "6"


_TYPES = {kind.value: kind for kind in PacketType}


class Packet(NamedTuple):
    """One packet; only messages have binary data."""

    type: PacketType
    data: str | bytes = ""


def decode(message: str | bytes) -> Packet:
    """The packet in a WebSocket message, or between two separators.

    Raises:
        ProtocolError: it has no known type, or its base64 is none.
    """
    if isinstance(message, bytes):
        return Packet(PacketType.MESSAGE, message)
    kind = _TYPES.get(message[:1])
    if kind is not None:
        return Packet(kind, message[1:])
    if message[:1] == "b":
        try:
            return Packet(PacketType.MESSAGE, b64decode(message[1:], validate=True))
        except (binascii.Error, ValueError) as error:
            raise ProtocolError("a binary packet is not base64") from error
    raise ProtocolError("a packet begins with 0 to 6, or b")


def decode_payload(body: bytes, max_packets: int = 1000) -> list[Packet]:
    """The packets in the body of a POST.

    Raises:
        ProtocolError: one of them is none, or there are more than `max_packets`.
    """
    parts = body.split(SEPARATOR, max_packets)
    if len(parts) > max_packets:
        raise ProtocolError(f"more than {max_packets} packets at once")
    try:
        return [decode(part.decode()) for part in parts]
    except UnicodeDecodeError as error:
        raise ProtocolError("a packet is not UTF-8") from error


def websocket_packet(kind: PacketType, text: bytes = b"") -> bytes:
    """A packet as WebSocket frame."""
    return text_frame(kind.value.encode() + text)


def polling_packet(kind: PacketType, text: bytes = b"") -> bytes:
    """A packet for long-polling, with the separator behind it."""
    return kind.value.encode() + text + SEPARATOR


def websocket_message(text: bytes) -> bytes:
    """A text message as WebSocket frame."""
    return text_frame(b"4" + text)


def polling_message(text: bytes) -> bytes:
    """A text message for long-polling, with the separator behind it."""
    return b"4" + text + SEPARATOR


def encode_message(message: str | bytes, encoding: Encoding) -> bytes:
    """A message, text or binary, in the form that `encoding` takes."""
    if encoding == "websocket":
        if isinstance(message, str):
            return websocket_message(message.encode())
        return binary_frame(message)
    if isinstance(message, str):
        return polling_message(message.encode())
    return b"b" + b64encode(message) + SEPARATOR


def polling_to_websocket(packets: bytes) -> bytes:
    """Packets made for long-polling, as the WebSocket frames of the same."""
    frames = [
        binary_frame(b64decode(packet[1:])) if packet[:1] == b"b" else text_frame(packet)
        for packet in packets.split(SEPARATOR)
        if packet
    ]
    return b"".join(frames)
