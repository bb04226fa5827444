"""What is drawn has a platform's marks, and a cut loses nothing and breaks nothing."""

import html
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from tocsin.model.message import Block, BlockKind, Field, Span
from tocsin.notify.drawing.dialect import (
    PLAIN,
    Dialect,
    Measure,
    around,
    cut,
    draw,
    each_line,
    field_lines,
    fitted,
    in_bytes,
    in_characters,
    in_json,
    in_utf16,
    pieces,
    same,
)

HTML = Dialect(
    escape=html.escape,
    bold=lambda text: f"<b>{text}</b>",
    italic=lambda text: f"<i>{text}</i>",
    code=lambda text: f"<code>{html.escape(text)}</code>",
    link=lambda text, url: f'<a href="{html.escape(url)}">{text}</a>',
    heading=lambda text: f"<h1>{text}</h1>",
    item=lambda text: f"<li>{text}</li>",
    quote=lambda text: f"<q>{text}</q>",
    fence=lambda text: f"<pre>{html.escape(text)}</pre>",
)
MARKED = Dialect(
    escape=same,
    bold=around("**"),
    italic=around("_"),
    code=around("`"),
    link=lambda text, url: f"[{text}]({url})",
    heading=lambda text: f"## {text}",
    item=lambda text: f"- {text}",
    quote=each_line("> "),
    fence=lambda text: f"```\n{text}\n```",
)
MEASURES = (in_bytes, in_characters, in_utf16)
LINK = Span("a", href="https://x.test/" + "p" * 40)
FAMILY = "👩‍👩‍👧‍👦"

CLUSTERS = st.sampled_from(
    ["a", "b c", "\n", " ", "<", "&", "你", "。", "🚀", FAMILY, "🇰🇷", "e\u0301"]
)
TEXTS = st.lists(CLUSTERS, max_size=60).map("".join)
ADDRESSES = st.integers(0, 40).map(lambda size: f"https://x.test/{'p' * size}")
LINKS = st.tuples(TEXTS.filter(str.strip), ADDRESSES)
SPANS = st.builds(
    lambda words, is_bold, is_italic, is_code: Span(
        words[0], is_bold, is_italic, is_code, words[1]
    ),
    st.tuples(TEXTS, st.none()) | LINKS,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
BLOCKS = st.lists(
    st.builds(Block, st.sampled_from(BlockKind), st.lists(SPANS, max_size=4).map(tuple)),
    max_size=6,
)
SIZES = st.integers(130, 400)


def paragraph(*spans: Span | str) -> Block:
    made = (Span(one) if isinstance(one, str) else one for one in spans)
    return Block(BlockKind.PARAGRAPH, tuple(made))


def words_of(text: str) -> str:
    """The text without its white space, which alone may be lost at a cut."""
    return "".join(text.split())


def written_in(blocks: Sequence[Block]) -> str:
    return words_of("".join(span.text for block in blocks for span in block.spans))


def is_code(block: Block) -> bool:
    return block.kind is BlockKind.CODE


def shown_of(drawn: str) -> str:
    return words_of(html.unescape(re.sub(r"<[^>]*>", "", drawn)))


def test_marks_are_those_of_the_dialect() -> None:
    blocks = (
        Block(BlockKind.HEADING, (Span("Done\nat last"),)),
        paragraph(
            "a < b ",
            Span("bold", is_bold=True),
            Span("both", is_bold=True, is_italic=True),
            Span("a < b", is_code=True),
            Span("here", href="https://x.test/?a&b"),
        ),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.ITEM, (Span("two"),)),
        Block(BlockKind.QUOTE, (Span("said\nso"),)),
        Block(BlockKind.CODE, (Span("\nif a < b:\n    go\n"),)),
    )

    assert draw(blocks, HTML) == (
        "<h1>Done at last</h1>\n\n"
        "a &lt; b <b>bold</b><b><i>both</i></b><code>a &lt; b</code>"
        '<a href="https://x.test/?a&amp;b">here</a>\n\n'
        "<li>one</li>\n<li>two</li>\n\n"
        "<q>said\nso</q>\n\n"
        "<pre>if a &lt; b:\n    go</pre>"
    )
    assert draw(blocks, PLAIN).endswith("• one\n• two\n\n> said\n> so\n\nif a < b:\n    go")


def test_marks_stand_at_the_words_of_each_line() -> None:
    block = paragraph("x", Span(" bold \n\n  lines ", is_bold=True), "y")

    assert draw((block,), MARKED) == "x **bold** \n\n  **lines** y"


def test_a_link_in_plain_text_shows_its_address_once() -> None:
    url = "https://x.test/a"

    assert draw((paragraph(Span("page", href=url)),), PLAIN) == f"page ({url})"
    assert draw((paragraph(Span(url, href=url)),), PLAIN) == url
    assert draw((paragraph(Span(" \n", href=url)),), MARKED) == f"[{url}]({url})"


def test_a_platform_without_headings_has_them_bold() -> None:
    heading = Block(BlockKind.HEADING, (Span("Done\n"), Span("now", is_bold=True, is_italic=True)))

    assert draw((heading,), replace(HTML, heading=None)) == "<b>Done</b> <b><i>now</i></b>"


def test_fields_are_lines_with_bold_names() -> None:
    fields = (Field("项目", "my-app"), Field("版本", "v1"))

    assert draw(field_lines(fields), MARKED) == "**项目**: my-app\n**版本**: v1"
    assert field_lines(()) == ()


def test_a_code_block_that_is_cut_is_fenced_in_both() -> None:
    code = Block(BlockKind.CODE, (Span("\n".join(f"line {n}" for n in range(6))),))

    assert pieces((code,), MARKED, 30) == [
        "```\nline 0\nline 1\nline 2\n```",
        "```\nline 3\nline 4\nline 5\n```",
    ]


def test_a_link_goes_whole_into_the_next_piece() -> None:
    link = Span("here it is", href="https://x.test/")

    assert pieces((paragraph("x" * 20, link, "y"),), MARKED, 40) == [
        "x" * 20,
        "[here it is](https://x.test/)y",
    ]


def test_a_link_that_no_piece_can_hold_keeps_its_words() -> None:
    link = Span("here it is", href="https://x.test/" + "p" * 100)

    assert pieces((paragraph(link),), MARKED, 40) == ["here it is"]


def test_a_cut_is_after_a_line_then_a_sentence_or_a_word() -> None:
    assert pieces((paragraph("one two\nthree four"),), PLAIN, 16) == ["one two", "three four"]
    assert pieces((paragraph("发布完成。全部正常"),), PLAIN, 8) == ["发布完成。", "全部正常"]
    assert pieces((paragraph("one two three"),), PLAIN, 9) == ["one two ", "three"]


def test_a_short_block_waits_for_the_next_piece_and_a_long_one_does_not() -> None:
    short, long = paragraph("s" * 12), paragraph("l" * 18)

    assert pieces((short, long), PLAIN, 20) == ["s" * 12, "l" * 18]
    assert pieces((paragraph("x"), long), PLAIN, 20) == ["x\n\n" + "l" * 17, "l"]


def test_what_looks_like_one_character_is_cut_only_if_it_must_be() -> None:
    text = (paragraph(FAMILY + FAMILY),)

    assert pieces(text, PLAIN, 30, in_bytes) == [FAMILY, FAMILY]
    assert "".join(pieces(text, PLAIN, 20, in_bytes)) == FAMILY + FAMILY


def test_marks_that_leave_no_room_are_left_out() -> None:
    assert pieces((paragraph(Span("&a", is_bold=True)),), HTML, 10) == ["&amp;", "<b>a</b>"]


def test_a_size_for_not_even_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="too small"):
        pieces((paragraph("&"),), HTML, 4)


def test_what_fits_ends_with_an_ellipsis_only_when_it_is_not_all() -> None:
    blocks = (paragraph("one"), paragraph("two three"))

    assert fitted(blocks, PLAIN, 14) == "one\n\ntwo three"
    assert fitted(blocks, PLAIN, 12) == "one\n\ntwo\n…"
    assert fitted((), PLAIN, 12) == ""


@given(st.text(), st.text())
def test_a_size_is_the_sum_of_its_parts_and_one_at_least_for_each_character(
    one: str, other: str
) -> None:
    for measure in (*MEASURES, in_json):
        assert measure(one + other) == measure(one) + measure(other) >= len(one + other)


def test_a_plain_text_is_cut_with_its_end() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abc def", 5) == "abc…"
    assert cut("abcdef", 5, end="...") == "ab..."
    assert cut("你好世界", 9, in_bytes) == "你好…"
    assert cut("a🚀🚀", 4, in_utf16) == "a🚀…"
    assert cut("abc", 2, end="...") == ""


@given(BLOCKS, SIZES, st.sampled_from([HTML, MARKED, PLAIN]), st.sampled_from(MEASURES))
def test_no_piece_is_too_large(
    blocks: list[Block], size: int, dialect: Dialect, measure: Measure
) -> None:
    drawn = pieces(blocks, dialect, size, measure)

    assert all(one.strip() and measure(one) <= size for one in drawn)
    assert measure(fitted(blocks, dialect, size, measure)) <= size


@given(BLOCKS, SIZES, st.sampled_from(MEASURES))
def test_cutting_loses_nothing_and_leaves_whole_marks_links_and_characters(
    blocks: list[Block], size: int, measure: Measure
) -> None:
    drawn = pieces(blocks, HTML, size, measure)

    assert "".join(map(shown_of, drawn)) == written_in(blocks)
    for one in drawn:
        for tag in ("b", "i", "a", "h1", "li", "q", "pre", "code"):
            assert len(re.findall(rf"<{tag}[ >]", one)) == one.count(f"</{tag}>")
    addresses = {span.href for block in blocks if not is_code(block) for span in block.spans}
    assert {found for one in drawn for found in re.findall('href="(.*?)"', one)} <= addresses
    clusters = set(iter_graphemes(written_in(blocks)))
    assert all(set(iter_graphemes(shown_of(one))) <= clusters for one in drawn)


@pytest.mark.parametrize("size", [1_000, 20_000])
@pytest.mark.parametrize(
    "blocks",
    [
        [paragraph("word " * 8_000)],
        [paragraph("<" * 40_000)],
        [paragraph(FAMILY * 6_000)],
        [paragraph("e" + "\u0301" * 40_000)],
        [paragraph("line\n" * 8_000)],
        [paragraph("ab")] * 10_000,
        [Block(BlockKind.ITEM, (Span("ab"),))] * 10_000,
        [Block(BlockKind.CODE, (Span("<line>\n" * 6_000),))],
        [paragraph(*(Span("ab", is_bold=one % 2 == 0) for one in range(20_000)))],
        [paragraph(*(Span("ab", href=f"https://a.example/{one}") for one in range(20_000)))],
    ],
)
def test_however_long_a_text_is_it_is_drawn_a_few_times(blocks: list[Block], size: int) -> None:
    drawn = 0

    def counted(text: str) -> str:
        nonlocal drawn
        drawn += len(text)
        return html.escape(text)

    def linked(text: str, url: str) -> str:
        nonlocal drawn
        drawn += len(url)
        return HTML.link(text, url)

    dialect = replace(HTML, escape=counted, fence=counted, link=linked)
    found = fitted(blocks, dialect, size, in_bytes)

    assert size * 0.9 < in_bytes(found) <= size
    assert drawn < 4 * size


@given(BLOCKS)
@example([Block(BlockKind.PARAGRAPH, (LINK, LINK))])
@example([Block(BlockKind.PARAGRAPH, (LINK, Span(""), LINK))])
def test_what_fits_is_one_piece(blocks: list[Block]) -> None:
    whole = draw(blocks, HTML)

    assert pieces(blocks, HTML, max(1, len(whole))) == (
        [whole.strip("\n")] if whole.strip() else []
    )


@given(st.text(), st.integers(0, 40), st.sampled_from(MEASURES))
def test_a_shortened_text_is_a_beginning_of_it(text: str, size: int, measure: Measure) -> None:
    short = cut(text, size, measure)

    assert measure(short) <= size
    assert text.startswith(short.removesuffix("…"))
