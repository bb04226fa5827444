"""Marks are read as each chat knows them, and what it does not know is text."""

import pytest

from tocsin.model.message import Block, BlockKind, Span
from tocsin.testing.marked import Marks, read, read_mrkdwn, unmarked
from tocsin.testing.taken import text_of

ALL = Marks(("heading", "blockquote", "emphasis", "link", "backticks", "list", "fence", "escape"))


def test_blocks_and_looks_are_told_apart() -> None:
    text = "# h\n\n**b** *i* `c` [l](https://x.example)\n\n- one\n\n> q\n\n```\ncode\n```"

    assert read(text, ALL) == (
        Block(BlockKind.HEADING, (Span("h"),)),
        Block(
            BlockKind.PARAGRAPH,
            (
                Span("b", is_bold=True),
                Span(" "),
                Span("i", is_italic=True),
                Span(" "),
                Span("c", is_code=True),
                Span(" "),
                Span("l", href="https://x.example"),
            ),
        ),
        Block(BlockKind.ITEM, (Span("one"),)),
        Block(BlockKind.QUOTE, (Span("q"),)),
        Block(BlockKind.CODE, (Span("code"),)),
    )


@pytest.mark.parametrize(
    ("marks", "text", "shown"),
    [
        (Marks(()), "# a **b** [c](https://x.example)", "# a **b** [c](https://x.example)"),
        (Marks(("emphasis",), has_italic=False), "**a** *b*", "a *b*"),
        (Marks((), has_breaks=False), "a\nb", "a b"),
        (Marks(()), "a\nb", "a\nb"),
        (Marks(("heading",), max_heading=3), "#### a", "#### a"),
        (Marks(("heading",), max_heading=3), "### a", "a"),
        (Marks(("escape",)), r"\*a\*", "*a*"),
        (Marks(()), r"\*a\*", r"\*a\*"),
        (Marks(("entity",)), "&lt;a&gt; &#42;", "<a> *"),
    ],
)
def test_what_a_chat_does_not_know_is_text(marks: Marks, text: str, shown: str) -> None:
    assert unmarked(text, marks) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*a* _b_ `c`", "a b c"),
        ("*_a_*", "a"),
        ("2 * 3 * 4 a*b*c", "2 * 3 * 4 a*b*c"),
        ("&lt;!channel&gt; &amp;", "<!channel> &"),
        ("<https://x.example|a &amp; b> <https://y.example>", "a & b https://y.example"),
        ("<#C1|general> <@U1>", "@general @U1"),
        ("> quoted\nnot", "quoted\nnot"),
        ("a\n```b *c*\n```\nd", "a\nb *c*\nd"),
    ],
)
def test_slacks_marks_are_its_own(text: str, shown: str) -> None:
    assert text_of(read_mrkdwn(text)) == shown
