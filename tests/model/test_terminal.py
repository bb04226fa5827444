"""What a log line looks like once a terminal has shown it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.terminal import plain, plain_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb", "a\tb"),
        ("\x1b[31mred\x1b[0m, \x1b[38;2;1;2;3mtoo\x1b[m", "red, too"),
        ("\x1b[4:3mwavy\x1b[m\x07", "wavy"),
        ("\x9b1mC1\x9b0m", "C1"),
        ("10%\r20%\r100%", "100%"),
        ("long line\rab", "abng line"),
        ("long line\r\x1b[Kab", "ab"),
        ("long line\x1b[2Kab", "ab"),
        ("abc\b\bX", "aXc"),
        ("\b\ba", "a"),
        ("\x1b]8;;https://a.example\x07link\x1b]8;;\x07!", "link!"),
        ("\x1b]0;title\x1b\\x", "x"),
        ("\x1b]0;title\x1b[31mred", "red"),
        ("\x1bPq#0;2\x1b\\x", "x"),
        ("\x1b(Bx\x1b7y\x1b=z", "xyz"),
        ("x\x1b]0;no end", "x"),
        ("x\x1b[31", "x"),
        ("x\x1b", "x"),
        ("a\x07\x00\x7f\x85b", "ab"),
        ("部署\r发", "发署"),
    ],
)
def test_a_line_is_as_it_is_read_on_a_screen(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.sampled_from("ab\t\r\b\x1b\x9b\x9c[]K2;m\\\x07")))
def test_nothing_that_controls_a_terminal_is_left(text: str) -> None:
    assert set(plain(text)) <= set("ab\t[]K2;m\\")


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_a_text_without_control_characters_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@given(st.lists(st.text(st.sampled_from("aß·\t\r\b\x1b\x85\x9b[]K;m\\\x07")), min_size=1))
def test_many_lines_at_once_are_as_each_by_itself(lines: list[str]) -> None:
    shown = plain_lines("\n".join(lines).encode()).decode()

    assert shown.split("\n") == [plain(line) for line in lines]
