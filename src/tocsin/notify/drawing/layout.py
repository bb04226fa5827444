"""Lay a message out as one text, for platforms that take Markdown and little else.

Pure. Above stands a headline, then the fields, then the body, and below what must not be lost when
the rest is cut: the links, and who is mentioned.
"""

from collections.abc import Sequence

from tocsin.model.message import Block, BlockKind, Field, Image, Link, Message, Outgoing, Span
from tocsin.notify.drawing.dialect import (
    ELLIPSIS,
    TONE_MARKS,
    Dialect,
    Measure,
    cut,
    in_one,
    pieces,
)

# The document's own events. Of these the headline is the kind of notice alone, as it draws them,
# and a field says what happened.
DOCUMENTED = frozenset({"canary_started", "canary_completed", "full_completed"})

MAX_NAME_CHARS = 60
MAX_VALUE_CHARS = 500
MAX_TITLE_CHARS = 200
# Of a text so much may be taken by links.
_LINKS_SHARE = 0.4
_IN_ADDRESSES = str.maketrans({char: f"%{ord(char):02X}" for char in ' ()<>[]\n\r\t"\\'})


def headline(outgoing: Outgoing) -> str:
    """What stands above everything, in one line, with the tone's mark if it says what happened."""
    message = outgoing.message
    if outgoing.event_type in DOCUMENTED and message.heading and message.fields:
        return one_line(message.heading, MAX_TITLE_CHARS)
    return one_line(TONE_MARKS[message.tone] + message.full_title, MAX_TITLE_CHARS)


def fields_of(message: Message) -> tuple[Field, ...]:
    """The fields, each in one line that is not too long; a value that is empty is left out."""
    return tuple(
        Field(
            one_line(one.name, MAX_NAME_CHARS), one_line(one.value, MAX_VALUE_CHARS), one.is_short
        )
        for one in message.fields
        if one.value.strip()
    )


def one_line(text: str, max_chars: int) -> str:
    """The text without ends of lines, and not longer than that."""
    return cut(" ".join(text.split()), max_chars)


def title_block(text: str) -> Block:
    return Block(BlockKind.HEADING, (Span(text),))


def link_lines(links: Sequence[Link], dialect: Dialect, max_size: int, measure: Measure) -> str:
    """The links, a line each, as many as may stand beside a text of that size."""
    room = max_size * _LINKS_SHARE
    lines: list[str] = []
    for link in links:
        line = dialect.link(dialect.escape(one_line(link.text, MAX_NAME_CHARS)), link.url)
        size = measure(dialect.newline + line)
        if size <= room:
            room -= size
            lines.append(line)
    return dialect.newline.join(lines)


def linked(text: str, url: str) -> str:
    """A link in Markdown; nothing in the address may end it early."""
    return f"[{text}]({url.translate(_IN_ADDRESSES)})"


def small_enough(images: Sequence[Image], max_bytes: int) -> tuple[list[Image], str]:
    """Those images that are, and a note on the others."""
    taken = [image for image in images if len(image.png) <= max_bytes]
    left_out = len(images) - len(taken)
    note = f"Images of more than {max_bytes >> 20} MB were left out: {left_out}."
    return taken, note if left_out else ""


def stacked(*parts: str) -> str:
    """Those that are not empty, with a blank line between them."""
    return "\n\n".join(part for part in parts if part)


def in_parts(
    blocks: Sequence[Block],
    ending: str,
    dialect: Dialect,
    max_size: int,
    measure: Measure,
    most: int,
) -> list[str]:
    """The blocks, with `ending` below, in one text; else in several that are numbered.

    There are at most `most`; what does not fit into them is left out.
    """
    room = max_size - (measure(f"\n\n{ending}") if ending else 0)
    whole = in_one(blocks, dialect, room, measure)
    if whole is not None:
        return [stacked(whole, ending)]
    room -= measure(f"\n{ELLIPSIS}\n\n{_number(most, most)}")
    texts = pieces(blocks, dialect, room, measure, most + 1)
    kept = texts[:most]
    if len(texts) > most:
        kept[-1] = f"{kept[-1]}\n{ELLIPSIS}"
    endings = [""] * (len(kept) - 1) + [ending]
    return [
        stacked(text, below, _number(place, len(kept)))
        for place, (text, below) in enumerate(zip(kept, endings, strict=True), 1)
    ]


def _number(place: int, count: int) -> str:
    return f"({place}/{count})"
