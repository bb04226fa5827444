"""Read Feishu's cards, posts and texts as its clients draw them, and refuse what they would not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tocsin.model.message import Block, BlockKind, Link, Span
from tocsin.testing.marked import Marks, read
from tocsin.testing.objects import MalformedError, marked_texts, object_of, objects_of, text_at
from tocsin.testing.taken import (
    Buttons,
    Cells,
    Drawn,
    Line,
    Part,
    Picture,
    Shown,
    Words,
    plain,
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


@dataclass(frozen=True, slots=True)
class _Card:
    """What is known while the elements of a card are read."""

    images: Mapping[str, Picture]
    marks: Marks


def draw_text(text: object) -> Drawn:
    """A message of msg_type text, in which only mentions are marks."""
    if not isinstance(text, str) or not text.strip():
        raise MalformedError("text is missing")
    return Drawn(words(_called(text)), mentions=mentions_in(text))


def draw_post(post: object, images: Mapping[str, Picture]) -> Drawn:
    """Rich text, in the first of its languages."""
    languages = [one for one in object_of(post, "post").values() if isinstance(one, dict)]
    if not languages or not isinstance(languages[0].get("content"), list):
        raise MalformedError("post has no language with content")
    parts: list[Part] = []
    mentions: list[str] = []
    for paragraph in languages[0]["content"]:
        spans: list[Span] = []
        for node in objects_of(paragraph, "a paragraph"):
            match node.get("tag"):
                case "text":
                    spans.append(Span(text_at(node, "text")))
                case "a":
                    spans.append(Span(text_at(node, "text"), href=text_at(node, "href")))
                case "at":
                    mentions.append(text_at(node, "user_id"))
                    spans.append(Span(f"@{node.get('user_name', node['user_id'])}", is_bold=True))
                case "img":
                    parts.append(_image(node.get("image_key"), "", images))
                case tag:
                    raise MalformedError(f"a post has no tag {tag!r}")
        parts.append(Words((Block(BlockKind.PARAGRAPH, tuple(spans)),)))
    return Drawn(tuple(parts), str(languages[0].get("title", "")), mentions=tuple(mentions))


def draw(card: object, images: Mapping[str, Picture]) -> Drawn:
    """An interactive card of JSON 1.0 or 2.0.

    Raises:
        MalformedError: it is none.
    """
    found = object_of(card, "card")
    is_second = found.get("schema") == "2.0"
    body = object_of(found.get("body"), "body") if is_second else found
    elements = objects_of(body.get("elements"), "elements")
    header = object_of(found.get("header", {}), "header")
    colour = header.get("template", "")
    if colour and colour not in COLOURS:
        raise MalformedError(f"header.template {colour!r} is no colour")
    title = header.get("title", {})
    if header and object_of(title, "header.title").get("tag") not in {"plain_text", "lark_md"}:
        raise MalformedError("header.title has no tag plain_text or lark_md")
    reading = _Card(images, LARK_MD_2 if is_second else LARK_MD)
    parts = tuple(part for one in elements for part in _parts(one, reading))
    mentions = mentions_in("\n".join(marked_texts(elements, "tag")))
    return Drawn(parts, str(title.get("content", "")), str(colour), mentions)


def mentions_in(text: str) -> tuple[str, ...]:
    """Whom a text calls; what was escaped calls nobody."""
    return tuple(found[1] for found in _AT.finditer(text))


def _parts(element: Any, card: _Card) -> Iterator[Part]:
    match object_of(element, "an element").get("tag"):
        case "div":
            if "text" in element:
                yield Words(_words(element["text"], card))
            if fields := element.get("fields"):
                yield Cells(
                    tuple(_words(one.get("text"), card) for one in objects_of(fields, "fields"))
                )
            if "text" not in element and not fields:
                raise MalformedError("a div has text or fields")
        case "markdown":
            yield Words(_marked(text_at(element, "content"), card))
        case "hr":
            yield Line()
        case "img":
            alt = object_of(element.get("alt", {}), "alt").get("content", "")
            yield _image(element.get("img_key"), str(alt), card.images)
        case "note":
            for one in objects_of(element.get("elements"), "elements of a note"):
                yield Words(_words(one, card), is_small=True)
        case "action":
            yield Buttons(
                tuple(_button(one) for one in objects_of(element.get("actions"), "actions"))
            )
        case "button":
            yield Buttons((_button(element),))
        case "column_set":
            columns = objects_of(element.get("columns"), "columns")
            for column in columns:
                for one in objects_of(column.get("elements"), "elements of a column"):
                    yield from _parts(one, card)
        case "chart":
            spec = object_of(element.get("chart_spec"), "chart_spec")
            yield Shown(alt=f"chart: {spec.get('type', '')}")
        case tag:
            raise MalformedError(f"a card has no tag {tag!r}")


def _words(text: Any, card: _Card) -> tuple[Block, ...]:
    content = text_at(object_of(text, "text"), "content")
    match text.get("tag"):
        case "plain_text":
            return plain(content)
        case "lark_md":
            return _marked(content, card)
        case tag:
            raise MalformedError(f"a text has no tag {tag!r}")


def _marked(content: str, card: _Card) -> tuple[Block, ...]:
    return read(_called(content), card.marks)


def _called(text: str) -> str:
    return _AT.sub(lambda found: f"@{found[2] or found[1]}", text)


def _button(element: Any) -> Link:
    found = object_of(element, "a button")
    if found.get("tag") != "button":
        raise MalformedError(f"an action has no tag {found.get('tag')!r}")
    text = text_at(object_of(found.get("text"), "text of a button"), "content")
    url = found.get("url") or object_of(found.get("multi_url", {}), "multi_url").get("url", "")
    opening = [one for one in found.get("behaviors", []) if one.get("type") == "open_url"]
    return Link(text, str(url or (opening[0].get("default_url", "") if opening else "")))


def _image(key: object, alt: str, images: Mapping[str, Picture]) -> Shown:
    picture = images.get(str(key))
    if picture is None:
        raise MalformedError("image_key is of no image that was uploaded")
    return Shown(picture, alt=alt)
