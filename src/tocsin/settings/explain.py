"""Tell what the settings are and where each came from, without giving a secret away."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from tocsin.settings.load import Loaded
from tocsin.settings.names import dotted
from tocsin.settings.schema import Secret
from tocsin.settings.shape import NAMED, Key, Value, find, shape_of

MASK = "••••"


@dataclass(frozen=True, slots=True)
class Explained:
    """One setting for people: `value` is text, a number, a switch or a list of texts."""

    key: str
    value: object
    origin: str
    is_secret: bool = False


def explain(loaded: Loaded, *, with_defaults: bool = False) -> list[Explained]:
    """The settings that are not at their default, or all; secrets masked."""
    settings = loaded.settings
    kinds = {name: type(options) for name, options in settings.sources.items()}
    for kind, set_ups in settings.named_sources.items():
        kinds.update((kind, type(options)) for options in set_ups.values())
    root = shape_of(kinds)
    rows = []
    for place, value in _flat(settings, ()):
        key = _as_written(place)
        node = find(root, key)
        is_secret = not isinstance(node, Value) or node.is_secret
        origin = _origin(loaded, key)
        if with_defaults or origin != "default":
            shown = _shown(value, is_secret=is_secret)
            rows.append(Explained(dotted(key), shown, origin, is_secret))
    return rows


def _as_written(key: Key) -> Key:
    """The key of a value in a file; named set-ups stand below their kind there."""
    return ("sources", key[1], NAMED, *key[2:]) if key[0] == "named_sources" else key


def _origin(loaded: Loaded, key: Key) -> str:
    """Where a value came from; what a named set-up does not say itself it has from its kind."""
    of_kind = (*key[:2], *key[4:]) if key[0] == "sources" and key[2:3] == (NAMED,) else key
    origins = loaded.origins
    return origins.get(dotted(key)) or origins.get(dotted(of_kind)) or "default"


def _flat(part: object, key: Key) -> Iterator[tuple[Key, object]]:
    if is_dataclass(part) and not isinstance(part, type):
        for one in fields(part):
            yield from _flat(getattr(part, one.name), (*key, one.name))
    elif isinstance(part, Mapping):
        for name, value in part.items():
            yield from _flat(value, (*key, str(name)))
    else:
        yield key, part


def _shown(value: object, *, is_secret: bool) -> object:
    if isinstance(value, tuple | list | frozenset):
        return [_shown(one, is_secret=is_secret) for one in value]
    if value is None or isinstance(value, bool | int):
        return MASK if is_secret and value is not None else value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Secret):
        return MASK if value.get_secret_value() else ""
    return masked(str(value)) if is_secret else str(value)


def masked(text: str) -> str:
    """A text that may hold a secret; of a database's address the server and name stay.

    All up to the last "@" goes, as passwords have been seen with any character in them
    unescaped, and so does the query, which may hold a password as well.
    """
    scheme, separator, rest = text.partition("://")
    if not separator:
        return MASK if text else ""
    user, at, place = rest.rpartition("@")
    place, query, _ = place.partition("?")
    return f"{scheme}://{MASK + at if user else ''}{place}{query + MASK if query else ''}"
