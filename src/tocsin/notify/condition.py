"""A callback's condition: CEL over `event`, which says what of that is worth telling.

Pure. `event.data.duration > 600` holds for an event that has a duration, and that one above 600; it
does not hold for one that has none. Of the data as much is looked at as a condition may go
through: long texts and lists to a certain length.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from tocsin.model.cel_engine import cel
from tocsin.model.cel_program import program_of, value_of
from tocsin.model.event import Event

NAMES = ("id", "type", "project", "subject", "source", "occurred_at", "received_at", "data")

# Less than 100 ms of work for any condition, in which nothing else goes on.
MAX_SEEN_CHARS = 32_768
MAX_TEXT_CHARS = 4_096
MAX_ENTRIES = 256
# What one value counts besides its text.
_ENTRY_CHARS = 8
_LARGEST = 2**63 - 1

_SUCH_AS = "event.data.duration > 600"
# What has a value here, other than true or false, can never hold.
_OF_NOTHING: Mapping[str, Any] = {"event": dict.fromkeys(NAMES, "") | {"data": {}}}

_LITERAL = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_FIELD = re.compile(r"(?<![\w.])event\s*\.\s*(\w+)")


def check(source: str) -> None:
    """See that `source` can be a condition; an empty one always holds.

    Raises:
        ValueError: what is wrong with it, in a sentence.
    """
    if source.strip():
        found = value_of(_program(source), _OF_NOTHING)
        if not (found is None or isinstance(found, bool)):
            raise ValueError(f"expected CEL that is true or false, such as {_SUCH_AS}")


def holds(source: str, event: Event) -> bool:
    """Whether the condition holds for `event`; one that cannot be worked out does not."""
    if not source.strip():
        return True
    try:
        program = _program(source)
    except ValueError:
        return False
    return value_of(program, {"event": seen_of(event)}) is True


@lru_cache(maxsize=1_000)
def _program(source: str) -> cel.Program:
    program = program_of(source, ("event",), _SUCH_AS)
    for name in _FIELD.findall(_LITERAL.sub("''", source)):
        if name not in NAMES:
            message = f"expected a field of event; there is no {name}, but there are {_LISTED}"
            raise ValueError(message)
    return program


_LISTED = f"{', '.join(NAMES[:-1])} and {NAMES[-1]}"


def seen_of(event: Event) -> Mapping[str, Any]:
    """An event as far as conditions and templates may look at it."""
    return {name: getattr(event, name) for name in NAMES[:-1]} | {"data": _Look().at(event.data)}


class _Look:
    """One look at some data, which ends when enough was seen."""

    def __init__(self) -> None:
        self._left = MAX_SEEN_CHARS

    def at(self, value: Any) -> Any:
        """`value` as far as it can be looked at; what comes too late is None."""
        self._left -= _ENTRY_CHARS
        if self._left < 0 or value is None or isinstance(value, bool | float):
            return None if self._left < 0 else value
        if isinstance(value, str):
            seen = value[: min(MAX_TEXT_CHARS, self._left)]
            self._left -= len(seen)
            return seen
        if isinstance(value, int):
            return value if -_LARGEST <= value <= _LARGEST else float(min(value, 10**300))
        if isinstance(value, Mapping):
            return self._fields(value)
        return self._entries(value) if isinstance(value, list) else None

    def _fields(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Texts and numbers come first: a long list before them shall not hide them."""
        fields = [*islice(said.items(), MAX_ENTRIES)]
        seen: dict[str, Any] = {}
        for name, value in sorted(fields, key=lambda field: isinstance(field[1], Mapping | list)):
            self._left -= len(name)
            if self._left < 0:
                break
            seen[name] = self.at(value)
        return seen

    def _entries(self, said: list[Any]) -> list[Any]:
        seen = []
        for value in said[:MAX_ENTRIES]:
            if self._left < 0:
                break
            seen.append(self.at(value))
        return seen
