"""What a log line looks like once a terminal has shown it, as plain text without colours.

Pure. Escape sequences (ECMA-48, and the strings of xterm) are left out, and what was written
over is gone: of a progress bar its last state is what stays.
"""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
# The same in UTF-8, but for the LF between lines: most texts have none, and these two tell so at
# once, where an expression would look at each byte.
_CONTROL_BYTES = bytes({*range(0x20), 0x7F} - set(b"\t\n"))
_C1_BYTES = re.compile(rb"\xc2[\x80-\x9f]")
# Colours alone, as most lines have them that have anything.
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_COLOUR_IN_BYTES = re.compile(rb"\x1b\[[0-9;:]*m")
# Strings first (titles, links, Sixel …), then control sequences, then the short ones. What has no
# end ends with the line, as the rest of it would have been hidden too.
_TOKEN = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|(?=\x1b)|$)"
    r"|(?:\x1b\[|\x9b)(?P<csi>[0-?]*[ -/]*(?:[@-~]|$))"
    r"|\x1b[ -/]*[0-~]?"
    r"|(?P<move>[\r\x08])"
    r"|[\x00-\x07\x0a-\x1f\x7f-\x9f]"
)


def plain(text: str) -> str:
    """`text` as it is read on a screen; takes time in proportion to its length."""
    if _CONTROL.search(text) is None:
        return text
    bare = _COLOUR.sub("", text)
    if _CONTROL.search(bare) is None:
        return bare
    cells: list[str] = []
    column = at = 0
    for token in _TOKEN.finditer(text):
        column = _write(cells, column, text[at : token.start()])
        at = token.end()
        column = _moved(cells, column, token)
    _write(cells, column, text[at:])
    return "".join(cells)


def plain_lines(text: bytes) -> bytes:
    """The same for lines between which LF stands; they keep their number."""
    if not _has_control(text):
        return text
    bare = _COLOUR_IN_BYTES.sub(b"", text)
    if not _has_control(bare):
        return bare
    return b"\n".join(
        plain(line.decode()).encode() if _has_control(without) else without
        for line, without in zip(text.split(b"\n"), bare.split(b"\n"), strict=True)
    )


def _has_control(text: bytes) -> bool:
    return len(text.translate(None, _CONTROL_BYTES)) != len(text) or bool(_C1_BYTES.search(text))


def _write(cells: list[str], column: int, text: str) -> int:
    cells[column : column + len(text)] = text
    return column + len(text)


def _moved(cells: list[str], column: int, token: re.Match[str]) -> int:
    """Do what the token says; gives the column in which the next character is written."""
    match token["move"], token["csi"]:
        case "\r", _:
            return 0
        case "\b", _:
            return max(0, column - 1)
        case _, ("K" | "0K"):
            del cells[column:]
        case _, "2K":
            # Who clears a line writes it anew from its begin.
            cells.clear()
            return 0
    return column
