"""Put what Tocsin says on `/ws` into JSON, as it goes over the wire.

Pure. `broadcast_id` is there for the protocol's sake; what orders stored events, and what a
client comes back with, are `seq` and `epoch`.
"""

from dataclasses import Field, fields
from datetime import datetime
from typing import Any

import orjson

from tocsin.live.offset import Offset
from tocsin.live.ws.reading import RequestId
from tocsin.live.ws.server_messages import ServerData
from tocsin.model.times import rfc3339


def encode(
    kind: str,
    data: ServerData,
    at: datetime,
    *,
    broadcast_id: str | None = None,
    offset: Offset | None = None,
    request_id: RequestId = None,
) -> bytes:
    """One message; what is None is left out."""
    message: dict[str, Any] = {"type": kind, "data": data, "timestamp": rfc3339(at)}
    if broadcast_id is not None:
        message["broadcast_id"] = broadcast_id
    if offset is not None:
        message["seq"] = offset.seq
        message["epoch"] = offset.epoch
    if request_id is not None:
        message["request_id"] = request_id
    return orjson.dumps(message, default=_told, option=orjson.OPT_PASSTHROUGH_DATACLASS)


# Of each shape its fields, and whether they are left out while they are None.
_known: dict[type, tuple[tuple[str, bool], ...]] = {}


def _told(data: Any) -> dict[str, Any]:
    """A dataclass as an object, without what is None by default."""
    shape = type(data)
    if shape not in _known:
        _known[shape] = tuple((one.name, is_left_out(one)) for one in fields(shape))
    told = {}
    for name, may_lack in _known[shape]:
        value = getattr(data, name)
        if value is not None or not may_lack:
            told[name] = value
    return told


def is_left_out(field: "Field[Any]") -> bool:
    """Whether a field is left out while it is None."""
    return field.default is None
