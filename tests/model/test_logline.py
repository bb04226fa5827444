"""Log texts become lines that every database can keep, and nothing of them is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.logline import MAX_LEVEL_CHARS, clean_text, level_of, split_lines

ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("one", ["one"]),
        ("one\n", ["one"]),
        ("one\n\n", ["one", ""]),
        ("one\r\ntwo", ["one", "two"]),
        ("\none", ["", "one"]),
        ("10%\r50%\r100%\n", ["10%\r50%\r100%"]),
        ("\x1b[31mred\x1b[0m", ["\x1b[31mred\x1b[0m"]),
        ("a\x0bb\u2028c\x85d", ["a\x0bb\u2028c\x85d"]),
    ],
)
def test_a_text_is_cut_at_its_line_ends_only(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


def test_what_no_database_keeps_is_replaced() -> None:
    assert clean_text("a\x00b\ud800c\udfff") == "a\ufffdb\ufffdc\ufffd"
    assert clean_text("日本語🔌\x1b\t") == "日本語🔌\x1b\t"


@given(ANY_TEXT)
def test_a_cleaned_text_can_be_kept(text: str) -> None:
    cleaned = clean_text(text)

    cleaned.encode()
    assert "\x00" not in cleaned
    assert len(cleaned) == len(text)
    assert clean_text(cleaned) == cleaned


@given(ANY_TEXT)
def test_lines_put_together_are_the_text(text: str) -> None:
    lines = split_lines(text)
    whole = clean_text(text).replace("\r\n", "\n")

    assert lines
    assert "\n".join(lines) in (whole, whole.removesuffix("\n"))
    assert all("\n" not in line for line in lines)


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("info", "info"),
        (" WARN ", "warning"),
        ("err", "error"),
        ("fatal", "critical"),
        ("trace", "debug"),
        ("success", "success"),
        ("", "info"),
        ("  ", "info"),
        (None, "info"),
        (3, "info"),
        (["error"], "info"),
        ("a\x00b", "a\ufffdb"),
    ],
)
def test_a_level_has_its_usual_name(said: object, level: str) -> None:
    assert level_of(said) == level


@given(ANY_TEXT)
def test_a_level_is_short_and_can_be_kept(said: str) -> None:
    level = level_of(said)

    assert 0 < len(level) <= MAX_LEVEL_CHARS
    assert clean_text(level) == level
