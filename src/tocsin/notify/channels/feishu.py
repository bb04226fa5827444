"""Feishu, and Lark: a group's custom bot by its address, or the bot of an application.

https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
https://open.feishu.cn/document/server-docs/im-v1/message/create
A custom bot takes 20,000 bytes a call, 5 a second and 100 a minute; an application's 30 KB, 5 a
second to one group, and 50 a second and 1,000 a minute to all. The application alone can put images
into a message, and replace one.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import Field, SecretStr

from tocsin.errors import GiveUp, Reason
from tocsin.model.message import Image, Outgoing
from tocsin.notify.channel import Account, Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import PLAIN, cut, draw, field_lines, in_json
from tocsin.notify.drawing.layout import fields_of, headline, small_enough, stacked
from tocsin.notify.platforms.feishu_app import ANSWERS, App
from tocsin.notify.platforms.feishu_card import Picture, card, unmentioning
from tocsin.settings.schema import Secret

PUBLIC_URL = "https://open.feishu.cn"
EXAMPLE: Mapping[str, Any] = {"webhook_url": f"{PUBLIC_URL}/open-apis/bot/v2/hook/example"}
LARK_URL = "https://open.larksuite.com"
LIMITS = Limits(max_size=20_000, rates=(Rate(4, 1.0), Rate(90, 60.0)))
# Less than 30 KB: it counts the looks of a text as well, by a measure of its own.
APP_LIMITS = Limits(max_size=28_000, rates=(Rate(4, 1.0),))
# Of 50 and 1,000 that it may send to all its groups.
APP_RATES = (Rate(45, 1.0), Rate(900, 60.0))
measure = in_json
MAX_IMAGE_BYTES = 10 * 1024 * 1024
_MAX_TEXT_CHARS = 4_000
_NOT_GIVEN = SecretStr("")
# Without this a card cannot be replaced.
_SHARED = {"config": {"update_multi": True}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Either a custom bot, by `webhook_url`, or an application's bot and whom it tells."""

    webhook_url: Annotated[
        Secret, Field(title="Webhook address", description="The custom bot's address.")
    ] = _NOT_GIVEN
    sign_secret: Annotated[
        Secret, Field(title="Signing secret", description="If the custom bot asks for it.")
    ] = _NOT_GIVEN
    app_id: Annotated[
        str,
        Field(
            title="Application id",
            description="For images; and for receive_id, in place of webhook_url.",
            examples=["cli_0123456789abcdef"],
        ),
    ] = ""
    app_secret: Annotated[
        Secret, Field(title="Application secret", description="Goes with app_id.")
    ] = _NOT_GIVEN
    receive_id: Annotated[
        str,
        Field(
            title="Receiver",
            description="The group or member that the application tells.",
            examples=["oc_0123456789abcdef"],
        ),
    ] = ""
    receive_id_type: Annotated[
        Literal["chat_id", "open_id", "user_id", "union_id", "email"],
        Field(title="Kind of receiver", description="What receive_id is."),
    ] = "chat_id"
    mentions: Annotated[
        tuple[str, ...],
        Field(
            title="Mention by open id",
            description="Such as ou_….",
            examples=[["ou_0123456789abcdef"]],
            max_length=50,
        ),
    ] = ()
    at_all: Annotated[
        bool,
        Field(title="Mention everybody", description="If the group's owner allows it."),
    ] = False


def check(options: Options) -> None:
    """Refuse what is neither of the two, and half of an application."""
    has_app = bool(options.app_id and options.app_secret.get_secret_value())
    if has_app != bool(options.app_id or options.app_secret.get_secret_value()):
        raise ValueError("app_id and app_secret go together")
    if bool(options.webhook_url.get_secret_value()) == bool(options.receive_id):
        raise ValueError("give either webhook_url, or receive_id with app_id and app_secret")
    if options.receive_id and not has_app:
        raise ValueError("receive_id needs app_id and app_secret")


def destination(options: Options) -> str:
    """The custom bot, or the application in that group."""
    if options.receive_id:
        return f"{options.app_id}/{options.receive_id}"
    address = options.webhook_url.get_secret_value()
    return urlsplit(address).path.rstrip("/").rpartition("/")[2] or address


def label(options: Options) -> str:
    """The receiver; of a custom bot the host alone, as all the rest is the secret."""
    return options.receive_id or urlsplit(options.webhook_url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go."""
    given = options.webhook_url.get_secret_value()
    return (given,) if given else ()


def limits(options: Options) -> Limits:
    """Of an application others than of a custom bot."""
    return APP_LIMITS if options.receive_id else LIMITS


def account(options: Options) -> Account | None:
    """The application."""
    return Account(options.app_id, APP_RATES) if options.receive_id else None


def CAN_UPDATE(options: Options) -> bool:  # noqa: N802 - a member that channels have by this name
    """A custom bot cannot."""
    return bool(options.receive_id)


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send it as a card."""
    app = _app(options, reach)
    pictures, note = await _pictures(outgoing.message.images, options, app)
    if options.receive_id:
        return await _send_by_app(outgoing, options, app, pictures, note)
    refused = await _send_by_bot(outgoing, options, reach, pictures)
    return Receipt(note=f"{refused} {note}".strip())


def _app(options: Options, reach: Reach) -> App:
    """Lark has applications of its own; with no address to tell, the setting says which it is."""
    is_lark = options.webhook_url.get_secret_value().startswith(f"{LARK_URL}/")
    api = LARK_URL if is_lark else PUBLIC_URL
    return App(api, options.app_id, options.app_secret.get_secret_value(), reach)


async def _pictures(
    images: Sequence[Image], options: Options, app: App
) -> tuple[list[Picture], str]:
    """The images as Feishu has them then, and a note on those that it does not have."""
    if not options.app_id:
        return [], "Images were left out: they need app_id and app_secret." if images else ""
    small, note = small_enough(images, MAX_IMAGE_BYTES)
    try:
        return [Picture(await app.upload(one), one.alt) for one in small], note
    except GiveUp as error:
        return [], f"Images were left out. {error.message}"


def _mentions(options: Options) -> str:
    everybody = ("all",) if options.at_all else ()
    return " ".join(f"<at id={one}></at>" for one in (*options.mentions, *everybody))


# --- by a custom bot


async def _send_by_bot(
    outgoing: Outgoing, options: Options, reach: Reach, pictures: Sequence[Picture]
) -> str:
    """Send the card; as a text if that is refused, of which a note is given."""
    signed = _signed(options, reach)
    frame = signed | {"msg_type": "interactive"}

    def room(so_far: Mapping[str, Any]) -> int:
        return LIMITS.max_size - len(orjson.dumps(frame | {"card": so_far}))

    drawn = card(outgoing.message, pictures, _mentions(options), room, measure)
    try:
        await _post(frame | {"card": drawn}, options, reach)
    except GiveUp as error:
        if error.reason not in (Reason.REFUSED, Reason.TOO_LARGE):
            raise
        text = {"msg_type": "text", "content": {"text": _text(outgoing)}}
        await _post(signed | text, options, reach)
        return f"Sent as plain text: {error.message}"
    return ""


async def _post(body: Mapping[str, Any], options: Options, reach: Reach) -> None:
    url = options.webhook_url.get_secret_value()
    ANSWERS.read(await reach.call("POST", url, json=body), reach.now())


def _signed(options: Options, reach: Reach) -> dict[str, Any]:
    """What a call has to have where the bot asks for it."""
    secret = options.sign_secret.get_secret_value().strip()
    if not secret:
        return {}
    at_s = str(int(reach.now().timestamp()))
    sign = signature(secret, at_s)
    reach.hide(sign)
    return {"timestamp": at_s, "sign": sign}


def signature(secret: str, at_s: str) -> str:
    """Of a time in seconds: the key is made of both, and nothing is signed with it."""
    signed = hmac.new(f"{at_s}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


# --- by an application


async def _send_by_app(
    outgoing: Outgoing, options: Options, app: App, pictures: Sequence[Picture], note: str
) -> Receipt:
    """Replace the message that is there, else send one; as a text, if the card is refused."""
    frame = _new_message(outgoing, options, "interactive", {})

    def room(so_far: Mapping[str, Any]) -> int:
        return APP_LIMITS.max_size - len(orjson.dumps(frame)) - len(_within({**_SHARED, **so_far}))

    drawn = card(outgoing.message, pictures, _mentions(options), room, _measure_twice)
    content = {**_SHARED, **drawn}
    if outgoing.handle and await app.replace(outgoing.handle, content):
        return Receipt(outgoing.handle, note)
    new = _new_message(outgoing, options, "interactive", content)
    handle = await app.create(options.receive_id_type, new)
    if handle is None:
        text = _new_message(outgoing, options, "text", {"text": _text(outgoing)})
        await app.create(options.receive_id_type, text)
        note = "Sent as plain text: Feishu takes no such card."
    return Receipt(handle or None, note)


def _new_message(
    outgoing: Outgoing, options: Options, kind: str, content: Mapping[str, Any]
) -> dict[str, Any]:
    """Of calls with the same `uuid` within an hour Feishu takes one."""
    return {
        "receive_id": options.receive_id,
        "msg_type": kind,
        "content": orjson.dumps(content).decode(),
        "uuid": outgoing.id[:50],
    }


def _text(outgoing: Outgoing) -> str:
    fields = draw(field_lines(fields_of(outgoing.message)), PLAIN)
    return unmentioning(cut(stacked(headline(outgoing), fields), _MAX_TEXT_CHARS))


def _measure_twice(text: str) -> int:
    """The bytes of a text in JSON within JSON; the quotation marks around it take six."""
    return len(_within(text)) - 6


def _within(value: Any) -> bytes:
    return orjson.dumps(orjson.dumps(value).decode())
