"""What keys there are: the tree of sections, tables and values behind the dataclasses.

The layers are read against this tree, so that an unknown key is found, with the nearest
known one, before anything is validated, and a value is known to be a secret before any
message about it is written.
"""

import difflib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Union, get_args, get_origin, get_type_hints

from tocsin.settings.schema import Confidential, Secret, Settings

Key = tuple[str, ...]

# Under this key of a kind of source are its further set-ups, by their names.
NAMED = "named"


@dataclass(frozen=True, slots=True)
class Value:
    """A single value, which may be a list."""

    annotation: object
    is_secret: bool
    is_list: bool
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose names are free: each entry is a `value`."""

    value: "Value | Section"


@dataclass(frozen=True, slots=True)
class Section:
    """A table with known keys."""

    children: Mapping[str, "Node"]


Node = Value | Table | Section


def shape_of(kinds: Mapping[str, type]) -> Section:
    """The tree of all settings, with the options of these kinds of sources."""
    children = dict(_section(Settings).children)
    del children["named_sources"]
    children["sources"] = Section({name: _kind(options) for name, options in kinds.items()})
    return Section(children)


def _kind(options: type) -> Section:
    """A kind's options, and under `named` the same once more for each name."""
    section = _section(options)
    return Section({**section.children, NAMED: Table(section)})


def find(root: Section, key: Key) -> Node | None:
    """The node under this key; any name is good inside a `Table`."""
    node: Node = root
    for name in key:
        if isinstance(node, Section) and name in node.children:
            node = node.children[name]
        elif isinstance(node, Table):
            node = node.value
        else:
            return None
    return node


def file_target(root: Section, key: Key) -> Key | None:
    """The secret whose file `key` names (`secret_key_file` names that of `secret_key`)."""
    if not key or not key[-1].endswith("_file") or find(root, key) is not None:
        return None
    target = (*key[:-1], key[-1].removesuffix("_file"))
    node = find(root, target)
    return target if isinstance(node, Value) and node.is_secret and not node.is_list else None


def values(node: Node, key: Key = ()) -> Iterator[tuple[Key, Node]]:
    """Each single value and each free table below a node, in order.

    What names there are in a free table, the tree does not know.
    """
    if isinstance(node, Section):
        for name, child in node.children.items():
            yield from values(child, (*key, name))
    else:
        yield key, node


def nearest(root: Section, key: Key) -> Key | None:
    """The known key that was most likely meant."""
    parent: Section = root
    names: Table | None = None
    for depth, name in enumerate(key):
        child = parent.children.get(name) if names is None else names.value
        names = child if isinstance(child, Table) else None
        if isinstance(child, Section):
            parent = child
        if isinstance(child, Section) or (names and isinstance(names.value, Section)):
            continue
        near = difflib.get_close_matches(name, parent.children, n=1)
        if near:
            meant = (*key[:depth], near[0])
            whole = (*meant, *key[depth + 1 :])
            return whole if find(root, whole) is not None else meant
        break
    # A name may also stand in the wrong section, or be joined with one "_" instead of two.
    known = {"_".join(path): path for path, _ in values(root)}
    near = difflib.get_close_matches("_".join(key), known, n=1, cutoff=0.75)
    if near:
        return known[near[0]]
    same = [path for path in known.values() if path[-1] == key[-1]]
    return same[0] if len(same) == 1 else None


def _section(owner: type) -> Section:
    hints = get_type_hints(owner, include_extras=True)
    return Section({part.name: _node(hints[part.name]) for part in fields(owner)})


def _node(annotation: object) -> Node:
    bare = _without_notes(annotation)
    if is_dataclass(bare) and isinstance(bare, type):
        return _section(bare)
    if get_origin(bare) in {dict, Mapping}:
        return Table(_value(get_args(bare)[1]))
    return _value(annotation)


def _value(annotation: object) -> Value:
    bare = _without_notes(annotation)
    members = _members(bare)
    return Value(
        annotation,
        is_secret=holds_secret(annotation),
        is_list=any(get_origin(part) in {tuple, list, frozenset} for part in members),
        is_optional=type(None) in members,
    )


def _without_notes(annotation: object) -> object:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _members(annotation: object) -> tuple[object, ...]:
    is_union = get_origin(annotation) in {Union, types.UnionType}
    return get_args(annotation) if is_union else (annotation,)


def holds_secret(annotation: object) -> bool:
    """Whether values of this type hold something that is never shown."""
    if annotation is Secret or isinstance(annotation, Confidential):
        return True
    return any(holds_secret(part) for part in get_args(annotation))
