"""Discord's messages are drawn or refused, field by field."""

from typing import Any

import pytest

from tests.testing.platforms.calling import PNG
from tocsin.testing.discord_message import MessageError, allowed_calls, check, parts_of
from tocsin.testing.taken import Picture, text_in


def test_all_embeds_are_drawn_below_the_content() -> None:
    embeds = [
        {"title": "first", "description": "*a*", "image": {"url": "attachment://x.png"}},
        {"title": "second", "url": "https://x.example", "thumbnail": {"url": "https://y.example"}},
    ]
    rows = [{"type": 1, "components": [{"label": "go", "url": "https://z.example"}]}]
    message = {"content": "top", "embeds": embeds, "components": rows}

    parts = tuple(parts_of(message, [Picture("x.png", PNG), Picture("left.png", PNG)]))

    assert text_in(parts) == "top\na\nsecond\n[second]\n[go]"


def test_the_errors_name_the_fields() -> None:
    embed = {"title": " ", "fields": [{"name": "n" * 257, "value": "v"}], "color": 1 << 24}

    with pytest.raises(MessageError) as refused:
        check({"embeds": [embed]}, [], {})

    assert set(refused.value.errors) == {
        "embeds.0.title",
        "embeds.0.fields.0.name",
        "embeds.0.color",
    }


@pytest.mark.parametrize(
    "message",
    [
        {"content": "a", "flags": 4},
        {"content": "x" * 2000},
        {"embeds": [{"description": "x" * 3000}] * 2},
        {"flags": 1 << 15, "components": [{"type": 17}]},
    ],
)
def test_what_is_within_the_limits_is_taken(message: dict[str, Any]) -> None:
    check(message, [], {"with_components": "true"})


def test_a_file_alone_is_a_message() -> None:
    check({}, ["chart.png"], {})


def test_components_of_the_second_version_stand_alone() -> None:
    with pytest.raises(MessageError):
        check(
            {"content": "a", "flags": 1 << 15, "components": [{"type": 17}]},
            [],
            {"with_components": "true"},
        )


def test_embeds_call_nobody() -> None:
    assert list(allowed_calls({"embeds": [{"description": "@everyone <@1>"}]})) == []
