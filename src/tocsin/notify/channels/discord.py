"""Discord: a channel's webhook.

https://docs.discord.com/developers/resources/webhook, /topics/rate-limits
An embed has a title of 256 characters, a description of 4,096, 25 fields, and 6,000 in sum. The
pace is what each answer says, and 50 a second in all. Only with `wait` does Discord tell that a
message was not saved, and by what it can be replaced. A webhook that is gone must not be called
again: too many such calls have the caller's address banned, and the answer then is a page and not
JSON.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson
from pydantic import Field

from tocsin.edge.outbound import Answer
from tocsin.edge.reachable import is_host_named
from tocsin.errors import GiveUp, Reason
from tocsin.model.message import Image, Message, Outgoing
from tocsin.notify.channel import Account, Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import field_lines, fitted
from tocsin.notify.drawing.layout import fields_of, link_lines, small_enough, stacked, title_block
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
from tocsin.notify.platforms.discord_embed import DIALECT, MAX_DESCRIPTION, embed, measure
from tocsin.notify.platforms.multipart import Upload, form
from tocsin.settings.schema import Secret

EXAMPLE: Mapping[str, Any] = {"webhook_url": "https://discord.com/api/webhooks/1/example"}
PUBLIC_URL = "https://discord.com"
CAN_UPDATE = True
LIMITS = Limits(max_size=MAX_DESCRIPTION)
# Of 50 a second that an address may send, whatever the webhooks.
ADDRESS = Account("", (Rate(45, 1.0),))
OWN_HOSTS = ("*.discord.com", "*.discordapp.com")

MAX_CONTENT = 2_000
MAX_IMAGES = 10
MAX_IMAGE_BYTES = 10 * 1024 * 1024
MAX_ALT_CHARS = 1_024
# Of a 429 that does not say how long: that of a ban.
_BANNED_S = 60.0


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


def account(options: Options) -> Account:
    """All webhooks: calls without a bot's token are counted by where they come from.

    What another host says, such as a proxy's or one that somebody made up, is said of it alone.
    """
    host = label(options).rstrip(".")
    return ADDRESS if is_host_named(host, OWN_HOSTS) else replace(ADDRESS, name=host)


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


def _rich(message: Message, images: Sequence[Image], options: Options) -> _Body:
    embeds = [embed(message), *({} for _ in images[1:])]
    for place, one in enumerate(embeds[: len(images)]):
        one["image"] = {"url": f"attachment://{_file_name(place)}"}
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
    links = link_lines(message.links, DIALECT, MAX_CONTENT, measure)
    room = MAX_CONTENT - measure(f"{frame['content']}\n\n\n\n{links}")
    text = fitted((*told, *message.body), DIALECT, room, measure)
    return _Body(frame | {"content": stacked(frame["content"], text, links), "embeds": []})


def _file_name(place: int) -> str:
    """Discord would change other names, and the embed that shows the image names it."""
    return f"image-{place + 1}.png"


def _frame(options: Options) -> dict[str, Any]:
    """Whoever is named in a text is not told by it; those of the options are."""
    known = [one.strip() for one in options.mentions]
    people = [one for one in known if one.isdigit()]
    roles = [one[1:] for one in known if one.startswith("&")]
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
    meaning = known or (_limited(answer) if is_limit else certain_meaning(answer.status))
    headers = [answer.headers.get(one) for one in ("retry-after", "x-ratelimit-reset-after")]
    asked = [wait_s(one, reach.now()) for one in (str(body.get("retry_after")), *headers)]
    # The body tells it in fractions of a second, the header in whole ones, if it is Discord at all.
    asked_s = next((one for one in asked if one is not None), _BANNED_S if is_limit else None)
    said = f"{code or answer.status}: {text}" if text else str(answer.status)
    details = "; ".join(_details(body.get("errors")))
    raise failure("Discord", f"{said} ({details})" if details else said, meaning, asked_s)


def _limited(answer: Answer) -> Meaning:
    """A webhook's limit, or everybody's; what is not JSON is a ban of where calls come from."""
    body = object_in(answer)
    is_global = body.get("global") is True or answer.headers.get("x-ratelimit-scope") == "global"
    return later(Reason.RATE_LIMITED, is_accounts=is_global or not body)


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
