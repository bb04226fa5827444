"""A message as an embed: all of Discord's limits hold, and nothing in it is empty."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.reaching import message
from tocsin.model.message import Block, BlockKind, Field, Link, Span, Tone
from tocsin.notify.platforms.discord_embed import (
    MAX_DESCRIPTION,
    MAX_FIELDS,
    MAX_SUM,
    MAX_TITLE,
    embed,
    escaped,
    measure,
)

WORDS = st.text("a*_ |>`\U0001f600", max_size=500)


@given(WORDS, st.lists(WORDS, max_size=40), st.integers(0, 9_000), st.integers(0, 20))
def test_an_embed_is_never_larger_than_discord_takes(
    title: str, values: list[str], chars: int, links: int
) -> None:
    made = embed(
        message(
            title=title,
            fields=tuple(Field("name", value) for value in values),
            body=(Block(BlockKind.PARAGRAPH, (Span("*" * chars),)),),
            links=tuple(Link("here", f"https://a.example/{one}") for one in range(links)),
        )
    )

    fields = made.get("fields", [])
    texts = [made["title"], made.get("description", "")]
    assert measure(made["title"]) <= MAX_TITLE
    assert measure(texts[1]) <= MAX_DESCRIPTION
    assert len(fields) <= MAX_FIELDS
    texts += [text for one in fields for text in (one["name"], one["value"])]
    assert sum(map(measure, texts)) <= MAX_SUM


def test_what_is_empty_is_not_there() -> None:
    assert embed(message(fields=(), tone=Tone.GOOD)) == {
        "color": 0x2ECC71,
        "title": "发布通知：金丝雀发布开始",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b *c*", "a\\_b \\*c\\*"),
        ("<@1> `x`", "\\<@1\\> \\`x\\`"),
        ("see https://a.example/a_b", "see https://a.example/a_b"),
    ],
)
def test_a_strangers_marks_are_shown_and_an_address_stays(text: str, shown: str) -> None:
    assert escaped(text) == shown
