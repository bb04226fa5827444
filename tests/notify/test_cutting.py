"""Where blocks are cut: at a good place, and within a character or a link only if need be."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.message import Block, BlockKind, Span
from tocsin.notify.cutting import cut_up, most

FAMILY = "👩‍👩‍👧‍👦"


def shown(blocks: Sequence[Block]) -> str:
    """Blocks as lines, bold text in stars, a link with its address."""
    return "\n".join("".join(map(marked, block.spans)) for block in blocks)


def marked(span: Span) -> str:
    text = f"*{span.text}*" if span.is_bold else span.text
    return f"[{text}|{span.href}]" if span.href else text


def cut_to(size: int, *spans: Span | str) -> list[str]:
    made = tuple(Span(one) if isinstance(one, str) else one for one in spans)
    return list(cut_up([Block(BlockKind.PARAGRAPH, made)], shown, size, len))


@pytest.mark.parametrize(
    ("size", "text", "expected"),
    [
        (16, "one two\nthree four", ["one two", "three four"]),
        (16, "a\nthree four five", ["a\nthree four ", "five"]),
        (8, "发布完成。全部正常", ["发布完成。", "全部正常"]),
        (4, "abcdefgh", ["abcd", "efgh"]),
        (7, f"a{FAMILY}", ["a", FAMILY]),
        (6, FAMILY, [FAMILY[:2], FAMILY[2:]]),
        (2, "e\u0301e\u0301", ["e\u0301", "e\u0301"]),
        (3, "", []),
        (3, " \n ", []),
    ],
)
def test_a_cut_is_at_the_best_place_there_is(size: int, text: str, expected: list[str]) -> None:
    assert cut_to(size, text) == expected


def test_a_link_is_whole_or_only_its_words() -> None:
    link = Span("here", href="to")

    assert cut_to(10, "abcdef", link, "x") == ["abcdef", "[here|to]x"]
    assert cut_to(8, link) == ["here"]
    assert cut_to(3, link, Span("", href="")) == ["her", "e"]
    assert cut_to(4, Span(" ", href="there")) == ["ther", "e"]


def test_marks_are_left_out_before_a_character_is() -> None:
    bold = Span("ab", is_bold=True)

    assert cut_to(3, bold) == ["*a*", "*b*"]
    assert cut_to(2, bold) == ["a", "b"]
    with pytest.raises(ValueError, match="too small"):
        list(cut_up([Block(BlockKind.CODE, (bold,))], lambda some: f"```{shown(some)}", 3, len))


def test_a_block_waits_for_the_next_piece_if_that_leaves_less_than_half_empty() -> None:
    short, long = (Block(BlockKind.PARAGRAPH, (Span(text),)) for text in ("s" * 6, "l" * 9))

    assert list(cut_up([short, long], shown, 10, len)) == ["s" * 6, "l" * 9]
    assert list(cut_up([short, long], shown, 13, len)) == ["s" * 6 + "\n" + "l" * 6, "lll"]


def test_the_pieces_of_a_text_without_end_are_made_one_by_one() -> None:
    endless = (Block(BlockKind.PARAGRAPH, (Span("x" * 1_000_000),)) for _ in range(10**9))

    assert next(cut_up(endless, shown, 10, len)) == "x" * 10


@given(st.integers(0, 50), st.integers(0, 50))
def test_the_most_that_is_possible_is_found(limit: int, possible: int) -> None:
    assert most(limit, lambda count: count <= possible) == min(limit, possible)
