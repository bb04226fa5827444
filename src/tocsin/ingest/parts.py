"""Take what is wanted out of a payload that has it, or has not.

Pure. What a sender documents today it may leave out tomorrow, so none of it is a reason to refuse
a payload: whatever is not of the form that is expected counts as not told.
"""

import re
from collections.abc import Mapping
from typing import Any

from tocsin.ingest.fields import MAX_NAME_CHARS
from tocsin.model.logline import clean_text
from tocsin.model.times import parse_instant, to_us

_MICROSECONDS = 1_000_000
_ZONE_APART = re.compile(r" ([+-]\d\d:?\d\d)$")


def part(body: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object under `names`, one in the other; empty when there is none."""
    for name in names:
        found = body.get(name)
        body = found if isinstance(found, dict) else {}
    return body


def text(value: Any) -> str:
    """A name or a word, as it can be kept and cut where it would not fit; else empty.

    A body is clean when it is read, a header is not.
    """
    if not isinstance(value, str):
        return ""
    return clean_text(value.strip()[:MAX_NAME_CHARS].rstrip())


def kind_of(body: Mapping[str, Any]) -> str:
    """The type of a message under the names that senders have for it, `message` under none."""
    said = (text(body.get(name)) for name in ("type", "event_type", "eventType", "event"))
    return next(filter(None, said), "message")


def id_of(about: Mapping[str, Any], name: str = "id") -> str:
    """An id, which may be a number; "" when there is none."""
    value = about.get(name)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else text(value)


def instant(about: Mapping[str, Any], name: str) -> int | None:
    """An instant in microseconds; None when there is none.

    Ruby's programs set the zone apart, or write UTC out; those in Go give 1970 itself for none.
    """
    said = about.get(name)
    if isinstance(said, str):
        said = _ZONE_APART.sub(r"\1", said.removesuffix(" UTC"))
    at = parse_instant(said)
    return None if at is None else to_us(at) or None


def seconds(begin: int | None, end: int) -> float:
    """From begin to end, -1 while the begin is unknown."""
    return -1.0 if begin is None else (end - begin) / _MICROSECONDS


def known(**facts: Any) -> dict[str, str]:
    """The facts that are told."""
    return {name: found for name, said in facts.items() if (found := text(said))}


def web_address(said: Any) -> str:
    """An address that a reader may be given as a link."""
    is_one = isinstance(said, str) and said.startswith(("https://", "http://"))
    return said if is_one and len(said) <= MAX_NAME_CHARS else ""
