"""Reads the Markdown of a person's template into blocks that any channel can draw.

CommonMark without HTML. What is a stranger's text goes in through `escaped`, and comes out as the
text it was: nothing in it is read as Markdown, wherever in the template it stands. Of a text so
long that to read it would take long, the end is shown as it is written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.token import Token

from tocsin.model.message import Block, BlockKind, Span
from tocsin.notify.drawing.dialect import joined

# So many marks are read of a text; each takes about 20 microseconds. So does each piece of what
# may be an address, which is looked through for its end.
MAX_MARKS = 800
_COSTLY = re.compile(r"\]\((?=(\S*))|[\n\\`*_\[\]<>&!]")
_OF_A_LINE, _OF_A_LINK, _CHARS_A_MARK = 2, 4, 10

_ADDRESS = re.compile(r"https?://[^/?#]|mailto:.", re.IGNORECASE)

# Characters of the last two planes, which nobody uses, stand for those of the first two that
# Markdown could read. A backslash would not do: in code it is shown, and keeps no blank line.
_LAST = 0x10FFFF
_HIDDEN = re.compile("[\U000f0000-\U00101fff\U00102800-\U0010ffff]")
_OPEN = re.compile(r"[\W_]")
# NUL, surrogates and the last two planes: characters that no text has.
_NO_TEXT = re.compile("[\0\ud800-\udfff\U000f0000-\U0010ffff]")
# Without this beginning `<{{address}}>` would be no link; it means nothing elsewhere.
_SCHEME = re.compile(r"(?:https?|mailto):(?=\S)", re.IGNORECASE)

_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "strong_open": {"is_bold": True},
    "strong_close": {"is_bold": False},
    "em_open": {"is_italic": True},
    "em_close": {"is_italic": False},
    "link_close": {"href": None},
}


def escaped(value: str) -> str:
    """A value so written that `blocks_of` gives it as it is, within words, links and code too.

    Only its line ends become one kind, and what no text has becomes U+FFFD.
    """
    text = _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    scheme = _SCHEME.match(text)
    seen = scheme.end() if scheme else 0
    return text[:seen] + _hidden(text[seen:])


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text; a line's end stays one, as people mean it in a chat."""
    reading, end = _Reading([], [], 0), _read_to(text)
    for token in _MARKDOWN.parse(text[:end]):
        reading.read(token)
    rest = _shown(text[end:]).strip("\n")
    if rest:
        reading.blocks.append(Block(BlockKind.PARAGRAPH, (Span(rest),)))
    return tuple(reading.blocks)


def _read_to(text: str) -> int:
    """Up to where marks are read; as a rule that is the end."""
    left = MAX_MARKS
    for found in _COSTLY.finditer(text):
        left -= _cost(found)
        if left < 0:
            # Better at the beginning of a line, if there is one.
            return text.rfind("\n", 0, found.start()) + 1 or found.start()
    return len(text)


def _cost(found: re.Match[str]) -> int:
    if found[1] is not None:
        return _OF_A_LINK + len(found[1]) // _CHARS_A_MARK
    return _OF_A_LINE if found[0] == "\n" else 1


def _hidden(text: str) -> str:
    return _OPEN.sub(_stand_in, text)


def _stand_in(found: re.Match[str]) -> str:
    place = ord(found[0])
    return found[0] if place > 0x1FFFF else chr(_LAST - place)


def _shown(text: str) -> str:
    return _HIDDEN.sub(lambda found: chr(_LAST - ord(found[0])), text)


def _any_address(url: str) -> bool:  # noqa: ARG001 - named as its caller names it
    return True


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    # Addresses are looked at here, once what was hidden in them is shown.
    reader.normalizeLink = lambda url: url  # type: ignore[method-assign]  # meant to be set
    reader.validateLink = _any_address  # type: ignore[method-assign]  # the same
    return reader


_MARKDOWN = _reader()


@dataclass(slots=True)
class _List:
    """A list that is being read; `number` is its next item's, None when items have none."""

    number: int | None
    is_item_begun: bool = False
    numbered: Block | None = None


@dataclass(slots=True)
class _Reading:
    """The blocks so far, the lists around the present place, and how deep in quotes it is."""

    blocks: list[Block]
    lists: list[_List]
    quotes: int
    is_heading: bool = False

    def read(self, token: Token) -> None:
        match token.type:
            case "heading_open" | "heading_close":
                self.is_heading = token.nesting > 0
            case "blockquote_open" | "blockquote_close":
                self.quotes += token.nesting
            case "bullet_list_open":
                self.lists.append(_List(None))
            case "ordered_list_open":
                self.lists.append(_List(int(token.attrs.get("start", 1))))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.lists[-1].is_item_begun = True
            case "fence" | "code_block":
                code = _shown(token.content).removesuffix("\n")
                self.blocks.append(Block(BlockKind.CODE, (Span(code),)))
            case "inline":
                self._add(_spans(token.children or ()))

    def _add(self, spans: tuple[Span, ...]) -> None:
        if not spans:
            return
        begun = self.lists[-1] if self.lists and self.lists[-1].is_item_begun else None
        if begun is not None:
            begun.is_item_begun = False
        if begun is not None and begun.number is not None and not self.is_heading:
            self._add_numbered(begun, begun.number, spans)
        else:
            self.blocks.append(Block(self._kind(is_item=begun is not None), spans))

    def _kind(self, *, is_item: bool) -> BlockKind:
        if self.is_heading:
            return BlockKind.HEADING
        if is_item:
            return BlockKind.ITEM
        return BlockKind.QUOTE if self.quotes else BlockKind.PARAGRAPH

    def _add_numbered(self, around: _List, number: int, spans: tuple[Span, ...]) -> None:
        """Numbered items are lines of one paragraph: their numbers are text like any other."""
        line: tuple[Span, ...] = (Span(f"{number}. "), *spans)
        if self.blocks and self.blocks[-1] is around.numbered:
            line = (*self.blocks.pop().spans, Span("\n"), *line)
        around.numbered = Block(BlockKind.PARAGRAPH, joined(line))
        around.number = number + 1
        self.blocks.append(around.numbered)


def _spans(children: Iterable[Token]) -> tuple[Span, ...]:
    return joined(one for one in _looked(children) if one.text)


def _looked(children: Iterable[Token]) -> Iterator[Span]:
    look = Span("")
    for child in children:
        match child.type:
            case "text" | "text_special":
                yield replace(look, text=_shown(child.content))
            case "code_inline":
                yield replace(look, text=_shown(child.content), is_code=True)
            case "softbreak" | "hardbreak":
                yield replace(look, text="\n")
            case "link_open":
                look = replace(look, href=_address(str(child.attrs.get("href", ""))))
            case "image":
                href = _address(str(child.attrs.get("src", "")))
                text = _shown(child.content) or href or ""
                yield replace(look, text=text, href=look.href or href)
            case other:
                look = replace(look, **_LOOKS.get(other, {}))


def _address(href: str) -> str | None:
    """Where a link leads; None for what is no address that people may be sent to."""
    url = normalizeLink(_shown(href).strip())
    return url if _ADDRESS.match(url) else None
