"""An application of WeCom: its token, whom it tells, and whom it did not reach."""

import asyncio
from typing import Any

import pytest

from tests.notify.reaching import FakeReach, answer, message, options_of, outgoing
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, GiveUp, Reason, TryLater
from tocsin.model.message import Block, BlockKind, Field, Image, Span
from tocsin.notify.channel import Rate, Receipt, extras_of, find_channels

CHANNEL = find_channels()["wechat"]
APP = {"corp_id": "ww1", "agent_id": 1000002, "secret": "hidden/secret+"}
OK = answer({"errcode": 0, "errmsg": "ok", "invaliduser": "", "msgid": "m"})
TOKEN_PATH = "/cgi-bin/gettoken"
SEND_PATH = "/cgi-bin/message/send"
PICTURED = message(images=(Image("chart.png", b"\x89PNG", "a chart"),))


def token(text: str, expires_in: int = 7200) -> Answer:
    return answer({"errcode": 0, "access_token": text, "expires_in": expires_in})


def refused(code: int) -> Answer:
    return answer({"errcode": code, "errmsg": "why, hint: [123]"})


ONCE = ("enable_duplicate_check", "duplicate_check_interval")


async def sent(reach: FakeReach, of: Any = None, **config: Any) -> Receipt:
    return await CHANNEL.send(of or outgoing(), options_of(CHANNEL, **{**APP, **config}), reach)


async def test_a_message_is_the_documents_own() -> None:
    reach = FakeReach(token("t-1"), OK)
    fields = (Field("项目", "my-app"), Field("版本", "v1.2.3"))

    receipt = await sent(reach, outgoing(message(fields=fields)))

    assert receipt == Receipt()
    assert (reach.calls[1].method, reach.calls[1].path) == ("POST", SEND_PATH)
    assert reach.calls[1].query == {"access_token": "t-1"}
    sent_once = {key: reach.calls[1].json[key] for key in ONCE}
    assert reach.calls[1].json == {
        **sent_once,
        "touser": "@all",
        "agentid": 1000002,
        "msgtype": "markdown",
        "markdown": {"content": "## 发布通知\n\n>项目: my-app\n>版本: v1.2.3"},
    }


async def test_wecom_is_asked_to_take_a_second_try_for_the_first_and_no_other_message() -> None:
    reach = FakeReach(token("t-1"), always=OK)
    told = message(images=())

    for delivery_id in ("d-1", "d-1", "d-2"):
        await sent(reach, outgoing(told, id=delivery_id))

    first, again, other = (call.json for call in reach.calls[1:])
    assert first == again
    assert {key for key in first if first[key] != other[key]} == {"duplicate_check_interval"}
    assert first["enable_duplicate_check"] == 1
    # WeCom's own four hours are the most there may be.
    assert all(1_800 <= one["duplicate_check_interval"] < 14_400 for one in (first, other))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, {"touser": "@all"}),
        ({"to_user": " "}, {"touser": "@all"}),
        ({"to_user": "a|b"}, {"touser": "a|b"}),
        ({"to_party": "1|2"}, {"toparty": "1|2"}),
        ({"to_tag": "t"}, {"totag": "t"}),
        (
            {"to_user": "a", "to_party": "1", "to_tag": "t"},
            {"touser": "a", "toparty": "1", "totag": "t"},
        ),
    ],
)
async def test_everybody_is_told_unless_somebody_is_named(
    config: dict[str, str], told: dict[str, str]
) -> None:
    reach = FakeReach(token("t-1"), OK)

    await sent(reach, **config)

    named = {name: reach.calls[1].json.get(name) for name in ("touser", "toparty", "totag")}
    assert {name: value for name, value in named.items() if value is not None} == told


async def test_an_agent_id_that_comes_as_text_goes_out_as_a_number() -> None:
    reach = FakeReach(token("t-1"), OK)

    await sent(reach, agent_id="1000002")

    assert reach.calls[1].json["agentid"] == 1000002


async def test_a_token_is_asked_for_once_until_it_ends() -> None:
    reach = FakeReach(token("t-1"), OK, OK, token("t-2"), OK)

    await sent(reach)
    await sent(reach)
    reach.clock.move(7_201)
    await sent(reach)

    assert reach.calls[0].method == "GET"
    assert reach.calls[0].query == {"corpid": "ww1", "corpsecret": "hidden/secret+"}
    assert reach.paths == [TOKEN_PATH, SEND_PATH, SEND_PATH, TOKEN_PATH, SEND_PATH]
    assert reach.token_keys == ["ww1/1000002"]


async def test_messages_at_a_time_share_one_token() -> None:
    reach = FakeReach(token("t-1"), always=OK)

    await asyncio.gather(*(sent(reach) for _ in range(5)))

    assert reach.paths.count(TOKEN_PATH) == 1


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_refused_token_is_replaced_once(code: int) -> None:
    reach = FakeReach(token("t-1"), refused(code), token("t-2"), OK)

    assert await sent(reach) == Receipt()
    assert reach.calls[-1].query == {"access_token": "t-2"}


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_new_token_that_is_refused_too_ends_it(code: int) -> None:
    reach = FakeReach(token("t-1"), refused(code), token("t-2"), refused(code))

    with pytest.raises(GiveUp) as caught:
        await sent(reach)

    assert caught.value.reason is Reason.BAD_CREDENTIALS
    assert len(reach.calls) == 4


@pytest.mark.parametrize(
    ("code", "kind", "reason", "after_s"),
    [
        (42009, GiveUp, Reason.BAD_CREDENTIALS, None),
        (40013, GiveUp, Reason.BAD_CREDENTIALS, None),
        (40056, GiveUp, Reason.BAD_CREDENTIALS, None),
        (60011, GiveUp, Reason.NOT_ALLOWED, None),
        (48002, GiveUp, Reason.NOT_ALLOWED, None),
        (60020, GiveUp, Reason.NOT_ALLOWED, None),
        (81013, GiveUp, Reason.NO_RECIPIENT, None),
        (40008, GiveUp, Reason.REFUSED, None),
        (40033, GiveUp, Reason.REFUSED, None),
        (40058, GiveUp, Reason.REFUSED, None),
        (44004, GiveUp, Reason.REFUSED, None),
        (45002, GiveUp, Reason.TOO_LARGE, None),
        (-1, TryLater, Reason.BUSY, None),
        (45009, TryLater, Reason.RATE_LIMITED, 60.0),
        (45033, TryLater, Reason.RATE_LIMITED, 5.0),
        (77777, GiveUp, Reason.REFUSED, None),
    ],
)
@pytest.mark.parametrize("is_known", [True, False], ids=["sending", "asking for a token"])
async def test_each_code_leads_to_the_right_end(
    is_known: bool, code: int, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    replies = [token("t-1"), refused(code)] if is_known else [refused(code)]

    with pytest.raises(DeliveryFailed) as caught:
        await sent(FakeReach(*replies))

    assert (type(caught.value), caught.value.reason) == (kind, reason)
    assert getattr(caught.value, "after_s", None) == after_s
    assert "hidden" not in caught.value.message


async def test_a_wrong_secret_is_told_and_not_asked_for_again() -> None:
    reach = FakeReach(refused(40001))

    with pytest.raises(GiveUp) as caught:
        await sent(reach)

    assert caught.value.reason is Reason.BAD_CREDENTIALS


async def test_an_answer_without_a_token_may_be_better_later() -> None:
    with pytest.raises(TryLater) as caught:
        await sent(FakeReach(answer({"errcode": 0, "expire_in": 7200})))

    assert caught.value.reason is Reason.BAD_ANSWER


async def test_those_who_are_not_reached_are_noted() -> None:
    partly = answer({"errcode": 0, "invaliduser": "a|b", "invalidparty": "", "unlicenseduser": "c"})

    receipt = await sent(FakeReach(token("t-1"), partly), to_user="a|b|c|d")

    assert receipt.note == "Not reached: invaliduser a|b; unlicenseduser c."


async def test_an_image_is_uploaded_and_is_a_message_of_its_own() -> None:
    uploaded = answer({"errcode": 0, "type": "image", "media_id": "media-1"})
    reach = FakeReach(token("t-1"), OK, uploaded, OK)

    receipt = await sent(reach, outgoing(PICTURED))

    assert receipt == Receipt()
    assert reach.calls[2].path == "/cgi-bin/media/upload"
    assert reach.calls[2].query == {"access_token": "t-1", "type": "image"}
    assert b'name="media"; filename="chart.png"' in reach.calls[2].body
    assert reach.calls[3].json["image"] == {"media_id": "media-1"}


async def test_an_upload_that_fails_is_noted_as_the_text_has_arrived() -> None:
    receipt = await sent(FakeReach(token("t-1"), OK, answer("<html>", 502)), outgoing(PICTURED))

    assert receipt.note == "1 of 2 messages were sent. WeCom answers 502."


async def test_a_long_message_goes_out_in_parts_of_half_a_robots_size() -> None:
    reach = FakeReach(token("t-1"), always=OK)
    body = (Block(BlockKind.PARAGRAPH, (Span("很长的说明。" * 400),)),)

    await sent(reach, outgoing(message(body=body)))

    texts = [call.json["markdown"]["content"] for call in reach.calls[1:]]
    assert len(texts) == 3
    assert all(len(text.encode()) <= 2048 for text in texts)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"secret": ""}, "secret"),
        ({"corp_id": ""}, "corp_id"),
        ({"agent_id": "x"}, "agent_id"),
        ({"to_user": "|".join("u" * 1001)}, "to_user"),
        ({"to_party": "|".join("1" * 101)}, "to_party"),
    ],
)
def test_options_that_cannot_work_are_refused(config: dict[str, Any], name: str) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        options_of(CHANNEL, **{**APP, **config})

    assert "hidden" not in str(caught.value)


def test_an_application_is_counted_as_a_whole() -> None:
    options = options_of(CHANNEL, **APP)

    assert CHANNEL.destination(options) == "ww1/1000002"
    assert extras_of(CHANNEL).label(options) == "ww1/1000002"
    assert CHANNEL.LIMITS.rates == (Rate(28, 60.0), Rate(950, 3600.0))
