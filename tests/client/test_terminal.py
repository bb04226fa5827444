"""Nothing a stranger writes drives a terminal."""

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tocsin.client.terminal import coloured, harmless

HOSTILE = {
    "title": "\x1b]0;owned\x07",
    "clear": "\x1b[2J\x1b[H",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "C1": "\x9b2J\x9d0;owned\x9c",
    "backspace": "rm -rf\x08\x08\x08\x08\x08\x08ls    ",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "answer": '\x1b[6n\x1bP$q"p\x1b\\',
    "direction": "\u202egnp.exe\u2066",
    "charset": "\x1b(0qqq",
    "cut short": "\x1b[31",
    "colon": "\x1b[38:2::1:2:3m",
    "many digits": f"\x1b[{'9' * 5000}m",
    "next line": "a\nb\rc\x0bd\x0ce\x85f\u2028g",
    "surrogate": "\ud800",
}
SGR_ONLY = re.compile(r"\x1b\[[0-9;]*m")


def shown(text: str) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, color_system="truecolor", width=80)
    console.print(coloured(text), soft_wrap=True, end="")
    return SGR_ONLY.sub("", file.getvalue())


def controls(text: str) -> list[str]:
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_shown_and_not_obeyed(text: str) -> None:
    assert not controls(shown(text))
    assert not controls(harmless(text))
    assert "\u202e" not in shown(text)


PIECES = st.sampled_from([*HOSTILE.values(), "\x1b[31m", "\x1b[0m", "\x1b", "[", "8;;", "\\"])


@given(st.lists(st.text(max_size=5) | PIECES, max_size=8).map("".join))
def test_no_text_brings_a_control_character_to_the_terminal(text: str) -> None:
    assert not controls(shown(text))
    assert not controls(harmless(text))


def test_colours_stay_as_styles_and_end_with_the_line() -> None:
    text = coloured("\x1b[1;31mred\x1b[0m plain \x1b[32mgreen")

    assert text.plain == "red plain green"
    assert [str(span.style) for span in text.spans] == ["bold color(1)", "color(2)"]


def test_line_ends_and_tabs_are_shown_on_one_line() -> None:
    assert harmless("a\tb\r\nc\nd\re") == "a    b⏎c⏎d␍e"
