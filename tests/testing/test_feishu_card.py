"""Feishu's cards, posts and texts are drawn or refused."""

from typing import Any

import pytest

from tests.testing.platforms.calling import PNG
from tocsin.testing.feishu_card import draw, draw_post, draw_text, mentions_in
from tocsin.testing.objects import MalformedError
from tocsin.testing.taken import Cells, Line, Picture, Shown, text_in

PICTURE = Picture("a.png", PNG)


def text(content: str, tag: str = "lark_md") -> dict[str, str]:
    return {"tag": tag, "content": content}


def test_every_element_is_drawn_in_its_order() -> None:
    elements: list[dict[str, Any]] = [
        {"tag": "div", "text": text("**a**"), "fields": [{"is_short": True, "text": text("b")}]},
        {"tag": "hr"},
        {"tag": "img", "img_key": "k", "alt": text("chart", "plain_text")},
        {
            "tag": "action",
            "actions": [
                {
                    "tag": "button",
                    "text": text("go", "plain_text"),
                    "url": "https://x.example",
                }
            ],
        },
        {"tag": "note", "elements": [text("*small*", "plain_text")]},
        {"tag": "column_set", "columns": [{"elements": [{"tag": "markdown", "content": "c"}]}]},
    ]

    drawn = draw({"elements": elements}, {"k": PICTURE})

    assert text_in(drawn.parts) == "a\nb\nchart\n[go]\n*small*\nc"
    assert Line() in drawn.parts
    assert Shown(PICTURE, alt="chart") in drawn.parts
    assert isinstance(drawn.parts[1], Cells)


def test_the_second_version_opens_addresses_by_behaviours() -> None:
    button = {
        "tag": "button",
        "text": text("go", "plain_text"),
        "behaviors": [{"type": "open_url", "default_url": "https://x.example"}],
    }
    card = {"schema": "2.0", "body": {"elements": [button]}}

    (part,) = draw(card, {}).parts

    assert "https://x.example" in str(part)


@pytest.mark.parametrize(
    "card",
    [
        None,
        {},
        {"schema": "2.0", "elements": []},
        {"elements": [{"tag": "div"}]},
        {"elements": [{"tag": "div", "text": text("a", "markdown")}]},
        {"elements": [{"tag": "markdown"}]},
        {"elements": [{"tag": "img", "img_key": "unknown"}]},
        {"elements": [{"tag": "action", "actions": [{"tag": "input"}]}]},
        {"elements": [], "header": {"title": text("a", "plain_text"), "template": "pink"}},
        {"elements": [], "header": {"title": text("a", "markdown")}},
    ],
)
def test_what_is_no_card_is_refused(card: object) -> None:
    with pytest.raises(MalformedError):
        draw(card, {})


def test_a_post_is_drawn_with_its_links_calls_and_images() -> None:
    nodes = [
        {"tag": "text", "text": "a "},
        {"tag": "a", "text": "b", "href": "https://x.example"},
        {"tag": "at", "user_id": "ou_1", "user_name": "Ada"},
    ]
    post = {"zh_cn": {"title": "t", "content": [nodes, [{"tag": "img", "image_key": "k"}]]}}

    drawn = draw_post(post, {"k": PICTURE})

    assert (drawn.title, drawn.mentions, text_in(drawn.parts)) == ("t", ("ou_1",), "a b@Ada")


@pytest.mark.parametrize("post", [{}, {"zh_cn": {}}, {"zh_cn": {"content": [[{"tag": "b"}]]}}])
def test_what_is_no_post_is_refused(post: object) -> None:
    with pytest.raises(MalformedError):
        draw_post(post, {})


def test_a_text_calls_by_ids() -> None:
    assert draw_text('<at user_id="all">all</at> **x**').read == "\n@all **x**"
    assert mentions_in('<at user_id="ou_1">Ada</at> <at id=all></at> &lt;at id=x&gt;') == (
        "ou_1",
        "all",
    )
    with pytest.raises(MalformedError):
        draw_text("")
