"""Telegram: a bot in a chat, a group or a channel.

https://core.telegram.org/bots/api
A text has at most 4,096 characters and the words under a photo 1,024, in HTML with few tags; a tag
that was cut has the whole message refused. About one message a second goes to a chat, 20 a minute
to a group, and 30 a second to all chats of a bot. The token stands in the address of each call.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import orjson
from pydantic import Field

from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, GiveUp, Reason
from tocsin.model.message import Image, Message, Outgoing
from tocsin.notify.channel import Account, Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import (
    PLAIN,
    TONE_MARKS,
    Dialect,
    field_lines,
    fitted,
    in_utf16,
)
from tocsin.notify.drawing.layout import (
    MAX_TITLE_CHARS,
    fields_of,
    link_lines,
    one_line,
    small_enough,
    stacked,
    title_block,
)
from tocsin.notify.platforms.answers import (
    Meaning,
    certain_meaning,
    failure,
    gone,
    never,
    object_in,
    wait_s,
)
from tocsin.notify.platforms.multipart import Upload, form
from tocsin.settings.schema import Secret

EXAMPLE: Mapping[str, Any] = {"bot_token": "1:example-token", "chat_id": "-1001"}
PUBLIC_URL = "https://api.telegram.org"
CAN_UPDATE = True
LIMITS = Limits(max_size=4_096, rates=(Rate(1, 1.0), Rate(18, 60.0)))
# Of about 30 to all its chats. A wait that it asks for is for the chat alone.
BOT_RATES = (Rate(25, 1.0),)
# Telegram counts what is left without tags, in these; what is drawn is never shorter.
measure = in_utf16

# Where groups are that were told to have another id by now, by destination. Who does not know it
# after a start is told again.
_MOVED: dict[str, str] = {}
MAX_CAPTION = 1_024
MAX_IMAGE_BYTES = 10 * 1024 * 1024
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A bot and where it writes."""

    bot_token: Annotated[Secret, Field(title="Bot token", description="From BotFather.")]
    chat_id: Annotated[
        str,
        Field(
            title="Chat",
            description="A chat's id (of groups it begins with -), or @name of a public channel.",
            pattern=r"^(-?[0-9]+|@[A-Za-z0-9_]+)$",
            coerce_numbers_to_str=True,
        ),
    ]
    message_thread_id: Annotated[
        int | None,
        Field(
            title="Topic", description="Of a group that has topics: a topic's id.", examples=[42]
        ),
    ] = None
    silent: Annotated[
        bool, Field(title="Without a sound", description="People's devices stay quiet.")
    ] = False
    mentions: Annotated[
        tuple[str, ...],
        Field(
            title="Mention",
            description="Names with @, or ids of people.",
            examples=[["@ann"]],
            max_length=20,
        ),
    ] = ()


def limits(options: Options) -> Limits:
    """Only of groups and channels there is a limit by the minute."""
    is_group = options.chat_id.startswith(("-", "@"))
    return LIMITS if is_group else replace(LIMITS, rates=LIMITS.rates[:1])


def destination(options: Options) -> str:
    """The bot in that chat, for which its rate holds."""
    return f"{options.bot_token.get_secret_value()}\n{options.chat_id}"


def account(options: Options) -> Account:
    """The bot."""
    return Account(options.bot_token.get_secret_value(), BOT_RATES)


def label(options: Options) -> str:
    """The chat."""
    return options.chat_id


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send or replace it as a text; as the words under its first image, if they are few enough."""
    reach.hide(options.bot_token.get_secret_value())
    message, chat = outgoing.message, _Chat(options, reach, options.chat_id, [])
    words = _words(message, options)
    if destination(options) in _MOVED:
        chat.move(_MOVED[destination(options)])
    if outgoing.handle:
        chat.chat_id, _, message_id = outgoing.handle.rpartition(":")
        await chat.tell("editMessageText", words, {"message_id": int(message_id)})
        return Receipt(outgoing.handle, " ".join(chat.notes))
    images, note = small_enough(message.images, MAX_IMAGE_BYTES)
    chat.notes += [note] if note else []
    if images and measure(words.html) <= MAX_CAPTION:
        try:
            await chat.tell("sendPhoto", words, image=images.pop(0))
            return await chat.show(images, None)
        except GiveUp as error:
            if error.reason not in (Reason.REFUSED, Reason.TOO_LARGE):
                raise
            chat.notes.append(f"An image was left out: {error.message}")
    said = await chat.tell("sendMessage", words)
    handle = f"{chat.chat_id}:{said['message_id']}" if "message_id" in said else None
    return await chat.show(images, handle)


@dataclass(frozen=True, slots=True)
class _Words:
    """A text as HTML, and the same without any marks."""

    html: str
    plain: str


class _UnreadableError(GiveUp):
    """Telegram cannot read the HTML."""


@dataclass(slots=True)
class _Chat:
    """Where a message goes; the id changes when the group has become another meanwhile."""

    options: Options
    reach: Reach
    chat_id: str
    notes: list[str]

    async def tell(
        self,
        method: str,
        words: _Words,
        more: Mapping[str, Any] = _NOTHING,
        image: Image | None = None,
    ) -> dict[str, Any]:
        """What came of it; nobody goes without a message because of its looks."""
        name = "caption" if image else "text"
        try:
            marked = {name: words.html, "parse_mode": "HTML"}
            return await self._call(method, {**more, **marked}, image)
        except _UnreadableError as error:
            self.notes.append(f"Sent as plain text: {error.message}")
        return await self._call(method, {**more, name: words.plain}, image)

    async def show(self, images: Sequence[Image], handle: str | None) -> Receipt:
        """Further images; the message is there, so what fails now is not tried again."""
        for image in images:
            alt = one_line(image.alt, MAX_CAPTION // 2)
            words = _Words(_escaped(alt), _unmentioned(alt))
            try:
                await self.tell("sendPhoto", words, image=image)
            except DeliveryFailed as error:
                self.notes.append(f"An image was left out: {error.message}")
                break
        return Receipt(handle, " ".join(self.notes))

    async def _call(
        self, method: str, params: Mapping[str, Any], image: Image | None
    ) -> dict[str, Any]:
        answer = await self._post(method, params, image)
        about = object_in(answer).get("parameters")
        moved = about.get("migrate_to_chat_id") if isinstance(about, dict) else None
        if moved is not None:
            _MOVED[destination(self.options)] = str(moved)
            self.move(str(moved))
            answer = await self._post(method, params, image)
        return _read(answer, self.reach)

    def move(self, chat_id: str) -> None:
        """Write there from now on, and have it noted each time."""
        self.chat_id = chat_id
        self.notes.append(f"The group's id is {chat_id} now: put that into chat_id.")

    async def _post(self, method: str, params: Mapping[str, Any], image: Image | None) -> Answer:
        url = f"{PUBLIC_URL}/bot{self.options.bot_token.get_secret_value()}/{method}"
        body: dict[str, Any] = {"chat_id": self.chat_id, **params}
        if self.options.message_thread_id is not None:
            body["message_thread_id"] = self.options.message_thread_id
        if self.options.silent:
            body["disable_notification"] = True
        if image is None:
            body["link_preview_options"] = {"is_disabled": True}
            return await self.reach.call("POST", url, json=body)
        texts = {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in body.items()
        }
        made = form(texts, Upload("photo", image.name, image.png))
        return await self.reach.call("POST", url, body=made.body, headers=made.headers)


# --- what is sent

# Before a name it makes a mention; not within an address of mail.
_AT = re.compile(r"(?<![\w@])@(?=\w)")


def _unmentioned(text: str) -> str:
    return _AT.sub("@\u2060", text)


def _escaped(text: str) -> str:
    return html.escape(_unmentioned(text), quote=False)


_HTML = Dialect(
    escape=_escaped,
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    code=lambda text: f"<code>{html.escape(text, quote=False)}</code>",
    link=lambda text, url: f'<a href="{html.escape(url)}">{text}</a>',
    heading=None,
    item=lambda text: f"• {text}",
    quote=lambda text: f"<blockquote>{text}</blockquote>",
    fence=lambda text: f"<pre>{html.escape(text, quote=False)}</pre>",
)
_PLAIN = replace(PLAIN, escape=_unmentioned, code=_unmentioned, fence=_unmentioned)


def _words(message: Message, options: Options) -> _Words:
    known = [one.strip() for one in options.mentions]
    named = [
        f'<a href="tg://user?id={one}">{one}</a>' if one.isdigit() else _name(one) for one in known
    ]
    return _Words(
        _drawn(message, _HTML, " ".join(named)),
        _drawn(message, _PLAIN, " ".join(map(_name, known))),
    )


def _name(who: str) -> str:
    return who if who.isdigit() else "@" + re.sub(r"\W", "", who)


def _drawn(message: Message, dialect: Dialect, mentions: str) -> str:
    links = link_lines(message.links, dialect, LIMITS.max_size, measure)
    below = stacked(links, mentions)
    title = one_line(TONE_MARKS[message.tone] + message.full_title, MAX_TITLE_CHARS)
    told = (title_block(title), *field_lines(fields_of(message)), *message.body)
    room = LIMITS.max_size - measure(f"\n\n{below}")
    return stacked(fitted(told, dialect, room, measure), below)


# --- what is answered

_CREDENTIALS = gone(Reason.BAD_CREDENTIALS, "The bot's token is wrong.")
_STATUSES: Mapping[int, Meaning] = {
    401: _CREDENTIALS,
    403: never(Reason.NOT_ALLOWED, "The bot was blocked, or is not in the chat."),
    404: _CREDENTIALS,
}
# Status 400 stands for everything that is wrong; what it is only the description tells.
_DESCRIPTIONS: Mapping[str, Meaning] = {
    "chat not found": never(Reason.NO_RECIPIENT, "The bot knows no such chat."),
    "is too long": never(Reason.TOO_LARGE),
}


def _read(answer: Answer, reach: Reach) -> dict[str, Any]:
    """The result, if all is well."""
    body = object_in(answer)
    said = str(body.get("description") or "")
    low = said.lower()
    if body.get("ok") is True or "message is not modified" in low:
        result = body.get("result")
        return result if isinstance(result, dict) else {}
    text = f"{answer.status}: {said}" if said else str(answer.status)
    if "can't parse entities" in low:
        raise _UnreadableError(f"Telegram answers {text}", reason=Reason.REFUSED)
    by_text = next((known for words, known in _DESCRIPTIONS.items() if words in low), None)
    by_status = _STATUSES.get(answer.status) if body else None
    meaning = by_text or by_status or certain_meaning(answer.status)
    about = body.get("parameters")
    asked = (
        about.get("retry_after") if isinstance(about, dict) else answer.headers.get("retry-after")
    )
    raise failure("Telegram", text, meaning, wait_s(str(asked), reach.now()))
