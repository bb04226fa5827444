"""Read Feishu's cards, posts and texts as its clients draw them, and refuse what they would not."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tocsin.model.message import Block, BlockKind, Link, Span
from tocsin.testing.marked import Marks, read
from tocsin.testing.taken import (
    Buttons,
    Cells,
    Line,
    Part,
    Picture,
    Shown,
    Words,
    plain,
    text_in,
    words,
)

COLOURS = frozenset(
    (
        *("default", "blue", "wathet", "turquoise", "green", "yellow", "orange"),
        *("red", "carmine", "violet", "purple", "indigo", "grey"),
    )
)
# Headings, quotes and code in a line came with JSON 2.0.
LARK_MD = Marks(("emphasis", "link", "strikethrough", "entity", "list", "fence"))
LARK_MD_2 = Marks((*LARK_MD.rules, "heading", "blockquote", "backticks", "escape"))
_AT = re.compile(r"<at\s+(?:id|user_id)=\"?([^\s\">]+)\"?\s*>([^<]*)</at>")


class CardError(Exception):
    """It is not as the platform wants it; the text says what."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message as its readers see it."""

    parts: tuple[Part, ...]
    title: str = ""
    colour: str = ""
    mentions: tuple[str, ...] = ()

    @property
    def read(self) -> str:
        """All that is to be read, in which a bot's keywords are looked for."""
        return f"{self.title}\n{text_in(self.parts)}"


@dataclass(frozen=True, slots=True)
class _Card:
    """What is known while the elements of a card are read."""

    images: Mapping[str, Picture]
    marks: Marks


def draw_text(text: object) -> Drawn:
    """A message of msg_type text, in which only mentions are marks."""
    if not isinstance(text, str) or not text.strip():
        raise CardError("text is missing")
    return Drawn(words(_called(text)), mentions=mentions_in(text))


def draw_post(post: object, images: Mapping[str, Picture]) -> Drawn:
    """Rich text, in the first of its languages."""
    languages = [one for one in _object(post, "post").values() if isinstance(one, dict)]
    if not languages or not isinstance(languages[0].get("content"), list):
        raise CardError("post has no language with content")
    parts: list[Part] = []
    mentions: list[str] = []
    for paragraph in languages[0]["content"]:
        spans: list[Span] = []
        for node in _list(paragraph, "a paragraph"):
            match node.get("tag"):
                case "text":
                    spans.append(Span(_text(node, "text")))
                case "a":
                    spans.append(Span(_text(node, "text"), href=_text(node, "href")))
                case "at":
                    mentions.append(_text(node, "user_id"))
                    spans.append(Span(f"@{node.get('user_name', node['user_id'])}", is_bold=True))
                case "img":
                    parts.append(_image(node.get("image_key"), "", images))
                case tag:
                    raise CardError(f"a post has no tag {tag!r}")
        parts.append(Words((Block(BlockKind.PARAGRAPH, tuple(spans)),)))
    return Drawn(tuple(parts), str(languages[0].get("title", "")), mentions=tuple(mentions))


def draw(card: object, images: Mapping[str, Picture]) -> Drawn:
    """An interactive card of JSON 1.0 or 2.0.

    Raises:
        CardError: it is none.
    """
    found = _object(card, "card")
    is_second = found.get("schema") == "2.0"
    body = _object(found.get("body"), "body") if is_second else found
    elements = _list(body.get("elements"), "elements")
    header = _object(found.get("header", {}), "header")
    colour = header.get("template", "")
    if colour and colour not in COLOURS:
        raise CardError(f"header.template {colour!r} is no colour")
    title = header.get("title", {})
    if header and _object(title, "header.title").get("tag") not in {"plain_text", "lark_md"}:
        raise CardError("header.title has no tag plain_text or lark_md")
    reading = _Card(images, LARK_MD_2 if is_second else LARK_MD)
    parts = tuple(part for one in elements for part in _parts(one, reading))
    mentions = mentions_in("\n".join(_strings(elements)))
    return Drawn(parts, str(title.get("content", "")), str(colour), mentions)


def mentions_in(text: str) -> tuple[str, ...]:
    """Whom a text calls; what was escaped calls nobody."""
    return tuple(found[1] for found in _AT.finditer(text))


def _parts(element: Any, card: _Card) -> Iterator[Part]:
    match _object(element, "an element").get("tag"):
        case "div":
            if "text" in element:
                yield Words(_words(element["text"], card))
            if fields := element.get("fields"):
                yield Cells(tuple(_words(one.get("text"), card) for one in _list(fields, "fields")))
            if "text" not in element and not fields:
                raise CardError("a div has text or fields")
        case "markdown":
            yield Words(_marked(_text(element, "content"), card))
        case "hr":
            yield Line()
        case "img":
            alt = _object(element.get("alt", {}), "alt").get("content", "")
            yield _image(element.get("img_key"), str(alt), card.images)
        case "note":
            for one in _list(element.get("elements"), "elements of a note"):
                yield Words(_words(one, card), is_small=True)
        case "action":
            yield Buttons(tuple(_button(one) for one in _list(element.get("actions"), "actions")))
        case "button":
            yield Buttons((_button(element),))
        case "column_set":
            columns = _list(element.get("columns"), "columns")
            for column in columns:
                for one in _list(column.get("elements"), "elements of a column"):
                    yield from _parts(one, card)
        case "chart":
            spec = _object(element.get("chart_spec"), "chart_spec")
            yield Shown(alt=f"chart: {spec.get('type', '')}")
        case tag:
            raise CardError(f"a card has no tag {tag!r}")


def _words(text: Any, card: _Card) -> tuple[Block, ...]:
    content = _text(_object(text, "text"), "content")
    match text.get("tag"):
        case "plain_text":
            return plain(content)
        case "lark_md":
            return _marked(content, card)
        case tag:
            raise CardError(f"a text has no tag {tag!r}")


def _marked(content: str, card: _Card) -> tuple[Block, ...]:
    return read(_called(content), card.marks)


def _called(text: str) -> str:
    return _AT.sub(lambda found: f"@{found[2] or found[1]}", text)


def _button(element: Any) -> Link:
    found = _object(element, "a button")
    if found.get("tag") != "button":
        raise CardError(f"an action has no tag {found.get('tag')!r}")
    text = _text(_object(found.get("text"), "text of a button"), "content")
    url = found.get("url") or _object(found.get("multi_url", {}), "multi_url").get("url", "")
    opening = [one for one in found.get("behaviors", []) if one.get("type") == "open_url"]
    return Link(text, str(url or (opening[0].get("default_url", "") if opening else "")))


def _image(key: object, alt: str, images: Mapping[str, Picture]) -> Shown:
    picture = images.get(str(key))
    if picture is None:
        raise CardError("image_key is of no image that was uploaded")
    return Shown(picture, alt=alt)


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CardError(f"{name} is no object")
    return value


def _list(value: Any, name: str) -> Sequence[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise CardError(f"{name} is no list of objects")
    return value


def _text(value: Mapping[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str):
        raise CardError(f"{name} is no text")
    return text


def _strings(value: Any) -> Iterator[str]:
    """All in which there may be marks."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and value.get("tag") != "plain_text":
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
