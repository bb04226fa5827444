"""WeCom's messages are drawn or refused with their codes."""

from collections.abc import Callable
from typing import Any

import pytest

from tocsin.testing.taken import Shown, text_in
from tocsin.testing.wecom_message import (
    RefusedError,
    check_escapes,
    cut,
    draw_card,
    draw_markdown,
    draw_markdown_v2,
    draw_news,
    draw_text,
    inside,
    limited,
)


def code_of(act: Callable[[], object]) -> int:
    with pytest.raises(RefusedError) as refused:
        act()
    return int(refused.value.args[0])


def test_the_marks_of_both_kinds_differ() -> None:
    text = '*a* **b** <font color="warning">c</font>\n- d'

    older = draw_markdown({"content": text}, 4096)
    newer = draw_markdown_v2({"content": text}, 4096)

    assert text_in(older.parts) == "*a* b c\n- d"
    assert text_in(newer.parts) == 'a b <font color="warning">c</font>\nd'


def test_a_text_calls_who_is_listed() -> None:
    drawn = draw_text(
        {"content": "a", "mentioned_list": ["@all"], "mentioned_mobile_list": ["1"]}, 9
    )

    assert drawn.mentions == ("all", "1")


def test_articles_are_cut_and_not_refused() -> None:
    article = {
        "title": "发" * 50,
        "description": "d",
        "url": "https://x.example",
        "picurl": "https://y.example",
    }

    drawn = draw_news({"articles": [article]})

    assert drawn.title == "发" * 42
    assert isinstance(drawn.parts[0], Shown)


@pytest.mark.parametrize("count", [0, 9])
def test_articles_are_one_to_eight(count: int) -> None:
    articles = [{"title": "t", "url": "u"}] * count

    assert code_of(lambda: draw_news({"articles": articles})) == 40058


@pytest.mark.parametrize(
    "change",
    [
        {"main_title": {}},
        {"card_action": {}},
        {"card_action": {"type": 3}},
        {"horizontal_content_list": [{"keyname": "k"}] * 7},
        {"jump_list": [{"title": "t"}] * 4},
    ],
)
def test_a_card_has_its_bounds(change: dict[str, Any]) -> None:
    card = {
        "card_type": "text_notice",
        "main_title": {"title": "t"},
        "card_action": {"type": 1, "url": "https://x.example"},
    }
    assert draw_card(card).title == "t"

    assert code_of(lambda: draw_card({**card, **change})) in {42045, 42046, 42047}


def test_sizes_are_in_bytes_and_cuts_between_characters() -> None:
    assert limited({"a": "发发"}, "a", 6) == "发发"
    assert code_of(lambda: limited({"a": "发发"}, "a", 5)) == 45002
    assert cut("发发", 5) == "发"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, 40008), ({"msgtype": "text"}, 40058), ({"msgtype": "text", "text": 1}, 40058)],
)
def test_a_body_holds_what_its_type_names(body: dict[str, Any], code: int) -> None:
    assert code_of(lambda: inside(body)) == code


@pytest.mark.parametrize(
    ("body", "is_refused"),
    [(rb'"\u53d1"', True), (rb'"\\u53d1"', False), (rb'"\\\u53d1"', True), (b'"x\\n"', False)],
)
def test_an_escape_is_told_from_an_escaped_backslash(body: bytes, is_refused: bool) -> None:
    if is_refused:
        assert code_of(lambda: check_escapes(body)) == 40033
    else:
        check_escapes(body)
