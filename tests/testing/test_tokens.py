"""Tokens of a fake end, and are the same for a while."""

from tocsin.testing.tokens import LIFE_S, Tokens


def test_who_asks_again_gets_the_same_until_too_little_is_left() -> None:
    tokens = Tokens("t-", renew_s=1800)

    first, left_s = tokens.give(0)
    again, less_s = tokens.give(5399)
    other, _ = tokens.give(5400)

    assert (left_s, less_s) == (LIFE_S, LIFE_S - 5399)
    assert first == again != other
    # For a while both are good.
    assert tokens.is_good(first, 5400)
    assert tokens.is_good(other, 5400)


def test_an_ended_token_is_known_and_not_good() -> None:
    tokens = Tokens("t-")
    token, _ = tokens.give(0)

    tokens.expire()

    assert tokens.is_known(token)
    assert not tokens.is_good(token, 1)
    assert not tokens.is_known("t-other")
