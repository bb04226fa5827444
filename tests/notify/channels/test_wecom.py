"""WeCom's group robot: known by its key, with images and some mentions as messages of their own."""

import base64
from typing import Any

import pytest

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Span
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels

CHANNEL = find_channels()["wecom"]
KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
URL_OF_ROBOT = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}"
OK = answer({"errcode": 0, "errmsg": "ok"})
# The vector: a picture of one point.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    return await CHANNEL.send(of or outgoing(), options_of(CHANNEL, key=KEY, **config), reach)


@pytest.mark.parametrize("config", [{"webhook_url": URL_OF_ROBOT}, {"key": f" {KEY} "}])
async def test_a_message_is_the_documents_own(config: dict[str, str]) -> None:
    reach = FakeReach(OK)
    options = options_of(CHANNEL, **config)
    fields = (Field("项目", "my-app"), Field("版本", "v1.2.3"))

    receipt = await CHANNEL.send(outgoing(message(fields=fields)), options, reach)

    assert receipt == Receipt()
    assert (reach.call_made.method, reach.call_made.url) == ("POST", URL_OF_ROBOT)
    assert reach.call_made.json == {
        "msgtype": "markdown",
        "markdown": {"content": "## 发布通知\n\n>项目: my-app\n>版本: v1.2.3"},
    }
    assert "\\u" not in reach.call_made.body.decode()


@pytest.mark.parametrize(
    ("code", "kind", "reason", "after_s"),
    [
        (93000, Disable, Reason.BAD_CREDENTIALS, None),
        (45009, TryLater, Reason.RATE_LIMITED, 60.0),
        (45033, TryLater, Reason.RATE_LIMITED, 5.0),
        (-1, TryLater, Reason.BUSY, None),
        (40008, GiveUp, Reason.REFUSED, None),
        (40033, GiveUp, Reason.REFUSED, None),
        (40058, GiveUp, Reason.REFUSED, None),
        (44004, GiveUp, Reason.REFUSED, None),
        (45002, GiveUp, Reason.TOO_LARGE, None),
        (12345, GiveUp, Reason.REFUSED, None),
    ],
)
async def test_each_code_leads_to_the_right_end(
    code: int, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(answer({"errcode": code, "errmsg": "why"})))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert getattr(caught.value, "after_s", None) == after_s
    assert KEY not in caught.value.message


async def test_an_image_is_a_message_with_its_bytes_and_their_digest() -> None:
    reach = FakeReach(always=OK)

    await sent(reach, outgoing(message(images=(Image("a.png", PNG, "a"),))))

    assert reach.calls[1].json == {
        "msgtype": "image",
        "image": {
            "base64": base64.b64encode(PNG).decode(),
            "md5": "b357a19c87624c7c4d131aeeb4ae677f",
        },
    }


async def test_an_image_that_is_too_large_is_left_out_and_noted() -> None:
    reach = FakeReach(OK)
    large = Image("a.png", b"1" * (2 * 1024 * 1024 + 1), "a")

    receipt = await sent(reach, outgoing(message(images=(large,))))

    assert len(reach.calls) == 1
    assert receipt.note == "Images of more than 2 MB were left out: 1."


async def test_an_image_that_is_refused_does_not_send_the_text_again() -> None:
    reach = FakeReach(OK, answer({"errcode": 45009, "errmsg": "often"}))

    receipt = await sent(reach, outgoing(message(images=(Image("a.png", PNG, "a"),))))

    assert receipt.note.startswith("1 of 2 messages were sent. WeCom answers 45009")


async def test_members_are_mentioned_in_the_markdown_and_the_rest_in_a_text() -> None:
    reach = FakeReach(always=OK)

    await sent(reach, mentions=["zhang"], at_mobiles=["13800138000"], at_all=True)

    assert reach.calls[0].json["markdown"]["content"].endswith("\n\n<@zhang>")
    assert reach.calls[1].json == {
        "msgtype": "text",
        "text": {
            "content": "发布通知",
            "mentioned_list": ["@all"],
            "mentioned_mobile_list": ["13800138000"],
        },
    }


async def test_a_strangers_text_mentions_nobody() -> None:
    reach = FakeReach(OK)

    await sent(reach, outgoing(message(fields=(Field("by", "<@all> <@zhang>"),))))

    assert "<@" not in reach.call_made.json["markdown"]["content"]


async def test_a_long_message_goes_out_in_parts_that_keep_to_the_limit() -> None:
    reach = FakeReach(always=OK)
    body = (Block(BlockKind.PARAGRAPH, (Span("很长的说明。" * 400),)),)

    await sent(reach, outgoing(message(body=body)))

    texts = [call.json["markdown"]["content"] for call in reach.calls]
    assert [text[-5:] for text in texts] == ["(1/2)", "(2/2)"]
    assert all(len(text.encode()) <= 4096 for text in texts)


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"key": KEY, "webhook_url": URL_OF_ROBOT},
        {"webhook_url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?hidden=1"},
        {"key": "  "},
    ],
)
def test_a_robot_needs_one_key(config: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="key") as caught:
        options_of(CHANNEL, **config)

    assert "hidden" not in str(caught.value)


def test_a_robot_is_the_same_by_its_address_and_by_its_key() -> None:
    by_address = options_of(CHANNEL, webhook_url=URL_OF_ROBOT)
    by_key = options_of(CHANNEL, key=KEY)

    assert CHANNEL.destination(by_address) == CHANNEL.destination(by_key) == KEY
    assert extras_of(CHANNEL).label(by_key) == "qyapi.weixin.qq.com"
    assert extras_of(CHANNEL).addresses(by_key) == (URL_OF_ROBOT,)
    assert CHANNEL.LIMITS.rates == (Rate(18, 60.0),)
