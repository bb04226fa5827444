"""The fake of WeCom's robots holds senders to what WeCom holds them to."""

import json
from base64 import b64encode
from typing import Any

import pytest

from tests.testing.platforms.calling import PNG, call, clock_at, file_form, post
from tocsin.testing.platform import platform

PNG_MD5 = "b357a19c87624c7c4d131aeeb4ae677f"


def markdown(content: str) -> dict[str, Any]:
    return {"msgtype": "markdown", "markdown": {"content": content}}


def image(data: bytes, md5: str) -> dict[str, Any]:
    return {"msgtype": "image", "image": {"base64": b64encode(data).decode(), "md5": md5}}


async def test_a_message_is_seen_as_it_is_drawn() -> None:
    async with platform("wecom") as fake:
        text = '## 发布通知\n>项目: my-app\n>版本: <font color="info">v1.2.3</font>\n*a* `b`'

        told = await post(fake.config["webhook_url"], markdown(text))

    assert told.json == {"errcode": 0, "errmsg": "ok"}
    assert fake.taken[0].text == "发布通知\n项目: my-app\n版本: v1.2.3\n*a* b"


async def test_the_known_image_is_taken() -> None:
    async with platform("wecom") as fake:
        told = await post(fake.config["webhook_url"], image(PNG, PNG_MD5))

    assert told.json["errcode"] == 0
    assert fake.taken[0].images[0].data == PNG


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (markdown("发" * 1365 + "x"), 0),
        (markdown("发" * 1365 + "xy"), 45002),
        ({"msgtype": "text", "text": {"content": "发" * 683}}, 45002),
        (markdown(""), 44004),
        ({"msgtype": "card", "card": {}}, 40008),
        ({"msgtype": "markdown"}, 40058),
        (image(PNG, "0" * 32), 40058),
        (image(b"GIF89a", "1f2e"), 40058),
        ({"msgtype": "news", "news": {"articles": []}}, 40058),
        ({"msgtype": "file", "file": {"media_id": "unknown"}}, 40007),
    ],
)
async def test_shapes_and_sizes_have_codes(body: Any, code: int) -> None:
    async with platform("wecom") as fake:
        told = await post(fake.config["webhook_url"], body)

    assert (told.status, told.json["errcode"]) == (200, code)


async def test_escapes_in_json_are_refused() -> None:
    async with platform("wecom") as fake:
        escaped = json.dumps(markdown("发布")).encode()
        # Here the backslash itself is what is escaped.
        harmless = json.dumps(markdown(r"\u53d1")).encode()
        headers = {"Content-Type": "application/json"}

        codes = [
            (await call("POST", fake.config["webhook_url"], data=one, headers=headers)).json
            for one in (escaped, harmless)
        ]

    assert [one["errcode"] for one in codes] == [40033, 0]


async def test_an_unknown_key_is_refused() -> None:
    async with platform("wecom") as fake:
        told = await post(fake.config["webhook_url"] + "x", markdown("a"))

    assert told.json["errcode"] == 93000


async def test_one_too_many_shuts_the_robot_out_for_a_minute() -> None:
    clock = clock_at(0)
    async with platform("wecom", clock) as fake:
        codes = []
        for passed_s in (0.0,) * 21 + (59.0, 1.0):
            clock.move(passed_s)
            codes.append((await post(fake.config["webhook_url"], markdown("a"))).json["errcode"])

    assert codes == [0] * 20 + [45009, 45009, 0]


async def test_a_file_is_uploaded_before_it_is_sent() -> None:
    clock = clock_at(0)
    async with platform("wecom", clock) as fake:
        url = fake.config["webhook_url"].replace("/send?", "/upload_media?") + "&type=file"
        told = await call("POST", url, data=file_form("media", b"a,b\n1,2\n", "report.csv"))
        body = {"msgtype": "file", "file": {"media_id": told.json["media_id"]}}

        soon = await post(fake.config["webhook_url"], body)
        clock.move(3 * 86_400 + 1)
        late = await post(fake.config["webhook_url"], body)

    assert (soon.json["errcode"], late.json["errcode"]) == (0, 40007)
    assert fake.taken[0].text == "report.csv"


async def test_somebody_is_called_by_the_older_marks_only() -> None:
    async with platform("wecom") as fake:
        await post(fake.config["webhook_url"], markdown("<@zhangsan> look"))
        second = {"msgtype": "markdown_v2", "markdown_v2": {"content": "<@zhangsan> *look*"}}
        await post(fake.config["webhook_url"], second)

    assert [one.mentions for one in fake.taken] == [("zhangsan",), ()]
    assert [one.text for one in fake.taken] == ["@zhangsan look", "<@zhangsan> look"]


async def test_a_card_has_to_lead_somewhere() -> None:
    async with platform("wecom") as fake:
        inside = {"card_type": "text_notice", "main_title": {"title": "发布", "desc": "x"}}
        bare = {"msgtype": "template_card", "template_card": inside}
        action = {"type": 1, "url": "https://tocsin.example"}
        whole = {"msgtype": "template_card", "template_card": {**inside, "card_action": action}}

        codes = [
            (await post(fake.config["webhook_url"], one)).json["errcode"] for one in (bare, whole)
        ]

    assert codes == [42045, 0]
    assert fake.taken[0].title == "发布"
