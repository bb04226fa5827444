"""Make text of strangers harmless before a person's terminal shows it.

A log line can hold what moves the cursor, sets the window's title, pastes a command or
turns the reading direction. Here every such character becomes a visible one; only colours
(SGR, ECMA-48 8.3.117) stay, and these as styles, so that one line never colours the next.
"""

import re

from rich.ansi import AnsiDecoder
from rich.text import Text

# C0, DEL and C1; line and paragraph separators; marks that turn the reading direction
# ("Trojan Source", CVE-2021-42574); halves of a character, which no terminal can take.
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# Bounded, because numbers of any length would be read as such.
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,40}m")

_TAB = "    "


def harmless(text: str) -> str:
    """`text` on one line, without any control character."""
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))


def coloured(text: str) -> Text:
    """`text` on one line, its colours as styles, all other control characters visible."""
    parts = []
    at = 0
    text = text.replace("\r\n", "\n")
    for colour in _COLOUR.finditer(text):
        parts += [_CONTROL.sub(_visible, text[at : colour.start()]), colour.group()]
        at = colour.end()
    parts.append(_CONTROL.sub(_visible, text[at:]))
    return AnsiDecoder().decode_line("".join(parts))


def _visible(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char == "\t":
        return _TAB
    if char == "\n":
        return "⏎"
    if code < 0x20:
        return chr(0x2400 + code)  # the control picture, ␛ for ESC
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "�"
    return f"<U+{code:04X}>"
