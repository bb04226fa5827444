"""Decide what a call on an Engine.IO address wants, and answer its handshake. Pure.

https://socket.io/docs/v4/engine-io-protocol/#handshake
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, cast

import orjson

from tocsin.errors import Reason, Rejected
from tocsin.live.engineio.packet import Encoding


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How sessions are held.

    `cors_origin` is sent to pages of other origins where nothing in front does it; "" is none.
    Each `sid` begins with `mark`: a session lives in one process, which a proxy tells by it.
    """

    paths: tuple[str, ...]
    ping_interval_s: float = 25
    ping_timeout_s: float = 20
    max_payload_bytes: int = 1_000_000
    upgrade_timeout_s: float = 10
    cors_origin: str = ""
    mark: str = ""


def mark_of(instance: str) -> str:
    """What the sessions of an instance are told by: of its name what needs no escape anywhere."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", instance)[:64] + "."


class EngineCall(NamedTuple):
    """What the query of a call says; without `sid` it wants a new session."""

    transport: Encoding
    sid: str


def read_call(query: Mapping[str, str]) -> EngineCall:
    """What is wanted.

    Raises:
        Rejected: 400, with a sentence about what is missing or cannot be.
    """
    version = query.get("EIO")
    if version is None:
        raise unfit("EIO=4 is missing in the query: this address speaks Engine.IO (Socket.IO).")
    if version != "4":
        raise unfit("EIO is not 4: this server speaks Engine.IO 4, of Socket.IO 3 and later.")
    transport = query.get("transport")
    if transport is None:
        raise unfit("transport is missing in the query: polling or websocket.")
    if transport not in ("polling", "websocket"):
        raise unfit("transport is neither polling nor websocket.")
    if "j" in query:
        raise unfit("JSONP polling (j in the query) is not offered.")
    return EngineCall(cast("Encoding", transport), query.get("sid", ""))


def unfit(message: str) -> Rejected:
    """A call that cannot be answered."""
    return Rejected(400, Reason.UNREADABLE, message)


def open_data(sid: str, transport: Encoding, options: EngineOptions) -> bytes:
    """The data of the packet that opens a session."""
    return orjson.dumps(
        {
            "sid": sid,
            "upgrades": ["websocket"] if transport == "polling" else [],
            "pingInterval": round(options.ping_interval_s * 1000),
            "pingTimeout": round(options.ping_timeout_s * 1000),
            "maxPayload": options.max_payload_bytes,
        }
    )
