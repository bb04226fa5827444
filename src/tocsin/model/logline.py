"""Log lines: the text a sender gives, cut into lines and made safe to keep."""

import re
from dataclasses import dataclass
from datetime import datetime

# CR stays inside a line: a progress bar overwrites itself with it, and the viewer shows that.
_LINE_END = re.compile(r"\r?\n")
# NUL is refused by PostgreSQL's text, a lone surrogate by UTF-8 (RFC 3629, 3).
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")

_LEVELS = {
    "warn": "warning",
    "err": "error",
    "fatal": "critical",
    "crit": "critical",
    "information": "info",
    "notice": "info",
    "verbose": "debug",
    "trace": "debug",
}
MAX_LEVEL_CHARS = 32


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a deployment's log. `step` is "" when the sender named none.

    `at` is the sender's time; None when it gave none, then the receiving time counts.
    """

    text: str
    level: str
    step: str
    at: datetime | None


def clean_text(text: str) -> str:
    """`text` with what no database keeps replaced by U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return _NOT_TEXT.sub("�", text)


def split_lines(text: str) -> list[str]:
    """The lines of `text`, cleaned; a line end at the very end begins no further line."""
    lines = _LINE_END.split(clean_text(text))
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    return lines


def level_of(said: object) -> str:
    """A level's usual name, lower case; `info` when the sender named none."""
    if not isinstance(said, str) or not said.strip():
        return "info"
    word = clean_text(said.strip().lower())[:MAX_LEVEL_CHARS]
    return _LEVELS.get(word, word)
