"""Known secrets go out of a text in every form they may have been written in."""

import base64
import json
from urllib.parse import quote, quote_plus

import orjson
import pytest

from tocsin.model.masks import MASK, forms_of, without_secrets

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
