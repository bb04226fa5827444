"""Draws blocks of text in a platform's own marks, and cuts what is too long for it.

Pure. A platform's `Dialect` says what its marks are; sizes are in what `measure` counts. What is
measured is what is drawn, marks and all. No cut is within marks: what stands between them is cut,
and marked anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise
from operator import attrgetter

from wcwidth import iter_graphemes

from tocsin.model.message import Block, BlockKind, Field, Span, Tone
from tocsin.notify.cutting import cut_up, most

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


def field_blocks(fields: Sequence[Field], colon: str = ": ") -> tuple[Block, ...]:
    """A paragraph for each field, its name bold."""
    return tuple(
        Block(BlockKind.PARAGRAPH, (Span(one.name, is_bold=True), Span(colon + one.value)))
        for one in fields
    )


def as_lines(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Paragraphs as lines of a single one; nothing when there are none."""
    spans: list[Span] = []
    for block in blocks:
        spans += [Span("\n"), *block.spans] if spans else block.spans
    return (Block(BlockKind.PARAGRAPH, tuple(spans)),) if spans else ()


def draw(blocks: Sequence[Block], dialect: Dialect) -> str:
    """All of it as one text; blocks in which nothing is to be seen are left out."""
    seen = [
        _merged(block)
        for block in blocks
        if any(span.text.strip() or span.href for span in block.spans)
    ]
    parts = [_drawn(block, dialect) for block in seen[:1]]
    for before, block in pairwise(seen):
        are_items = before.kind is block.kind is BlockKind.ITEM
        parts += [dialect.newline if are_items else dialect.gap, _drawn(block, dialect)]
    return "".join(parts)


def pieces(
    blocks: Sequence[Block], dialect: Dialect, max_size: int, measure: Measure = in_characters
) -> list[str]:
    """All of it in as many texts as needed, each at most `max_size`; white space may go at a cut.

    Raises:
        ValueError: `max_size` is too small for one character and its marks.
    """
    return list(_cut_up(blocks, dialect, max_size, measure))


def fitted(
    blocks: Sequence[Block], dialect: Dialect, max_size: int, measure: Measure = in_characters
) -> str:
    """As much of it as one text takes, with an ellipsis in a line of its own if that is not all.

    Raises:
        ValueError: as `pieces`.
    """
    whole = list(islice(_cut_up(blocks, dialect, max_size, measure), 2))
    if len(whole) < 2:
        return "".join(whole)
    end = dialect.newline + ELLIPSIS
    short = _cut_up(blocks, dialect, max_size - measure(end), measure)
    return next(short).rstrip() + end


def _cut_up(
    blocks: Sequence[Block], dialect: Dialect, max_size: int, measure: Measure
) -> Iterator[str]:
    return cut_up(blocks, lambda some: draw(some, dialect), max_size, measure)


def cut(text: str, max_size: int, measure: Measure = in_characters, end: str = ELLIPSIS) -> str:
    """Plain text of at most `max_size`, with `end` where it ends early."""
    if measure(text) <= max_size:
        return text
    seen = list(islice(iter_graphemes(text), max_size))

    def shortened(count: int) -> str:
        return "".join(seen[:count]).rstrip() + end

    count = most(len(seen), lambda count: measure(shortened(count)) <= max_size)
    return shortened(count) if measure(end) <= max_size else ""


# All of a span but its text, in the order of its fields.
_look = attrgetter("is_bold", "is_italic", "is_code", "href")


def _merged(block: Block) -> Block:
    """Neighbours of one look as one, whatever shows nothing between them."""
    seen = (one for one in block.spans if one.text or one.href)
    alike = groupby(seen, key=_look)
    spans = (Span("".join(one.text for one in same), *look) for look, same in alike)
    return Block(block.kind, tuple(spans))


def _drawn(block: Block, dialect: Dialect) -> str:
    if block.kind is BlockKind.HEADING and dialect.heading is None:
        bold = tuple(replace(span, is_bold=True) for span in block.spans)
        block = _merged(Block(block.kind, bold))
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
    before, after = line[: line.index(text)], line[line.index(text) + len(text) :]
    drawn = dialect.code(text) if look.is_code else dialect.escape(text)
    drawn = dialect.italic(drawn) if look.is_italic else drawn
    drawn = dialect.bold(drawn) if look.is_bold else drawn
    return f"{before}{drawn}{after}"
