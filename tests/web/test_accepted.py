"""The special form of an answer is given to who asks for it."""

import pytest

from tocsin.web.accepted import prefers


@pytest.mark.parametrize(
    ("accept", "is_special"),
    [
        ("", False),
        ("*/*", False),
        ("text/*", False),
        ("application/json", False),
        ("text/plain", True),
        ("TEXT/Plain; charset=utf-8", True),
        ("text/plain, application/json", True),
        ("text/plain;q=0.5, application/json", False),
        ("application/json;q=0.5, text/plain;q=0.9", True),
        ("text/plain;q=0", False),
        ("text/plain;q=much", False),
        ("text/plain, */*;q=0.1", True),
    ],
)
def test_the_special_form_has_to_be_named(accept: str, is_special: bool) -> None:
    assert prefers(accept, "text/plain", "application/json") is is_special
