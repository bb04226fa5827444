"""Take what a message shows out of an event's data, whatever stands there.

Pure. What is not of the form that is expected counts as not told. What comes out is short, in one
line unless it says otherwise, and holds nothing that is not to be seen: no control characters, no
colours of terminals, nothing that turns the direction of writing.
"""

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from tocsin.model.go_duration import parse_go_duration
from tocsin.model.logline import clean_text
from tocsin.model.terminal import plain
from tocsin.model.times import parse_instant, to_us
from tocsin.notify.drawing.dialect import cut

MAX_VALUE_CHARS = 200
MAX_LINE_CHARS = 400
MAX_LOG_LINES = 30
MAX_LOG_CHARS = 2_500
MAX_URL_CHARS = 1_000
# Beyond it a number is one that nobody meant.
_LARGEST = 10**18
# A year: longer than anything that is told of.
_MAX_SECONDS = 31_536_000.0

_LINE_END = re.compile(r"\r\n|\n")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]")
_HASH = re.compile(r"[0-9a-f]{12,64}")
SHORT_HASH_CHARS = 8


def at(said: Any, *names: str) -> Any:
    """What stands under `names`, one in the other; None where nothing does."""
    return reduce(lambda inner, name: part(inner).get(name), names, said)


def part(said: Any, *names: str) -> Mapping[str, Any]:
    """The object under `names`; empty when there is none."""
    found = at(said, *names) if names else said
    return found if isinstance(found, Mapping) else {}


def text(said: Any, max_chars: int = MAX_VALUE_CHARS) -> str:
    """A text in one line, or a number as one; "" for anything else."""
    if isinstance(said, str):
        # So much as cannot all turn out to be white space, and no more.
        seen = _seen(plain(said[: 4 * max_chars].replace("\r", "\n").replace("\n", " ")))
        return cut(" ".join(seen.split()), max_chars)
    found = number(said)
    if found is None:
        return ""
    return cut(str(said) if isinstance(said, int) else f"{found:.10g}", max_chars)


def first(said: Any, *places: str) -> str:
    """The first of these dotted places where a text or a number stands."""
    return next((found for one in places if (found := text(at(said, *one.split("."))))), "")


def number(said: Any) -> float | None:
    """A number that somebody may have meant."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    # NaN is on neither side of anything.
    return said if -_LARGEST < said < _LARGEST else None


def count(said: Any) -> int | None:
    """A number of things, also as text."""
    if isinstance(said, str) and said.isascii() and said.isdigit() and len(said) < 18:
        return int(said)
    found = number(said)
    return int(found) if found is not None and found >= 0 else None


def seconds(said: Any) -> float | None:
    """A duration: a number of seconds, also as text, or Go's "5m30s"; None for one that is none."""
    if isinstance(said, str):
        try:
            said = float(said[:30])
        except ValueError:
            said = parse_go_duration(said[:100])
    found = number(said)
    return found if found is not None and 0 <= found <= _MAX_SECONDS else None


def between(begun: Any, ended: Any) -> float | None:
    """The seconds between two times that senders gave."""
    begun_at, ended_at = parse_instant(begun), parse_instant(ended)
    if begun_at is None or ended_at is None:
        return None
    return seconds((to_us(ended_at) - to_us(begun_at)) / 1_000_000)


def short_hash(said: Any) -> str:
    """A commit as people name it."""
    found = text(said)
    return found[:SHORT_HASH_CHARS] if _HASH.fullmatch(found) else found


def address(said: Any) -> str:
    """An address that a reader may be given as a link; "" for anything else."""
    if not isinstance(said, str) or len(said) > MAX_URL_CHARS:
        return ""
    url = said.strip()
    if not url.isprintable() or any(char in url for char in ' "<>\\'):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


def texts(said: Any, most: int) -> list[str]:
    """The texts of a list, or a single one."""
    entries = said if isinstance(said, list) else [said]
    return [found for one in islice(entries, most) if (found := text(one))]


def log_lines(said: Any) -> list[str]:
    """The last lines of a log that is a text, or a list of texts or of objects with `message`."""
    entries = said[-MAX_LOG_LINES:] if isinstance(said, list) else [said]
    lines: list[str] = []
    for entry in entries:
        lines += _lines(at(entry, "message") if isinstance(entry, Mapping) else entry)
    return _last(lines)


def _lines(said: Any) -> Iterable[str]:
    if not isinstance(said, str):
        return [found] if (found := text(said)) else []
    # What is left out at the front is more than what is shown.
    ending = said[-2 * MAX_LOG_LINES * MAX_LINE_CHARS :].rstrip()
    lines = _LINE_END.split(ending)[-MAX_LOG_LINES:] if ending else []
    return [cut(_seen(plain(line)), MAX_LINE_CHARS) for line in lines]


def _last(lines: list[str]) -> list[str]:
    """As many of the last lines as may be shown."""
    room, kept = MAX_LOG_CHARS, 0
    for line in reversed(lines[-MAX_LOG_LINES:]):
        room -= len(line) + 1
        if room < 0:
            break
        kept += 1
    return lines[len(lines) - kept :]


def paragraph(said: Any, max_chars: int) -> str:
    """A text of several lines, without blank ones at its ends."""
    if not isinstance(said, str):
        return text(said, max_chars)
    lines = shown(said.strip()[: 4 * max_chars]).split("\n")
    return cut("\n".join(map(str.rstrip, lines)).strip(), max_chars)


def shown(said: str) -> str:
    """A text of several lines without what is not to be seen."""
    return "\n".join(_seen(plain(line)) for line in _LINE_END.split(said))


def _seen(line: str) -> str:
    return _UNSEEN.sub("", clean_text(line))
