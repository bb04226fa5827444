"""Read Telegram's two ways of formatting as strictly as its servers, which refuse a slip."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import unescape

from tocsin.model.message import Block, BlockKind, Span

_TAG = re.compile(r"<(/?)([a-zA-Z-]*)((?:\s[^<>]*)?)>?")
_HREF = re.compile(r"""href\s*=\s*["']([^"']*)["']""")
_RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
# In the order in which they are looked for: the longer before what it begins with.
_MARKS = ("```", "||", "__", "*", "_", "~", "`", "[")
_CLOSERS: Mapping[str, str] = {"[": "]"}
TAGS: Mapping[str, str] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "",
    "ins": "",
    "s": "",
    "strike": "",
    "del": "",
    "tg-spoiler": "",
    "span": "",
    "code": "code",
    "pre": "pre",
    "blockquote": "quote",
    "a": "link",
}


class TextError(Exception):
    """It is refused; the text is the description, as Telegram words it."""


@dataclass
class _Page:
    """What was read so far: blocks, and the spans of the one that is open."""

    blocks: list[Block] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    kind: BlockKind = BlockKind.PARAGRAPH
    look: Span = field(default_factory=lambda: Span(""))

    def add(self, text: str) -> None:
        if text:
            self.spans.append(replace(self.look, text=text))

    def turn(self, kind: BlockKind) -> None:
        """What follows stands in a block of its own."""
        if self.spans:
            self.blocks.append(Block(self.kind, tuple(self.spans)))
            self.spans = []
        self.kind = kind

    def wear(self, look: str, *, is_on: bool, href: str = "") -> None:
        match look:
            case "bold":
                self.look = replace(self.look, is_bold=is_on)
            case "italic":
                self.look = replace(self.look, is_italic=is_on)
            case "code":
                self.look = replace(self.look, is_code=is_on)
            case "link":
                self.look = replace(self.look, href=href if is_on else None)
            case "pre":
                self.turn(BlockKind.CODE if is_on else BlockKind.PARAGRAPH)
            case "quote":
                self.turn(BlockKind.QUOTE if is_on else BlockKind.PARAGRAPH)


def read_text(text: str, mode: str) -> tuple[Block, ...]:
    """The blocks of a text by its parse_mode; "" is none.

    Raises:
        TextError: it cannot be read, or there is no such mode.
    """
    readers: Mapping[str, Callable[[str], _Page]] = {
        "": _read_plain,
        "html": _read_html,
        "markdownv2": _read_markdown,
    }
    reader = readers.get(mode.lower())
    if reader is None:
        raise TextError("unsupported parse_mode")
    page = reader(text)
    page.turn(BlockKind.PARAGRAPH)
    return tuple(page.blocks)


def length_of(blocks: tuple[Block, ...]) -> int:
    """Characters after parsing, counted in UTF-16 as offsets of entities are."""
    text = "".join(span.text for block in blocks for span in block.spans)
    return len(text.strip().encode("utf-16-le")) // 2


def _read_plain(text: str) -> _Page:
    page = _Page()
    page.add(text)
    return page


# --- HTML


def _read_html(text: str) -> _Page:
    page = _Page()
    opened: list[tuple[str, str]] = []
    at = 0
    while (start := text.find("<", at)) >= 0:
        page.add(unescape(text[at:start]))
        found = _TAG.match(text, start)
        # The rule takes any "<", so that what is none of the tags is refused by its name.
        closing, name, rest = found.groups() if found else ("", "", "")
        if found is None or not found[0].endswith(">") or name.lower() not in TAGS:
            kind = "end" if closing else "start"
            raise _unreadable(f'Unsupported {kind} tag "{name}" at byte offset {start}')
        _tag(page, opened, name.lower(), rest, is_end=bool(closing), at=start)
        at = found.end()
    page.add(unescape(text[at:]))
    if opened:
        raise _unreadable(f'Can\'t find end tag corresponding to start tag "{opened[-1][0]}"')
    return page


def _tag(
    page: _Page, opened: list[tuple[str, str]], name: str, rest: str, *, is_end: bool, at: int
) -> None:
    look = TAGS[name]
    if not is_end:
        found = _HREF.search(rest)
        opened.append((name, look))
        page.wear(look, is_on=True, href=unescape(found[1]) if found else "")
        return
    if not opened or opened[-1][0] != name:
        expected = f', expected "</{opened[-1][0]}>"' if opened else ""
        raise _unreadable(f'Unmatched end tag at byte offset {at}{expected}, found "</{name}>"')
    opened.pop()
    page.wear(look, is_on=any(one == look for _, one in opened))


# --- MarkdownV2


def _read_markdown(text: str) -> _Page:
    page = _Page()
    opened: list[str] = []
    at = 0
    while at < len(text):
        inside_code = bool(opened) and opened[-1] in {"```", "`"}
        at = _in_code(page, opened, text, at) if inside_code else _in_text(page, opened, text, at)
    if opened:
        raise _unreadable(f"Can't find end of the entity starting with {opened[-1]!r}")
    return page


def _in_code(page: _Page, opened: list[str], text: str, at: int) -> int:
    """Only the mark that began it, and a backslash, mean something there."""
    mark = opened[-1]
    if text.startswith(mark, at):
        opened.pop()
        page.wear("pre" if mark == "```" else "code", is_on=False)
        return at + len(mark)
    if text[at] == "\\" and at + 1 < len(text):
        page.add(text[at + 1])
        return at + 2
    page.add(text[at])
    return at + 1


def _in_text(page: _Page, opened: list[str], text: str, at: int) -> int:
    char = text[at]
    if char == "\\" and at + 1 < len(text):
        page.add(text[at + 1])
        return at + 2
    if char == ">" and (at == 0 or text[at - 1] == "\n"):
        page.turn(BlockKind.QUOTE)
        return at + 1
    if char == "\n" and page.kind is BlockKind.QUOTE:
        page.turn(BlockKind.PARAGRAPH)
        return at + 1
    if char == "]" and "[" in opened:
        return _end_of_link(page, opened, text, at)
    for mark in _MARKS:
        if text.startswith(mark, at):
            _mark(page, opened, mark, text, at)
            return at + len(mark)
    if char in _RESERVED:
        raise _unreadable(f"Character '{char}' is reserved and must be escaped with '\\'")
    page.add(char)
    return at + 1


def _mark(page: _Page, opened: list[str], mark: str, text: str, at: int) -> None:
    looks = {"*": "bold", "_": "italic", "`": "code", "```": "pre", "[": ""}
    if mark in opened:
        if opened[-1] != mark:
            raise _unreadable(f"Can't find end of the entity at byte offset {at}")
        opened.pop()
        page.wear(looks.get(mark, ""), is_on=False)
        return
    opened.append(mark)
    if mark == "[":
        # What it leads to stands behind its text.
        page.wear("link", is_on=True, href=_target(text, at))
    else:
        page.wear(looks.get(mark, ""), is_on=True)


def _target(text: str, at: int) -> str:
    found = re.compile(r"(?:\\.|[^\]\\])*\]\(((?:\\.|[^)\\])*)\)", re.DOTALL).match(text, at + 1)
    if found is None:
        raise _unreadable(f"Can't find end of a URL at byte offset {at}")
    return re.sub(r"\\(.)", r"\1", found[1])


def _end_of_link(page: _Page, opened: list[str], text: str, at: int) -> int:
    if opened[-1] != "[":
        raise _unreadable(f"Can't find end of the entity at byte offset {at}")
    opened.pop()
    page.wear("link", is_on=False)
    return at + _link_length(text[at:])


def _link_length(rest: str) -> int:
    return 2 + sum(map(len, _until_bracket(rest[2:])))


def _until_bracket(rest: str) -> Iterator[str]:
    for found in re.finditer(r"\\.|.", rest, re.DOTALL):
        yield found[0]
        if found[0] == ")":
            return


def _unreadable(why: str) -> TextError:
    return TextError(f"can't parse entities: {why}")
