"""Draw a message as one of Discord's embeds, in its Markdown.

https://docs.discord.com/developers/resources/message#embed-object
Pure. What is measured is what is drawn, escapes and all: what fits by that, Discord takes.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.model.message import Field, Message, Tone
from tocsin.notify.drawing.dialect import (
    Dialect,
    around,
    cut,
    each_line,
    field_lines,
    fitted,
    in_utf16,
)
from tocsin.notify.drawing.layout import fields_of, link_lines, linked, stacked

MAX_SUM = 6_000
MAX_TITLE = 256
MAX_DESCRIPTION = 4_096
MAX_FIELDS = 25
# With less room a body is left out altogether.
_LEAST = 40
# Discord does not say what a character is; in these there are never fewer.
measure = in_utf16
_COLOURS: Mapping[Tone, int] = {
    Tone.NEUTRAL: 0x95A5A6,
    Tone.RUNNING: 0x3498DB,
    Tone.GOOD: 0x2ECC71,
    Tone.WARNING: 0xE67E22,
    Tone.BAD: 0xE74C3C,
}

# An address stays as it is: Discord shows a backslash in it.
_MARKS = re.compile(r"(https?://[\w./?=&%:@+~,;#-]+)|[\\*_~|>#\[\]`<]")


def escaped(text: str) -> str:
    """A text that is shown as it is, and mentions nobody."""
    return _MARKS.sub(lambda found: found[1] or f"\\{found[0]}", text)


DIALECT = Dialect(
    escape=escaped,
    bold=around("**"),
    italic=around("*"),
    code=lambda text: f"`{text.replace('`', 'ˋ')}`",
    link=linked,
    heading=lambda text: f"### {text}",
    item=lambda text: f"- {text}",
    quote=each_line("> "),
    fence=lambda text: f"```\n{text.replace('```', 'ˋˋˋ')}\n```",
)


def embed(message: Message) -> dict[str, Any]:
    """The message as an embed, as much of it as one takes."""
    title = escaped(cut(message.full_title, MAX_TITLE // 2, measure))
    links = link_lines(message.links, DIALECT, MAX_DESCRIPTION, measure)
    room = MAX_SUM - measure(f"{title}\n\n{links}")
    fields, rest = _fields(fields_of(message), room)
    room -= sum(measure(one["name"] + one["value"]) for one in fields)
    told = (*field_lines(rest), *message.body)
    room = min(room, MAX_DESCRIPTION - measure(f"\n\n{links}"))
    text = fitted(told, DIALECT, room, measure) if room > _LEAST else ""
    parts = {"title": title, "description": stacked(text, links), "fields": fields}
    # What is there has to hold something.
    return {"color": _COLOURS[message.tone]} | {name: one for name, one in parts.items() if one}


def _fields(fields: Sequence[Field], room: int) -> tuple[list[dict[str, Any]], Sequence[Field]]:
    """Those that an embed has room for, and the rest. Escaped they are still short enough."""
    taken: list[dict[str, Any]] = []
    for place, one in enumerate(fields):
        name, value = escaped(one.name) or "\u200b", escaped(one.value)
        room -= measure(name + value)
        if place == MAX_FIELDS or room < 0:
            return taken, fields[place:]
        taken.append({"name": name, "value": value, "inline": one.is_short})
    return taken, ()
