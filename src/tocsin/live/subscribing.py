"""What a Socket.IO client asks for when it follows a project or a deployment. Pure.

The guide's pages write both `subscribe_project` and `subscribe:project`, with the bare name as
argument. An object in its place may say more.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.model.rooms import Room, RoomKind

MAX_ID_CHARS = 200
_LARGEST_SEQ = 2**63 - 1

_NAME = re.compile(r"(?P<verb>subscribe|unsubscribe)[_:](?P<kind>project|deployment)\Z")
_ID_FIELDS = {
    RoomKind.PROJECT: ("project", "projectId", "project_id", "id"),
    RoomKind.DEPLOYMENT: ("deployment_id", "deploymentId", "deployment", "id"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """To follow a room or to leave it.

    `since_seq` is the last event that the client has, and `epoch` the journal that gave it, ""
    when it does not say.
    """

    room: Room
    is_leaving: bool
    since_seq: int | None = None
    epoch: str = ""


class BadRequest(ValueError):
    """It cannot be understood; the text is for the client."""


def is_request(name: str) -> bool:
    """Whether an event of this name is one of these."""
    return _NAME.match(name) is not None


def read_request(name: str, args: Sequence[Any]) -> Request:
    """What the event asks for.

    Raises:
        BadRequest: there is no id in it, or something in it is no number.
    """
    said = _NAME.match(name)
    if said is None:
        raise BadRequest(f"{name} is no subscription")
    kind = RoomKind(said["kind"])
    first = args[0] if args else None
    more: Any = first if isinstance(first, Mapping) else args[1] if len(args) > 1 else None
    found = first
    if isinstance(first, Mapping):
        found = next((first[field] for field in _ID_FIELDS[kind] if first.get(field)), None)
    room = Room(kind, _id(kind, found))
    since_seq = _since_seq(more) if isinstance(more, Mapping) else None
    epoch = more.get("epoch") if isinstance(more, Mapping) else None
    if epoch is not None and not isinstance(epoch, str):
        raise BadRequest("epoch: expected text")
    return Request(room, said["verb"] == "unsubscribe", since_seq, epoch or "")


def _id(kind: RoomKind, said: Any) -> str:
    """An id or name, without surrounding space, as it is stored; run numbers come as numbers."""
    if isinstance(said, int) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str) or not (text := said.strip()):
        raise BadRequest(f"expected the {kind.value}'s name or id as text")
    if len(text) > MAX_ID_CHARS:
        raise BadRequest(f"expected at most {MAX_ID_CHARS} characters")
    return text


def _since_seq(said: Mapping[str, Any]) -> int | None:
    value = said.get("since_seq", said.get("sinceSeq"))
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_SEQ:
        raise BadRequest("since_seq: expected the seq of an event")
    return value
