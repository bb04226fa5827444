"""Feishu's custom bot and an application's: signatures, cards, images, and messages replaced."""

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest

from tests.notify.reaching import ID, Called, FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Link, Span
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels
from tocsin.notify.channels import feishu
from tocsin.testing.clock import HandClock

CHANNEL = find_channels()["feishu"]
TOKEN = "0123456789abcdef-0123"
WEBHOOK = f"https://open.feishu.cn/open-apis/bot/v2/hook/{TOKEN}"
APP = {"app_id": "cli_a1", "app_secret": "hidden-app-secret"}
OK = answer({"code": 0, "msg": "success", "data": {}})
CREATED = answer({"code": 0, "data": {"message_id": "om_1"}})
UPLOADED = answer({"code": 0, "data": {"image_key": "img_1"}})
NEW_TOKEN = answer({"code": 0, "tenant_access_token": "t-1", "expire": 7200})
CARD = {
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
PICTURED = message(images=(Image("chart.png", b"\x89PNG", "a chart"),))
LONG = message(
    fields=tuple(Field(f"名{n}", '"值\\' * 300) for n in range(9)),
    body=(Block(BlockKind.CODE, (Span('{"很长": "的\\n说明"}\n' * 3_000),)),),
    links=(Link("查看", "https://tocsin.example/d/1"),),
)


async def by_bot(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    options = options_of(CHANNEL, webhook_url=WEBHOOK, **config)
    return await CHANNEL.send(of or outgoing(), options, reach)


async def by_app(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    options = options_of(CHANNEL, receive_id="oc_1", **APP, **config)
    return await CHANNEL.send(of or outgoing(), options, reach)


async def failure(given: Answer, **config: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await by_bot(FakeReach(always=given), **config)
    return caught.value


def content_of(call: Called) -> Any:
    return orjson.loads(call.json["content"])


# --- the custom bot


async def test_a_message_is_the_documents_own() -> None:
    reach = FakeReach(OK)

    receipt = await by_bot(reach)

    assert receipt == Receipt()
    assert (reach.call_made.method, reach.call_made.url) == ("POST", WEBHOOK)
    assert reach.call_made.json == {"msg_type": "interactive", "card": CARD}


@pytest.mark.parametrize(
    ("at_s", "expected"),
    [
        ("100", "jquNHnVOwmDRfw+vqTIrY5dooJAgi5EcRtLsQE4wfXg="),
        ("1599360473", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
    ],
)
def test_the_signature_is_the_vectors(at_s: str, expected: str) -> None:
    assert feishu.signature("demo", at_s) == expected


def test_the_signature_is_not_made_as_dingtalks() -> None:
    signed = hmac.new(b"demo", b"1599360473\ndemo", hashlib.sha256).digest()
    other = b64encode(signed).decode()

    assert other.startswith("DkEDUyVo")
    assert feishu.signature("demo", "1599360473") != other


async def test_a_signed_call_has_time_and_signature_in_its_body() -> None:
    clock = HandClock(datetime.fromtimestamp(1_599_360_473, UTC))
    reach = FakeReach(OK, clock=clock)

    await by_bot(reach, sign_secret="demo")

    assert reach.call_made.url == WEBHOOK
    assert reach.call_made.json["timestamp"] == "1599360473"
    assert reach.call_made.json["sign"] == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
    assert reach.hidden == [reach.call_made.json["sign"]]


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        (11232, TryLater, Reason.RATE_LIMITED),
        (9499, GiveUp, Reason.REFUSED),
        (19001, GiveUp, Reason.BAD_CREDENTIALS),
        (19021, GiveUp, Reason.BAD_SIGNATURE),
        (19022, GiveUp, Reason.NOT_ALLOWED),
        (19024, GiveUp, Reason.KEYWORD_MISSING),
        (19036, GiveUp, Reason.TOO_LARGE),
        (55555, GiveUp, Reason.REFUSED),
    ],
)
async def test_each_code_of_a_bot_leads_to_the_right_end(
    code: int, kind: type[DeliveryFailed], reason: Reason
) -> None:
    error = await failure(answer({"code": code, "msg": "why"}), sign_secret="hidden-secret")

    assert (type(error), error.reason) == (kind, reason)
    assert not any(secret in error.message for secret in (TOKEN, "hidden"))


async def test_a_bots_card_that_is_refused_goes_out_as_text() -> None:
    reach = FakeReach(answer({"code": 9499, "msg": "Bad Request"}), OK)

    receipt = await by_bot(reach, sign_secret="demo")

    assert receipt.note == (
        "Sent as plain text: Feishu answers 9499: Bad Request. The call is malformed or too large."
    )
    first, second = (call.json for call in reach.calls)
    assert second["msg_type"] == "text"
    assert second["content"]["text"].endswith("项目: my-app\n版本: v1.2.3\n状态: 发布中...")
    assert (first["timestamp"], first["sign"]) == (second["timestamp"], second["sign"])


async def test_the_old_words_for_success_are_none() -> None:
    error = await failure(answer({"StatusCode": 0, "StatusMessage": "success"}))

    assert error.reason is Reason.BAD_ANSWER


async def test_a_refused_signature_tells_how_far_the_clock_is_off() -> None:
    date = format_datetime(HandClock().now() + timedelta(hours=2), usegmt=True)
    error = await failure(answer({"code": 19021, "msg": "sign"}, headers={"Date": date}))

    assert "7200 s behind" in error.message


async def test_mentions_stand_in_a_part_of_their_own() -> None:
    reach = FakeReach(OK)

    await by_bot(reach, mentions=["ou_1"], at_all=True)

    assert reach.call_made.json["card"]["elements"][-1]["text"] == {
        "tag": "lark_md",
        "content": "<at id=ou_1></at> <at id=all></at>",
    }


async def test_a_strangers_text_mentions_nobody() -> None:
    reach = FakeReach(OK)
    told = message(fields=(Field("<at id=all></at>", "<at id=all></at>"),))

    await by_bot(reach, outgoing(told))

    assert b"<at" not in reach.call_made.body


async def test_a_signed_call_is_never_larger_than_the_limit() -> None:
    reach = FakeReach(OK)

    await by_bot(reach, outgoing(LONG), sign_secret="demo", at_all=True)

    assert 19_500 < len(reach.call_made.body) <= 20_000
    assert b"https://tocsin.example/d/1" in reach.call_made.body
    assert b"\\u" not in reach.call_made.body


async def test_a_bot_alone_leaves_images_out_and_says_so() -> None:
    reach = FakeReach(OK)

    receipt = await by_bot(reach, outgoing(PICTURED))

    assert receipt.note == "Images were left out: they need app_id and app_secret."
    assert reach.call_made.json == {"msg_type": "interactive", "card": CARD}


async def test_a_bot_shows_an_image_that_an_application_has_uploaded() -> None:
    reach = FakeReach(NEW_TOKEN, UPLOADED, OK)

    receipt = await by_bot(reach, outgoing(PICTURED), **APP)

    assert receipt == Receipt()
    assert reach.calls[1].headers["Authorization"] == "Bearer t-1"
    assert reach.calls[2].json["card"]["elements"][-1] == {
        "tag": "img",
        "img_key": "img_1",
        "alt": {"tag": "plain_text", "content": "a chart"},
    }


async def test_a_refused_upload_costs_the_image_and_not_the_message() -> None:
    reach = FakeReach(NEW_TOKEN, answer({"code": 99991672, "msg": "no scope"}, 400), OK)

    receipt = await by_bot(reach, outgoing(PICTURED), **APP)

    assert reach.calls[2].json == {"msg_type": "interactive", "card": CARD}
    assert receipt.note.startswith("Images were left out. Feishu answers 99991672: no scope.")


async def test_an_upload_that_may_succeed_later_holds_the_message_back() -> None:
    reach = FakeReach(NEW_TOKEN, answer("<html>", 502))

    with pytest.raises(TryLater):
        await by_bot(reach, outgoing(PICTURED), **APP)


async def test_larks_bots_upload_to_lark() -> None:
    reach = FakeReach(NEW_TOKEN, UPLOADED, OK)
    options = options_of(CHANNEL, webhook_url=WEBHOOK.replace("feishu.cn", "larksuite.com"), **APP)

    await CHANNEL.send(outgoing(PICTURED), options, reach)

    assert {call.url.split("/open-apis")[0] for call in reach.calls} == {feishu.LARK_URL}


# --- the application


async def test_an_application_sends_a_card_as_text_with_the_deliverys_id() -> None:
    reach = FakeReach(NEW_TOKEN, CREATED)

    receipt = await by_app(reach, receive_id_type="open_id")

    assert receipt == Receipt("om_1")
    assert reach.calls[1].method == "POST"
    assert reach.calls[1].path == "/open-apis/im/v1/messages"
    assert reach.calls[1].query == {"receive_id_type": "open_id"}
    assert {**reach.calls[1].json, "content": ""} == {
        "receive_id": "oc_1",
        "msg_type": "interactive",
        "content": "",
        "uuid": ID,
    }
    assert content_of(reach.calls[1]) == {"config": {"update_multi": True}, **CARD}


async def test_a_message_is_replaced_in_its_place() -> None:
    reach = FakeReach(NEW_TOKEN, OK)

    receipt = await by_app(reach, outgoing(handle="om_1"))

    assert receipt == Receipt("om_1")
    assert reach.calls[1].method == "PATCH"
    assert reach.calls[1].path == "/open-apis/im/v1/messages/om_1"
    assert content_of(reach.calls[1]) == {"config": {"update_multi": True}, **CARD}


@pytest.mark.parametrize("code", [230011, 230031, 230110])
async def test_a_message_that_is_gone_is_followed_by_a_new_one(code: int) -> None:
    reach = FakeReach(
        NEW_TOKEN, answer({"code": code}, 400), answer({"code": 0, "data": {"message_id": "om_2"}})
    )

    receipt = await by_app(reach, outgoing(handle="om_1"))

    assert receipt == Receipt("om_2")
    assert [call.method for call in reach.calls] == ["POST", "PATCH", "POST"]


async def test_a_card_that_is_refused_goes_out_as_text() -> None:
    reach = FakeReach(NEW_TOKEN, answer({"code": 230099}, 400), CREATED)
    told = message(fields=(Field("by", "<at user_id=all></at>"),))

    receipt = await by_app(reach, outgoing(told))

    assert receipt == Receipt(None, "Sent as plain text: Feishu takes no such card.")
    assert reach.calls[2].json["msg_type"] == "text"
    assert content_of(reach.calls[2]) == {
        "text": "发布通知\n\nby: <\u200bat user_id=all><\u200b/at>"
    }


async def test_a_message_without_an_id_in_the_answer_was_sent_all_the_same() -> None:
    assert await by_app(FakeReach(NEW_TOKEN, OK)) == Receipt()


@pytest.mark.parametrize(
    ("code", "status", "kind", "reason"),
    [
        (99991400, 429, TryLater, Reason.RATE_LIMITED),
        (99991400, 400, TryLater, Reason.RATE_LIMITED),
        (230020, 400, TryLater, Reason.RATE_LIMITED),
        (230002, 400, Disable, Reason.GONE),
        (230013, 400, GiveUp, Reason.NOT_ALLOWED),
        (230022, 400, GiveUp, Reason.CONTENT_REFUSED),
        (230025, 400, GiveUp, Reason.TOO_LARGE),
        (230034, 400, GiveUp, Reason.NO_RECIPIENT),
        (232009, 400, Disable, Reason.GONE),
        (230001, 400, GiveUp, Reason.REFUSED),
    ],
)
async def test_each_code_of_an_application_leads_to_the_right_end(
    code: int, status: int, kind: type[DeliveryFailed], reason: Reason
) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        await by_app(FakeReach(NEW_TOKEN, answer({"code": code, "msg": "why"}, status)))

    assert (type(caught.value), caught.value.reason) == (kind, reason)


async def test_the_platform_says_how_long_to_wait() -> None:
    limited = answer({"code": 99991400}, 429, {"x-ogw-ratelimit-reset": "17"})

    with pytest.raises(TryLater) as caught:
        await by_app(FakeReach(NEW_TOKEN, limited))

    assert caught.value.after_s == 17.0


async def test_an_applications_call_is_never_larger_than_the_limit() -> None:
    reach = FakeReach(NEW_TOKEN, CREATED)

    await by_app(reach, outgoing(LONG))

    assert 27_000 < len(reach.calls[1].body) <= 28_000
    assert content_of(reach.calls[1])["elements"][-1]["tag"] == "action"


# --- options


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"webhook_url": WEBHOOK, "receive_id": "oc_1", **APP},
        {"receive_id": "oc_1"},
        {"webhook_url": WEBHOOK, "app_id": "cli_a1"},
        {"webhook_url": WEBHOOK, "app_secret": "hidden"},
        APP,
    ],
)
def test_options_that_do_not_fit_together_are_refused(config: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"webhook_url|app_id") as caught:
        options_of(CHANNEL, **config)

    assert not any(secret in str(caught.value) for secret in (TOKEN, "hidden"))


def test_a_bot_and_an_application_are_counted_each_by_its_own_credential() -> None:
    bot = options_of(CHANNEL, webhook_url=f"{WEBHOOK}/", sign_secret="demo")
    app = options_of(CHANNEL, receive_id="oc_1", **APP)
    extras = extras_of(CHANNEL)

    assert CHANNEL.destination(bot) == TOKEN
    assert CHANNEL.destination(app) == "cli_a1/oc_1"
    assert (extras.label(bot), extras.label(app)) == ("open.feishu.cn", "oc_1")
    assert (extras.addresses(bot), extras.addresses(app)) == ((f"{WEBHOOK}/",), ())


def test_only_an_application_can_replace_a_message() -> None:
    bot = options_of(CHANNEL, webhook_url=WEBHOOK)
    app = options_of(CHANNEL, receive_id="oc_1", **APP)

    assert (feishu.CAN_UPDATE(bot), feishu.CAN_UPDATE(app)) == (False, True)
    assert feishu.limits(bot).rates == (Rate(4, 1.0), Rate(90, 60.0))
    assert feishu.limits(app).rates == (Rate(4, 1.0),)
