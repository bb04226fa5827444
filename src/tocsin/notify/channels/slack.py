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
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr

from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, GiveUp, Reason
from tocsin.model.message import Image, Link, Message, Outgoing
from tocsin.notify.answers import (
    Meaning,
    certain_meaning,
    failure,
    gone,
    later,
    never,
    object_in,
    wait_s,
)
from tocsin.notify.channel import Limits, Rate, Reach, Receipt
from tocsin.notify.drawing import (
    ELLIPSIS,
    TONE_MARKS,
    Dialect,
    around,
    as_lines,
    each_line,
    field_blocks,
    fitted,
    in_characters,
    pieces,
)
from tocsin.notify.layout import fields_of, link_lines, one_line, stacked, title_block
from tocsin.settings.schema import Secret

EXAMPLE: Mapping[str, Any] = {"webhook_url": "https://hooks.slack.com/services/T0/B0/example"}
PUBLIC_URL = "https://slack.com"
LIMITS = Limits(max_size=3_000, rates=(Rate(1, 1.0),))
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
        str, Field(title="Channel", description="Of the bot: an id or a name.", max_length=200)
    ] = ""
    mentions: Annotated[
        tuple[str, ...],
        Field(title="Mention", description="Ids; here, channel, everyone.", max_length=20),
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


def label(options: Options) -> str:
    """The channel, or the webhook's host: all the rest of it is the secret."""
    return options.channel or urlsplit(options.webhook_url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go that the settings do not name."""
    return tuple(filter(None, (options.webhook_url.get_secret_value(),)))


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send it as blocks; as text alone if those are refused."""
    if CAN_UPDATE(options):
        return await _by_bot(outgoing, options, _Api(options.bot_token.get_secret_value(), reach))
    url = options.webhook_url.get_secret_value()

    async def post(body: dict[str, Any]) -> dict[str, Any]:
        answer = await reach.call("POST", url, json=body)
        return _read(answer, reach, is_good=answer.body.strip() == b"ok")

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


@dataclass(frozen=True, slots=True)
class _Api:
    """Slack's Web API with a token."""

    token: str
    reach: Reach

    async def call(self, method: str, json: Any = None, form: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        body = urlencode(form).encode() if form else None
        url = f"{PUBLIC_URL}/api/{method}"
        answer = await self.reach.call("POST", url, json=json, body=body, headers=headers)
        return _read(answer, self.reach, is_good=object_in(answer).get("ok") is True)


async def _by_bot(outgoing: Outgoing, options: Options, api: _Api) -> Receipt:
    """Images go up before the message: what fails then can be tried again, and nothing is twice."""
    channel, _, ts = (outgoing.handle or "").partition(":")
    body = {"channel": channel or options.channel} | _body(outgoing.message, options)
    if ts:
        _, note = await _sent(body | {"ts": ts}, lambda one: api.call("chat.update", one))
        return Receipt(outgoing.handle, note)
    files, left_out = await _uploaded(outgoing.message.images, api)
    posted, note = await _sent(body, lambda one: api.call("chat.postMessage", one))
    if files:
        shown = {"files": files, "channel_id": posted.get("channel") or options.channel}
        try:
            await api.call("files.completeUploadExternal", shown)
        except DeliveryFailed as error:
            # The message is there; another try would bring it twice.
            left_out = f"The images were not shown: {error.message}"
    handle = f"{posted['channel']}:{posted['ts']}" if {"channel", "ts"} <= posted.keys() else None
    return Receipt(handle, f"{note} {left_out}".strip())


async def _uploaded(images: Sequence[Image], api: _Api) -> tuple[list[dict[str, str]], str]:
    """The files that are ready to be shown, and a note when they are not to be had."""
    try:
        return [await _upload(image, api) for image in images], ""
    except GiveUp as error:
        return [], f"The images were left out: {error.message}"


async def _upload(image: Image, api: _Api) -> dict[str, str]:
    alt = one_line(image.alt, 1_000)
    asked = {"filename": image.name, "length": len(image.png), "alt_txt": alt}
    given = await api.call("files.getUploadURLExternal", form=asked)
    url, file_id = str(given.get("upload_url", "")), str(given.get("file_id", ""))
    api.reach.hide(url)
    headers = {"Content-Type": "application/octet-stream"}
    answer = await api.reach.call("POST", url, body=image.png, headers=headers)
    _read(answer, api.reach, is_good=True)
    return {"id": file_id, "title": alt or image.name}


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
    told = (*as_lines(field_blocks(fields_of(message))), *message.body)
    mentions = " ".join(map(_mention, options.mentions))
    # What is read aloud, shown on locked screens, and what is left if the blocks are refused.
    below = stacked(link_lines(message.links, _DIALECT, LIMITS.max_size, measure), mentions)
    room = LIMITS.max_size - measure(f"\n\n{below}")
    text = stacked(fitted((title_block(title), *told), _DIALECT, room, measure), below)
    texts = pieces(told, _DIALECT, LIMITS.max_size - measure(_MORE), measure)
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


# --- what is answered

_WORD = re.compile(r"[a-z][a-z_]{1,60}")
_FORBIDDEN = gone(Reason.NOT_ALLOWED, "The workspace lets nobody post there like this.")
_GONE = gone(Reason.GONE, "The webhook or its channel is gone.")
_OLD = never(Reason.GONE, "The message that was to be replaced is gone.")
_WORDS: Mapping[str, Meaning] = {
    word: meaning
    for meaning, words in (
        (later(Reason.RATE_LIMITED), "ratelimited rate_limited"),
        (later(Reason.BUSY), "rollup_error internal_error fatal_error service_unavailable"),
        (later(Reason.TIMED_OUT), "request_timeout"),
        (never(Reason.TOO_LARGE), "msg_too_long msg_blocks_too_long"),
        (_OLD, "message_not_found cant_update_message edit_window_closed"),
        (never(Reason.NOT_ALLOWED, "Invite the bot into the channel."), "not_in_channel"),
        (never(Reason.NOT_ALLOWED, "Give the app the scope that it lacks."), "missing_scope"),
        (
            gone(Reason.BAD_CREDENTIALS, "Give it a new token."),
            "invalid_token invalid_auth not_authed account_inactive token_revoked token_expired",
        ),
        (_FORBIDDEN, "action_prohibited posting_to_general_channel_denied"),
        (_GONE, "channel_not_found channel_is_archived is_archived"),
        (_GONE, "no_service no_service_id no_active_hooks no_team team_disabled"),
    )
    for word in words.split()
}


def _read(answer: Answer, reach: Reach, *, is_good: bool) -> dict[str, Any]:
    """The body of an answer that says that all is well; else the word decides, then the status."""
    body = object_in(answer)
    if answer.status == 200 and is_good:
        return body
    text = str(body.get("error") or answer.body.decode(errors="replace")).strip()
    word = text if _WORD.fullmatch(text) else ""
    by_status = never(Reason.REFUSED) if word and answer.status == 200 else None
    meaning = _WORDS.get(word) or by_status or certain_meaning(answer.status)
    asked_s = wait_s(answer.headers.get("retry-after") or str(body.get("retry_after")), reach.now())
    raise failure("Slack", word or answer.status, meaning, asked_s)
