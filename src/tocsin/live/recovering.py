"""Which Socket.IO clients can go on where they were, and how. Pure.

Connection state recovery adds an argument to each event, the offset. JavaScript handlers ignore
it; those of languages that count their arguments fail on it.

A client says the last one it saw. So the confirmation of a subscription has an offset of its own:
one that was lost is given again, since many pages ask for a thing only once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tocsin.live.offset import Offset, parse_offset
from tocsin.model.rooms import Rooms
from tocsin.store.live_sessions import LiveSession

# In the User-Agent of clients whose handlers have a fixed number of arguments: python-socketio
# (aiohttp, requests), socket.io-client-java (okhttp), -swift (CFNetwork) and -dart.
_FIXED_ARITY = ("python", "aiohttp", "okhttp", "java/", "cfnetwork", "darwin", "dart")


def can_recover(headers: Mapping[str, str], auth: Mapping[str, Any]) -> bool:
    """Whether the client takes the offset; `auth.recover` is its own word on it."""
    said = auth.get("recover")
    if isinstance(said, bool):
        return said
    agent = headers.get("user-agent", "").lower()
    if not agent:
        # Node's WebSocket says neither who it is nor where its page is from; python's
        # websocket-client says only the second (1.8, seen 2026-11).
        return "origin" not in headers
    return not any(word in agent for word in _FIXED_ARITY)


@dataclass(frozen=True, slots=True)
class Place:
    """What a client has: all up to an offset, and so many of the confirmations given there."""

    offset: Offset
    number: int = 0

    def __str__(self) -> str:
        return f"{self.offset}:{self.number}" if self.number else str(self.offset)


def parse_place(text: str) -> Place | None:
    """The place that a client says; None when it is none."""
    epoch, _, rest = text.partition(":")
    seq, _, number = rest.partition(":")
    offset = parse_offset(f"{epoch}:{seq}")
    if offset is None or not (f"0{number}".isascii() and f"0{number}".isdecimal()):
        return None
    return Place(offset, int(number or 0)) if len(number) < 10 else None


@dataclass(frozen=True, slots=True)
class WayBack:
    """A session goes on with `rooms` after seq `after`, and `unheard` are confirmed again.

    `answered` is the last confirmation that it may have been given.
    """

    after: int
    rooms: Rooms
    unheard: Rooms
    answered: tuple[int, int]


def way_back(session: LiveSession, place: Place | None) -> WayBack | None:
    """How a client goes on that says `place`, or that was given none; None when it cannot.

    It cannot when it was being given events from before a subscription: how many of them came
    nobody knows.
    """
    said = (-1, 0) if place is None else (place.offset.seq, place.number)
    unheard = frozenset(room for room in session.rooms if room.answered > said)
    if any(room.is_filled for room in unheard):
        return None
    # A stock client keeps the offset of an earlier session until it is given another one.
    after = max(session.seq, said[0])
    if place is None:
        after = min((room.since for room in session.rooms), default=session.seq)
    answered = max((said, *(room.answered for room in session.rooms)))
    # Those that are unheard bring more than they would have, had nothing been lost.
    rooms = frozenset(replace(room, since=min(room.since, after)) for room in session.rooms)
    return WayBack(after, rooms, unheard, answered)
