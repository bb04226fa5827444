"""A message as Feishu's card: the document's form, and that no text gets out of its place."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.reaching import message
from tocsin.model.message import Block, BlockKind, Field, Link, Span, Tone
from tocsin.notify.drawing.dialect import draw
from tocsin.notify.platforms.feishu_card import DIALECT, Picture, card, escaped, unmentioning


def measure(text: str) -> int:
    return len(orjson.dumps(text)) - 2


def room_in(max_size: int) -> Any:
    def room(so_far: Mapping[str, Any]) -> int:
        return max_size - len(orjson.dumps(so_far))

    return room


def drawn(max_size: int = 20_000, mentions: str = "", **changes: Any) -> dict[str, Any]:
    return card(message(**changes), (), mentions, room_in(max_size), measure)


def test_a_card_is_the_documents_own() -> None:
    assert drawn() == {
        "header": {
            "title": {"tag": "plain_text", "content": "发布通知：金丝雀发布开始"},
            "template": "blue",
        },
        "elements": [
            {
                "tag": "div",
                "text": {
                    "tag": "lark_md",
                    "content": "**项目**: my-app\n**版本**: v1.2.3\n**状态**: 发布中...",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("tone", "colour"),
    [
        (Tone.NEUTRAL, "grey"),
        (Tone.RUNNING, "blue"),
        (Tone.GOOD, "green"),
        (Tone.WARNING, "orange"),
        (Tone.BAD, "red"),
    ],
)
def test_the_tone_is_the_colour_above(tone: Tone, colour: str) -> None:
    assert drawn(tone=tone)["header"]["template"] == colour


def test_below_the_fields_come_body_pictures_mentions_and_buttons() -> None:
    told = message(
        body=(Block(BlockKind.ITEM, (Span("one"),)),),
        links=(Link("查看", "https://tocsin.example/d/1"), Link("x", "https://x/" + "y" * 3_000)),
    )

    whole = card(told, [Picture("img_1", "a chart")], "<at id=ou_1></at>", room_in(20_000), measure)

    assert whole["elements"][1:] == [
        {"tag": "markdown", "content": "- one"},
        {"tag": "img", "img_key": "img_1", "alt": {"tag": "plain_text", "content": "a chart"}},
        {"tag": "div", "text": {"tag": "lark_md", "content": "<at id=ou_1></at>"}},
        {
            "tag": "action",
            "actions": [
                {
                    "tag": "button",
                    "text": {"tag": "plain_text", "content": "查看"},
                    "type": "default",
                    "url": "https://tocsin.example/d/1",
                }
            ],
        },
    ]


def test_a_card_without_anything_to_say_below_says_its_title_there() -> None:
    told = drawn(fields=())

    assert told["elements"] == [{"tag": "div", "text": told["header"]["title"]}]


def test_every_kind_of_block_is_drawn_in_what_cards_know() -> None:
    blocks = [
        Block(BlockKind.HEADING, (Span("Log"),)),
        Block(BlockKind.PARAGRAPH, (Span("a", is_italic=True), Span("b*", is_bold=True))),
        Block(BlockKind.PARAGRAPH, (Span("see", href="https://a.example/(1)"),)),
        Block(BlockKind.PARAGRAPH, (Span("x`y", is_code=True),)),
        Block(BlockKind.QUOTE, (Span("q\nr"),)),
        Block(BlockKind.CODE, (Span("a < b\n```\n<at id=all></at>"),)),
    ]

    assert draw(blocks, DIALECT) == (
        "**Log**\n\n*a***b&#42;**\n\n[see](https://a.example/%281%29)\n\nx&#96;y\n\n│ q\n│ r\n\n"
        "```\na < b\n`\u200b``\n<\u200bat id=all><\u200b/at>\n```"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<at id=all></at>", "&#60;at id=all&#62;&#60;/at&#62;"),
        ("a*b~c", "a&#42;b&#126;c"),
        ("[x](https://evil.example)", "&#91;x&#93;(https://evil.example)"),
        ("&lt;at id=all&gt;", "&#38;lt;at id=all&#38;gt;"),
        ("__init__ my_app", "&#95;&#95;init&#95;&#95; my_app"),
    ],
)
def test_a_strangers_marks_are_shown_as_they_are(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(text=st.text(alphabet="<at/ id=l>_*[]()`&#;x\n"))
def test_no_text_mentions_anybody(text: str) -> None:
    assert "<" not in escaped(text)
    assert "<at" not in unmentioning(text).lower()
    assert "</at" not in unmentioning(text)


@given(
    values=st.lists(st.text(max_size=600), max_size=20),
    body=st.text(max_size=2_000),
    max_size=st.integers(700, 4_000),
)
def test_a_card_is_never_too_large(values: list[str], body: str, max_size: int) -> None:
    told = drawn(
        max_size,
        "<at id=all></at>",
        title="x",
        fields=tuple(Field("名", value) for value in values),
        body=(Block(BlockKind.CODE, (Span(body),)),),
    )

    assert len(orjson.dumps(told)) <= max_size


def test_fields_go_before_a_body_where_there_is_no_room_for_both() -> None:
    fields = tuple(Field(f"n{n}", "x " * 200) for n in range(10))
    body = (Block(BlockKind.PARAGRAPH, (Span("body " * 500),)),)

    told = drawn(2_000, fields=fields, body=body)

    assert told["elements"][0]["text"]["content"].startswith("**n0**: x x")
    assert told["elements"][0]["text"]["content"].endswith("\n…")
