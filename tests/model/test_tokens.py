"""The text of tokens: recognised when whole, refused when anything in it is changed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.access import Role
from tocsin.model.tokens import PREFIX, Token, digest_of, is_token, new_secret, new_token

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOKEN = new_token()


def test_a_new_token_is_recognised_and_never_the_same() -> None:
    assert is_token(TOKEN)
    assert TOKEN.startswith(PREFIX)
    assert new_token() != TOKEN
    assert new_secret() != new_secret()


@given(st.integers(0, len(TOKEN) - 1), st.characters())
def test_a_token_with_one_letter_changed_is_none(at: int, letter: str) -> None:
    changed = TOKEN[:at] + letter + TOKEN[at + 1 :]

    assert is_token(changed) is (changed == TOKEN)


@given(st.text())
def test_any_text_has_a_digest_that_does_not_show_it(text: str) -> None:
    digest = digest_of(text)

    assert len(digest) == 64
    assert digest != text


@pytest.mark.parametrize(
    "text",
    ["", PREFIX, TOKEN + "\n", " " + TOKEN, TOKEN[:-1]],
    ids=["empty", "prefix", "line end", "space", "cut"],
)
def test_what_is_cut_or_padded_is_no_token(text: str) -> None:
    assert not is_token(text)


@pytest.mark.parametrize(
    ("expires_in_s", "is_revoked", "is_good"),
    [
        (None, False, True),
        (1, False, True),
        (0, False, False),
        (-1, False, False),
        (1, True, False),
    ],
)
def test_a_token_is_good_until_it_expires_or_is_revoked(
    expires_in_s: int | None, is_revoked: bool, is_good: bool
) -> None:
    expires_at = None if expires_in_s is None else NOW + timedelta(seconds=expires_in_s)
    revoked_at = NOW if is_revoked else None
    token = Token("1", "ci", Role.SENDER, NOW, "me", expires_at, revoked_at=revoked_at)

    assert token.is_good(NOW) is is_good
