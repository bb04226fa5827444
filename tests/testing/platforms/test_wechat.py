"""The fake of WeCom's applications holds senders to what WeCom holds them to."""

from typing import Any

import pytest

from tests.testing.platforms.calling import PNG, Told, call, clock_at, file_form, post
from tocsin.testing.platform import Running, platform


def message(fake: Running, **change: Any) -> dict[str, Any]:
    text = {"content": "## 发布通知\n\n>项目: my-app\n>版本: v1.2.3"}
    agent_id = fake.config["agent_id"]
    body = {"touser": "@all", "agentid": agent_id, "msgtype": "markdown", "markdown": text}
    return {**body, **change}


async def token_of(fake: Running, **change: str) -> Told:
    own = {"corpid": fake.config["corp_id"], "corpsecret": fake.config["secret"], **change}
    query = "&".join(f"{name}={value}" for name, value in own.items())
    return await call("GET", f"{fake.url}/cgi-bin/gettoken?{query}")


async def send(fake: Running, body: Any, token: str = "") -> Told:
    token = token or (await token_of(fake)).json["access_token"]
    return await post(f"{fake.url}/cgi-bin/message/send?access_token={token}", body)


async def test_a_message_to_all_is_seen_by_each_member() -> None:
    async with platform("wechat") as fake:
        told = await send(fake, message(fake))

    assert (told.json["errcode"], told.json["msgid"]) == (0, fake.taken[0].id)
    assert fake.taken[0].recipients == ("zhangsan", "lisi")
    assert fake.taken[0].text == "发布通知\n项目: my-app\n版本: v1.2.3"


async def test_a_token_stays_the_same_until_it_ends() -> None:
    clock = clock_at(0)
    async with platform("wechat", clock) as fake:
        first = (await token_of(fake)).json
        clock.move(7_100)
        again = (await token_of(fake)).json
        clock.move(100)
        renewed = (await token_of(fake)).json

    assert first["access_token"] == again["access_token"] != renewed["access_token"]
    assert (first["expires_in"], again["expires_in"]) == (7200, 100)


@pytest.mark.parametrize(
    ("change", "code"), [({"corpid": "ww1"}, 40013), ({"corpsecret": "wrong"}, 40001)]
)
async def test_wrong_credentials_get_no_token(change: dict[str, str], code: int) -> None:
    async with platform("wechat") as fake:
        told = await token_of(fake, **change)

    assert told.json["errcode"] == code


async def test_who_asks_for_tokens_all_the_time_is_shut_out() -> None:
    async with platform("wechat", clock_at(0)) as fake:
        codes = [(await token_of(fake)).json["errcode"] for _ in range(21)]

    assert codes == [0] * 20 + [45009]


async def test_tokens_that_ended_or_never_were_are_told_apart() -> None:
    async with platform("wechat") as fake:
        token = (await token_of(fake)).json["access_token"]
        fake.expire_tokens()

        codes = [
            (await send(fake, message(fake), one)).json["errcode"]
            for one in (token, "unknown", (await token_of(fake)).json["access_token"])
        ]

    assert codes == [42001, 40014, 0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agentid": "1000002"}, 40056),
        ({"agentid": 1}, 40056),
        ({"touser": "nobody"}, 81013),
        ({"touser": ""}, 81013),
        ({"touser": "|".join(["x"] * 1001)}, 40058),
        ({"markdown": {"content": "发" * 683}}, 45002),
        ({"msgtype": "image", "image": {"media_id": "x"}}, 40007),
        ({"msgtype": "card"}, 40058),
        ({"msgtype": "textcard", "textcard": {"title": "t" * 129, "description": "d"}}, 45002),
    ],
)
async def test_what_is_wrong_has_its_code(change: dict[str, Any], code: int) -> None:
    async with platform("wechat") as fake:
        told = await send(fake, message(fake, **change))

    assert (told.status, told.json["errcode"]) == (200, code)
    assert not fake.taken


async def test_who_is_unknown_is_named_and_the_others_have_it() -> None:
    async with platform("wechat", unlicensed=("lisi",)) as fake:
        body = message(fake, touser="zhangsan|lisi|wangwu", totag="9")

        told = await send(fake, body)

    assert told.json["errcode"] == 0
    assert {name: told.json[name] for name in ("invaliduser", "invalidtag", "unlicenseduser")} == {
        "invaliduser": "wangwu",
        "invalidtag": "9",
        "unlicenseduser": "lisi",
    }
    assert fake.taken[0].recipients == ("zhangsan",)


async def test_an_identical_message_is_dropped_where_that_was_asked_for() -> None:
    clock = clock_at(0)
    async with platform("wechat", clock) as fake:
        checked = message(fake, enable_duplicate_check=1)
        codes = []
        for passed_s, body in ((0, checked), (1_799, checked), (1, checked), (0, message(fake))):
            clock.move(passed_s)
            codes.append((await send(fake, body)).json["errcode"])

    assert codes == [0] * 4
    assert (len(fake.taken), len(fake.lost)) == (3, 1)


async def test_beyond_thirty_a_minute_a_member_gets_nothing_and_no_error_tells() -> None:
    clock = clock_at(0)
    async with platform("wechat", clock) as fake:
        token = (await token_of(fake)).json["access_token"]
        for _ in range(30):
            await send(fake, message(fake, touser="lisi"), token)

        told = await send(fake, message(fake), token)

    assert told.json["errcode"] == 0
    assert fake.taken[-1].recipients == ("zhangsan",)
    assert "lisi" in fake.lost[0].why


async def test_an_image_is_uploaded_before_it_is_sent() -> None:
    async with platform("wechat") as fake:
        token = (await token_of(fake)).json["access_token"]
        url = f"{fake.url}/cgi-bin/media/upload?access_token={token}&type=image"
        told = await call("POST", url, data=file_form("media", PNG))
        media = {"media_id": told.json["media_id"]}

        await send(fake, message(fake, msgtype="image", image=media), token)

    assert fake.taken[0].images[0].data == PNG


async def test_an_expired_token_is_met_by_the_send_that_the_script_says() -> None:
    async with platform("wechat") as fake:
        token = (await token_of(fake)).json["access_token"]
        fake.script("expired_token")

        codes = [(await send(fake, message(fake), one)).json["errcode"] for one in (token, "")]

    assert codes == [42001, 0]
