"""A signed address opens one thing for a while, and nothing can be changed about it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import Reason, Rejected
from tocsin.model.signed_address import Signer
from tocsin.testing.clock import START

SIGNER = Signer((b"k" * 32,), timedelta(minutes=15))
EXPIRES, SIGNATURE = SIGNER.sign("file", START)


def reason(thing: str, expires: int, signature: str, seconds: float = 0) -> Reason | None:
    try:
        SIGNER.check(thing, expires, signature, START + timedelta(seconds=seconds))
    except Rejected as error:
        return error.reason if error.status == 403 else None
    return None


def test_it_is_good_until_its_time_is_over() -> None:
    assert reason("file", EXPIRES, SIGNATURE, 899) is None
    assert reason("file", EXPIRES, SIGNATURE, 900) is Reason.NOT_ALLOWED


@given(st.text(max_size=80), st.integers(0, 2**40), st.text(max_size=80))
def test_nothing_else_is_good(thing: str, expires: int, signature: str) -> None:
    if (thing, expires) != ("file", EXPIRES):
        assert reason(thing, expires, SIGNATURE) is Reason.BAD_SIGNATURE
    if signature != SIGNATURE:
        assert reason("file", EXPIRES, signature) is Reason.BAD_SIGNATURE


def test_what_the_former_key_signed_is_good_too() -> None:
    rotated = Signer((b"n" * 32, b"k" * 32), timedelta(minutes=15))

    rotated.check("file", EXPIRES, SIGNATURE, START)

    assert rotated.sign("file", START)[1] != SIGNATURE


@pytest.mark.parametrize("other", ["", "file\n", "1\nfile", f"{EXPIRES}\nfile"])
def test_the_parts_cannot_be_shifted(other: str) -> None:
    assert reason(other, EXPIRES, SIGNATURE) is Reason.BAD_SIGNATURE
