"""An application's calls: one token for all of them, renewed once when it is refused."""

import asyncio

import pytest

from tests.notify.reaching import FakeReach, answer
from tocsin.edge.outbound import Answer
from tocsin.errors import GiveUp, Reason, TryLater
from tocsin.model.message import Image
from tocsin.notify.platforms.feishu_app import ANSWERS, App
from tocsin.testing.clock import START

CREATED = answer({"code": 0, "data": {"message_id": "om_1"}})
REFUSED = answer({"code": 99991663, "msg": "Invalid access token"}, 400)
TOKEN_PATH = "/open-apis/auth/v3/tenant_access_token/internal"
MESSAGE = {"msg_type": "text", "content": "{}"}


def token(text: str, expire: int = 7200) -> Answer:
    return answer({"code": 0, "tenant_access_token": text, "expire": expire})


def app(reach: FakeReach) -> App:
    return App("https://open.feishu.cn", "cli_a1", "hidden-app-secret", reach)


async def test_a_token_is_asked_for_with_the_applications_account() -> None:
    reach = FakeReach(token("t-1"), CREATED)

    await app(reach).create("chat_id", MESSAGE)

    assert reach.calls[0].method == "POST"
    assert reach.paths == [TOKEN_PATH, "/open-apis/im/v1/messages"]
    assert reach.calls[0].json == {"app_id": "cli_a1", "app_secret": "hidden-app-secret"}
    assert reach.calls[1].headers["Authorization"] == "Bearer t-1"
    assert not any("hidden" in key for key in reach.token_keys)


async def test_calls_at_a_time_share_one_token() -> None:
    reach = FakeReach(token("t-1"), always=CREATED)

    await asyncio.gather(*(app(reach).create("chat_id", MESSAGE) for _ in range(5)))

    assert reach.paths.count(TOKEN_PATH) == 1


async def test_a_token_is_renewed_when_a_new_one_would_be_given() -> None:
    reach = FakeReach(token("t-1"), CREATED, CREATED, token("t-2"), CREATED)

    await app(reach).create("chat_id", MESSAGE)
    reach.clock.move(5_000)
    await app(reach).create("chat_id", MESSAGE)
    reach.clock.move(1_000)
    await app(reach).create("chat_id", MESSAGE)

    assert reach.fetched == ["t-1", "t-2"]


@pytest.mark.parametrize("code", [99991661, 99991663, 99991668])
async def test_a_refused_token_is_replaced_once(code: int) -> None:
    reach = FakeReach(token("t-1"), answer({"code": code}, 400), token("t-2"), CREATED)

    assert await app(reach).create("chat_id", MESSAGE) == "om_1"
    assert reach.calls[-1].headers["Authorization"] == "Bearer t-2"


async def test_a_new_token_that_is_refused_too_ends_it() -> None:
    reach = FakeReach(token("t-1"), REFUSED, token("t-2"), REFUSED)

    with pytest.raises(GiveUp) as caught:
        await app(reach).create("chat_id", MESSAGE)

    assert caught.value.reason is Reason.BAD_CREDENTIALS
    assert len(reach.calls) == 4


@pytest.mark.parametrize("code", [10003, 10014])
async def test_a_wrong_account_is_told_as_such(code: int) -> None:
    with pytest.raises(GiveUp) as caught:
        await app(FakeReach(answer({"code": code, "msg": "why"}))).create("chat_id", MESSAGE)

    assert caught.value.reason is Reason.BAD_CREDENTIALS
    assert "hidden" not in caught.value.message


async def test_an_answer_without_a_token_may_be_better_later() -> None:
    with pytest.raises(TryLater) as caught:
        await app(FakeReach(answer({"code": 0}))).create("chat_id", MESSAGE)

    assert caught.value.reason is Reason.BAD_ANSWER


async def test_an_image_is_uploaded_as_a_form() -> None:
    reach = FakeReach(token("t-1"), answer({"code": 0, "data": {"image_key": "img_1"}}))

    assert await app(reach).upload(Image("chart.png", b"\x89PNG", "")) == "img_1"
    assert reach.paths[1] == "/open-apis/im/v1/images"
    assert reach.calls[1].headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="image_type"\r\n\r\nmessage\r\n' in reach.calls[1].body
    assert b'name="image"; filename="chart.png"' in reach.calls[1].body


async def test_an_upload_without_a_key_may_be_better_later() -> None:
    with pytest.raises(TryLater) as caught:
        await app(FakeReach(token("t-1"), answer({"code": 0}))).upload(Image("a", b"1", ""))

    assert caught.value.reason is Reason.BAD_ANSWER


async def test_a_card_that_is_refused_has_no_id_and_a_text_raises() -> None:
    refused = answer({"code": 230099, "msg": "Failed to create card content"}, 400)
    reach = FakeReach(token("t-1"), always=refused)

    assert await app(reach).create("chat_id", {**MESSAGE, "msg_type": "interactive"}) is None
    with pytest.raises(GiveUp):
        await app(reach).create("chat_id", MESSAGE)


async def test_a_replaced_message_is_named_in_the_path() -> None:
    reach = FakeReach(token("t-1"), answer({"code": 0}), answer({"code": 230020}, 400))

    assert await app(reach).replace("om/../1", {"a": 1})
    assert reach.calls[1].path == "/open-apis/im/v1/messages/om%2F..%2F1"
    assert reach.calls[1].json == {"content": '{"a":1}'}
    with pytest.raises(TryLater):
        await app(reach).replace("om_1", {})


@pytest.mark.parametrize(("code", "is_accounts"), [(99991400, True), (230020, False)])
def test_a_groups_limit_is_its_own_and_the_other_one_the_applications(
    code: int, *, is_accounts: bool
) -> None:
    with pytest.raises(TryLater) as caught:
        ANSWERS.read(answer({"code": code}, 429), START)

    assert caught.value.is_accounts is is_accounts
