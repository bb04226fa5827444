"""What is to stand in a sender's JSON: objects, lists of them, and texts; the rest is refused."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class MalformedError(Exception):
    """It is not as the platform wants it; the text says what."""


def object_of(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError(f"{name} is no object")
    return value


def objects_of(value: Any, name: str) -> Sequence[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise MalformedError(f"{name} is no list of objects")
    return value


def text_at(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise MalformedError(f"{name} is no text")
    return text


def marked_texts(value: Any, kind: str) -> Iterator[str]:
    """All texts in which there may be marks; `kind` is where an object says that it has none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and value.get(kind) != "plain_text":
        for one in value.values():
            yield from marked_texts(one, kind)
    elif isinstance(value, list):
        for one in value:
            yield from marked_texts(one, kind)
