"""A person's Markdown becomes blocks; what strangers wrote stays the text it was."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.message import Block, BlockKind, Span
from tocsin.notify.drawing.markdown import blocks_of, escaped

# What Markdown could read, often; else any character that a text may have.
STRANGE = st.text(st.sampled_from("\\*_`#>-+.!|~[](){}<>&:=1a \n\t'\"/@") | st.characters())


def paragraph(*spans: Span | str) -> Block:
    made = (Span(one) if isinstance(one, str) else one for one in spans)
    return Block(BlockKind.PARAGRAPH, tuple(made))


def as_shown(value: str) -> str:
    """What of a value may not stay: other line ends, and characters that no text has."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if char == "\0" or "\ud800" <= char <= "\udfff" or char >= "\U000f0000"
        else char
        for char in lines
    )


def test_every_kind_of_block_is_read() -> None:
    text = (
        "# Done\n\nAll *good*.\n\n- one\n- two\n\n> said\n> so\n\n```sh\nmake\n\nrun\n```\n\n---\n"
    )

    assert blocks_of(text) == (
        Block(BlockKind.HEADING, (Span("Done"),)),
        paragraph("All ", Span("good", is_italic=True), "."),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.ITEM, (Span("two"),)),
        Block(BlockKind.QUOTE, (Span("said\nso"),)),
        Block(BlockKind.CODE, (Span("make\n\nrun"),)),
    )


def test_numbered_items_are_lines_with_their_numbers() -> None:
    assert blocks_of("3. three\n4. **four**\n\n1) other") == (
        paragraph("3. three\n4. ", Span("four", is_bold=True)),
        paragraph("1. other"),
    )


def test_what_stands_in_an_item_is_read_too() -> None:
    text = "1. one\n   - inner\n\n     more\n2. two\n3. # title\n   > said"

    assert blocks_of(text) == (
        paragraph("1. one"),
        Block(BlockKind.ITEM, (Span("inner"),)),
        paragraph("more"),
        paragraph("2. two"),
        Block(BlockKind.HEADING, (Span("title"),)),
        Block(BlockKind.QUOTE, (Span("said"),)),
    )


def test_looks_are_combined_and_neighbours_of_one_look_are_one() -> None:
    assert blocks_of("a **b *c* `d`** \\* &amp; e  \nf") == (
        paragraph(
            "a ",
            Span("b ", is_bold=True),
            Span("c", is_bold=True, is_italic=True),
            Span(" ", is_bold=True),
            Span("d", is_bold=True, is_code=True),
            " * & e\nf",
        ),
    )


def test_links_lead_to_pages_and_mailboxes() -> None:
    text = "[a **b**](https://x.test/p?q=1) <mailto:o@x.test> ![chart](http://x.test/c.png)"

    assert blocks_of(text) == (
        paragraph(
            Span("a ", href="https://x.test/p?q=1"),
            Span("b", is_bold=True, href="https://x.test/p?q=1"),
            " ",
            Span("mailto:o@x.test", href="mailto:o@x.test"),
            " ",
            Span("chart", href="http://x.test/c.png"),
        ),
    )


def test_a_picture_without_words_shows_its_address() -> None:
    assert blocks_of("![](https://x.test/c.png) ![](data:image/png;base64,AA)") == (
        paragraph(Span("https://x.test/c.png", href="https://x.test/c.png"), " "),
    )


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "/p",
        "//[x",
        "https:x",
        "http://",
    ],
)
def test_a_link_to_anything_else_is_only_text(address: str) -> None:
    assert blocks_of(f"[a](<{address}>)") == (paragraph("a"),)
    assert blocks_of(f"[a]({escaped(address)})") == (paragraph("a"),)


def test_html_is_text() -> None:
    assert blocks_of("<b>x</b> <!-- y -->") == (paragraph("<b>x</b> <!-- y -->"),)


def test_nothing_gives_nothing() -> None:
    assert blocks_of("") == blocks_of(" \n\n") == blocks_of("[]()\n\n[x]: https://x.test") == ()


@given(STRANGE.filter(bool))
def test_a_value_is_shown_as_it_is(value: str) -> None:
    assert blocks_of(escaped(value)) == (paragraph(as_shown(value)),)


@given(STRANGE.filter(bool))
def test_a_value_stays_where_the_template_has_it(value: str) -> None:
    inserted = escaped(value)

    blocks = blocks_of(f"- x**{inserted}**y `{inserted}`\n\n```\n{inserted}\n```")

    shown = as_shown(value)
    assert blocks == (
        Block(
            BlockKind.ITEM,
            (Span("x"), Span(shown, is_bold=True), Span("y "), Span(shown, is_code=True)),
        ),
        Block(BlockKind.CODE, (Span(shown),)),
    )


@given(STRANGE)
def test_a_value_as_an_address_is_never_more_than_an_address(value: str) -> None:
    (block,) = blocks_of(f"[x](https://x.test/{escaped(value)})")

    assert [span.text for span in block.spans] == ["x"]
    href = block.spans[0].href or ""
    assert href.startswith("https://x.test/")
    assert not set(href) & set(' \n\t"<>`\\')


@pytest.mark.parametrize(
    "marks",
    [
        *(
            "a\n",
            "a\n\n",
            "- a\n",
            "1. a\n",
            "# a\n",
            "**a** ",
            "*a ",
            "_a_ ",
            "[",
            "[a](",
            "![a](",
        ),
        *(
            "[a](https://x.test) ",
            "<https://x.test> ",
            "`",
            "&amp;",
            "<",
            "> ",
            "a\n=\n",
            "\\",
            "!",
        ),
    ],
)
def test_the_end_of_what_would_take_long_to_read_is_shown_as_it_is_written(marks: str) -> None:
    text = marks * (20_000 // len(marks)) + "**end** `of` it"
    began = process_time()

    blocks = blocks_of(text)

    # Hundredths of a second as a rule; some would take a second, or several.
    assert process_time() - began < 0.5
    assert blocks[-1].spans[-1].text.endswith("**end** `of` it")


@given(STRANGE)
def test_whatever_people_write_can_be_read(text: str) -> None:
    assert all(span.text for block in blocks_of(text) for span in block.spans)
