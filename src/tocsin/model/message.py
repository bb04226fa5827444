"""What a person is told, before any channel has drawn it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Tone(StrEnum):
    """How a message is meant; a channel that has colours draws it by one."""

    NEUTRAL = "neutral"
    RUNNING = "running"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


class BlockKind(StrEnum):
    """What a block of text is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    QUOTE = "quote"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text of one look; `text` is plain, whatever stands in it."""

    text: str
    is_bold: bool = False
    is_italic: bool = False
    is_code: bool = False
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, a quoted paragraph, or lines of code."""

    kind: BlockKind
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A name and a value; a short one may stand beside another."""

    name: str
    value: str
    is_short: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """An address (http or https) to follow, and what is written on it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as PNG; `name` is a file's name, `alt` says what is to be seen."""

    name: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message in one language.

    `heading` says what kind of notice it is ("发布通知"), `title` what happened ("金丝雀发布开始").
    All of it is plain text: nothing in it is markup, mentions nobody, and may be of strangers.
    `body` is text below the fields. `links` are drawn as buttons where there are some.
    """

    heading: str
    title: str
    tone: Tone = Tone.NEUTRAL
    fields: tuple[Field, ...] = ()
    body: tuple[Block, ...] = ()
    links: tuple[Link, ...] = ()
    images: tuple[Image, ...] = ()
    language: str = "zh"

    @property
    def full_title(self) -> str:
        """Heading and title in one line, as the document's card has them."""
        if not self.heading or not self.title:
            return self.heading or self.title
        colon = "：" if self.language == "zh" else ": "
        return f"{self.heading}{colon}{self.title}"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message on its way to one destination.

    `id` is the same for every attempt. `standard` is the standard message of the documents, which
    `custom` sends as it is. `handle` is what the channel gave back for the message that this one
    is to replace; None for a new one.
    """

    id: str
    event_type: str
    message: Message
    standard: Mapping[str, Any]
    handle: str | None = None
