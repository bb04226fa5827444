"""Draw a message as one of Feishu's cards (JSON 1.0).

https://open.feishu.cn/document/common-capabilities/message-card/message-cards-content
Pure. Marks in a text are told from a stranger's characters by HTML's numbers for these (&#42;).
What a card says at the top is plain text, and no mark.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.model.message import Link, Message, Tone
from tocsin.notify.drawing.dialect import (
    Dialect,
    Measure,
    around,
    each_line,
    field_lines,
    fitted,
)
from tocsin.notify.drawing.layout import (
    MAX_NAME_CHARS,
    MAX_TITLE_CHARS,
    fields_of,
    linked,
    one_line,
)

COLOURS: Mapping[Tone, str] = {
    Tone.NEUTRAL: "grey",
    Tone.RUNNING: "blue",
    Tone.GOOD: "green",
    Tone.WARNING: "orange",
    Tone.BAD: "red",
}
MAX_BUTTONS = 8
MAX_URL_CHARS = 2_000
# With less room a part is left out altogether.
_LEAST = 60

_MARKS = str.maketrans({char: f"&#{ord(char)};" for char in "&<>*~[]`\\"})
_MENTIONS = re.compile("<(?=/?at)", re.IGNORECASE)
# Two underscores make text bold; one, as in many names, is nothing.
_UNDERSCORES = re.compile("_(?=_)|(?<=_)_")


def escaped(text: str) -> str:
    """A text that is shown as it is, and mentions nobody."""
    return _UNDERSCORES.sub("&#95;", text.translate(_MARKS))


def unmentioning(text: str) -> str:
    """The same text where no marks can be escaped: it looks alike, and mentions nobody."""
    return _MENTIONS.sub("<\u200b", text)


def _fence(code: str) -> str:
    """Numbers are shown as they are in code; what would end it, or mention, is broken unseen."""
    broken = unmentioning(code.replace("```", "`\u200b``"))
    return f"```\n{broken}\n```"


DIALECT = Dialect(
    escape=escaped,
    bold=around("**"),
    italic=around("*"),
    code=escaped,
    link=linked,
    heading=around("**"),
    item=lambda text: f"- {text}",
    quote=each_line("│ "),
    fence=_fence,
)


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that Feishu has already."""

    key: str
    alt: str


def card(
    message: Message,
    pictures: Sequence[Picture],
    mentions: str,
    room: Callable[[Mapping[str, Any]], int],
    measure: Measure,
) -> dict[str, Any]:
    """The message as a card; `room` gives how much text may still come into one.

    Fields go before the body where there is no room for both.
    """
    above = {
        "header": {
            "title": _plain(one_line(message.full_title, MAX_TITLE_CHARS)),
            "template": COLOURS[message.tone],
        }
    }
    below = [
        *(_picture(picture) for picture in pictures),
        *([_marked(mentions)] if mentions else []),
        *_buttons(message.links),
    ]
    left = room(above | {"elements": [_marked(""), _body(""), *below]})
    parts: list[dict[str, Any]] = []
    for blocks, element in (
        (field_lines(fields_of(message)), _marked),
        (message.body, _body),
    ):
        text = fitted(blocks, DIALECT, left, measure) if blocks and left >= _LEAST else ""
        left -= measure(text)
        parts += [element(text)] if text else []
    elements = [*parts, *below] or [{"tag": "div", "text": above["header"]["title"]}]
    return above | {"elements": elements}


def _plain(text: str) -> dict[str, Any]:
    return {"tag": "plain_text", "content": text}


def _marked(text: str) -> dict[str, Any]:
    return {"tag": "div", "text": {"tag": "lark_md", "content": text}}


def _body(text: str) -> dict[str, Any]:
    """Lists and code are drawn in this element only."""
    return {"tag": "markdown", "content": text}


def _picture(picture: Picture) -> dict[str, Any]:
    alt = _plain(one_line(picture.alt, MAX_TITLE_CHARS))
    return {"tag": "img", "img_key": picture.key, "alt": alt}


def _buttons(links: Sequence[Link]) -> list[dict[str, Any]]:
    buttons = [
        {
            "tag": "button",
            "text": _plain(one_line(link.text, MAX_NAME_CHARS)),
            "type": "default",
            "url": link.url,
        }
        for link in links[:MAX_BUTTONS]
        if len(link.url) <= MAX_URL_CHARS
    ]
    return [{"tag": "action", "actions": buttons}] if buttons else []
