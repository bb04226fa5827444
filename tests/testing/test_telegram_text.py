"""Telegram's formatting is read strictly."""

import pytest

from tocsin.model.message import Block, BlockKind, Span
from tocsin.testing.taken import text_of
from tocsin.testing.telegram_text import TextError, length_of, read_text


def test_html_has_looks_and_blocks() -> None:
    text = '<b>a<i>b</i></b> <a href="https://x.example?a=1&amp;b=2">c</a><pre>d</pre><blockquote>e</blockquote>'

    assert read_text(text, "HTML") == (
        Block(
            BlockKind.PARAGRAPH,
            (
                Span("a", is_bold=True),
                Span("b", is_bold=True, is_italic=True),
                Span(" "),
                Span("c", href="https://x.example?a=1&b=2"),
            ),
        ),
        Block(BlockKind.CODE, (Span("d"),)),
        Block(BlockKind.QUOTE, (Span("e"),)),
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"*a* _b_ __c__ ~d~ ||e|| `f`", "a b c d e f"),
        (r"v1\.2\.3 \(x\) a\_b \\", r"v1.2.3 (x) a_b \\"[:-1]),
        (r"[t\]](https://x.example/\)a) z", "t] z"),
        ("> q\nrest", " q\nrest"),
        ("```\nx.y!\n```", "\nx.y!\n"),
        (r"`a\`b`", "a`b"),
    ],
)
def test_markdown_is_read(text: str, shown: str) -> None:
    assert text_of(read_text(text, "MarkdownV2")) == shown


def test_a_link_of_markdown_leads_where_it_says() -> None:
    (block,) = read_text(r"[t](https://x.example/\)a)", "MarkdownV2")

    assert block.spans[0].href == "https://x.example/)a"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        *[
            (text, "HTML")
            for text in ("a < b", "<b>", "</b>", "<b><i></b></i>", "<h1>a</h1>", "<b")
        ],
        *[(f"a{char}b", "MarkdownV2") for char in "().!-+=#{}|~>"],
        *[(text, "MarkdownV2") for text in ("*a", "_a*b_c*", "[a", "[a]b", "`a", "```a")],
        ("a", "Markup"),
    ],
)
def test_a_slip_is_refused(text: str, mode: str) -> None:
    with pytest.raises(TextError):
        read_text(text, mode)


def test_length_is_counted_in_utf_16_without_marks_and_edges() -> None:
    assert length_of(read_text(" <b>a😀</b>\n", "HTML")) == 3
