"""Secrets that are known again wherever they turn up, and platforms that tell what they heard."""

import base64
import html
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

from tocsin.notify.channel import extras_of, find_channels
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.platform import Running, platform

# Said over and over, so that a part of a secret is found too, wherever it was cut.
MARK = "c4n4ry7ze"
CANARY = MARK * 3


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


STANDARD_SECRETS = tuple(f"whsec_{_encoded(CANARY + end)}" for end in ("0001", "0002"))
ODD = f'Bearer {CANARY}"/&<=>+%\\end'
HEADERS = {
    "Authorization": f"Basic {_encoded(f'tocsin:{CANARY}0word')}",
    "X-Api-Key": f"Token {CANARY}0key",
    "X-Odd": ODD,
}
# What opens each fake platform.
_OPENED_BY: Mapping[str, Mapping[str, Any]] = {
    "custom": {"secret": STANDARD_SECRETS[0], "headers": HEADERS},
    "dingtalk": {"access_token": f"{CANARY}0ding", "secret": f"SEC{CANARY}0ding"},
    "discord": {"secret": f"{CANARY}0discord"},
    "email": {"secret": f"{CANARY}0mail"},
    "feishu": {
        "hook": f"{CANARY}0hook",
        "secret": f"{CANARY}0sign",
        "app_secret": f"{CANARY}0app",
    },
    "slack": {"secret": f"{CANARY}0slack", "bot_token": f"xoxb-{CANARY}0bot"},
    "teams": {"secret": f"{CANARY}0teams"},
    "telegram": {"secret": f"1234567890:{CANARY}0telegram"},
    "wechat": {"secret": f"{CANARY}0wechat"},
    "wecom": {"secret": f"{CANARY}0wecom"},
}


@asynccontextmanager
async def fakes(kinds: Iterable[str]) -> AsyncIterator[Mapping[str, Running]]:
    """A platform of each kind, opened by canaries; `plain` is a receiver that signs otherwise."""
    async with AsyncExitStack() as stack:
        opened = {
            kind: await stack.enter_async_context(platform(kind, **_OPENED_BY[kind]))
            for kind in kinds
        }
        plain = await stack.enter_async_context(platform("custom"))
        yield {**opened, "plain": plain}


def channels_of(opened: Mapping[str, Running]) -> list[dict[str, Any]]:
    """Every way to use every channel, with a canary in all that is secret of it."""
    return [
        *(
            {"type": fake.kind, "config": {**config, **_more(name, config)}}
            for name, fake in opened.items()
            for config in fake.configs.values()
        ),
        {"type": "wecom", "config": {"key": _OPENED_BY["wecom"]["secret"]}},
    ]


def _more(name: str, config: Mapping[str, Any]) -> Mapping[str, Any]:
    """What opens nothing of the fake, and is a secret all the same."""
    # Tried again within a second where it fails.
    quick = {"retry_count": 3, "retry_interval": 1}
    if name == "custom":
        url = f"{config['url']}?token={CANARY}0url"
        return {"url": url, "previous_sign_secret": STANDARD_SECRETS[1], **quick}
    if name == "plain":
        signing = {"sign_secret": f"{CANARY}0plain", "previous_sign_secret": f"{CANARY}0former"}
        return {"url": f"{config['url']}?key={quote(ODD)}", **signing, **quick}
    return {}


def settings_of(opened: Mapping[str, Running]) -> dict[str, str]:
    """For a server whose callers are admins, and whose platforms are these."""
    base_urls = {
        f"TOCSIN_NOTIFY__{kind.upper()}__BASE_URL": opened[kind].url
        for kind, channel in find_channels().items()
        if extras_of(channel).PUBLIC_URL
    }
    return {
        "TOCSIN_AUTH__LOCAL_ROLE": "admin",
        "TOCSIN_NOTIFY__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        **base_urls,
    }


# --- finding them


def _in_base64() -> Iterator[str]:
    """The mark in the midst of a text in Base64: it begins at any of three places there."""
    for before in range(3):
        encoded = _encoded("." * before + MARK * 3 + "...")
        yield encoded[8:20]


_ANY_CASE = (MARK.encode(), MARK.encode().hex().encode())
_THIS_CASE = tuple(one.encode() for one in _in_base64())


def told_in(data: bytes | str) -> list[str]:
    """Where a canary shows in `data`, in clear or encoded, with what stands around it."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    lower = raw.lower()
    places = [lower.find(one) for one in _ANY_CASE] + [raw.find(one) for one in _THIS_CASE]
    return [raw[max(0, at - 120) : at + 60].decode("utf-8", "replace") for at in places if at >= 0]


# --- platforms that tell all that they heard


def heard(call: Asked) -> list[str]:
    """What a receiver learns of a call, taken apart as an error page or a log would."""
    query = [f"{name}={value}" for name, value in call.query.items()]
    parts = [*call.path.split("/"), *call.query.values(), *query, call.path, "&".join(query)]
    for value in call.headers.values():
        parts += [value, *value.split(" ")]
    try:
        body = call.body.decode()
    except UnicodeDecodeError:
        body = ""
    found = [one for one in (*parts, body) if told_in(one)]
    return [*found, *(word for one in found if (word := _in_basic(one)))]


def _in_basic(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def written(text: str) -> Sequence[str]:
    """The same as programs write it."""
    go = json.dumps(text)[1:-1]
    for sign in "&<>":
        go = go.replace(sign, f"\\u{ord(sign):04x}")
    return (
        *(text, json.dumps(text)[1:-1], json.dumps(text)[1:-1].replace("/", "\\/"), go),
        *(quote(text), quote(text, safe=""), quote_plus(text)),
        *(html.escape(text), _encoded(text), base64.urlsafe_b64encode(text.encode()).decode()),
    )


def echo(call: Asked, style: str) -> Reply:
    """A refusal that holds all of it: `json` as chats refuse, `text` as error pages do."""
    said = " ".join(form for one in heard(call) for form in written(one))
    if style == "text":
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return Reply(status=403, body=said.encode("utf-8", "replace"), headers=headers)
    names = ("msg", "errmsg", "error", "message", "description")
    codes = {"code": 99999, "errcode": 99999, "ok": False, "error_code": 400}
    body = orjson.dumps({**codes, **dict.fromkeys(names, said)})
    return Reply(status=400, body=body, headers={"Content-Type": "application/json"})
