"""A message as one text: what stands above, what below, and what goes when there is no room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.reaching import message, outgoing
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span
from tocsin.notify.drawing.dialect import PLAIN, in_bytes
from tocsin.notify.drawing.layout import (
    fields_of,
    headline,
    in_parts,
    link_lines,
    linked,
    one_line,
    small_enough,
    stacked,
)


def paragraph(text: str) -> Block:
    return Block(BlockKind.PARAGRAPH, (Span(text),))


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("canary_started", "发布通知"),
        ("canary_completed", "发布通知"),
        ("full_completed", "发布通知"),
        ("alert.firing", "🔵 发布通知：金丝雀发布开始"),
    ],
)
def test_the_documents_events_are_headed_by_the_kind_of_notice(
    event_type: str, expected: str
) -> None:
    assert headline(outgoing(event_type=event_type)) == expected


def test_without_fields_or_heading_nothing_else_says_what_happened() -> None:
    assert headline(outgoing(message(fields=()))) == "🔵 发布通知：金丝雀发布开始"
    assert headline(outgoing(message(heading=""))) == "🔵 金丝雀发布开始"


def test_a_headline_is_one_line_that_is_not_too_long() -> None:
    told = headline(outgoing(message(heading="", title="a\n# b\r\n" + "c" * 500)))

    assert told.startswith("🔵 a # b c")
    assert len(told) == 200


def test_fields_are_lines_and_empty_ones_are_left_out() -> None:
    fields = (Field("n\n", "a\n\nb"), Field("x", " "), Field("long", "好" * 900))

    told = fields_of(message(fields=fields))

    assert [one.name for one in told] == ["n", "long"]
    assert told[0].value == "a b"
    assert told[1].value == "好" * 499 + "…"


def test_nothing_in_an_address_ends_its_link() -> None:
    url = "https://a.example/x y(1)[2]<3>\n"

    assert linked("here", url) == "[here](https://a.example/x%20y%281%29%5B2%5D%3C3%3E%0A)"


def test_links_that_would_take_too_much_room_are_left_out() -> None:
    short, long = Link("a", "https://a.example"), Link("b", "https://b.example/" + "x" * 900)

    lines = link_lines((short, long, short), PLAIN, 1000, in_bytes)

    assert lines == "a (https://a.example)\na (https://a.example)"


def test_what_is_empty_leaves_no_gap() -> None:
    assert stacked("", "a", "", "b") == "a\n\nb"
    assert one_line(" a \n b ", 9) == "a b"


def test_images_that_are_too_large_are_counted() -> None:
    small, large = Image("s.png", b"1", ""), Image("l.png", b"1" * (1 << 20), "")

    assert small_enough([small], 1 << 20) == ([small], "")
    assert small_enough([small, large], 9) == (
        [small],
        "Images of more than 0 MB were left out: 1.",
    )


def test_a_text_that_fits_has_no_number() -> None:
    assert in_parts([paragraph("a"), paragraph("b")], "end", PLAIN, 50, in_bytes, 3) == [
        "a\n\nb\n\nend"
    ]
    assert in_parts([], "end", PLAIN, 50, in_bytes, 3) == ["end"]


def test_a_long_text_is_numbered_and_its_ending_stands_in_the_last() -> None:
    blocks = [paragraph("a" * 40), paragraph("b" * 40)]

    parts = in_parts(blocks, "end", PLAIN, 80, in_bytes, 3)

    assert parts == ["a" * 40 + "\n\n(1/2)", "b" * 40 + "\n\nend\n\n(2/2)"]


def test_a_text_for_more_parts_than_there_may_be_says_that_it_ends_early() -> None:
    parts = in_parts([paragraph("word " * 100)], "end", PLAIN, 80, in_bytes, 2)

    assert len(parts) == 2
    assert parts[1].endswith("\n…\n\nend\n\n(2/2)")


@given(
    texts=st.lists(st.text(max_size=300), max_size=4),
    ending=st.text(max_size=12),
    max_size=st.integers(120, 400),
)
def test_no_part_is_ever_too_long(texts: list[str], ending: str, max_size: int) -> None:
    blocks = [paragraph(text) for text in texts]

    parts = in_parts(blocks, ending, PLAIN, max_size, in_bytes, 3)

    assert 1 <= len(parts) <= 3
    assert all(in_bytes(part) <= max_size for part in parts)
