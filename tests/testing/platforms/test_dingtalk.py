"""The fake of DingTalk holds senders to what DingTalk holds them to."""

import hmac
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

from tests.testing.platforms.calling import call, clock_at, post
from tocsin.testing.platform import platform

MARKDOWN = {
    "msgtype": "markdown",
    "markdown": {"title": "发布通知", "text": "## 发布通知\n\n**项目**: my-app"},
}
NOW_MS = 1_700_000_000_000


def signature(secret: str, timestamp_ms: int) -> str:
    text = f"{timestamp_ms}\n{secret}".encode()
    return b64encode(hmac.new(secret.encode(), text, "sha256").digest()).decode()


def query(timestamp_ms: int, sign: str) -> str:
    return f"&timestamp={timestamp_ms}&sign={quote(sign, safe='')}"


async def test_the_known_signature_is_taken() -> None:
    async with platform("dingtalk", clock_at(NOW_MS / 1000), secret="SECdemo") as fake:
        sign = "lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA%3D"
        url = f"{fake.config['webhook_url']}&timestamp={NOW_MS}&sign={sign}"

        told = await post(url, MARKDOWN)

    assert told.json == {"errcode": 0, "errmsg": "ok"}
    assert (fake.taken[0].title, fake.taken[0].text) == ("发布通知", "发布通知\n项目: my-app")


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        ("", "invalid timestamp"),
        (query(NOW_MS, signature("SECother", NOW_MS)), "sign not match"),
        (query(NOW_MS, quote(signature("SECdemo", NOW_MS), safe="")), "sign not match"),
        (query(NOW_MS // 1000, signature("SECdemo", NOW_MS // 1000)), "invalid timestamp"),
        (query(NOW_MS - 3_600_001, signature("SECdemo", NOW_MS - 3_600_001)), "invalid timestamp"),
    ],
    ids=["none", "of another secret", "encoded twice", "in seconds", "an hour old"],
)
async def test_a_signature_that_is_wrong_is_refused(tail: str, message: str) -> None:
    async with platform("dingtalk", clock_at(NOW_MS / 1000), secret="SECdemo") as fake:
        told = await post(fake.config["webhook_url"] + tail, MARKDOWN)

    assert told.status == 200
    assert told.json == {"errcode": 310000, "errmsg": message}
    assert not fake.taken


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "card", "card": {}}, 400105),
        ({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035),
        ({"msgtype": "markdown", "text": {"content": "x"}}, 40035),
        ({"msgtype": "text", "text": {"content": ""}}, 40035),
        ({"msgtype": "text", "text": {"content": "发" * 6_700}}, 460101),
        ({"msgtype": "actionCard", "actionCard": {"title": "a", "text": "b"}}, 40035),
    ],
)
async def test_what_is_malformed_or_too_large_is_refused(body: Any, code: int) -> None:
    async with platform("dingtalk") as fake:
        told = await post(fake.config["webhook_url"], body)

    assert (told.status, told.json["errcode"]) == (200, code)


async def test_a_wrong_way_of_calling_has_a_code_of_its_own() -> None:
    async with platform("dingtalk") as fake:
        url = fake.config["webhook_url"]
        told = [
            await call("GET", url),
            await call("POST", url, data=b"{}", headers={"Content-Type": "text/plain"}),
            await post(f"{fake.url}/robot/send", MARKDOWN),
            await post(url + "x", MARKDOWN),
        ]

    assert [one.json["errcode"] for one in told] == [43002, 43004, 40035, 300005]


async def test_a_message_without_a_keyword_is_refused() -> None:
    async with platform("dingtalk", keywords=("告警",)) as fake:
        told = await post(fake.config["webhook_url"], MARKDOWN)

    assert told.json == {"errcode": 310000, "errmsg": "keywords not in content"}


async def test_one_too_many_shuts_the_robot_out_for_ten_minutes() -> None:
    clock = clock_at(0)
    async with platform("dingtalk", clock) as fake:
        codes = []
        for passed_s in (0.0,) * 21 + (599.0, 1.0):
            clock.move(passed_s)
            told = await post(fake.config["webhook_url"], MARKDOWN)
            codes.append(told.json["errcode"])

    assert codes == [0] * 20 + [130101, 410100, 0]


async def test_a_line_ends_only_where_markdown_ends_one() -> None:
    async with platform("dingtalk") as fake:
        text = "a\nb  \nc\n\nd"
        await post(
            fake.config["webhook_url"],
            {"msgtype": "markdown", "markdown": {"title": "t", "text": text}},
        )

    assert fake.taken[0].text == "a b\nc\nd"


async def test_somebody_is_called_who_is_listed_and_named() -> None:
    async with platform("dingtalk") as fake:
        at = {"atMobiles": ["13800000000", "13900000000"], "isAtAll": False}
        body = {"msgtype": "text", "text": {"content": "look @13800000000 @all"}, "at": at}

        await post(fake.config["webhook_url"], body)

    assert fake.taken[0].mentions == ("13800000000",)


async def test_an_action_card_has_buttons() -> None:
    async with platform("dingtalk") as fake:
        button = {"title": "Open", "actionURL": "https://tocsin.example/d/1"}
        inside = {"title": "t", "text": "x", "btns": [button], "btnOrientation": "0"}

        await post(fake.config["webhook_url"], {"msgtype": "actionCard", "actionCard": inside})

    assert [(one.text, one.url) for one in fake.taken[0].links] == [
        ("Open", "https://tocsin.example/d/1")
    ]


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("busy", {"errcode": -1}),
        ("rate_limited", {"errcode": 130101}),
        ("edge_throttle", {"status": 1111, "wait": 5}),
        ("gone", {"errcode": 400102}),
        ("code:400013", {"errcode": 400013}),
    ],
)
async def test_it_fails_as_the_script_says_and_then_no_more(
    fault: str, answer: dict[str, int]
) -> None:
    async with platform("dingtalk") as fake:
        fake.script(fault)

        first, second = [await post(fake.config["webhook_url"], MARKDOWN) for _ in range(2)]

    assert answer.items() <= first.json.items()
    assert (first.status, second.json["errcode"], len(fake.taken)) == (200, 0, 1)
