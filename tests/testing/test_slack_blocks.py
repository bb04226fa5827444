"""Slack's blocks are drawn, and one that is wrong refuses all of them."""

from typing import Any

import pytest

from tests.testing.platforms.calling import PNG
from tocsin.testing.objects import MalformedError
from tocsin.testing.slack_blocks import draw, mentions_in
from tocsin.testing.taken import Picture, text_in


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("go"), "url": "https://x.example", **more}


def test_every_block_is_drawn_and_the_first_header_is_the_title() -> None:
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": plain("Title")},
        {"type": "section", "text": mrkdwn("*a*"), "fields": [mrkdwn("b"), mrkdwn("c")]},
        {"type": "divider"},
        {"type": "actions", "elements": [button(style="primary")]},
        {"type": "context", "elements": [mrkdwn("d")]},
        {"type": "image", "image_url": "https://x.example/a.png", "alt_text": "e"},
        {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "f"},
        {"type": "markdown", "text": "## g"},
    ]

    drawn = draw({"text": "shown in notices", "blocks": blocks}, {"F1": Picture("a.png", PNG)})

    assert drawn.title == "Title"
    assert text_in(drawn.parts) == "a\nb\nc\n[go]\nd\ne\nf\ng"


def test_attachments_have_a_colour_and_blocks_or_texts() -> None:
    old = {
        "color": "#ff0000",
        "title": "t",
        "text": "*x*",
        "footer": "f",
        "fields": [{"title": "k", "value": "v"}],
    }

    drawn = draw({"text": "above", "attachments": [old]}, {})

    assert drawn.colour == "#ff0000"
    assert text_in(drawn.parts) == "above\nt\nx\nk\nv\nf"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section"},
        {"type": "section", "text": mrkdwn("")},
        {"type": "section", "text": mrkdwn("x" * 3001)},
        {"type": "section", "fields": [mrkdwn("x")] * 11},
        {"type": "section", "fields": [mrkdwn("x" * 2001)]},
        {"type": "header", "text": plain("x" * 151)},
        {"type": "header", "text": mrkdwn("x")},
        {"type": "context", "elements": [mrkdwn("x")] * 11},
        {"type": "actions", "elements": [button()] * 26},
        {"type": "actions", "elements": [button(text=plain("x" * 76))]},
        {"type": "actions", "elements": [button(url="https://" + "x" * 3000)]},
        {"type": "actions", "elements": [button(url="ftp://x")]},
        {"type": "actions", "elements": [button(style="loud")]},
        {"type": "actions", "elements": [{"type": "select"}]},
        {"type": "image", "image_url": "https://x.example/a.png"},
        {"type": "image", "slack_file": {"id": "unknown"}, "alt_text": "a"},
        {"type": "markdown", "text": "x" * 12_001},
        {"type": "section", "text": mrkdwn("x"), "block_id": "x" * 256},
    ],
)
def test_one_that_is_wrong_refuses_them_all(block: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        draw({"blocks": [{"type": "divider"}, block]}, {})


def test_dates_and_escaped_text_call_nobody() -> None:
    text = "<!date^1^{date}|then> &lt;!here&gt; <!here> <@U1|ada>"

    assert mentions_in(text) == ("here", "U1")
