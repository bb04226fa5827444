"""Read Slack's blocks and attachments as its clients draw them, and refuse what it refuses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from tocsin.model.message import Block, BlockKind, Link
from tocsin.testing.marked import Marks, read, read_mrkdwn
from tocsin.testing.objects import MalformedError, marked_texts, object_of, objects_of
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
    text_of,
)

MAX_BLOCKS = 50
MAX_ATTACHMENTS = 100
# A Markdown block is the only one that knows the usual marks.
MARKDOWN = Marks(
    ("heading", "blockquote", "emphasis", "link", "backticks", "list", "fence", "escape")
)
_CALL = re.compile(r"<([@!][^>]+)>")


def draw(message: Mapping[str, Any], files: Mapping[str, Picture]) -> Drawn:
    """What is seen of a message: its blocks and attachments, or else its text.

    Its title is its first header.

    Raises:
        MalformedError: some of it is refused, and so all of it.
    """
    blocks = objects_of(message.get("blocks", []), "blocks")
    attachments = objects_of(message.get("attachments", []), "attachments")
    found: list[Part] = list(_parts(blocks, files))
    text = str(message.get("text") or "")
    if not blocks and text:
        found.insert(0, Words(read_mrkdwn(text)))
    for one in attachments:
        found += _attachment(one, files)
    colour = next((str(one["color"]) for one in attachments if one.get("color")), "")
    everywhere = "\n".join(marked_texts([blocks, attachments, text], "type"))
    # Its first header is the title of it all.
    headed = (part for part in found if isinstance(part, Words) and _is_heading(part))
    heading = next(headed, None)
    if heading is not None:
        found.remove(heading)
    title = text_of(heading.blocks) if heading else ""
    return Drawn(tuple(found), title, colour, mentions_in(everywhere))


def mentions_in(text: str) -> tuple[str, ...]:
    """Whom a text calls: channel, here, everyone, and ids."""
    called = (found[1].partition("|")[0] for found in _CALL.finditer(text))
    return tuple(one.lstrip("@!") for one in called if not one.startswith("!date"))


def _is_heading(part: Words) -> bool:
    return bool(part.blocks) and part.blocks[0].kind is BlockKind.HEADING


def _attachment(found: Mapping[str, Any], files: Mapping[str, Picture]) -> Iterator[Part]:
    """The older form; what holds blocks shows nothing else."""
    if "blocks" in found:
        yield from _parts(objects_of(found["blocks"], "blocks of an attachment"), files)
        return
    for name in ("pretext", "title", "text"):
        if text := found.get(name):
            yield Words(read_mrkdwn(str(text)))
    if fields := found.get("fields"):
        yield Cells(
            tuple(
                read_mrkdwn(f"*{one.get('title', '')}*\n{one.get('value', '')}") for one in fields
            )
        )
    if url := found.get("image_url"):
        yield Shown(url=str(url))
    if footer := found.get("footer"):
        yield Words(read_mrkdwn(str(footer)), is_small=True)


def _parts(blocks: Sequence[dict[str, Any]], files: Mapping[str, Picture]) -> Iterator[Part]:
    if len(blocks) > MAX_BLOCKS:
        raise MalformedError(f"more than {MAX_BLOCKS} blocks")
    for block in blocks:
        if len(str(block.get("block_id", ""))) > 255:
            raise MalformedError("block_id is longer than 255 characters")
        match block.get("type"):
            case "section":
                yield from _section(block)
            case "header":
                header = _text(block.get("text"), 150, only="plain_text")
                yield Words(tuple(Block(BlockKind.HEADING, one.spans) for one in header))
            case "divider":
                yield Line()
            case "context":
                elements = _some(block.get("elements"), "elements", 10)
                texts = [_text(one, 3000) for one in elements if one.get("type") != "image"]
                yield Words(tuple(block for text in texts for block in text), is_small=True)
            case "actions":
                elements = _some(block.get("elements"), "elements", 25)
                yield Buttons(tuple(_button(one) for one in elements))
            case "image":
                yield _image(block, files)
            case "markdown":
                yield Words(read(_string(block.get("text"), "text", 12_000), MARKDOWN))
            case "rich_text":
                yield Words(plain("\n".join(marked_texts(block.get("elements"), "type"))))
            case kind:
                raise MalformedError(f"unsupported block type {kind!r}")


def _section(block: Mapping[str, Any]) -> Iterator[Part]:
    if "text" not in block and "fields" not in block:
        raise MalformedError("a section has text or fields")
    if "text" in block:
        yield Words(_text(block["text"], 3000))
    if "fields" in block:
        fields = _some(block["fields"], "fields", 10)
        yield Cells(tuple(_text(one, 2000) for one in fields))
    if accessory := block.get("accessory"):
        if accessory.get("type") == "image":
            yield _image(accessory, {})
        else:
            yield Buttons((_button(accessory),))


def _text(value: Any, most: int, *, only: str = "") -> tuple[Block, ...]:
    said = object_of(value, "a text")
    text, kind = _string(said.get("text"), "text", most), said.get("type")
    if kind not in {"plain_text", "mrkdwn"} or (only and kind != only):
        raise MalformedError(f"a text of the type {kind!r}")
    if kind == "mrkdwn":
        return read_mrkdwn(text)
    return plain(unescape(text))


def _button(value: Mapping[str, Any]) -> Link:
    if value.get("type") != "button":
        raise MalformedError(f"unsupported element {value.get('type')!r}")
    label = text_of(_text(value.get("text"), 75, only="plain_text"))
    for name, most in (("url", 3000), ("value", 2000), ("action_id", 255)):
        if name in value:
            _string(value[name], name, most)
    if value.get("style", "primary") not in {"primary", "danger"}:
        raise MalformedError(f"a button has no style {value['style']!r}")
    url = str(value.get("url", ""))
    if url and not url.startswith(("http://", "https://")):
        raise MalformedError("a button's url is none")
    return Link(label, url)


def _image(block: Mapping[str, Any], files: Mapping[str, Picture]) -> Shown:
    alt = _string(block.get("alt_text"), "alt_text", 2000)
    if reference := block.get("slack_file"):
        picture = files.get(str(reference.get("id")))
        if picture is None:
            raise MalformedError("slack_file is of no file that was uploaded")
        return Shown(picture, alt=alt)
    url = _string(block.get("image_url"), "image_url", 3000)
    if not url.startswith(("http://", "https://")):
        raise MalformedError("image_url is none")
    return Shown(url=url, alt=alt)


def _string(value: Any, name: str, most: int) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise MalformedError(f"{name} has 1 to {most} characters")
    return value


def _some(value: Any, name: str, most: int) -> Sequence[dict[str, Any]]:
    found = objects_of(value, name)
    if not 1 <= len(found) <= most:
        raise MalformedError(f"{name} are 1 to {most}")
    return found
