"""Read text with marks as a chat's readers would see it: each chat knows marks of its own.

What a chat does not know is plain text there, and shows its asterisks; so does this.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tocsin.model.message import Block, BlockKind, Span
from tocsin.testing.taken import text_of


@dataclass(frozen=True, slots=True)
class Marks:
    """What a chat knows of Markdown, in the names of the parser's rules.

    With `has_breaks` a line's end is one; without, it is a space, as in CommonMark.
    """

    rules: tuple[str, ...]
    has_italic: bool = True
    has_breaks: bool = True
    max_heading: int = 6


# --- Markdown

_KINDS = {
    "heading_open": BlockKind.HEADING,
    "list_item_open": BlockKind.ITEM,
    "blockquote_open": BlockKind.QUOTE,
}


def read(text: str, marks: Marks) -> tuple[Block, ...]:
    """The blocks of a Markdown text, of the innermost kind where they stand in one another."""
    return tuple(_blocks(_parser(marks.rules).parse(text), marks))


def unmarked(text: str, marks: Marks) -> str:
    """What is to be read of it."""
    return text_of(read(text, marks))


@cache
def _parser(rules: tuple[str, ...]) -> MarkdownIt:
    return MarkdownIt("zero").enable(["newline", *rules])


def _blocks(tokens: Sequence[Token], marks: Marks) -> Iterator[Block]:
    around: list[BlockKind] = []
    heading = ""
    for token in tokens:
        if token.type in _KINDS:
            level = int(token.tag[1]) if token.type == "heading_open" else 0
            heading = token.markup + " " if level > marks.max_heading else ""
            around.append(BlockKind.PARAGRAPH if heading else _KINDS[token.type])
        elif token.type.replace("_close", "_open") in _KINDS:
            around.pop()
        elif token.type in {"fence", "code_block"}:
            yield Block(BlockKind.CODE, (Span(token.content.rstrip("\n")),))
        elif token.type == "inline":
            spans = tuple(_spans(token.children or [], marks))
            shown = (Span(heading), *spans) if heading else spans
            heading = ""
            yield Block(around[-1] if around else BlockKind.PARAGRAPH, shown)


def _spans(tokens: Sequence[Token], marks: Marks) -> Iterator[Span]:
    look = Span("")
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                look = replace(look, is_bold=token.nesting > 0)
            case "em_open" | "em_close" if marks.has_italic:
                look = replace(look, is_italic=token.nesting > 0)
            case "em_open" | "em_close":
                yield replace(look, text=token.markup)
            case "link_open" | "link_close":
                href = str(token.attrGet("href")) if token.nesting > 0 else None
                look = replace(look, href=href)
            case "code_inline":
                yield replace(look, text=token.content, is_code=True)
            case "softbreak":
                yield replace(look, text="\n" if marks.has_breaks else " ")
            case "hardbreak":
                yield replace(look, text="\n")
            case _ if token.content:
                yield replace(look, text=token.content)


# --- Slack

_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_MRKDWN = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|<(?P<url>(?:https?|mailto):[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|<(?P<call>[@!#][^>]*)>"
    r"|(?<![\w*])\*(?P<bold>(?=\S)[^*\n]+(?<=\S))\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>(?=\S)[^_\n]+(?<=\S))_(?![\w_])"
)


def read_mrkdwn(text: str) -> tuple[Block, ...]:
    """The blocks of a text in Slack's marks."""
    found: list[Block] = []
    for place, piece in enumerate(_FENCE.split(text)):
        if place % 2:
            found.append(Block(BlockKind.CODE, (Span(unescape(piece)),)))
            continue
        for line in filter(None, piece.splitlines()):
            is_quote = line.startswith(">")
            kind = BlockKind.QUOTE if is_quote else BlockKind.PARAGRAPH
            found.append(Block(kind, tuple(_mrkdwn_spans(line.lstrip("> ") if is_quote else line))))
    return tuple(found)


def _mrkdwn_spans(line: str, look: Span | None = None) -> Iterator[Span]:
    look = look or Span("")
    at = 0
    for found in _MRKDWN.finditer(line):
        if plain := line[at : found.start()]:
            yield replace(look, text=unescape(plain))
        at = found.end()
        if (code := found["code"]) is not None:
            yield replace(look, text=unescape(code), is_code=True)
        elif url := found["url"]:
            yield replace(look, text=unescape(found["label"] or url), href=unescape(url))
        elif call := found["call"]:
            name = call.lstrip("@!#").partition("|")
            yield replace(look, text=f"@{name[2] or name[0]}", is_bold=True)
        elif bold := found["bold"]:
            yield from _mrkdwn_spans(bold, replace(look, is_bold=True))
        elif italic := found["italic"]:
            yield from _mrkdwn_spans(italic, replace(look, is_italic=True))
    if rest := line[at:]:
        yield replace(look, text=unescape(rest))
