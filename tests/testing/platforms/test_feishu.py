"""The fake of Feishu holds senders to what Feishu holds them to."""

import hmac
import json
from base64 import b64encode
from typing import Any

import pytest

from tests.testing.platforms.calling import PNG, call, clock_at, file_form, post
from tocsin.testing.platform import Running, platform

TEXT = {"msg_type": "text", "content": {"text": "发布完成"}}
CARD = {
    "header": {
        "title": {"tag": "plain_text", "content": "发布通知：金丝雀发布开始"},
        "template": "blue",
    },
    "elements": [
        {
            "tag": "div",
            "text": {"tag": "lark_md", "content": "**项目**: my-app\n**版本**: v1.2.3"},
        }
    ],
}


def signed(body: dict[str, Any], secret: str, timestamp: int) -> dict[str, Any]:
    key = f"{timestamp}\n{secret}".encode()
    sign = b64encode(hmac.new(key, b"", "sha256").digest()).decode()
    return {**body, "timestamp": str(timestamp), "sign": sign}


async def app_headers(fake: Running) -> dict[str, str]:
    config = fake.configs["app"]
    credentials = {name: config[name] for name in ("app_id", "app_secret")}
    told = await post(f"{fake.url}/open-apis/auth/v3/tenant_access_token/internal", credentials)
    return {"Authorization": f"Bearer {told.json['tenant_access_token']}"}


@pytest.mark.parametrize(
    ("timestamp", "sign"),
    [
        ("100", "jquNHnVOwmDRfw+vqTIrY5dooJAgi5EcRtLsQE4wfXg="),
        ("1599360473", "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="),
    ],
)
async def test_a_known_signature_is_taken(timestamp: str, sign: str) -> None:
    async with platform("feishu", clock_at(int(timestamp)), secret="demo") as fake:
        body = {**TEXT, "timestamp": timestamp, "sign": sign}

        told = await post(fake.config["webhook_url"], body)

    assert told.json["code"] == 0
    assert [one.text for one in fake.taken] == ["发布完成"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (TEXT, "none at all"),
        (signed(TEXT, "other", 10_000), "of another secret"),
        (signed(TEXT, "demo", 6_399), "an hour and a second old"),
        (signed(TEXT, "demo", 13_601), "an hour and a second ahead"),
        ({**signed(TEXT, "demo", 10_000), "timestamp": 10_000}, "the time as a number"),
    ],
)
async def test_a_signature_that_is_wrong_is_refused(body: dict[str, Any], why: str) -> None:
    async with platform("feishu", clock_at(10_000), secret="demo") as fake:
        told = await post(fake.config["webhook_url"], body)

    assert (told.status, told.json["code"]) == (200, 19021), why
    assert not fake.taken


async def test_the_answer_has_the_time_of_its_clock() -> None:
    async with platform("feishu", clock_at(10_000)) as fake:
        told = await post(fake.config["webhook_url"], TEXT)

    assert told.headers["Date"] == "Thu, 01 Jan 1970 02:46:40 GMT"


async def test_a_card_is_seen_as_it_is_drawn() -> None:
    async with platform("feishu") as fake:
        told = await post(fake.config["webhook_url"], {"msg_type": "interactive", "card": CARD})

    assert told.json == {
        "code": 0,
        "msg": "success",
        "StatusCode": 0,
        "StatusMessage": "success",
        "data": {},
    }
    (one,) = fake.taken
    assert (one.title, one.colour) == ("发布通知：金丝雀发布开始", "blue")
    assert one.text == "项目: my-app\n版本: v1.2.3"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msg_type": "interactive", "content": CARD}, 9499),
        ({"msg_type": "interactive", "card": {"header": {}}}, 9499),
        ({"msg_type": "interactive", "card": {"elements": [{"tag": "table2"}]}}, 9499),
        ({"msg_type": "markdown", "content": {"text": "x"}}, 9499),
        ({"msg_type": "image", "content": {"image_key": "img_unknown"}}, 9499),
        ({"msg_type": "text", "content": {"text": "发" * 7_000}}, 9499),
        ({"msg_type": "text", "content": {"text": "发" * 11_000}}, 19036),
    ],
)
async def test_what_is_malformed_or_too_large_is_refused(body: Any, code: int) -> None:
    async with platform("feishu") as fake:
        told = await post(fake.config["webhook_url"], body)

    assert told.json["code"] == code
    assert not fake.taken


async def test_the_size_is_of_the_bytes_of_the_whole_body() -> None:
    async with platform("feishu") as fake:
        escaped = json.dumps({"msg_type": "text", "content": {"text": "发" * 4_000}}).encode()

        headers = {"Content-Type": "application/json"}
        as_escapes = await call("POST", fake.config["webhook_url"], data=escaped, headers=headers)
        as_utf8 = await post(fake.config["webhook_url"], json.loads(escaped))

    assert as_escapes.json["code"] == 9499
    assert as_utf8.json["code"] == 0


async def test_a_message_without_a_keyword_is_refused() -> None:
    async with platform("feishu", keywords=("发布", "告警")) as fake:
        without = {"msg_type": "text", "content": {"text": "hello"}}

        codes = [
            (await post(fake.config["webhook_url"], one)).json["code"] for one in (without, TEXT)
        ]

    assert codes == [19024, 0]


async def test_an_unknown_token_is_refused() -> None:
    async with platform("feishu") as fake:
        told = await post(fake.config["webhook_url"] + "x", TEXT)

    assert told.json["code"] == 19001


async def test_five_a_second_and_a_hundred_a_minute_are_taken() -> None:
    clock = clock_at(10_000)
    async with platform("feishu", clock) as fake:
        codes = []
        for passed_s in (0, 0, 0, 0, 0, 0, *(1, 0, 0, 0, 0) * 19, 1):
            clock.move(passed_s)
            told = await post(fake.config["webhook_url"], TEXT)
            codes.append(told.json["code"])

    assert codes == [0] * 5 + [11232] + [0] * 95 + [11232]


async def test_only_what_is_not_escaped_calls_somebody() -> None:
    def body(text: str) -> dict[str, Any]:
        element = {"tag": "div", "text": {"tag": "lark_md", "content": text}}
        return {"msg_type": "interactive", "card": {"elements": [element]}}

    async with platform("feishu") as fake:
        await post(fake.config["webhook_url"], body("<at id=all></at> look"))
        await post(fake.config["webhook_url"], body("&lt;at id=all&gt;&lt;/at&gt; &#42;x&#42;"))

    called, shown = fake.taken
    assert (called.mentions, called.text) == (("all",), "@all look")
    assert (shown.mentions, shown.text) == ((), "<at id=all></at> *x*")


async def test_headings_and_code_are_marks_in_the_second_version_only() -> None:
    def first(text: str) -> dict[str, Any]:
        return {"elements": [{"tag": "markdown", "content": text}]}

    def second(text: str) -> dict[str, Any]:
        return {"schema": "2.0", "body": first(text)}

    async with platform("feishu") as fake:
        for card in (first("# a\n`b`"), second("# a\n`b`")):
            await post(fake.config["webhook_url"], {"msg_type": "interactive", "card": card})

    assert [one.text for one in fake.taken] == ["# a\n`b`", "a\nb"]


async def test_a_token_stays_the_same_until_half_an_hour_is_left() -> None:
    clock = clock_at(10_000)
    async with platform("feishu", clock) as fake:
        first = await app_headers(fake)
        clock.move(5_399)
        again = await app_headers(fake)
        clock.move(2)
        renewed = await app_headers(fake)

    assert first == again != renewed


async def test_an_image_that_an_app_uploaded_can_stand_in_a_bots_card() -> None:
    async with platform("feishu") as fake:
        told = await call(
            "POST",
            f"{fake.url}/open-apis/im/v1/images",
            data=file_form("image", PNG, image_type="message"),
            headers=await app_headers(fake),
        )
        key = told.json["data"]["image_key"]
        element = {"tag": "img", "img_key": key, "alt": {"tag": "plain_text", "content": "chart"}}
        card = {"elements": [element]}
        await post(fake.config["webhook_url"], {"msg_type": "interactive", "card": card})

    (image,) = fake.taken[0].images
    assert (image.data, image.content_type, image.size) == (PNG, "image/png", (1, 1))


def card_message(fake: Running, uuid: str = "") -> dict[str, Any]:
    content = json.dumps({"config": {"update_multi": True}, **CARD}, ensure_ascii=False)
    receive_id = fake.configs["app"]["receive_id"]
    message = {"receive_id": receive_id, "msg_type": "interactive", "content": content}
    return {**message, "uuid": uuid} if uuid else message


async def test_the_same_uuid_within_an_hour_is_taken_once() -> None:
    clock = clock_at(10_000)
    async with platform("feishu", clock) as fake:
        url = f"{fake.url}/open-apis/im/v1/messages?receive_id_type=chat_id"
        headers = await app_headers(fake)
        ids = []
        for passed_s in (0, 3_599, 2):
            clock.move(passed_s)
            told = await call("POST", url, json=card_message(fake, "delivery-1"), headers=headers)
            ids.append(told.json["data"]["message_id"])

    assert ids[0] == ids[1] != ids[2]
    assert [one.id for one in fake.taken] == [ids[0], ids[2]]


async def test_a_card_that_says_so_is_updated_in_its_place() -> None:
    async with platform("feishu") as fake:
        url = f"{fake.url}/open-apis/im/v1/messages"
        headers = await app_headers(fake)
        sent = await call(
            "POST", f"{url}?receive_id_type=chat_id", json=card_message(fake), headers=headers
        )
        message_id = sent.json["data"]["message_id"]
        card = {
            "config": {"update_multi": True},
            "elements": [{"tag": "markdown", "content": "done"}],
        }
        lone = {"elements": card["elements"]}
        refused, updated = [
            await call(
                "PATCH", f"{url}/{message_id}", json={"content": json.dumps(one)}, headers=headers
            )
            for one in (lone, card)
        ]

    assert (refused.json["code"], updated.json["code"]) == (230001, 0)
    (one,) = fake.taken
    assert (one.id, one.text, one.edits) == (message_id, "done", 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"content": {"elements": []}}, 230001),
        ({"receive_id": "oc_other"}, 230002),
        ({"uuid": "x" * 51}, 230001),
        (
            {"content": json.dumps({"elements": [{"tag": "markdown", "content": "x" * 31_000}]})},
            230025,
        ),
    ],
)
async def test_an_apps_message_that_is_wrong_is_refused(change: Any, code: int) -> None:
    async with platform("feishu") as fake:
        url = f"{fake.url}/open-apis/im/v1/messages?receive_id_type=chat_id"
        body = {**card_message(fake), **change}

        told = await call("POST", url, json=body, headers=await app_headers(fake))

    assert (told.status, told.json["code"]) == (400, code)


async def test_an_ended_token_is_refused_and_another_one_is_good() -> None:
    async with platform("feishu") as fake:
        url = f"{fake.url}/open-apis/im/v1/messages?receive_id_type=chat_id"
        fake.script("expired_token")
        old = await app_headers(fake)

        refused = await call("POST", url, json=card_message(fake), headers=old)
        taken = await call("POST", url, json=card_message(fake), headers=await app_headers(fake))

    assert (refused.json["code"], taken.json["code"]) == (99991663, 0)


async def test_a_group_of_an_app_takes_five_a_second() -> None:
    async with platform("feishu", clock_at(0)) as fake:
        url = f"{fake.url}/open-apis/im/v1/messages?receive_id_type=chat_id"
        headers = await app_headers(fake)
        for _ in range(5):
            await call("POST", url, json=card_message(fake), headers=headers)

        told = await call("POST", url, json=card_message(fake), headers=headers)

    assert (told.status, told.json["code"]) == (429, 99991400)
    assert told.headers["x-ogw-ratelimit-reset"] == "1"
