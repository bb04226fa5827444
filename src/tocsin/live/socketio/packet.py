"""Read and write Socket.IO packets. Pure.

https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
"""

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import orjson

from tocsin.live.engineio.packet import ProtocolError

MAX_DEPTH: Final = 64
# 2^53 - 1, the largest whole number that JavaScript tells from its neighbours, has 16 digits.
_HEAD = re.compile(r"([0-6])(?:(\d{1,4})-)?(?:(/[^,]*)(?:,|\Z))?(\d{1,16})?", re.ASCII)

# Events of the stock clients' own; a packet with one would look like something else there.
RESERVED_EVENTS = frozenset(
    {"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"}
)


class PacketType(IntEnum):
    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


_TYPES = {str(kind.value): kind for kind in PacketType}
_BINARY = {
    PacketType.EVENT: PacketType.BINARY_EVENT,
    PacketType.ACK: PacketType.BINARY_ACK,
}
_PLAIN = {binary: plain for plain, binary in _BINARY.items()}


class Packet(NamedTuple):
    """One packet; with binary data its type is EVENT or ACK all the same."""

    type: PacketType
    namespace: str = "/"
    data: Any = None
    id: int | None = None


def event_text(namespace: str, name: str, args: Sequence[Any], ack_id: int | None = None) -> bytes:
    """An event without binary data.

    Raises:
        TypeError: there is something in it that JSON has not.
    """
    return _head(PacketType.EVENT, namespace, ack_id) + orjson.dumps([name, *args])


def encode(packet: Packet) -> list[str | bytes]:
    """The messages of a packet: a text, then what is binary in it.

    Raises:
        TypeError: there is something in it that JSON has not.
    """
    attachments: list[bytes] = []
    data = packet.data
    if packet.type in _BINARY:
        data = _take_out(data, attachments)
    head = _head(packet.type, packet.namespace, packet.id, len(attachments))
    body = b"" if data is None else orjson.dumps(data)
    return [(head + body).decode(), *attachments]


def _head(kind: PacketType, namespace: str, number: int | None, attachments: int = 0) -> bytes:
    said = f"{_BINARY[kind]:d}{attachments}-" if attachments else f"{kind:d}"
    if namespace != "/":
        said += f"{namespace},"
    return (said if number is None else f"{said}{number}").encode()


def _take_out(value: Any, attachments: list[bytes]) -> Any:
    """The value with a placeholder for each binary part, which goes to `attachments`."""
    if isinstance(value, bytes | bytearray | memoryview):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, list | tuple):
        return [_take_out(one, attachments) for one in value]
    if isinstance(value, dict):
        return {key: _take_out(one, attachments) for key, one in value.items()}
    return value


def _put_in(value: Any, attachments: Sequence[bytes]) -> Any:
    if isinstance(value, list):
        return [_put_in(one, attachments) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("_placeholder") is not True:
        return {key: _put_in(one, attachments) for key, one in value.items()}
    number = value.get("num")
    if type(number) is not int or not 0 <= number < len(attachments):
        raise ProtocolError("a placeholder stands for no attachment")
    return attachments[number]


class Decoder:
    """Puts packets together from the messages of one session."""

    __slots__ = ("_attachments", "_expected", "_max_attachments", "_packet")

    def __init__(self, max_attachments: int = 10) -> None:
        self._max_attachments = max_attachments
        self._packet: Packet | None = None
        self._expected = 0
        self._attachments: list[bytes] = []

    def add(self, message: str | bytes) -> Packet | None:
        """The packet that is whole with this message; None while attachments are missing.

        Raises:
            ProtocolError: this is no packet, or not what was to come.
        """
        if isinstance(message, str):
            if self._packet is not None:
                raise ProtocolError("a text came in place of an attachment")
            packet, self._expected = _read(message, self._max_attachments)
            if not self._expected:
                return packet
            self._packet = packet
            return None
        if self._packet is None:
            raise ProtocolError("an attachment came without its packet")
        self._attachments.append(message)
        if len(self._attachments) < self._expected:
            return None
        data = _put_in(self._packet.data, self._attachments)
        whole, self._packet, self._attachments = self._packet._replace(data=data), None, []
        return whole


def _read(text: str, max_attachments: int) -> tuple[Packet, int]:
    """The packet in `text`, and how many attachments belong to it."""
    head = _HEAD.match(text)
    if head is None:
        raise ProtocolError("a packet begins with 0 to 6")
    said, count, namespace, number = head.groups()
    kind = _TYPES[said]
    if (kind in _PLAIN) != (count is not None):
        raise ProtocolError("the number of attachments belongs to binary packets, and to all")
    attachments = int(count or 0)
    if attachments > max_attachments:
        raise ProtocolError(f"more than {max_attachments} attachments")
    packet = Packet(
        _PLAIN.get(kind, kind),
        namespace or "/",
        _json(text[head.end() :]),
        None if number is None else int(number),
    )
    _check(packet)
    return packet, attachments


def _json(text: str) -> Any:
    if not text:
        return None
    try:
        value = orjson.loads(text)
    except ValueError as error:
        raise ProtocolError("the data of a packet is not JSON") from error
    # As many opening brackets as the depth allows cannot nest deeper: the common case.
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(value)
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise ProtocolError(f"the data of a packet is nested more than {MAX_DEPTH} deep")


def _check(packet: Packet) -> None:
    """That the data is what its type has."""
    data = packet.data
    if packet.type is PacketType.EVENT:
        is_right = (
            isinstance(data, list)
            and bool(data)
            and isinstance(data[0], str)
            and data[0] not in RESERVED_EVENTS
        )
    elif packet.type is PacketType.ACK:
        is_right = isinstance(data, list) and packet.id is not None
    elif packet.type is PacketType.CONNECT:
        is_right = data is None or isinstance(data, dict)
    elif packet.type is PacketType.DISCONNECT:
        is_right = data is None
    else:
        is_right = isinstance(data, dict | str)
    if not is_right:
        raise ProtocolError(f"the data is not that of {packet.type.name}")
