"""Known secrets go out of a text in every form they may have been written in."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.masks import MASK, forms_in, forms_of, without_pieces, without_secrets

SECRET = 'a b+c/"é&<'


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        orjson.dumps(SECRET).decode(),
        json.dumps(SECRET),
        json.dumps(SECRET).replace("/", "\\/"),
        orjson.dumps(SECRET).decode().replace("&", "\\u0026").replace("<", "\\u003c"),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        html.escape(SECRET),
        json.dumps(json.dumps(SECRET)),
        json.dumps(json.dumps(SECRET)).replace("/", "\\/"),
        json.dumps(html.escape(SECRET)),
        quote(quote(SECRET)),
    ],
)
def test_a_secret_goes_however_it_was_written(written: str) -> None:
    shown = without_secrets(f"x={written};", forms_of([SECRET]))

    assert written.strip('"') not in shown
    assert MASK in shown


def test_the_longer_of_two_goes_first() -> None:
    shown = without_secrets("secret-and-more", forms_of(["secret", "secret-and-more"]))

    assert shown == MASK


def test_tokens_of_tocsin_go_without_being_named() -> None:
    assert without_secrets("token tsn_abc-1 ", []) == f"token {MASK} "


LONG = "a-secret-of-some-length"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "\0user\0"])
@pytest.mark.parametrize("behind", ["", ":", ":b", "\nmore"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_goes_from_a_longer_text_in_base64(
    before: str, behind: str, encode: Callable[[bytes], bytes]
) -> None:
    written = encode(f"{before}{LONG}{behind}".encode()).decode()

    shown = without_secrets(f"AUTH PLAIN {written}", forms_of([LONG]))

    kept = shown.removeprefix("AUTH PLAIN ").partition(MASK)
    assert MASK in shown
    # Of the secret at most the bits of a letter beside what is left of its neighbours.
    assert len(kept[0]) <= len(before) * 4 // 3 + 1
    assert len(kept[2].rstrip("=")) <= len(behind) * 4 // 3 + 2


def test_a_short_secret_in_base64_is_looked_for_by_itself_only() -> None:
    """What is left of it in a longer text stands in any text."""
    shown = without_secrets("YWJjZA and xhYmNkZ", forms_of(["abcd"]))

    assert shown == f"{MASK} and xhYmNkZ"


@given(cut=st.integers(min_value=0, max_value=60))
def test_what_a_cut_has_left_of_a_secret_goes(cut: int) -> None:
    whole = f"no: {LONG} is not known, nor is {LONG}"

    forms = forms_of([LONG])
    shown = without_pieces(without_secrets(whole[:cut], forms), forms)

    assert LONG[:8] not in shown
    assert shown.startswith("no: "[:cut])


def test_of_two_forms_that_begin_alike_the_longer_piece_goes() -> None:
    forms = forms_of(["1234567890:a-token"])

    shown = without_pieces("bot1234567890%3Aa-tok", forms)

    assert shown == f"bot{MASK}"


def test_words_that_only_begin_like_a_secret_stay() -> None:
    assert without_pieces("a-secre and others", forms_of([LONG])) == "a-secre and others"


@pytest.mark.parametrize("path", ["robot/send", "services/T0/B0/x", "/workflows/abc"])
def test_the_first_word_of_a_path_stays_where_it_stands_by_itself(path: str) -> None:
    forms = forms_of([path])
    word = path.strip("/").partition("/")[0]

    assert without_pieces(f"This {word} takes no more.", forms) == f"This {word} takes no more."
    assert without_pieces(f"at {path[: len(word) + 6]}", forms) == f"at {MASK}"


def test_only_forms_that_stand_in_one_of_the_texts_need_be_looked_for() -> None:
    forms = forms_of(["one-secret", "another"])

    assert forms_in(["nothing", "x=one-secret;"], forms) == ["one-secret"]
    assert forms_in(["one-", "secret"], forms) == []
    assert forms_in([], forms) == []
