"""Draws blocks of text in a platform's own marks, and cuts what is too long for it.

Pure. A platform's `Dialect` says what its marks are; sizes are in what `measure` counts. What is
measured is what is drawn, marks and all. No cut is within marks: what stands between them is cut,
and marked anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, islice
from operator import attrgetter

import orjson

from tocsin.model.message import Block, BlockKind, Field, Span, Tone
from tocsin.notify.drawing.cutting import boundary, cut_up, largest, whole

Measure = Callable[[str], int]
Mark = Callable[[str], str]

ELLIPSIS = "…"
# Before a title, where a platform has no colours.
TONE_MARKS: Mapping[Tone, str] = {
    Tone.NEUTRAL: "",
    Tone.RUNNING: "🔵 ",
    Tone.GOOD: "🟢 ",
    Tone.WARNING: "🟡 ",
    Tone.BAD: "🔴 ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a platform marks text.

    `escape`, `code` and `fence` take plain text, the other marks what is drawn already, `link`
    with an address. But for `fence`, `quote` and `item` they are given one line, without white
    space at its ends. A platform without headings has them bold. `gap` stands between blocks. A
    longer text is never drawn shorter.
    """

    escape: Mark
    bold: Mark
    italic: Mark
    code: Mark
    link: Callable[[str, str], str]
    heading: Mark | None
    item: Mark
    quote: Mark
    fence: Mark
    gap: str = "\n\n"
    newline: str = "\n"


def in_bytes(text: str) -> int:
    return len(text.encode())


def in_characters(text: str) -> int:
    return len(text)


def in_utf16(text: str) -> int:
    """In what Telegram and JavaScript count: two for each character beyond the first plane."""
    return len(text.encode("utf-16-le")) // 2


def in_json(text: str) -> int:
    """The bytes of a text in a body of JSON."""
    return len(orjson.dumps(text)) - 2


def same(text: str) -> str:
    """No mark at all."""
    return text


def around(mark: str) -> Mark:
    """A mark on both sides."""
    return lambda text: f"{mark}{text}{mark}"


def each_line(prefix: str, newline: str = "\n") -> Mark:
    """A mark before each line."""
    return lambda text: prefix + text.replace(newline, newline + prefix)


PLAIN = Dialect(
    escape=same,
    bold=same,
    italic=same,
    code=same,
    link=lambda text, url: url if text == url else f"{text} ({url})",
    heading=same,
    item=lambda text: f"• {text}",
    quote=each_line("> "),
    fence=same,
)
"""Text without marks, for what shows none."""


def field_lines(fields: Sequence[Field]) -> tuple[Block, ...]:
    """A paragraph with a line for each field, its name bold; nothing when there are none."""
    spans: list[Span] = []
    for one in fields:
        spans += [Span("\n")] if spans else []
        spans += [Span(one.name, is_bold=True), Span(f": {one.value}")]
    return (Block(BlockKind.PARAGRAPH, tuple(spans)),) if spans else ()


def draw(blocks: Sequence[Block], dialect: Dialect) -> str:
    """All of it as one text; blocks in which nothing is to be seen are left out."""
    parts: list[str] = []
    before: Block | None = None
    for block in blocks:
        if added := _behind(dialect, before, block):
            parts.append(added)
            before = block
    return "".join(parts)


def _behind(dialect: Dialect, before: Block | None, block: Block) -> str:
    """What a block adds to a text that ends with another, or begins with it."""
    if not any(span.text.strip() or span.href for span in block.spans):
        return ""
    drawn = _drawn(Block(block.kind, joined(block.spans)), dialect)
    if before is None:
        return drawn
    are_items = before.kind is block.kind is BlockKind.ITEM
    return (dialect.newline if are_items else dialect.gap) + drawn


def pieces(
    blocks: Sequence[Block],
    dialect: Dialect,
    max_size: int,
    measure: Measure = in_characters,
    most: int | None = None,
) -> list[str]:
    """All of it in texts of at most `max_size`, as many as needed; white space may go at a cut.

    With `most` they are no more than that, and what is behind them is not looked at.

    Raises:
        ValueError: `max_size` is too small for one character and its marks.
    """
    return list(islice(cut_up(blocks, partial(_behind, dialect), max_size, measure), most))


def in_one(
    blocks: Sequence[Block], dialect: Dialect, max_size: int, measure: Measure = in_characters
) -> str | None:
    """All of it in one text; None when it does not fit."""
    return whole(blocks, partial(_behind, dialect), max_size, measure)


def fitted(
    blocks: Sequence[Block], dialect: Dialect, max_size: int, measure: Measure = in_characters
) -> str:
    """As much of it as one text takes, with an ellipsis in a line of its own if that is not all.

    Raises:
        ValueError: as `pieces`.
    """
    found = in_one(blocks, dialect, max_size, measure)
    if found is not None:
        return found
    end = dialect.newline + ELLIPSIS
    short = pieces(blocks, dialect, max_size - measure(end), measure, 1)
    return "".join(short).rstrip() + end


def cut(text: str, max_size: int, measure: Measure = in_characters, end: str = ELLIPSIS) -> str:
    """Plain text of at most `max_size`, with `end` where it ends early."""
    if measure(text) <= max_size:
        return text
    room = max_size - measure(end)
    if room < 0:
        return ""
    chars = largest(min(len(text), room), room, lambda chars: measure(text[:chars]))
    return text[: boundary(text, chars)].rstrip() + end


# All of a span but its text, in the order of its fields.
_look = attrgetter("is_bold", "is_italic", "is_code", "href")


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Neighbours of one look as one, whatever shows nothing between them."""
    seen = (one for one in spans if one.text or one.href)
    alike = groupby(seen, key=_look)
    return tuple(Span("".join(one.text for one in same), *look) for look, same in alike)


def _drawn(block: Block, dialect: Dialect) -> str:
    if block.kind is BlockKind.HEADING and dialect.heading is None:
        bold = (replace(span, is_bold=True) for span in block.spans)
        block = Block(block.kind, joined(bold))
    if block.kind is BlockKind.CODE:
        return dialect.fence("".join(span.text for span in block.spans).strip("\n"))
    text = "".join(_marked(span, dialect) for span in block.spans)
    match block.kind:
        case BlockKind.HEADING:
            title = text.replace(dialect.newline, " ")
            return dialect.heading(title) if dialect.heading else title
        case BlockKind.ITEM:
            return dialect.item(text)
        case BlockKind.QUOTE:
            return dialect.quote(text)
        case _:
            return text


def _marked(span: Span, dialect: Dialect) -> str:
    if span.href:
        words = " ".join(span.text.split()) or span.href
        return dialect.link(_line(words, span, dialect), span.href)
    return dialect.newline.join(_line(line, span, dialect) for line in span.text.split("\n"))


def _line(line: str, look: Span, dialect: Dialect) -> str:
    """One line with its marks; they stand at the words, or platforms do not see them as marks."""
    text = line.strip()
    if not text:
        return line
    drawn = dialect.code(text) if look.is_code else dialect.escape(text)
    drawn = dialect.italic(drawn) if look.is_italic else drawn
    drawn = dialect.bold(drawn) if look.is_bold else drawn
    if len(text) == len(line):
        return drawn
    begin = line.index(text)
    return f"{line[:begin]}{drawn}{line[begin + len(text) :]}"
