"""Discord: a channel's webhook.

https://docs.discord.com/developers/resources/webhook, /topics/rate-limits
An embed has a title of 256 characters, a description of 4,096, 25 fields, and 6,000 in sum. The
pace is what each answer says. Only with `wait` does Discord tell that a message was not saved, and
by what it can be replaced. A webhook that is gone must not be called again: too many such calls
have the caller's address banned, and the answer then is a page and not JSON.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson
from pydantic import Field

from tocsin.edge.outbound import Answer
from tocsin.errors import GiveUp, Reason
from tocsin.model.message import Field as MessageField
from tocsin.model.message import Image, Message, Outgoing, Tone
from tocsin.notify.channel import Limits, Reach, Receipt
from tocsin.notify.drawing.dialect import (
    Dialect,
    around,
    cut,
    each_line,
    field_lines,
    fitted,
    in_utf16,
)
from tocsin.notify.drawing.layout import (
    fields_of,
    link_lines,
    linked,
    small_enough,
    stacked,
    title_block,
)
from tocsin.notify.platforms.answers import (
    Meaning,
    certain_meaning,
    failure,
    gone,
    later,
    never,
    object_in,
    wait_s,
)
from tocsin.notify.platforms.multipart import Upload, form
from tocsin.settings.schema import Secret

EXAMPLE: Mapping[str, Any] = {"webhook_url": "https://discord.com/api/webhooks/1/example"}
PUBLIC_URL = "https://discord.com"
CAN_UPDATE = True
LIMITS = Limits(max_size=4_096)
# Discord does not say what a character is; in these there are never fewer.
measure = in_utf16

MAX_SUM = 6_000
MAX_CONTENT = 2_000
MAX_TITLE = 256
MAX_FIELDS = 25
MAX_IMAGES = 10
MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_ALT_CHARS = 1_024
# Of a 429 that does not say how long: that of a ban.
_BANNED_S = 60.0
_COLOURS: Mapping[Tone, int] = {
    Tone.NEUTRAL: 0x95A5A6,
    Tone.RUNNING: 0x3498DB,
    Tone.GOOD: 0x2ECC71,
    Tone.WARNING: 0xE67E22,
    Tone.BAD: 0xE74C3C,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A webhook, and a thread if that is where it should post."""

    webhook_url: Annotated[
        Secret, Field(title="Webhook address", description="Of the channel's integrations.")
    ]
    thread_id: Annotated[
        str,
        Field(
            title="Thread",
            description="A thread's id.",
            examples=["1300000000000000000"],
            pattern=r"^[0-9]*$",
        ),
    ] = ""
    mentions: Annotated[
        tuple[str, ...],
        Field(
            title="Mention",
            description="Ids of people, of roles with & before; everyone, here.",
            examples=[["1200000000000000000", "&1100000000000000000"]],
            max_length=20,
        ),
    ] = ()


def destination(options: Options) -> str:
    """The webhook."""
    return options.webhook_url.get_secret_value()


def label(options: Options) -> str:
    """The host alone: all the rest is the secret."""
    return urlsplit(options.webhook_url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go."""
    return (options.webhook_url.get_secret_value(),)


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send or replace it as an embed; as text alone if that is refused."""
    images, note = small_enough(outgoing.message.images[:MAX_IMAGES], MAX_IMAGE_BYTES)
    try:
        answer = await _call(_rich(outgoing.message, images, options), outgoing, options, reach)
    except GiveUp as error:
        if error.reason not in (Reason.REFUSED, Reason.TOO_LARGE):
            raise
        note = f"Sent as plain text: {error.message}"
        answer = await _call(_plain(outgoing.message, options), outgoing, options, reach)
    said = object_in(answer)
    is_used_up = answer.headers.get("x-ratelimit-remaining") == "0"
    reset_after = answer.headers.get("x-ratelimit-reset-after") if is_used_up else None
    handle = str(said["id"]) if "id" in said else outgoing.handle
    return Receipt(handle, note, wait_s(reset_after, reach.now()) or 0.0)


async def _call(body: "_Body", outgoing: Outgoing, options: Options, reach: Reach) -> Answer:
    method = "PATCH" if outgoing.handle else "POST"
    url = _url(options, outgoing.handle)
    if not body.images:
        answer = await reach.call(method, url, json=body.payload)
    else:
        files = (
            Upload(f"files[{place}]", _file_name(place), image.png)
            for place, image in enumerate(body.images)
        )
        made = form({"payload_json": orjson.dumps(body.payload).decode()}, *files)
        answer = await reach.call(method, url, body=made.body, headers=made.headers)
    _check(answer, reach)
    return answer


def _url(options: Options, message_id: str | None) -> str:
    parts = urlsplit(options.webhook_url.get_secret_value())
    query = dict(parse_qsl(parts.query)) | {"wait": "true"}
    query |= {"thread_id": options.thread_id} if options.thread_id else {}
    path = parts.path.rstrip("/")
    path += f"/messages/{quote(message_id, safe='')}" if message_id else ""
    return urlunsplit(parts._replace(path=path, query=urlencode(query)))


# --- what is sent


@dataclass(frozen=True, slots=True)
class _Body:
    payload: Mapping[str, Any]
    images: Sequence[Image] = ()


# An address stays as it is: Discord shows a backslash in it.
_MARKS = re.compile(r"(https?://[\w./?=&%:@+~,;#-]+)|[\\*_~|>#\[\]`<]")


def _escaped(text: str) -> str:
    return _MARKS.sub(lambda found: found[1] or f"\\{found[0]}", text)


_DIALECT = Dialect(
    escape=_escaped,
    bold=around("**"),
    italic=around("*"),
    code=lambda text: f"`{text.replace('`', 'ˋ')}`",
    link=linked,
    heading=lambda text: f"### {text}",
    item=lambda text: f"- {text}",
    quote=each_line("> "),
    fence=lambda text: f"```\n{text.replace('```', 'ˋˋˋ')}\n```",
)


def _rich(message: Message, images: Sequence[Image], options: Options) -> _Body:
    embeds = [_embed(message), *({} for _ in images[1:])]
    for place, embed in enumerate(embeds[: len(images)]):
        embed["image"] = {"url": f"attachment://{_file_name(place)}"}
    # Those of a message that is replaced go, if they are not named here.
    attachments = [
        {"id": place, "filename": _file_name(place), "description": image.alt[:MAX_ALT_CHARS]}
        for place, image in enumerate(images)
    ]
    frame = _frame(options)
    return _Body(frame | {"embeds": embeds, "attachments": attachments}, images)


def _plain(message: Message, options: Options) -> _Body:
    frame = _frame(options)
    told = (title_block(message.full_title), *field_lines(fields_of(message)))
    links = link_lines(message.links, _DIALECT, MAX_CONTENT, measure)
    room = MAX_CONTENT - measure(f"{frame['content']}\n\n\n\n{links}")
    text = fitted((*told, *message.body), _DIALECT, room, measure)
    return _Body(frame | {"content": stacked(frame["content"], text, links), "embeds": []})


def _file_name(place: int) -> str:
    """Discord would change other names, and the embed that shows the image names it."""
    return f"image-{place + 1}.png"


def _embed(message: Message) -> dict[str, Any]:
    title = _escaped(cut(message.full_title, MAX_TITLE // 2, measure))
    links = link_lines(message.links, _DIALECT, LIMITS.max_size, measure)
    room = MAX_SUM - measure(f"{title}\n\n{links}")
    fields, rest = _fields(fields_of(message), room)
    room -= sum(measure(one["name"] + one["value"]) for one in fields)
    told = (*field_lines(rest), *message.body)
    room = min(room, LIMITS.max_size - measure(f"\n\n{links}"))
    # With less room a body is left out altogether.
    text = fitted(told, _DIALECT, room, measure) if room > 40 else ""
    parts = {"title": title, "description": stacked(text, links), "fields": fields}
    # What is there has to hold something.
    return {"color": _COLOURS[message.tone]} | {name: one for name, one in parts.items() if one}


def _fields(
    fields: Sequence[MessageField], room: int
) -> tuple[list[dict[str, Any]], Sequence[MessageField]]:
    """Those that an embed has room for, and the rest. Escaped they are still short enough."""
    taken: list[dict[str, Any]] = []
    for place, one in enumerate(fields):
        name, value = _escaped(one.name) or "\u200b", _escaped(one.value)
        room -= measure(name + value)
        if place == MAX_FIELDS or room < 0:
            return taken, fields[place:]
        taken.append({"name": name, "value": value, "inline": one.is_short})
    return taken, ()


def _frame(options: Options) -> dict[str, Any]:
    """Whoever is named in a text is not told by it; those of the options are."""
    known = [one.strip() for one in options.mentions]
    people, roles = (
        [one for one in known if one.isdigit()],
        [one[1:] for one in known if one[:1] == "&"],
    )
    everybody = [f"@{one}" for one in known if one in ("everyone", "here")]
    named = [f"<@{one}>" for one in people] + [f"<@&{one}>" for one in roles] + everybody
    allowed = {"parse": ["everyone"] if everybody else [], "users": people, "roles": roles}
    return {"content": " ".join(named), "allowed_mentions": allowed}


# --- what is answered

_NO_THREAD = never(Reason.NO_RECIPIENT, "Such a channel needs a thread: name one by its id.")
_CODES: Mapping[int, Meaning] = {
    10008: never(Reason.GONE, "The message that was to be replaced is gone."),
    10015: gone(Reason.GONE, "The webhook is gone."),
    50027: gone(Reason.BAD_CREDENTIALS, "The webhook's token is wrong."),
    50006: never(Reason.REFUSED),
    50035: never(Reason.REFUSED),
    40005: never(Reason.TOO_LARGE),
    200000: never(Reason.CONTENT_REFUSED, "The server's rules stopped it."),
    200001: never(Reason.CONTENT_REFUSED, "The server's rules stopped it."),
    **dict.fromkeys((220001, 220002, 220003, 220004), _NO_THREAD),
}


def _check(answer: Answer, reach: Reach) -> None:
    """Raise what the answer says, unless the message was saved."""
    body = object_in(answer)
    if answer.status == 204 or (answer.status == 200 and "id" in body):
        return
    code, text = body.get("code"), body.get("message")
    known = _CODES.get(code) if isinstance(code, int) else None
    is_limit = answer.status == 429
    meaning = known or (later(Reason.RATE_LIMITED) if is_limit else certain_meaning(answer.status))
    headers = [answer.headers.get(one) for one in ("retry-after", "x-ratelimit-reset-after")]
    asked = [wait_s(one, reach.now()) for one in (str(body.get("retry_after")), *headers)]
    # The body tells it in fractions of a second, the header in whole ones, if it is Discord at all.
    asked_s = next((one for one in asked if one is not None), _BANNED_S if is_limit else None)
    said = f"{code or answer.status}: {text}" if text else str(answer.status)
    details = "; ".join(_details(body.get("errors")))
    raise failure("Discord", f"{said} ({details})" if details else said, meaning, asked_s)


def _details(errors: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    """What is wrong with which field of the form."""
    if not isinstance(errors, dict) or depth > 8:
        return
    for name, inner in errors.items():
        if isinstance(inner, dict):
            yield from _details(inner, f"{path}.{name}".lstrip("."), depth + 1)
        elif name == "_errors" and isinstance(inner, list):
            yield from (f"{path}: {one.get('message')}" for one in inner if isinstance(one, dict))
        else:
            yield f"{path}.{name}: {inner}".lstrip(".")
