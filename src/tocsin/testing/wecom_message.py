"""Read WeCom's messages, of robots and of applications, as its clients draw them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.model.message import Link
from tocsin.testing.marked import Marks, read
from tocsin.testing.outside import Reply
from tocsin.testing.taken import Buttons, Drawn, Part, Shown, Words, words

MARKDOWN = Marks(("heading", "blockquote", "emphasis", "link", "backticks"), has_italic=False)
MARKDOWN_V2 = Marks(
    (
        *("heading", "blockquote", "emphasis", "link", "backticks"),
        *("list", "fence", "hr", "image", "table", "escape"),
    )
)
_FONT = re.compile(r"</?font(?:\s+color=\"?\w+\"?)?\s*>")
_AT = re.compile(r"<@([^>\s]+)>")
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[0-9a-fA-F]{4}")
MAX_ARTICLES = 8


class RefusedError(Exception):
    """A message that is not as it should be; the arguments are errcode and errmsg."""


def said(errcode: int, errmsg: str, **more: Any) -> Reply:
    """An answer as WeCom gives it: with HTTP 200, whatever it says."""
    return Reply.of({"errcode": errcode, "errmsg": errmsg, **more})


TOO_OFTEN = "api freq out of limit"
FREQUENT = said(45009, TOO_OFTEN)
CONCURRENT = said(45033, "api concurrent out of limit")


def check_escapes(body: bytes) -> None:
    """JSON has to come in UTF-8 as it is."""
    if _ESCAPE.search(body):
        raise RefusedError(40033, "invalid charset: not UTF-8, or with \\u escapes")


def inside(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a body holds under the name of its msgtype."""
    kind = body.get("msgtype")
    if not isinstance(kind, str):
        raise RefusedError(40008, "invalid message type")
    found = body.get(kind)
    if not isinstance(found, dict):
        raise RefusedError(40058, f"invalid parameter: {kind}")
    return found


def draw_text(found: Mapping[str, Any], max_bytes: int) -> Drawn:
    """Plain text; whom it calls stands beside it."""
    content = limited(found, "content", max_bytes)
    named = (*found.get("mentioned_list", ()), *found.get("mentioned_mobile_list", ()))
    mentions = tuple("all" if one == "@all" else str(one) for one in named)
    return Drawn(words(content), mentions=mentions)


def draw_markdown(found: Mapping[str, Any], max_bytes: int) -> Drawn:
    """The older marks, with three font colours and mentions."""
    content = limited(found, "content", max_bytes)
    mentions = tuple(_AT.findall(content))
    shown = _AT.sub(r"@\1", _FONT.sub("", content))
    return Drawn((Words(read(shown, MARKDOWN)),), mentions=mentions)


def draw_markdown_v2(found: Mapping[str, Any], max_bytes: int) -> Drawn:
    """The newer marks; nobody can be called by them."""
    return Drawn((Words(read(limited(found, "content", max_bytes), MARKDOWN_V2)),))


def draw_news(found: Mapping[str, Any]) -> Drawn:
    """One to eight articles, each with a link."""
    articles = found.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= MAX_ARTICLES:
        raise RefusedError(40058, "invalid parameter: articles")
    parts: list[Part] = []
    for one in articles:
        link = Link(text(one, "title"), text(one, "url"))
        if picture := one.get("picurl"):
            parts.append(Shown(url=str(picture), alt=link.text))
        # What is longer is cut and not refused.
        parts += [*words(cut(str(one.get("description", "")), 512)), Buttons((link,))]
    return Drawn(tuple(parts), cut(text(articles[0], "title"), 128))


def draw_card(found: Mapping[str, Any]) -> Drawn:
    """A template card that tells something; those that ask are drawn as well."""
    kind = found.get("card_type")
    main = found.get("main_title") or {}
    title = str(main.get("title", "") or found.get("sub_title_text", ""))
    if not title:
        raise RefusedError(42046, "main_title.title or sub_title_text is missing")
    action = found.get("card_action") or {}
    if kind in {"text_notice", "news_notice"} and action.get("type") not in {1, 2}:
        raise RefusedError(42045, "card_action.type is missing")
    rows, jumps = found.get("horizontal_content_list", []), found.get("jump_list", [])
    if len(rows) > 6 or len(jumps) > 3:
        raise RefusedError(42047, "too many rows or links")
    links = tuple(_links(found))
    lines = [str(main.get("desc", "")), str(found.get("sub_title_text", ""))]
    lines += [f"{one.get('keyname', '')}: {one.get('value', '')}" for one in rows]
    parts = words("\n".join(one for one in lines if one and one != title))
    return Drawn((*parts, *((Buttons(links),) if links else ())), title)


def _links(card: Mapping[str, Any]) -> Iterator[Link]:
    action = card.get("card_action") or {}
    if action.get("url"):
        yield Link("…", str(action["url"]))
    for one in card.get("jump_list", []):
        yield Link(str(one.get("title", "")), str(one.get("url", "")))
    for one in card.get("button_list", []):
        yield Link(str(one.get("text", "")), "")


def text(found: Mapping[str, Any], name: str) -> str:
    """A text that has to be there."""
    value = found.get(name)
    if not isinstance(value, str):
        raise RefusedError(40058, f"invalid parameter: {name}")
    if not value.strip():
        raise RefusedError(44004, f"empty content: {name}")
    return value


def limited(found: Mapping[str, Any], name: str, max_bytes: int) -> str:
    """The same, of so many bytes of UTF-8 at most."""
    value = text(found, name)
    if len(value.encode()) > max_bytes:
        raise RefusedError(45002, f"{name} exceeds {max_bytes} bytes")
    return value


def cut(value: str, max_bytes: int) -> str:
    """As much of it as the platform shows."""
    return value.encode()[:max_bytes].decode("utf-8", "ignore")
