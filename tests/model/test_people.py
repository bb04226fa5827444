"""What a name and a password may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.people import (
    MAX_NAME_CHARS,
    MAX_PASSWORD_CHARS,
    name_fault,
    name_key,
    password_bytes,
    password_fault,
)


@pytest.mark.parametrize(
    "name", ["mina", "김민아", "王芳", "Анна К.", "a", "ci: shop/web", "x" * 100]
)
def test_a_name_in_any_writing_is_taken(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        " mina",
        "mina ",
        "mi\nna",
        "mina\n",
        "mi\x00na",
        "mi\u202ena",
        "mi\u200bna",
        "\ud800",
        "x" * (MAX_NAME_CHARS + 1),
    ],
)
def test_a_name_that_cannot_be_seen_as_it_is_is_refused(name: str) -> None:
    assert name_fault(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Mina", "mina"), ("ｍｉｎａ", "mina"), ("STRASSE", "straße"), ("é", "e\u0301")],
)
def test_names_that_read_alike_are_one(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@given(st.text())
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("1234567", False),
        ("12345678", True),
        ("x" * MAX_PASSWORD_CHARS, True),
        ("x" * (MAX_PASSWORD_CHARS + 1), False),
    ],
)
def test_only_the_length_of_a_password_counts(password: str, is_taken: bool) -> None:
    assert (password_fault(password) is None) is is_taken


def test_a_letter_is_the_same_however_the_keyboard_sends_it() -> None:
    assert password_bytes("caf\u00e9 1234") == password_bytes("cafe\u0301 1234")
