"""WeCom's group robot, in the group that it was added to.

https://developer.work.weixin.qq.com/document/path/91770
Markdown has at most 4,096 bytes; an image goes out as a message of its own, of at most 2 MB. 20
messages a minute. Nothing is signed: the key in the address is all there is.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import Field, SecretStr

from tocsin.errors import Reason
from tocsin.model.message import Image, Outgoing
from tocsin.notify.channel import Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import in_bytes
from tocsin.notify.drawing.layout import headline, one_line, small_enough
from tocsin.notify.platforms import wecom_messages
from tocsin.notify.platforms.answers import gone
from tocsin.notify.platforms.group_mentions import Everybody, Mobiles, UserIds
from tocsin.settings.schema import Secret

PUBLIC_URL = wecom_messages.PUBLIC_URL
EXAMPLE: Mapping[str, Any] = {"webhook_url": f"{PUBLIC_URL}/cgi-bin/webhook/send?key=example"}
# Two less a minute than it takes: images and further parts are messages too.
LIMITS = Limits(max_size=4_096, rates=(Rate(18, 60.0),))
MAX_IMAGE_BYTES = 2 * 1024 * 1024
# A text has at most 2,048 bytes.
_MAX_TEXT_CHARS = 500
_ANSWERS = wecom_messages.answers(
    {93000: gone(Reason.BAD_CREDENTIALS, "The key is of no robot any more.")}
)
measure = in_bytes
_NOT_GIVEN = SecretStr("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A robot, by its address or by the key in it."""

    webhook_url: Annotated[
        Secret, Field(title="Webhook address", description="The robot's address, with its key.")
    ] = _NOT_GIVEN
    key: Annotated[
        Secret, Field(title="Key", description="The key alone, in place of the address.")
    ] = _NOT_GIVEN
    mentions: UserIds = ()
    at_mobiles: Annotated[
        Mobiles, Field(description="Members of the group; takes a second message.")
    ] = ()
    at_all: Annotated[
        Everybody, Field(description="Everybody in the group; takes a second message.")
    ] = False


def check(options: Options) -> None:
    """Refuse an address without a key, and one beside a key."""
    if bool(options.webhook_url.get_secret_value()) == bool(options.key.get_secret_value()):
        raise ValueError("give either webhook_url or key")
    if not destination(options):
        raise ValueError("webhook_url has no key")


def destination(options: Options) -> str:
    """The robot."""
    query = urlsplit(options.webhook_url.get_secret_value()).query
    return options.key.get_secret_value().strip() or parse_qs(query).get("key", [""])[0]


def label(options: Options) -> str:
    """The host alone: all the rest is the secret."""
    return urlsplit(_url(options)).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go."""
    return (_url(options),)


def _url(options: Options) -> str:
    key = quote(options.key.get_secret_value().strip(), safe="")
    given = options.webhook_url.get_secret_value()
    return given or f"{PUBLIC_URL}/cgi-bin/webhook/send?key={key}"


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send the text, then what takes a message of its own: some mentions, and the images."""
    mentions = " ".join(f"<@{one}>" for one in options.mentions)
    texts = wecom_messages.texts_of(outgoing, LIMITS.max_size, mentions)
    bodies = [_markdown(text) for text in texts]
    if options.at_all or options.at_mobiles:
        bodies.append(_call_out(outgoing, options))
    images, note = small_enough(outgoing.message.images, MAX_IMAGE_BYTES)
    bodies += [_picture(image) for image in images]
    done = await wecom_messages.do_all([partial(_post, body, options, reach) for body in bodies])
    return Receipt(note=f"{done} {note}".strip())


async def _post(body: dict[str, Any], options: Options, reach: Reach) -> str:
    _ANSWERS.read(await reach.call("POST", _url(options), json=body), reach.now())
    return ""


def _markdown(text: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": text}}


def _call_out(outgoing: Outgoing, options: Options) -> dict[str, Any]:
    """Markdown mentions single members by their id only; a text can mention the others."""
    text: dict[str, Any] = {"content": one_line(headline(outgoing), _MAX_TEXT_CHARS)}
    if options.at_all:
        text["mentioned_list"] = ["@all"]
    if options.at_mobiles:
        text["mentioned_mobile_list"] = list(options.at_mobiles)
    return {"msgtype": "text", "text": text}


def _picture(image: Image) -> dict[str, Any]:
    """The digest is of the bytes as they are, before they are encoded."""
    digest = hashlib.md5(image.png, usedforsecurity=False).hexdigest()
    encoded = base64.b64encode(image.png).decode()
    return {"msgtype": "image", "image": {"base64": encoded, "md5": digest}}
