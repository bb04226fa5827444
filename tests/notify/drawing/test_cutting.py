"""Where blocks are cut: at a good place, and within a character or a link only if need be."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.message import Block, BlockKind, Span
from tocsin.notify.drawing.cutting import boundary, cut_up, largest

FAMILY = "👩‍👩‍👧‍👦"


def shown(before: Block | None, block: Block) -> str:
    """Blocks as lines, bold text in stars, a link with its address."""
    return ("\n" if before else "") + "".join(map(marked, block.spans))


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
        (6, FAMILY, [FAMILY[:6], FAMILY[6:]]),
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
        list(cut_up([Block(BlockKind.CODE, (bold,))], lambda *some: f"```{shown(*some)}", 3, len))


def test_a_block_waits_for_the_next_piece_if_that_leaves_less_than_half_empty() -> None:
    short, long = (Block(BlockKind.PARAGRAPH, (Span(text),)) for text in ("s" * 6, "l" * 9))

    assert list(cut_up([short, long], shown, 10, len)) == ["s" * 6, "l" * 9]
    assert list(cut_up([short, long], shown, 13, len)) == ["s" * 6 + "\n" + "l" * 6, "lll"]


def test_the_pieces_of_a_text_without_end_are_made_one_by_one() -> None:
    endless = (Block(BlockKind.PARAGRAPH, (Span("x" * 1_000_000),)) for _ in range(10**9))

    assert next(cut_up(endless, shown, 10, len)) == "x" * 10


@given(st.integers(0, 50), st.integers(0, 50), st.lists(st.integers(1, 9), max_size=60))
def test_the_largest_count_that_has_room_is_found(limit: int, room: int, more: list[int]) -> None:
    sizes = [sum(more[:place]) + place for place in range(61)]

    found = largest(limit, room, sizes.__getitem__)

    assert found == max(place for place in range(limit + 1) if place == 0 or sizes[place] <= room)


@given(
    st.integers(1_000, 40_000),
    st.integers(0, 60_000),
    st.sampled_from(
        [lambda n: n, lambda n: 5 * n, lambda n: n + n // 9 * 30, lambda n: n * n // 99]
    ),
)
def test_for_a_long_text_it_is_found_within_a_few_guesses(
    limit: int, room: int, size_of: Callable[[int], int]
) -> None:
    asked: list[int] = []

    def size(count: int) -> int:
        asked.append(count)
        return size_of(count)

    found = largest(limit, room, size)

    assert len(asked) <= 20
    assert found == 0 or size_of(found) <= room
    assert found == limit or size_of(found + 1 + limit // 100) > room
    assert found or size_of(1) > room


def test_a_place_within_a_character_becomes_the_one_before_it() -> None:
    assert boundary(f"a{FAMILY}", 4) == 1
    assert [boundary("abc", place) for place in (0, 1, 3)] == [0, 1, 3]
