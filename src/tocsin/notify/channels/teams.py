"""Microsoft Teams: a webhook of Workflows, which posts an Adaptive Card.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
The whole message has about 28 KB at most; it takes no images. The answer only says that it was
queued: what becomes of it in the flow is not told. The older connectors said what they refused in
words behind a 200, which is understood still.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlsplit

import orjson
from pydantic import Field

from tocsin.edge.outbound import Answer
from tocsin.errors import Reason
from tocsin.model.message import BlockKind, Message, Outgoing, Tone
from tocsin.model.message import Field as MessageField
from tocsin.notify.channel import Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import Dialect, around, each_line, field_lines, fitted, in_json
from tocsin.notify.drawing.layout import MAX_NAME_CHARS, fields_of, linked, one_line
from tocsin.notify.platforms.answers import (
    Meaning,
    certain_meaning,
    failure,
    gone,
    object_in,
    wait_s,
)
from tocsin.settings.schema import Secret

EXAMPLE: Mapping[str, Any] = {"webhook_url": "https://example.logic.azure.com/workflows/1"}
# Of 28 KB for everything; what Teams adds itself counts too, and 21 are known to pass.
LIMITS = Limits(max_size=21_000, rates=(Rate(4, 1.0),))
measure = in_json
MAX_TITLE_CHARS = 200
# More buttons Teams does not show.
MAX_BUTTONS = 6
MAX_URL_CHARS = 1_500
_STYLES: Mapping[Tone, str] = {
    Tone.NEUTRAL: "emphasis",
    Tone.RUNNING: "accent",
    Tone.GOOD: "good",
    Tone.WARNING: "warning",
    Tone.BAD: "attention",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A flow that begins when a webhook request is received."""

    webhook_url: Annotated[
        Secret, Field(title="Webhook address", description="Of the flow, with its signature.")
    ]
    wrap: Annotated[
        bool,
        Field(title="As a message", description="Off for a flow that wants the card alone."),
    ] = True
    mentions: Annotated[
        tuple[str, ...],
        Field(
            title="Mention",
            description="People's sign-in names (me@…).",
            examples=[["ann@example.com"]],
            max_length=20,
        ),
    ] = ()


def destination(options: Options) -> str:
    """The flow."""
    return options.webhook_url.get_secret_value()


def label(options: Options) -> str:
    """The host alone: all the rest is the secret."""
    return urlsplit(options.webhook_url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go."""
    return (options.webhook_url.get_secret_value(),)


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Post the card; that it was shown nobody says."""
    message = outgoing.message
    body = _body(message, options)
    _check(await reach.call("POST", options.webhook_url.get_secret_value(), json=body), reach)
    count = len(message.images)
    left_out = f"; {count} images were left out: Teams takes none" if count else ""
    return Receipt(note=f"accepted{left_out}")


# --- what is sent

# An underscore within a word marks nothing; `<at>` would begin a mention.
_MARKS = str.maketrans({char: f"\\{char}" for char in "\\*`[]"})
_UNDERSCORES = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_AT = re.compile(r"<(?=/?at\b)", re.IGNORECASE)
_INDENT = re.compile("^ +", re.MULTILINE)
_NO_BREAK = "\u00a0"
# A single end of a line is not shown as one.
_NEWLINE = "\n\n"


def _escaped(text: str) -> str:
    marked = _UNDERSCORES.sub(lambda found: f"\\{found[0]}", text.translate(_MARKS))
    return _AT.sub("<\u200b", marked)


def _code_lines(text: str) -> str:
    indented = _INDENT.sub(lambda found: _NO_BREAK * len(found[0]), text)
    return _escaped(indented).replace("\n", _NEWLINE)


_DIALECT = Dialect(
    escape=_escaped,
    bold=around("**"),
    italic=around("_"),
    code=_escaped,
    link=linked,
    heading=None,
    item=lambda text: f"- {text}",
    quote=each_line("> ", _NEWLINE),
    fence=_code_lines,
    newline=_NEWLINE,
)


def _body(message: Message, options: Options) -> dict[str, Any]:
    card = _frame(message, options)
    wrapped = _wrapped(card) if options.wrap else card
    room = LIMITS.max_size - len(orjson.dumps(wrapped))
    mentions = card["body"].pop() if options.mentions else None
    card["body"] += _elements(message, room)
    card["body"] += [mentions] if mentions else []
    return wrapped


def _wrapped(card: dict[str, Any]) -> dict[str, Any]:
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _frame(message: Message, options: Options) -> dict[str, Any]:
    """The card without what may have to be cut; who is mentioned stands last."""
    title = _text(_escaped(one_line(message.full_title, MAX_TITLE_CHARS)), weight="Bolder")
    head = {"type": "Container", "style": _STYLES[message.tone], "bleed": True, "items": [title]}
    links = [
        {"type": "Action.OpenUrl", "title": one_line(one.text, MAX_NAME_CHARS), "url": one.url}
        for one in message.links[:MAX_BUTTONS]
        if len(one.url) <= MAX_URL_CHARS
    ]
    named = [(who.strip(), f"<at>{who.strip().partition('@')[0]}</at>") for who in options.mentions]
    entities = [
        {"type": "mention", "text": text, "mentioned": {"id": who, "name": text[4:-5]}}
        for who, text in named
    ]
    mentions = [_text(" ".join(text for _, text in named))] if named else []
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"} | ({"entities": entities} if entities else {}),
        "body": [head, *mentions],
        "actions": links,
    }


def _elements(message: Message, room: int) -> list[dict[str, Any]]:
    """Fields and body, as far as there is room for them."""
    facts, rest = _facts(fields_of(message), room)
    made: list[dict[str, Any]] = [{"type": "FactSet", "facts": facts}] if facts else []
    room -= len(orjson.dumps(made))
    told = (*field_lines(rest), *message.body)
    for is_code, group in groupby(told, lambda block: block.kind is BlockKind.CODE):
        element = _text("", **({"fontType": "Monospace"} if is_code else {}))
        room -= len(orjson.dumps(element)) + 1
        if room < _LEAST:
            break
        element["text"] = fitted(tuple(group), _DIALECT, room, measure)
        room -= measure(element["text"])
        made.append(element)
    return made


# With less room nothing further is begun.
_LEAST = 40


def _facts(
    fields: Sequence[MessageField], room: int
) -> tuple[list[dict[str, str]], Sequence[MessageField]]:
    """The fields that there is room for, and the rest."""
    facts: list[dict[str, str]] = []
    for place, one in enumerate(fields):
        fact = {"title": f"{_escaped(one.name)}:", "value": _escaped(one.value)}
        room -= len(orjson.dumps(fact)) + 1
        if room < _LEAST:
            return facts, fields[place:]
        facts.append(fact)
    return facts, ()


def _text(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": text, "wrap": True, **more}


# --- what is answered

_LEGACY = re.compile(r"returned HTTP error ([0-9]{3})")


def _check(answer: Answer, reach: Reach) -> None:
    """Raise what the answer says, unless the flow took it."""
    text = answer.body.decode(errors="replace")
    found = _LEGACY.search(text) if answer.status == 200 else None
    status = int(found[1]) if found else answer.status
    if 200 <= status < 300:
        return
    error = object_in(answer).get("error")
    said = f"{status}: {error.get('code')}" if isinstance(error, dict) else str(status)
    meaning = _STATUSES.get(status) or certain_meaning(status)
    raise failure("Teams", said, meaning, wait_s(answer.headers.get("retry-after"), reach.now()))


_HINT = "The flow is gone, or its address has changed."
_STATUSES: Mapping[int, Meaning] = {
    401: gone(Reason.BAD_CREDENTIALS, _HINT),
    404: gone(Reason.GONE, _HINT),
    410: gone(Reason.GONE, _HINT),
}
