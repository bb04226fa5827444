"""A secret is masked wherever it stands, in each form that programs make of it."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.running.masking import MASK, MIN_CHARS, Masks, is_too_short

# The mask itself is no secret; a secret made of stars could come about by masking others.
CHARS = st.characters(exclude_characters="*\n\r\0", exclude_categories=["Cs"])
SECRETS = st.text(CHARS, min_size=MIN_CHARS, max_size=20).filter(
    lambda text: len(text.strip()) >= MIN_CHARS
)


@given(st.lists(SECRETS, min_size=1, max_size=4), st.data())
def test_no_secret_is_ever_left(secrets: list[str], data: st.DataObject) -> None:
    parts = st.one_of(st.sampled_from(secrets), st.text(CHARS, max_size=5))
    text = "".join(data.draw(st.lists(parts)))

    hidden = Masks(secrets).hide(text)

    assert not [secret for secret in secrets if secret.strip() in hidden]


@given(SECRETS, st.binary(max_size=9), st.binary(max_size=9))
def test_no_secret_is_left_in_what_was_encoded(secret: str, before: bytes, after: bytes) -> None:
    bare = secret.strip()
    encoded = base64.b64encode(before + bare.encode() + after).decode()
    hidden = Masks([secret]).hide(encoded)
    sure = len(bare.encode()) * 8 // 6 - 3

    assert sure < 8 or MASK in hidden


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(b"user:s3cret/w\xc3\xb6rd&").decode(),
        base64.urlsafe_b64encode(b"s3cret/w\xc3\xb6rd&").decode(),
        quote("s3cret/wörd&", safe=""),
        json.dumps({"password": "s3cret/wörd&"}),
        "s3cret/wörd&",
    ],
)
def test_forms_of_a_secret_are_masked(text: str) -> None:
    assert MASK in Masks(["s3cret/wörd&"]).hide(text)


def test_each_line_of_a_secret_is_masked() -> None:
    masks = Masks(["-----BEGIN KEY-----\r\n  abcdef\r\nxy\n-----END KEY-----\n"])

    assert masks.hide("key abcdef -----END KEY-----") == f"key {MASK} {MASK}"


@pytest.mark.parametrize(
    ("secrets", "text", "hidden"),
    [
        (["pass", "password"], "my password", f"my {MASK}"),
        (["password12", "123456"], "password123456", MASK),
        (["aaaa"], "aaaaaaa b", f"{MASK} b"),
        (["one1", "two2"], "one1two2 and", f"{MASK} and"),
        ([], "nothing", "nothing"),
    ],
)
def test_overlapping_secrets_become_one_mask(secrets: list[str], text: str, hidden: str) -> None:
    assert Masks(secrets).hide(text) == hidden


@pytest.mark.parametrize("secret", ["abc", " abc \n", "a\nb\nc"])
def test_what_is_too_short_is_left_and_can_be_told(secret: str) -> None:
    assert is_too_short(secret)
    assert Masks([secret]).hide("abc") == "abc"


@pytest.mark.parametrize("secret", ["", "\n ", "abcd", "abc\nabcd"])
def test_an_empty_secret_is_none(secret: str) -> None:
    assert not is_too_short(secret)


def test_a_secret_that_is_not_utf_8_is_masked_as_it_is_shown() -> None:
    masks = Masks([b"gr\xfcn-gr\xfcn".decode("utf-8", "surrogateescape")])

    assert masks.hide(b"x gr\xfcn-gr\xfcn".decode("utf-8", "replace")) == f"x {MASK}"
