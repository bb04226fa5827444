"""Read what a server says on `/ws` into messages. Pure.

Nothing that comes is an error here: a field of another shape stays empty, a type that is not
known is kept as `Other`, and what is no message at all is told as `Rubbish`.
"""

import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from tocsin.client.live.messages import TYPES, Message, Offset, Other, Rubbish

# Of what is no message, so much is kept to be looked at.
_MAX_RAW_CHARS = 1_000

_ENVELOPE = frozenset(one.name for one in fields(Message))


class _Nothing:
    """What a reader gives for a value that is not of its shape."""


_NOTHING = _Nothing()
_Reader = Callable[[object], object]

_known: dict[type[Any], Mapping[str, _Reader]] = {}


def read_message(heard: str | bytes) -> Message:
    """What was said."""
    if isinstance(heard, bytes):
        return _rubbish(heard, "not text")
    try:
        said = json.loads(heard)
    except (ValueError, RecursionError):
        return _rubbish(heard, "not JSON")
    if not isinstance(said, dict):
        return _rubbish(heard, "not an object")
    kind, data = said.get("type"), said.get("data")
    if not isinstance(kind, str) or not kind:
        return _rubbish(heard, "without a type")
    if not isinstance(data, dict):
        return _rubbish(heard, "without data")
    shape = TYPES.get(kind, Other)
    found: dict[str, Any] = _filled(shape, data)
    if "position" in _readers(shape):
        found["position"] = _offset(data)
    return shape(**found, **_envelope(kind, data, said))


def _rubbish(heard: str | bytes, reason: str) -> Rubbish:
    return Rubbish(type="", reason=reason, raw=heard[:_MAX_RAW_CHARS])


def _envelope(kind: str, data: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    request_id = said.get("request_id")
    return {
        "type": kind,
        "data": data,
        "timestamp": _text(said.get("timestamp")),
        "broadcast_id": _text(said.get("broadcast_id")),
        "request_id": request_id if isinstance(request_id, str) else None,
        "offset": _offset(said),
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _offset(said: Mapping[str, Any]) -> Offset | None:
    epoch, seq = said.get("epoch"), said.get("seq")
    if not isinstance(epoch, str) or not isinstance(seq, int) or isinstance(seq, bool):
        return None
    return Offset(epoch, seq)


def _filled(shape: type[Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `data` that are fields of `shape`, and of the right kind."""
    read = {name: reader(data.get(name)) for name, reader in _readers(shape).items()}
    return {name: value for name, value in read.items() if value is not _NOTHING}


def _readers(shape: type[Any]) -> Mapping[str, _Reader]:
    """What reads each field of its own of `shape`; worked out once."""
    if shape not in _known:
        hints = typing.get_type_hints(shape)
        own = set(hints) - _ENVELOPE if issubclass(shape, Message) else set(hints)
        _known[shape] = {name: _reader(hints[name]) for name in own}
    return _known[shape]


def _reader(hint: Any) -> _Reader:
    """What reads a value into a field declared as `hint`, one of the forms used in messages."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType:
        return _reader(next(one for one in inner if one is not types.NoneType))
    if origin is tuple:
        return _list_of(_reader(inner[0]))
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: hint(**_filled(hint, value)) if isinstance(value, dict) else _NOTHING
    if hint is float:
        return lambda value: float(value) if _is_number(value) else _NOTHING
    if hint is int:
        return lambda value: int(value) if _is_whole(value) else _NOTHING
    wanted: type = dict if origin is not None else hint
    return lambda value: value if isinstance(value, wanted) else _NOTHING


def _list_of(reader: _Reader) -> _Reader:
    def read(value: object) -> object:
        if not isinstance(value, list):
            return _NOTHING
        return tuple(one for one in map(reader, value) if one is not _NOTHING)

    return read


def _is_number(value: object) -> typing.TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> typing.TypeGuard[float]:
    return _is_number(value) and float(value).is_integer()
