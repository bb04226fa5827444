"""Output becomes the lines that a program wrote, in whatever pieces it came, without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.running.pieces import pieces
from tocsin.client.messages import Line
from tocsin.running.frames import Frame, Kind, gap
from tocsin.running.lines import Lines
from tocsin.running.masking import MASK, Masks


def lines_of(*data: bytes, secrets: list[str] | None = None, max_chars: int = 100) -> list[str]:
    lines = Lines(Masks(secrets or []), max_chars)
    return [line.text for line in fed(lines, *(Frame(Kind.OUT, 1.0, one) for one in data))]


def fed(lines: Lines, *frames: Frame) -> list[Line]:
    found = [line for frame in frames for line in lines.feed(frame)]
    return [*found, *lines.rest()]


TEXTS = st.text(st.characters(exclude_characters="*\0", exclude_categories=["Cs"]))


@given(TEXTS, st.data())
def test_lines_are_the_same_in_whatever_pieces_they_come(text: str, data: st.DataObject) -> None:
    expected = [line.removesuffix("\r") for line in text.split("\n")]
    if not expected[-1]:
        expected.pop()

    assert lines_of(*data.draw(pieces(text.encode())), max_chars=10**6) == expected


SECRET = "s3cret-0123"


@given(
    st.lists(st.one_of(st.just(SECRET), st.text("ab \r\n3cret", max_size=9)), max_size=30),
    st.integers(12, 40),
    st.data(),
)
def test_no_secret_is_sent_however_lines_and_pieces_are_cut(
    parts: list[str], max_chars: int, data: st.DataObject
) -> None:
    given_ = pieces("".join(parts).encode())
    found = lines_of(*data.draw(given_), secrets=[SECRET], max_chars=max_chars)

    sent = "".join(found)
    assert SECRET not in sent
    assert sent.count("*") == 3 * sent.count(MASK)
    assert not [line for line in found if len(line) > max_chars + len(SECRET)]


def test_a_long_line_without_end_is_sent_in_pieces() -> None:
    found = lines_of(b"x" * 150, b"x" * 150, b"\nend\n")

    assert ("".join(found), max(map(len, found))) == ("x" * 300 + "end", 100)


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        (b"10%\r20%\r30%\r\ndone\n", ["10%\r20%\r30%", "done"]),
        (b"\x1b[31mred\x1b[0m\n", ["\x1b[31mred\x1b[0m"]),
        (b"a\0b \xff\xfe c\n", ["a�b �� c"]),
        (b"\n\n", ["", ""]),
        (b"no end", ["no end"]),
        (b"", []),
    ],
)
def test_what_is_no_plain_text_is_kept_as_far_as_it_can_be(data: bytes, texts: list[str]) -> None:
    assert lines_of(data) == texts


def test_streams_do_not_mix_and_lines_have_the_time_of_their_end() -> None:
    lines = fed(
        Lines(Masks()),
        Frame(Kind.OUT, 1.0, b"be"),
        Frame(Kind.ERR, 2.0, b"err\n"),
        Frame(Kind.OUT, 3.0, b"gun\n"),
    )

    assert [(line.text, line.at.timestamp()) for line in lines] == [("err", 2.0), ("begun", 3.0)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("ERROR: it failed", "error"),
        ("[ERROR] it failed", "error"),
        ("[\x1b[1;31mERROR\x1b[m] it failed", "error"),
        ("\x1b[33mWARN\x1b[0m old", "warning"),
        ("::error file=a.py,line=1::it failed", "error"),
        ("::warning::old", "warning"),
        ("##[error]it failed", "error"),
        ("FATAL: no such role", "critical"),
        ("DEBUG x", "debug"),
        ("Errors: 0", "info"),
        ("ERRORS: 0", "info"),
        ("no ERROR", "info"),
        ("::group::error", "info"),
    ],
)
def test_the_level_is_what_a_line_begins_with(text: str, level: str) -> None:
    [line] = fed(Lines(Masks()), Frame(Kind.ERR, 1.0, text.encode()))

    assert (line.text, line.level) == (text, level)


def test_what_the_output_asks_to_mask_is_masked_in_both_streams_from_there_on() -> None:
    lines = Lines(Masks())
    found = fed(
        lines,
        Frame(Kind.OUT, 1.0, b"hunter22\n  ::Add-Mask::hunter22\nis hunter22\n"),
        Frame(Kind.ERR, 1.0, b"hunter22 too\n::add-mask::two%0Alines%25\nlines%\n"),
    )

    assert [line.text for line in found] == ["hunter22", f"is {MASK}", f"{MASK} too", MASK]
    assert lines.read == 6


def test_half_a_line_on_either_side_of_a_gap_is_not_sent() -> None:
    lines = Lines(Masks([SECRET]))
    found = fed(
        lines,
        Frame(Kind.OUT, 1.0, b"one\nlost s3cret"),
        gap(7, 1.0),
        Frame(Kind.OUT, 1.0, b"-0123 lost"),
        Frame(Kind.OUT, 1.0, b" too\ntwo\n"),
    )

    assert [line.text for line in found][::2] == ["one", "two"]
    assert "7 lines" in found[1].text
    assert lines.read == 2


def test_a_skipped_line_that_never_ends_is_not_sent() -> None:
    lines = Lines(Masks())

    assert len(fed(lines, gap(1, 1.0), Frame(Kind.OUT, 1.0, b"half"))) == 1
