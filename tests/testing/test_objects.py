"""What a sender's JSON has to hold is given as it is; anything else is refused by its name."""

from collections.abc import Callable
from typing import Any

import pytest

from tocsin.testing.objects import (
    MalformedError,
    marked_texts,
    object_of,
    objects_of,
    text_at,
)


def test_what_is_there_is_given_as_it_is() -> None:
    assert object_of({"a": 1}, "card") == {"a": 1}
    assert objects_of([{"a": 1}], "elements") == [{"a": 1}]
    assert text_at({"content": ""}, "content") == ""


@pytest.mark.parametrize(
    ("read", "value", "name"),
    [
        (object_of, [], "card"),
        (object_of, None, "card"),
        (objects_of, {}, "elements"),
        (objects_of, [{}, "x"], "elements"),
        (text_at, {"content": 1}, "content"),
        (text_at, {}, "content"),
    ],
)
def test_anything_else_is_named(read: Callable[[Any, str], Any], value: Any, name: str) -> None:
    with pytest.raises(MalformedError, match=f"{name} is no "):
        read(value, name)


def test_marks_are_looked_for_in_all_but_plain_texts() -> None:
    card = [{"tag": "div", "text": {"tag": "plain_text", "content": "<at>"}}, {"content": "b"}]

    assert list(marked_texts(card, "tag")) == ["div", "b"]
