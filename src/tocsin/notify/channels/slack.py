"""Slack: an incoming webhook, or an app's bot in a channel.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, /methods/chat.postMessage
One section of more than 3,000 characters has the whole message refused. About one message a second
goes to a channel. A webhook answers in words, the API in JSON, where 200 may be a refusal. The bot
alone can replace a message and upload images, in three steps of which the last shows them.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from tocsin.errors import DeliveryFailed, GiveUp, Reason
from tocsin.model.message import Image, Link, Message, Outgoing
from tocsin.notify.channel import Account, Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import (
    ELLIPSIS,
    TONE_MARKS,
    Dialect,
    around,
    each_line,
    field_lines,
    fitted,
    in_characters,
    pieces,
)
from tocsin.notify.drawing.layout import fields_of, link_lines, one_line, stacked, title_block
from tocsin.notify.platforms import slack_api
from tocsin.notify.platforms.slack_api import Api, read_webhook
from tocsin.settings.schema import Secret

PUBLIC_URL = slack_api.PUBLIC_URL
EXAMPLE: Mapping[str, Any] = {"webhook_url": "https://hooks.slack.com/services/T0/B0/example"}
LIMITS = Limits(max_size=3_000, rates=(Rate(1, 1.0),))
# A bot has a ceiling for its workspace as well, of which Slack gives no number.
BOT_RATES = (Rate(200, 60.0),)
measure = in_characters

MAX_HEADER_CHARS = 150
# Of 50 blocks that a message may have; what is longer nobody reads in a chat.
MAX_SECTIONS = 4
_MORE = f"\n{ELLIPSIS}"
MAX_BUTTONS = 25
MAX_BUTTON_CHARS = 75
MAX_BUTTON_URL_CHARS = 3_000
_NOT_GIVEN = SecretStr("")
_Post = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Either a webhook, or a bot and its channel."""

    webhook_url: Annotated[
        Secret, Field(title="Webhook address", description="Of an incoming webhook.")
    ] = _NOT_GIVEN
    bot_token: Annotated[
        Secret, Field(title="Bot token", description="With chat:write; files:write for images.")
    ] = _NOT_GIVEN
    channel: Annotated[
        str,
        Field(
            title="Channel",
            description="Of the bot: an id or a name.",
            examples=["C0123456789"],
            max_length=200,
        ),
    ] = ""
    mentions: Annotated[
        tuple[str, ...],
        Field(
            title="Mention",
            description="Ids; here, channel, everyone.",
            examples=[["U0123456789", "here"]],
            max_length=20,
        ),
    ] = ()


def check(options: Options) -> None:
    """Refuse both ways at a time, and a bot without a channel."""
    has_token = bool(options.bot_token.get_secret_value())
    if has_token == bool(options.webhook_url.get_secret_value()):
        raise ValueError("give either webhook_url or bot_token")
    if has_token and not options.channel:
        raise ValueError("bot_token needs a channel")


def CAN_UPDATE(options: Options) -> bool:  # noqa: N802 - a member of the seam
    """A webhook does not tell which message it made."""
    return bool(options.bot_token.get_secret_value())


def destination(options: Options) -> str:
    """The webhook, or the bot in that channel, for which each its rate holds."""
    token = options.bot_token.get_secret_value()
    return f"{token}\n{options.channel}" if token else options.webhook_url.get_secret_value()


def account(options: Options) -> Account | None:
    """The bot."""
    token = options.bot_token.get_secret_value()
    return Account(token, BOT_RATES) if token else None


def label(options: Options) -> str:
    """The channel, or the webhook's host: all the rest of it is the secret."""
    return options.channel or urlsplit(options.webhook_url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go that the settings do not name."""
    return tuple(filter(None, (options.webhook_url.get_secret_value(),)))


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send it as blocks; as text alone if those are refused."""
    if CAN_UPDATE(options):
        return await _by_bot(outgoing, options, Api(options.bot_token.get_secret_value(), reach))
    url = options.webhook_url.get_secret_value()

    async def post(body: dict[str, Any]) -> dict[str, Any]:
        read_webhook(await reach.call("POST", url, json=body), reach)
        return {}

    _, note = await _sent(_body(outgoing.message, options), post)
    count = len(outgoing.message.images)
    left_out = f"{count} images were left out: a webhook takes none." if count else ""
    return Receipt(note=f"{note} {left_out}".strip())


async def _sent(body: dict[str, Any], post: _Post) -> tuple[dict[str, Any], str]:
    """The answer, and what is to be noted."""
    try:
        return await post(body), ""
    except GiveUp as error:
        if error.reason not in (Reason.REFUSED, Reason.TOO_LARGE):
            raise
        note = f"Sent as plain text: {error.message}"
    return await post({name: value for name, value in body.items() if name != "blocks"}), note


# --- the bot


async def _by_bot(outgoing: Outgoing, options: Options, api: Api) -> Receipt:
    """Images go up before the message: what fails then can be tried again, and nothing is twice."""
    channel, _, ts = (outgoing.handle or "").partition(":")
    body = {"channel": channel or options.channel} | _body(outgoing.message, options)
    if ts:
        _, note = await _sent(body | {"ts": ts}, lambda one: api.call("chat.update", one))
        return Receipt(outgoing.handle, note)
    files, left_out = await _uploaded(outgoing.message.images, api)
    posted, note = await _sent(body, lambda one: api.call("chat.postMessage", one))
    if files:
        try:
            await api.show(files, posted.get("channel") or options.channel)
        except DeliveryFailed as error:
            # The message is there; another try would bring it twice.
            left_out = f"The images were not shown: {error.message}"
    handle = f"{posted['channel']}:{posted['ts']}" if {"channel", "ts"} <= posted.keys() else None
    return Receipt(handle, f"{note} {left_out}".strip())


async def _uploaded(images: Sequence[Image], api: Api) -> tuple[list[dict[str, str]], str]:
    """The files that are ready to be shown, and a note when they are not to be had."""
    try:
        return [await api.upload(image) for image in images], ""
    except GiveUp as error:
        return [], f"The images were left out: {error.message}"


# --- what is sent


def _escaped(text: str) -> str:
    """Without these three nothing is a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_DIALECT = Dialect(
    escape=_escaped,
    bold=around("*"),
    italic=around("_"),
    code=lambda text: f"`{_escaped(text).replace('`', 'ˋ')}`",
    link=lambda text, url: f"<{_escaped(url).replace('|', '%7C')}|{text}>",
    heading=None,
    item=lambda text: f"• {text}",
    quote=each_line(">"),
    fence=lambda text: f"```\n{_escaped(text).replace('```', 'ˋˋˋ')}\n```",
)


def _body(message: Message, options: Options) -> dict[str, Any]:
    title = one_line(TONE_MARKS[message.tone] + message.full_title, MAX_HEADER_CHARS)
    told = (*field_lines(fields_of(message)), *message.body)
    mentions = " ".join(map(_mention, options.mentions))
    # What is read aloud, shown on locked screens, and what is left if the blocks are refused.
    below = stacked(link_lines(message.links, _DIALECT, LIMITS.max_size, measure), mentions)
    room = LIMITS.max_size - measure(f"\n\n{below}")
    text = stacked(fitted((title_block(title), *told), _DIALECT, room, measure), below)
    room = LIMITS.max_size - measure(_MORE)
    texts = pieces(told, _DIALECT, room, measure, MAX_SECTIONS + 1)
    if len(texts) > MAX_SECTIONS:
        texts[MAX_SECTIONS - 1 :] = [texts[MAX_SECTIONS - 1] + _MORE]
    marked = [{"type": "mrkdwn", "text": one} for one in (*texts, mentions) if one]
    blocks = [
        {"type": "header", "text": _plain(title)},
        *({"type": "section", "text": one} for one in marked),
        *_buttons(message.links),
    ]
    return {"text": text, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _buttons(links: Sequence[Link]) -> list[dict[str, Any]]:
    fit = [link for link in links if len(link.url) <= MAX_BUTTON_URL_CHARS][:MAX_BUTTONS]
    buttons = [
        {
            "type": "button",
            "text": _plain(one_line(link.text, MAX_BUTTON_CHARS)),
            "url": link.url,
            "action_id": f"link-{place}",
        }
        for place, link in enumerate(fit, 1)
    ]
    return [{"type": "actions", "elements": buttons}] if buttons else []


def _mention(who: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]", "", who)
    kind = "!subteam^" if name.startswith("S") else "!" if name.islower() else "@"
    return f"<{kind}{name}>"
