"""DingTalk's custom robot, in the group that it was added to.

https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages
A body has at most 20,000 bytes. Beyond 20 messages a minute the robot is shut off for 10 minutes.
The signature goes with the time, in milliseconds, into the address. It takes no images.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import parse_qs, quote, urlsplit

import orjson
from pydantic import Field, SecretStr

from tocsin.errors import GiveUp, Reason
from tocsin.model.message import Outgoing
from tocsin.notify.channel import Limits, Rate, Reach, Receipt
from tocsin.notify.drawing.dialect import (
    PLAIN,
    Dialect,
    around,
    cut,
    draw,
    each_line,
    field_lines,
    fitted,
    in_json,
)
from tocsin.notify.drawing.layout import (
    DOCUMENTED,
    fields_of,
    headline,
    link_lines,
    linked,
    stacked,
    title_block,
)
from tocsin.notify.platforms.dingtalk_answers import read
from tocsin.notify.platforms.group_mentions import Everybody, Mobiles, UserIds
from tocsin.settings.schema import Secret

PUBLIC_URL = "https://oapi.dingtalk.com"
EXAMPLE: Mapping[str, Any] = {"webhook_url": f"{PUBLIC_URL}/robot/send?access_token=example"}
# Two less a minute than it takes: others may use the robot too.
LIMITS = Limits(max_size=20_000, rates=(Rate(18, 60.0),))
measure = in_json
_NOT_GIVEN = SecretStr("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A robot."""

    webhook_url: Annotated[
        Secret,
        Field(title="Webhook address", description="The robot's address, with its access_token."),
    ]
    sign_secret: Annotated[
        Secret,
        Field(title="Signing secret", description="Begins with SEC; if the robot asks for it."),
    ] = _NOT_GIVEN
    at_mobiles: Mobiles = ()
    at_user_ids: UserIds = ()
    at_all: Everybody = False


def check(options: Options) -> None:
    """Refuse an address without the robot's token."""
    if not _token(options):
        raise ValueError("webhook_url has no access_token")


def destination(options: Options) -> str:
    """The robot."""
    return _token(options) or options.webhook_url.get_secret_value()


def label(options: Options) -> str:
    """The host alone: all the rest is the secret."""
    return urlsplit(options.webhook_url.get_secret_value()).hostname or ""


def addresses(options: Options) -> Sequence[str]:
    """Where calls go."""
    return (options.webhook_url.get_secret_value(),)


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send it as Markdown; as plain text if that is refused for what stands in it."""
    note = "Images were left out: DingTalk takes none." if outgoing.message.images else ""
    try:
        await _post(_markdown(outgoing, options), options, reach)
    except GiveUp as error:
        if error.reason is not Reason.CONTENT_REFUSED:
            raise
        await _post(_text(outgoing, options), options, reach)
        note = f"Sent as plain text, without body and links: {error.message}"
    return Receipt(note=note)


async def _post(body: dict[str, Any], options: Options, reach: Reach) -> None:
    now = reach.now()
    url = options.webhook_url.get_secret_value()
    secret = options.sign_secret.get_secret_value().strip()
    if secret:
        at_ms = str(round(now.timestamp() * 1000))
        sign = signature(secret, at_ms)
        reach.hide(sign)
        url += f"{'&' if '?' in url else '?'}timestamp={at_ms}&sign={quote(sign, safe='')}"
    read(await reach.call("POST", url, json=body), reach.now())


def signature(secret: str, at_ms: str) -> str:
    """Of a time in milliseconds: the secret is the key, and a part of what is signed as well."""
    signed = hmac.new(secret.encode(), f"{at_ms}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()


# --- what is sent


def _marked(text: str) -> str:
    return _SOME_MARKS.sub(lambda found: f"\\{found[0]}", text.translate(_MARKS))


_MARKS = str.maketrans({char: f"\\{char}" for char in "\\`*[]<"})
# An underscore within a word is none of a mark's; `#`, `>` and such are marks before a line only.
_SOME_MARKS = re.compile(r"(?<![^\W_])_|_(?![^\W_])|^(?:>|#(?=#{0,5}\s)|[+-](?=\s))", re.MULTILINE)
_AS_DOCUMENTED = Dialect(
    escape=_marked,
    bold=around("**"),
    italic=around("*"),
    code=_marked,
    link=linked,
    heading=lambda text: f"## {text}",
    item=lambda text: f"- {text}",
    quote=each_line("> "),
    fence=lambda text: each_line("> ", "  \n")(_marked(text).replace("\n", "  \n")),
)
# The document's three events have their fields as it draws them; but for sure a line ends only
# with two blanks, or with an empty line after it.
_DIALECT = replace(_AS_DOCUMENTED, newline="  \n", quote=each_line("> ", "  \n"))


def _markdown(outgoing: Outgoing, options: Options) -> dict[str, Any]:
    title = headline(outgoing)
    body = _with_mentions({"msgtype": "markdown"}, options)
    frame = body | {"markdown": {"title": title, "text": ""}}
    room = LIMITS.max_size - len(orjson.dumps(frame))
    message = outgoing.message
    below = stacked(link_lines(message.links, _DIALECT, room, measure), _mentions(options))
    fields = field_lines(fields_of(message))
    dialect = _AS_DOCUMENTED if outgoing.event_type in DOCUMENTED else _DIALECT
    above = fitted((title_block(title), *fields), dialect, room - measure(f"\n\n{below}"), measure)
    room -= measure(stacked(above, below) + "\n\n")
    middle = fitted(message.body, _DIALECT, room, measure) if room > _LEAST else ""
    text = stacked(above, middle, below)
    return frame | {"markdown": {"title": title, "text": text}}


# With less room a body is left out altogether.
_LEAST = 40


def _text(outgoing: Outgoing, options: Options) -> dict[str, Any]:
    fields = draw(field_lines(fields_of(outgoing.message)), PLAIN)
    content = stacked(headline(outgoing), fields, _mentions(options))
    frame = _with_mentions({"msgtype": "text", "text": {"content": ""}}, options)
    room = LIMITS.max_size - len(orjson.dumps(frame))
    return frame | {"text": {"content": cut(content, room, measure)}}


def _with_mentions(body: dict[str, Any], options: Options) -> dict[str, Any]:
    if not (options.at_mobiles or options.at_user_ids or options.at_all):
        return body
    at = {
        "atMobiles": options.at_mobiles,
        "atUserIds": options.at_user_ids,
        "isAtAll": options.at_all,
    }
    return body | {"at": at}


def _mentions(options: Options) -> str:
    """Who is listed is highlighted only if the text names them as well."""
    return " ".join(f"@{one}" for one in (*options.at_mobiles, *options.at_user_ids))


def _token(options: Options) -> str:
    query = urlsplit(options.webhook_url.get_secret_value()).query
    return parse_qs(query).get("access_token", [""])[0]
