"""DingTalk's robot: signed in the address, drawn as the document has it, held back at its edge."""

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels
from tocsin.notify.channels import dingtalk
from tocsin.notify.drawing.dialect import draw
from tocsin.testing.clock import HandClock

CHANNEL = find_channels()["dingtalk"]
TOKEN = "0123456789abcdef"
URL_OF_ROBOT = f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}"
OK = answer({"errcode": 0, "errmsg": "ok"})
# The time of the vector.
AT = datetime.fromtimestamp(1_700_000_000, UTC)


def options(**config: Any) -> Any:
    return options_of(CHANNEL, webhook_url=URL_OF_ROBOT, **config)


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    return await CHANNEL.send(of or outgoing(), options(**config), reach)


async def failure(given: Answer, **config: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(always=given), **config)
    return caught.value


async def test_a_message_is_the_documents_own() -> None:
    reach = FakeReach(OK)

    receipt = await sent(reach)

    assert receipt == Receipt()
    assert reach.call_made.method == "POST"
    assert reach.call_made.url == URL_OF_ROBOT
    assert reach.call_made.json == {
        "msgtype": "markdown",
        "markdown": {
            "title": "发布通知",
            "text": "## 发布通知\n\n**项目**: my-app\n**版本**: v1.2.3\n**状态**: 发布中...",
        },
    }


async def test_fields_of_other_events_stand_in_lines_for_sure() -> None:
    reach = FakeReach(OK)

    await sent(reach, outgoing(event_type="deployment.stalled"))

    assert reach.call_made.json["markdown"] == {
        "title": "🔵 发布通知：金丝雀发布开始",
        "text": (
            "## 🔵 发布通知：金丝雀发布开始\n\n"
            "**项目**: my-app  \n**版本**: v1.2.3  \n**状态**: 发布中..."
        ),
    }


def test_the_signature_is_the_vectors() -> None:
    assert dingtalk.signature("SECdemo", "1700000000000") == (
        "lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA="
    )


def test_the_signature_is_not_made_as_feishus() -> None:
    key = b"1700000000000\nSECdemo"
    other = b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()

    assert dingtalk.signature("SECdemo", "1700000000000") != other


async def test_the_signature_is_encoded_once_in_the_address_and_hidden() -> None:
    reach = FakeReach(OK, clock=HandClock(AT))

    await sent(reach, sign_secret=" SECdemo ")

    assert reach.call_made.raw_query == (
        f"access_token={TOKEN}&timestamp=1700000000000"
        "&sign=lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA%3D"
    )
    assert reach.call_made.query["sign"] == "lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA="
    assert reach.hidden == ["lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA="]
    assert "sign" not in reach.call_made.json


@pytest.mark.parametrize("at_s", range(40))
async def test_an_http_client_leaves_the_signature_as_it_is(at_s: int) -> None:
    reach = FakeReach(OK, clock=HandClock(AT + timedelta(seconds=at_s)))

    await sent(reach, sign_secret="SECdemo")

    at_ms = str(1_700_000_000_000 + at_s * 1000)
    assert URL(reach.call_made.url).query["sign"] == dingtalk.signature("SECdemo", at_ms)


async def test_each_attempt_is_signed_anew() -> None:
    reach = FakeReach(always=OK, clock=HandClock(AT))

    await sent(reach, sign_secret="SECdemo")
    reach.clock.move(3_700)
    await sent(reach, sign_secret="SECdemo")

    first, second = reach.calls
    assert first.query["sign"] != second.query["sign"]
    assert second.query["timestamp"] == "1700003700000"


async def test_refused_content_goes_out_as_plain_text_without_body_and_links() -> None:
    reach = FakeReach(answer({"errcode": 430101, "errmsg": "unsafe link"}), OK)
    told = message(
        body=(Block(BlockKind.PARAGRAPH, (Span("bad words"),)),),
        links=(Link("here", "https://a.example"),),
    )

    receipt = await sent(reach, outgoing(told))

    assert reach.calls[1].json == {
        "msgtype": "text",
        "text": {"content": "发布通知\n\n项目: my-app\n版本: v1.2.3\n状态: 发布中..."},
    }
    assert receipt.note.startswith("Sent as plain text")


async def test_who_is_mentioned_is_listed_and_named_in_the_text() -> None:
    reach = FakeReach(OK)

    await sent(reach, at_mobiles=["13800138000"], at_user_ids=["u1"], at_all=True)

    assert reach.call_made.json["at"] == {
        "atMobiles": ("13800138000",),
        "atUserIds": ("u1",),
        "isAtAll": True,
    }
    assert reach.call_made.json["markdown"]["text"].endswith("\n\n@13800138000 @u1")


async def test_a_strangers_text_mentions_nobody() -> None:
    reach = FakeReach(OK)

    await sent(reach, outgoing(message(fields=(Field("by", "@13800138000 @all"),))))

    assert "at" not in reach.call_made.json


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*b* _i_ `c`", r"\*b\* \_i\_ \`c\`"),
        ("my_app v1.2.3 2026-01-06", "my_app v1.2.3 2026-01-06"),
        ("[x](https://evil.example)", r"\[x\](https://evil.example)"),
        ("<font color=red>", r"\<font color=red>"),
        ("# big\n> quoted\n- item\n-5", "\\# big\n\\> quoted\n\\- item\n-5"),
        ("a\\b", r"a\\b"),
    ],
)
def test_a_strangers_marks_are_shown_as_they_are(text: str, shown: str) -> None:
    assert dingtalk._marked(text) == shown


def test_lines_of_a_body_end_with_two_blanks() -> None:
    blocks = [
        Block(BlockKind.PARAGRAPH, (Span("a\nb"),)),
        Block(BlockKind.QUOTE, (Span("c\nd"),)),
        Block(BlockKind.CODE, (Span("e*\nf"),)),
    ]

    assert draw(blocks, dingtalk._DIALECT) == "a  \nb\n\n> c  \n> d\n\n> e\\*  \n> f"


async def test_links_and_images_left_out_are_told() -> None:
    reach = FakeReach(OK)
    told = message(
        links=(Link("查看", "https://tocsin.example/d/1"),), images=(Image("a.png", b"1", "a"),)
    )

    receipt = await sent(reach, outgoing(told))

    assert reach.call_made.json["markdown"]["text"].endswith(
        "\n\n[查看](https://tocsin.example/d/1)"
    )
    assert receipt.note == "Images were left out: DingTalk takes none."


@given(
    body=st.text(max_size=9_000).map(lambda text: text * 4),
    values=st.lists(st.text(max_size=500).map(lambda text: text * 3), max_size=30),
)
def test_no_body_is_ever_larger_than_the_limit(body: str, values: list[str]) -> None:
    told = message(
        fields=tuple(Field("名", value) for value in values),
        body=(Block(BlockKind.PARAGRAPH, (Span(body),)),),
        links=(Link("查看", "https://tocsin.example/d/1"),),
    )

    made = dingtalk._markdown(outgoing(told), options(at_mobiles=["1"], at_all=True))

    assert len(orjson.dumps(made)) <= 20_000
    assert "https://tocsin.example/d/1" in made["markdown"]["text"]


def test_what_is_cut_fills_the_limit() -> None:
    told = message(body=(Block(BlockKind.PARAGRAPH, (Span("很长。" * 9_000),)),))

    made = dingtalk._markdown(outgoing(told), options())

    assert 19_900 < len(orjson.dumps(made)) <= 20_000
    assert made["markdown"]["text"].endswith("\n…")


def test_a_robot_is_known_by_its_token_however_its_address_is_written() -> None:
    other = options_of(CHANNEL, webhook_url=f"https://proxy.example/r?x=1&access_token={TOKEN}")

    assert CHANNEL.destination(options()) == CHANNEL.destination(other) == TOKEN
    assert CHANNEL.LIMITS.rates == (Rate(18, 60.0),)


def test_an_address_without_a_token_is_refused_and_never_shown() -> None:
    with pytest.raises(ValueError, match="no access_token") as caught:
        options_of(CHANNEL, webhook_url="https://oapi.dingtalk.com/robot/send?token=hidden")

    assert "hidden" not in str(caught.value)
    assert extras_of(CHANNEL).label(options()) == "oapi.dingtalk.com"
    assert extras_of(CHANNEL).addresses(options()) == (URL_OF_ROBOT,)


async def test_no_error_holds_a_secret() -> None:
    sign = quote(dingtalk.signature("SECdemo", "0"), safe="")
    error = await failure(answer("<html>", 500), sign_secret="SECdemo")

    assert not any(secret in error.message for secret in (TOKEN, "SECdemo", sign))
