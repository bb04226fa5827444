"""Keep a message within what any channel can draw, whatever it was made of.

Pure. Platforms refuse a message for an empty title, a control character or one field too many; a
channel has to think of its own platform's sizes only. What is usual comes out as it was.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from tocsin.model.message import Block, BlockKind, Field, Link, Message, Span
from tocsin.notify.drawing.dialect import ELLIPSIS
from tocsin.notify.drawing.layout import MAX_NAME_CHARS, MAX_TITLE_CHARS, MAX_VALUE_CHARS
from tocsin.notify.wording import values

# In place of a title of which nothing is to be seen.
NO_TITLE = "–"
MAX_FIELDS = 50
MAX_LINKS = 20
MAX_IMAGES = 10
# Of a body; to draw as much takes about a hundredth of a second.
MAX_SPANS = 1_000
MAX_BODY_CHARS = 60_000


def bounded(message: Message) -> Message:
    """The message as it is handed to a channel."""
    heading, title = _title(message.heading), _title(message.title)
    return replace(
        message,
        heading=heading,
        title=title or ("" if heading else NO_TITLE),
        fields=tuple(_field(one) for one in message.fields[:MAX_FIELDS]),
        body=tuple(_body(message.body)),
        links=tuple(_links(message.links)),
        images=tuple(one for one in message.images if one.png)[:MAX_IMAGES],
    )


def _title(said: str) -> str:
    found = values.text(said, MAX_TITLE_CHARS)
    return found if _is_seen(found) else ""


def _is_seen(text: str) -> bool:
    """Whether there is a letter, a digit or a sign in it."""
    return any(unicodedata.category(char)[0] in "LNPS" for char in text)


def _field(said: Field) -> Field:
    name, value = values.text(said.name, MAX_NAME_CHARS), values.text(said.value, MAX_VALUE_CHARS)
    return Field(name, value, said.is_short)


def _links(said: Sequence[Link]) -> Iterator[Link]:
    for one in said[:MAX_LINKS]:
        url, text = values.address(one.url), _title(one.text)
        if url:
            yield Link(text or urlsplit(url).hostname or NO_TITLE, url)


def _body(said: Sequence[Block]) -> Iterator[Block]:
    spans, chars = MAX_SPANS, MAX_BODY_CHARS
    for block in said:
        kept = tuple(_spans(block.spans[:spans], chars))
        spans -= len(block.spans) or 1
        chars -= sum(len(one.text) for one in block.spans)
        yield Block(block.kind, kept)
        if spans < 0 or chars < 0:
            yield Block(BlockKind.PARAGRAPH, (Span(ELLIPSIS),))
            return


def _spans(said: Sequence[Span], chars: int) -> Iterator[Span]:
    for one in said:
        yield replace(one, text=values.shown(one.text[:chars]))
        chars -= len(one.text)
        if chars < 0:
            return
