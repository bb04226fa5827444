"""The rooms of a live client: which projects and deployments it follows. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import orjson

from tocsin.model.filters import EventFilter

# Far above what a screen shows; each room is looked at with every event.
MAX_ROOMS = 100


class RoomKind(StrEnum):
    PROJECT = "project"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True, order=True)
class Room:
    """All of one project, or all of what senders call by one deployment id.

    Of a room that is followed, `since` is the seq after which it brought every event, and
    `answered` tells its confirmation from all others: at which seq it was given, and as which of
    the confirmations at that seq. With `is_filled` events from before it were given along.
    """

    kind: RoomKind
    id: str
    since: int = field(default=0, compare=False)
    answered: tuple[int, int] = field(default=(0, 0), compare=False)
    is_filled: bool = field(default=False, compare=False)

    @property
    def filter(self) -> EventFilter:
        """The events in it."""
        if self.kind is RoomKind.PROJECT:
            return EventFilter(projects=(self.id,))
        return EventFilter(subjects=(self.id,))


Rooms = frozenset[Room]


def selection_of(rooms: Iterable[Room]) -> frozenset[EventFilter]:
    """The events in any of the rooms."""
    return frozenset(room.filter for room in rooms)


def pack_rooms(rooms: Iterable[Room]) -> str:
    """Rooms as they are stored."""
    return orjson.dumps([_packed(room) for room in sorted(rooms)]).decode()


def _packed(room: Room) -> list[str | int]:
    return [room.kind.value, room.id, room.since, *room.answered, room.is_filled]


def unpack_rooms(packed: str) -> Rooms:
    """The other way of `pack_rooms`."""
    return frozenset(
        Room(RoomKind(kind), room_id, since, (seq, number), is_filled)
        for kind, room_id, since, seq, number, is_filled in orjson.loads(packed)
    )
