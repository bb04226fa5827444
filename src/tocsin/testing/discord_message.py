"""Read Discord's messages as its clients draw them, and refuse what it refuses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tocsin.model.message import Block, BlockKind, Link, Span
from tocsin.testing.marked import Marks, read
from tocsin.testing.taken import Buttons, Cells, Part, Picture, Shown, Words, plain

MARKDOWN = Marks(
    ("heading", "blockquote", "emphasis", "link", "backticks", "list", "fence", "escape"),
    max_heading=3,
)
MAX_CONTENT = 2000
MAX_EMBEDS = 10
MAX_FIELDS = 25
# Over all embeds of a message.
MAX_SUM = 6000
SIZES: Mapping[str, int] = {"title": 256, "description": 4096}
# Suppress embeds, suppress notifications, components of the second version.
COMPONENTS_V2 = 1 << 15
FLAGS = 1 << 2 | 1 << 12 | COMPONENTS_V2
_CALL = re.compile(r"@(everyone|here)|<@(!?\d+|&\d+)>")
_ESCAPED = re.compile(r"\\.|`[^`]*`", re.DOTALL)


class MessageError(Exception):
    """It is refused, with a code, and what is wrong by the fields' names."""

    def __init__(self, code: int, message: str, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.errors = errors or {}


def check(message: Mapping[str, Any], files: Sequence[str], query: Mapping[str, str]) -> None:
    """Whether Discord would take it.

    Raises:
        MessageError: it would not.
    """
    errors = dict(_wrong(message))
    flags = message.get("flags", 0)
    if not isinstance(flags, int) or flags & ~FLAGS:
        errors["flags"] = "not allowed of a webhook"
    if message.get("components") and query.get("with_components") != "true":
        errors["components"] = "only with with_components=true"
    if errors:
        raise MessageError(50035, "Invalid Form Body", errors)
    is_second = bool(flags & COMPONENTS_V2)
    if is_second and (message.get("content") or message.get("embeds")):
        raise MessageError(50035, "Invalid Form Body", {"content": "not beside components"})
    has_some = message.get("content") or message.get("embeds") or files or is_second
    if not has_some:
        raise MessageError(50006, "Cannot send an empty message")


def parts_of(message: Mapping[str, Any], files: Sequence[Picture]) -> Iterator[Part]:
    """What its readers see."""
    if content := message.get("content"):
        yield Words(_marked(content))
    left = {one.name: one for one in files}
    for place, embed in enumerate(message.get("embeds") or []):
        if place and embed.get("title"):
            yield Words((Block(BlockKind.HEADING, (Span(embed["title"]),)),))
        if description := embed.get("description"):
            yield Words(_marked(description))
        if fields := embed.get("fields"):
            yield Cells(tuple(_cell(one) for one in fields))
        for name in ("image", "thumbnail"):
            url = (embed.get(name) or {}).get("url", "")
            if url.startswith("attachment://"):
                # An address of no file that came shows nothing, and is no error.
                if (picture := left.pop(url.removeprefix("attachment://"), None)) is not None:
                    yield Shown(picture, alt=_alt(message, picture.name))
            elif url:
                yield Shown(url=url)
        if footer := (embed.get("footer") or {}).get("text"):
            yield Words(plain(footer), is_small=True)
        if url := embed.get("url"):
            yield Buttons((Link(embed.get("title", url), url),))
    for picture in left.values():
        yield Shown(picture, alt=_alt(message, picture.name))
    for row in message.get("components") or []:
        buttons = [one for one in row.get("components", []) if one.get("url")]
        yield Buttons(tuple(Link(str(one.get("label", "")), one["url"]) for one in buttons))


def allowed_calls(message: Mapping[str, Any]) -> Iterator[str]:
    """Whom it calls: by its content only, and as far as its sender allows."""
    allowed = message.get("allowed_mentions")
    parse = {"users"} if allowed is None else set(allowed.get("parse", ()))
    users = set((allowed or {}).get("users", ()))
    roles = set((allowed or {}).get("roles", ()))
    for found in _CALL.finditer(_ESCAPED.sub("", str(message.get("content") or ""))):
        everyone, other = found.groups()
        number = (other or "").lstrip("!&")
        if everyone:
            if "everyone" in parse:
                yield everyone
        elif other.startswith("&"):
            if "roles" in parse or number in roles:
                yield other
        elif "users" in parse or number in users:
            yield number


def _wrong(message: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if len(str(message.get("content") or "")) > MAX_CONTENT:
        yield "content", f"Must be {MAX_CONTENT} or fewer in length."
    if len(str(message.get("username") or "")) > 80:
        yield "username", "Must be 80 or fewer in length."
    embeds = message.get("embeds") or []
    if not isinstance(embeds, list) or len(embeds) > MAX_EMBEDS:
        yield "embeds", f"Must be {MAX_EMBEDS} or fewer in length."
        return
    total = 0
    for place, embed in enumerate(embeds):
        for name, text, most in _texts(embed):
            total += len(text.strip())
            if len(text) > most:
                yield f"embeds.{place}.{name}", f"Must be {most} or fewer in length."
            elif not text.strip():
                yield f"embeds.{place}.{name}", "This field is required"
        if len(embed.get("fields") or []) > MAX_FIELDS:
            yield f"embeds.{place}.fields", f"Must be {MAX_FIELDS} or fewer in length."
        color = embed.get("color", 0)
        if not isinstance(color, int) or not 0 <= color <= 0xFFFFFF:
            yield f"embeds.{place}.color", "int value should be between 0 and 16777215."
        url = str(embed.get("url") or "https://")
        if not url.startswith(("http://", "https://")):
            yield f"embeds.{place}.url", "Not a well formed URL."
    if total > MAX_SUM:
        yield "embeds", f"Embed size exceeds maximum size of {MAX_SUM}"


def _texts(embed: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    for name, most in SIZES.items():
        if name in embed:
            yield name, str(embed[name]), most
    if footer := embed.get("footer"):
        yield "footer.text", str(footer.get("text", "")), 2048
    if author := embed.get("author"):
        yield "author.name", str(author.get("name", "")), 256
    for place, one in enumerate(embed.get("fields") or []):
        yield f"fields.{place}.name", str(one.get("name", "")), 256
        yield f"fields.{place}.value", str(one.get("value", "")), 1024


def _cell(one: Mapping[str, Any]) -> tuple[Block, ...]:
    name = Block(BlockKind.PARAGRAPH, (Span(str(one["name"]), is_bold=True),))
    return (name, *_marked(one["value"]))


def _marked(text: Any) -> tuple[Block, ...]:
    return read(str(text), MARKDOWN)


def _alt(message: Mapping[str, Any], name: str) -> str:
    """What a sender says of a file."""
    for one in message.get("attachments") or []:
        if one.get("filename") == name:
            return str(one.get("description", ""))
    return ""
