"""An application of WeCom (企业微信), which tells members of a company.

https://developer.work.weixin.qq.com/document/path/90236
Markdown has at most 2,048 bytes; an image is uploaded and goes out as a message of its own. A
member gets 30 messages a minute and 1,000 an hour; what exceeds that is dropped without a word. Of
requests that are alike within a time WeCom takes one, if asked to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote, urlencode
from zlib import crc32

from pydantic import Field

from tocsin.edge.outbound import Answer
from tocsin.errors import Reason, TryLater
from tocsin.model.message import Image, Outgoing
from tocsin.notify.channel import Limits, Rate, Reach, Receipt, Token
from tocsin.notify.drawing.dialect import in_bytes
from tocsin.notify.drawing.layout import small_enough
from tocsin.notify.platforms import wecom_messages
from tocsin.notify.platforms.answers import never, with_token
from tocsin.notify.platforms.multipart import Upload, form
from tocsin.settings.schema import Secret

PUBLIC_URL = wecom_messages.PUBLIC_URL
EXAMPLE: Mapping[str, Any] = {"corp_id": "ww-example", "agent_id": 1000002, "secret": "example"}
# Some less than a member gets: nobody tells of what is dropped.
LIMITS = Limits(max_size=2_048, rates=(Rate(28, 60.0), Rate(950, 3600.0)))
MAX_IMAGE_BYTES = 10 * 1024 * 1024
# For so many seconds at least a second try is known as one; all tries are within that, as a rule.
_KNOWN_S = 1_800
# A token that is not good any more, or a secret that is not.
_TOKEN_CODES = frozenset({40001, 40014, 42001})
# Those of the recipients that a message did not reach, though it was taken.
_MISSED = ("invaliduser", "invalidparty", "invalidtag", "unlicenseduser")
_CREDENTIALS = never(Reason.BAD_CREDENTIALS)
_ANSWERS = wecom_messages.answers(
    dict.fromkeys((40001, 40013, 40014, 40056, 42001, 42009), _CREDENTIALS)
    | dict.fromkeys((48002, 60011), never(Reason.NOT_ALLOWED))
    | {
        60020: never(Reason.NOT_ALLOWED, "Add this address to the application's trusted ones."),
        81013: never(Reason.NO_RECIPIENT, "None of the recipients can be reached."),
    }
)
measure = in_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """An application, and whom it tells."""

    corp_id: Annotated[
        str, Field(title="Company id", description="CorpID of the company.", min_length=1)
    ]
    agent_id: Annotated[int, Field(title="Application id", description="AgentId.", ge=0)]
    secret: Annotated[Secret, Field(title="Secret", description="The application's secret.")]
    to_user: Annotated[
        str,
        Field(
            title="Members",
            description="Ids joined by |. Empty: everybody, unless departments or tags are given.",
            examples=["zhangsan|lisi"],
        ),
    ] = ""
    to_party: Annotated[
        str,
        Field(title="Departments", description="Ids joined by |, at most 100.", examples=["1|2"]),
    ] = ""
    to_tag: Annotated[
        str, Field(title="Tags", description="Ids joined by |, at most 100.", examples=["1|2"])
    ] = ""


def check(options: Options) -> None:
    """Refuse an empty secret, and more recipients than a message may have."""
    if not options.secret.get_secret_value():
        raise ValueError("secret is missing")
    for name, value, most in (
        ("to_user", options.to_user, 1000),
        ("to_party", options.to_party, 100),
        ("to_tag", options.to_tag, 100),
    ):
        if value.count("|") >= most:
            raise ValueError(f"{name} has more than {most} entries")


def destination(options: Options) -> str:
    """The application: its messages are counted together."""
    return f"{options.corp_id}/{options.agent_id}"


def label(options: Options) -> str:
    """The application."""
    return destination(options)


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send the text, then the images."""
    texts = wecom_messages.texts_of(outgoing, LIMITS.max_size)
    images, note = small_enough(outgoing.message.images, MAX_IMAGE_BYTES)
    once = _once(outgoing.id)
    done = await wecom_messages.do_all(
        [
            *(partial(_tell, _markdown(text) | once, options, reach) for text in texts),
            *(partial(_show, image, once, options, reach) for image in images),
        ]
    )
    return Receipt(note=f"{done} {note}".strip())


def _once(delivery_id: str) -> dict[str, Any]:
    """Have a second try of a delivery known as one, but not another delivery that says the same.

    WeCom compares whole requests, so the interval, as good as any other, is the delivery's own.
    """
    interval_s = _KNOWN_S + crc32(delivery_id.encode()) % _KNOWN_S
    return {"enable_duplicate_check": 1, "duplicate_check_interval": interval_s}


def _markdown(text: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": text}}


async def _tell(content: dict[str, Any], options: Options, reach: Reach) -> str:
    """Send one message; gives a note on those whom it does not reach."""
    body = _recipients(options) | content | {"agentid": options.agent_id}
    answered = await _call("message/send", options, reach, json=body)
    missed = [f"{name} {answered[name]}" for name in _MISSED if answered.get(name)]
    return f"Not reached: {'; '.join(missed)}." if missed else ""


async def _show(image: Image, once: dict[str, Any], options: Options, reach: Reach) -> str:
    upload = form({}, Upload("media", image.name, image.png))
    taken = await _call(
        "media/upload", options, reach, "&type=image", body=upload.body, headers=upload.headers
    )
    content = {"msgtype": "image", "image": {"media_id": taken.get("media_id", "")}}
    return await _tell(content | once, options, reach)


def _recipients(options: Options) -> dict[str, Any]:
    given = {"touser": options.to_user, "toparty": options.to_party, "totag": options.to_tag}
    chosen = {name: value.strip() for name, value in given.items() if value.strip()}
    return chosen or {"touser": "@all"}


async def _call(
    what: str, options: Options, reach: Reach, query: str = "", **sent: Any
) -> dict[str, Any]:
    """Call with the application's token; with a new one once, when WeCom does not take it."""

    async def call(token: str) -> Answer:
        url = f"{PUBLIC_URL}/cgi-bin/{what}?access_token={quote(token, safe='')}{query}"
        return await reach.call("POST", url, **sent)

    async def token(refused: str) -> str:
        return await reach.token(
            destination(options), partial(_new_token, options, reach), refused=refused
        )

    answer = await with_token(call, token, lambda told: _ANSWERS.code_of(told) in _TOKEN_CODES)
    return _ANSWERS.read(answer, reach.now())


async def _new_token(options: Options, reach: Reach) -> Token:
    """WeCom gives the same one until it ends, and shuts off who asks too often."""
    query = urlencode({"corpid": options.corp_id, "corpsecret": options.secret.get_secret_value()})
    answer = await reach.call("GET", f"{PUBLIC_URL}/cgi-bin/gettoken?{query}")
    given = _ANSWERS.read(answer, reach.now())
    text, good_for_s = given.get("access_token"), given.get("expires_in")
    if not isinstance(text, str) or not isinstance(good_for_s, int):
        raise TryLater("WeCom's answer has no access token.", reason=Reason.BAD_ANSWER)
    return Token(text, good_for_s)
