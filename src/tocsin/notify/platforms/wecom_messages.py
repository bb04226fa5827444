"""What WeCom's group robots and applications have in common: their Markdown and their codes.

https://developer.work.weixin.qq.com/document/path/90313
Their Markdown knows headings, bold, links, quotes and code within a line, and no escapes at all:
a mark of a stranger's is broken by a character that is not seen.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from tocsin.errors import DeliveryFailed, Reason
from tocsin.model.message import Block, BlockKind, Message, Outgoing, Span
from tocsin.notify.drawing.dialect import Dialect, around, each_line, in_bytes, same
from tocsin.notify.drawing.layout import (
    fields_of,
    headline,
    in_parts,
    link_lines,
    linked,
    stacked,
    title_block,
)
from tocsin.notify.platforms.answers import Answers, Meaning, later, never

PUBLIC_URL = "https://qyapi.weixin.qq.com"
# A text that is too long goes out in so many messages at most.
MOST_PARTS = 3
_UNSEEN = "\u200b"
# Where a mention, a colour, a link, bold text, a quote or a heading would begin.
_MARKS = re.compile(r"<(?=[@/A-Za-z])|\](?=\()|\*(?=\*)|_(?=_)|^(?=[>#])", re.MULTILINE)
# Nothing can stand between two of these and break them, so another character that looks alike does.
_TICKS = str.maketrans("`", "ˋ")


def escaped(text: str) -> str:
    """A text that is shown as it is, and mentions nobody."""
    return _MARKS.sub(lambda mark: mark[0] + _UNSEEN, text).translate(_TICKS)


def _code(text: str) -> str:
    return f"`{text.translate(_TICKS)}`"


DIALECT = Dialect(
    escape=escaped,
    bold=around("**"),
    italic=same,
    code=_code,
    link=linked,
    heading=lambda text: f"## {text}",
    item=lambda text: f"• {text}",
    quote=each_line(">"),
    fence=lambda text: each_line(">")(escaped(text)),
)


def texts_of(outgoing: Outgoing, max_bytes: int, mentions: str = "") -> list[str]:
    """The message in as many texts as needed; `mentions` stands below the last."""
    message = outgoing.message
    blocks = (title_block(headline(outgoing)), *_quoted_fields(message), *message.body)
    links = link_lines(message.links, DIALECT, max_bytes, in_bytes)
    return in_parts(blocks, stacked(links, mentions), DIALECT, max_bytes, in_bytes, MOST_PARTS)


def _quoted_fields(message: Message) -> tuple[Block, ...]:
    lines = [f"{one.name}: {one.value}" for one in fields_of(message)]
    return (Block(BlockKind.QUOTE, (Span("\n".join(lines)),)),) if lines else ()


async def do_all(steps: Sequence[Callable[[], Awaitable[str]]]) -> str:
    """Send one message after the other; gives what the steps have to note, each thing once.

    What fails behind the first is noted and not tried again: the first would come twice.
    """
    notes: dict[str, None] = {}
    for place, step in enumerate(steps):
        try:
            notes[await step()] = None
        except DeliveryFailed as error:
            if not place:
                raise
            notes[f"{place} of {len(steps)} messages were sent. {error.message}"] = None
            break
    return " ".join(filter(None, notes))


def answers(more: Mapping[int, Meaning]) -> Answers:
    """How WeCom answers; only its code counts, its text may change."""
    meanings = {**_MEANINGS, **more}
    return Answers(platform="WeCom", code="errcode", text="errmsg", meanings=meanings)


_MEANINGS: Mapping[int, Meaning] = {
    -1: later(Reason.BUSY),
    45009: later(Reason.RATE_LIMITED, 60.0),
    45033: later(Reason.RATE_LIMITED, 5.0),
    40008: never(Reason.REFUSED),
    40033: never(Reason.REFUSED),
    40058: never(Reason.REFUSED),
    44004: never(Reason.REFUSED),
    45002: never(Reason.TOO_LARGE),
}
