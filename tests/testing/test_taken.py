"""What arrived is told in text, images and links."""

from datetime import UTC, datetime

from tests.testing.platforms.calling import PNG
from tocsin.model.message import Block, BlockKind, Link, Span
from tocsin.testing.taken import (
    Buttons,
    Cells,
    Drawn,
    Framed,
    Line,
    Picture,
    Shown,
    Taken,
    Words,
    plain,
    words,
)

LINKED = Block(BlockKind.PARAGRAPH, (Span("see "), Span("here", href="https://x.example")))


def test_text_is_what_is_to_be_read_part_by_part() -> None:
    parts = (
        *words("a\n\nb"),
        Cells((plain("c"), plain("d"))),
        Line(),
        Framed("<p>e</p>"),
        Shown(alt="f"),
        Buttons((Link("g", "https://x.example"),)),
    )
    taken = Taken(id="1", at=datetime(2026, 1, 1, tzinfo=UTC), kind="k", parts=parts)

    assert taken.text == "a\nb\nc\nd\nf\n[g]"


def test_links_are_of_buttons_and_of_the_text() -> None:
    parts = (Words((LINKED,)), Buttons((Link("g", "https://y.example"),)))
    taken = Taken(id="1", at=datetime(2026, 1, 1, tzinfo=UTC), kind="k", parts=parts)

    assert [one.url for one in taken.links] == ["https://y.example", "https://x.example"]


def test_a_picture_tells_its_kind_and_size_by_its_bytes() -> None:
    assert (Picture("a", PNG).content_type, Picture("a", PNG).size) == ("image/png", (1, 1))
    assert (Picture("a", b"\xff\xd8\xff").content_type, Picture("a", b"x").content_type) == (
        "image/jpeg",
        "",
    )
    assert Picture("a", b"x").size == (0, 0)


def test_a_message_that_is_kept_is_as_it_was_drawn() -> None:
    drawn = Drawn(words("a"), "b", "red", ("ann",))

    taken = drawn.taken("1", datetime(2026, 1, 1, tzinfo=UTC), "k", {}, ("bob",))

    assert drawn.read == "b\na"
    assert (taken.title, taken.parts, taken.colour) == ("b", words("a"), "red")
    assert (taken.mentions, taken.recipients) == (("ann",), ("bob",))
