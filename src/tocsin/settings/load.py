"""Lay the layers over each other and make the settings of them, or tell all that is wrong.

Later ones win: defaults, the file, plain names, variables with the prefix, flags. Of
variables with the same kind of name those of the process win over those of the env file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from tocsin.errors import ConfigError
from tocsin.settings.layers import Given, Layer, Reader
from tocsin.settings.names import dotted
from tocsin.settings.schema import SET_UP_NAMES, Settings, is_set_up_name
from tocsin.settings.shape import NAMED, Key, Section, Table, Value, find, shape_of, values

# Longer ones make a message unreadable and are rarely what was meant to be seen.
MAX_SHOWN_CHARS = 60

_SECRETS = frozenset({"secret", "previous_secret"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and for each key, written as in a file, where its value came from."""

    settings: Settings
    origins: Mapping[str, str]


def load(
    *,
    environ: Mapping[str, str],
    kinds: Mapping[str, type] | None = None,
    config: Path | None = None,
    env_file: Path | None = None,
    flags: Mapping[str, object] | None = None,
) -> Loaded:
    """Read all layers. `kinds` has the `Options` dataclass of each kind of source.

    Raises:
        ConfigError: with every fault of every layer, never with a secret.
    """
    problems: list[str] = []
    root = shape_of(kinds or {})
    reader = Reader(root, problems)
    merged: dict[Key, Given] = {}
    for layer in _layers(reader, environ, config, env_file, flags or {}):
        merged.update(layer)
    settings = _validated(root, merged, kinds or {}, problems)
    if settings is None or problems:
        raise ConfigError(problems)
    return Loaded(settings, MappingProxyType(dict(_origins(root, merged))))


def _layers(
    reader: Reader,
    environ: Mapping[str, str],
    config: Path | None,
    env_file: Path | None,
    flags: Mapping[str, object],
) -> Iterator[Layer]:
    yield reader.defaults()
    if config is not None:
        yield reader.file(config)
    filed = reader.env_file(env_file) if env_file is not None else {}
    in_file = f" in {env_file}"
    yield reader.plain_variables(filed, in_file)
    if _is_production({**filed, **environ}):
        yield reader.plain_variables(environ)
    yield reader.variables(filed, in_file)
    yield reader.variables(environ)
    yield reader.flags(flags)


def _is_production(environ: Mapping[str, str]) -> bool:
    word = environ.get("TOCSIN_ENVIRONMENT") or environ.get("ENVIRONMENT") or ""
    return word.strip().lower() == "production"


def _validated(
    root: Section, merged: Layer, kinds: Mapping[str, type], problems: list[str]
) -> Settings | None:
    tree = _nested(root, merged)
    raw_sources = tree.pop("sources", {})
    settings: Settings | None = None
    try:
        settings = _adapter(Settings).validate_python({**tree, "sources": {}, "named_sources": {}})
    except ValidationError as error:
        problems.extend(_problem(root, merged, (), one) for one in _details(error))
    sources: dict[str, object] = {}
    named: dict[str, Mapping[str, object]] = {}
    for kind, options in kinds.items():
        own = dict(raw_sources.get(kind, {}))
        set_ups = own.pop(NAMED, {})
        found, faults = _options(options, own)
        if found is not None:
            sources[kind] = found
        # A kind that cannot do without some option is simply not in use until it has one.
        if (own and not set_ups) or any(fault["type"] != "missing" for fault in faults):
            problems.extend(_problem(root, merged, ("sources", kind), one) for one in faults)
        named[kind] = MappingProxyType(dict(_named(root, merged, kind, options, problems)))
    return settings and replace(
        settings, sources=MappingProxyType(sources), named_sources=MappingProxyType(named)
    )


def _options(options: type, given: Mapping[str, Any]) -> tuple[object | None, list[ErrorDetails]]:
    try:
        return _adapter(options).validate_python(given), []
    except ValidationError as error:
        return None, _details(error)


def _named(
    root: Section, merged: Layer, kind: str, options: type, problems: list[str]
) -> Iterator[tuple[str, object]]:
    """The kind's further set-ups; what one does not say itself it has from the kind."""
    own = dict(_nested(root, merged).get("sources", {}).get(kind, {}))
    for name, given in own.pop(NAMED, {}).items():
        key = ("sources", kind, NAMED, name)
        if not is_set_up_name(name):
            problems.append(f"{dotted(key)}: expected {SET_UP_NAMES} as its name")
            continue
        inherited = {one: value for one, value in own.items() if one not in _SECRETS}
        # Two secrets of different set-ups are no pair: the kind's former one would open this.
        base = inherited if _SECRETS & set(given) else own
        found, faults = _options(options, {**base, **given})
        problems.extend(_problem(root, merged, key, one) for one in faults)
        if found is not None:
            yield name, found


@cache
def _adapter(owner: type) -> TypeAdapter[Any]:
    return TypeAdapter(owner)


def _details(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=False)


def _nested(root: Section, merged: Layer) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, given in merged.items():
        _place(tree, key)[key[-1]] = given.value
    for key, node in values(root):
        # A table without entries gives nothing, yet has to be there. Those of the sources
        # have a default of their own.
        if isinstance(node, Table) and key[0] != "sources":
            _place(tree, key).setdefault(key[-1], {})
    return tree


def _place(tree: dict[str, Any], key: Key) -> dict[str, Any]:
    for name in key[:-1]:
        tree = tree.setdefault(name, {})
    return tree


def _problem(root: Section, merged: Layer, prefix: Key, error: ErrorDetails) -> str:
    """One fault as a line: the key, what was expected, what it is unless secret, its origin."""
    whole = (*prefix, *(str(part) for part in error["loc"]))
    size = next((size for size in range(len(whole), 0, -1) if whole[:size] in merged), 0)
    key = whole[:size] or whole
    given = merged.get(key)
    items = [part for part in error["loc"][len(key) - len(prefix) :] if isinstance(part, int)]
    item = f" item {items[0] + 1}:" if items else ""
    origin = f" (from {given.origin})" if given else ""
    return f"{dotted(key)}:{item} {_expectation(error)}{_shown(root, key, error)}{origin}"


def _expectation(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is required"
    text = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return text[:1].lower() + text[1:]


def _shown(root: Section, key: Key, error: ErrorDetails) -> str:
    node = find(root, key)
    value = error["input"]
    if not isinstance(node, Value) or node.is_secret or not isinstance(value, str | int | float):
        return ""
    text = repr(value)
    return f", got {text}" if len(text) <= MAX_SHOWN_CHARS else ""


def _origins(root: Section, merged: Layer) -> Iterator[tuple[str, str]]:
    for key, node in values(root):
        if isinstance(node, Value):
            yield dotted(key), merged[key].origin if key in merged else "default"
    for key, given in merged.items():
        yield dotted(key), given.origin
