"""What a fake platform took: messages as a person would see them there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.model.message import Block, BlockKind, Link, Span

_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"BM": "image/bmp",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that was handed over as bytes."""

    name: str
    data: bytes
    alt: str = ""

    @property
    def content_type(self) -> str:
        """By its first bytes; "" for what is no picture."""
        found = (kind for magic, kind in _MAGIC.items() if self.data.startswith(magic))
        return next(found, "")

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a PNG; (0, 0) of anything else."""
        if self.content_type != "image/png" or len(self.data) < 24:
            return (0, 0)
        return int.from_bytes(self.data[16:20]), int.from_bytes(self.data[20:24])


@dataclass(frozen=True, slots=True)
class Words:
    """Text; small below a card, or beside its title."""

    blocks: tuple[Block, ...]
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Cells:
    """Texts side by side, such as an embed's fields."""

    cells: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Buttons:
    """Buttons that open addresses; one that does something else has none."""

    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An image: handed over, or at an address, from where a fake fetches nothing."""

    picture: Picture | None = None
    url: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Framed:
    """A whole page within a message; what is to be read of it stands in other parts."""

    html: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line across."""


Part = Words | Cells | Buttons | Shown | Framed | Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message that arrived; `kind` is the platform's own word for what it is.

    `raw` is what was sent, `mentions` who was called by it, `recipients` whom it reached where the
    platform says so. An update in place keeps the id and the time, and counts in `edits`.
    """

    id: str
    at: datetime
    kind: str
    title: str = ""
    parts: tuple[Part, ...] = ()
    raw: Any = None
    colour: str = ""
    mentions: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    edits: int = 0

    @property
    def text(self) -> str:
        """What is to be read, without the title, in lines."""
        return text_in(self.parts)

    @property
    def images(self) -> tuple[Picture, ...]:
        """What was handed over as bytes."""
        shown = (part.picture for part in self.parts if isinstance(part, Shown))
        return tuple(one for one in shown if one is not None)

    @property
    def links(self) -> tuple[Link, ...]:
        """The buttons, and what is linked in the text."""
        buttons = [one for part in self.parts if isinstance(part, Buttons) for one in part.links]
        texts = [part for part in self.parts if isinstance(part, Words | Cells)]
        spans = (span for part in texts for block in _blocks(part) for span in block.spans)
        return (*buttons, *(Link(one.text, one.href) for one in spans if one.href))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A message as its readers see it, before the platform has given it an id."""

    parts: tuple[Part, ...]
    title: str = ""
    colour: str = ""
    mentions: tuple[str, ...] = ()

    @property
    def read(self) -> str:
        """All that is to be read, in which a bot's keywords are looked for."""
        return f"{self.title}\n{text_in(self.parts)}"

    def taken(
        self, taken_id: str, at: datetime, kind: str, raw: Any, recipients: tuple[str, ...] = ()
    ) -> Taken:
        """The message as it is kept."""
        return Taken(
            id=taken_id,
            at=at,
            kind=kind,
            title=self.title,
            parts=self.parts,
            raw=raw,
            colour=self.colour,
            mentions=self.mentions,
            recipients=recipients,
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """What the platform said yes to and nobody ever sees."""

    at: datetime
    why: str
    raw: Any


def plain(text: str) -> tuple[Block, ...]:
    """Text without any marks: each line as it stands."""
    return tuple(Block(BlockKind.PARAGRAPH, (Span(line),)) for line in text.splitlines() if line)


def words(text: str) -> tuple[Part, ...]:
    """The same, as parts of a message."""
    return (Words(plain(text)),) if text else ()


def text_of(blocks: tuple[Block, ...]) -> str:
    """What is to be read in blocks, one a line."""
    return "\n".join("".join(span.text for span in block.spans) for block in blocks)


def text_in(parts: Iterable[Part]) -> str:
    """What is to be read in parts of a message, in lines."""
    return "\n".join(filter(None, (_text_of(part) for part in parts)))


def _blocks(part: Words | Cells) -> tuple[Block, ...]:
    if isinstance(part, Words):
        return part.blocks
    return tuple(block for cell in part.cells for block in cell)


def _text_of(part: Part) -> str:
    match part:
        case Words() | Cells():
            return text_of(_blocks(part))
        case Buttons(links):
            return " ".join(f"[{one.text}]" for one in links)
        case Shown():
            return part.alt
        case Framed() | Line():
            return ""
