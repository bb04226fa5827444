"""The fake of Telegram holds senders to what Telegram holds them to."""

import struct
from typing import Any

import pytest

from tests.testing.platforms.calling import PNG, Told, call, clock_at, file_form, post
from tocsin.testing.platform import Running, platform


async def send(fake: Running, method: str = "sendMessage", **arguments: Any) -> Told:
    body = {"chat_id": fake.config["chat_id"], **arguments}
    return await post(f"{fake.url}/bot{fake.config['bot_token']}/{method}", body)


@pytest.mark.parametrize(
    ("mode", "text", "shown"),
    [
        ("", "<b>a</b> *b*", "<b>a</b> *b*"),
        ("HTML", "<b>a &lt;x&gt;</b> <code>b</code>", "a <x> b"),
        ("MarkdownV2", r"*a* `b` \*c\*", "a b *c*"),
    ],
)
async def test_a_message_is_seen_as_it_is_parsed(mode: str, text: str, shown: str) -> None:
    async with platform("telegram") as fake:
        told = await send(fake, text=text, parse_mode=mode)

    assert (told.status, told.json["result"]["message_id"]) == (200, int(fake.taken[0].id))
    assert fake.taken[0].text == shown


@pytest.mark.parametrize(
    ("arguments", "code", "description"),
    [
        ({"text": ""}, 400, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, 400, "message text is empty"),
        ({"text": "x" * 4097}, 400, "message is too long"),
        ({"text": "😀" * 2049}, 400, "message is too long"),
        ({"text": "<b>a", "parse_mode": "HTML"}, 400, "can't parse entities"),
        ({"text": "<p>a</p>", "parse_mode": "HTML"}, 400, "can't parse entities"),
        ({"text": "v1.2.3", "parse_mode": "MarkdownV2"}, 400, "can't parse entities"),
        ({"text": "a", "parse_mode": "Org"}, 400, "unsupported parse_mode"),
        ({"text": "a", "chat_id": "1"}, 400, "chat not found"),
    ],
)
async def test_what_is_wrong_is_refused(
    arguments: dict[str, Any], code: int, description: str
) -> None:
    async with platform("telegram") as fake:
        told = await send(fake, **arguments)

    assert (told.status, told.json["error_code"], told.json["ok"]) == (code, code, False)
    assert description in told.json["description"]
    assert not fake.taken


async def test_the_length_is_what_is_left_after_parsing() -> None:
    async with platform("telegram") as fake:
        told = await send(fake, text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")

    assert told.status == 200


async def test_a_wrong_token_is_unauthorized() -> None:
    async with platform("telegram") as fake:
        told = await post(f"{fake.url}/bot1:x/sendMessage", {"chat_id": "1", "text": "a"})

    assert (told.status, told.json["error_code"]) == (401, 401)


async def test_a_group_that_became_another_one_says_which() -> None:
    async with platform("telegram", chat="-100", moved_to="-200") as fake:
        told = await send(fake, text="a")
        moved = await send(fake, text="a", chat_id="-200")

    assert told.json["parameters"] == {"migrate_to_chat_id": -200}
    assert (told.status, moved.status) == (400, 200)


async def test_a_group_takes_so_many_a_second_and_twenty_a_minute() -> None:
    clock = clock_at(0)
    async with platform("telegram", clock) as fake:
        told = [await send(fake, text="a") for _ in range(3)]
        for _ in range(18):
            clock.move(1)
            await send(fake, text="a")
        over = await send(fake, text="a")

    assert [one.status for one in told] == [200, 200, 429]
    assert told[2].json["parameters"] == {"retry_after": 1}
    # The first of the minute leaves it after 60 seconds, of which 18 have passed.
    assert over.json["parameters"] == {"retry_after": 42}


async def test_a_message_is_edited_in_its_place_and_only_when_it_differs() -> None:
    async with platform("telegram") as fake:
        message_id = (await send(fake, text="running")).json["result"]["message_id"]
        same = await send(fake, "editMessageText", message_id=message_id, text="running")
        edited = await send(fake, "editMessageText", message_id=message_id, text="done")
        unknown = await send(fake, "editMessageText", message_id=99, text="done")

    assert "message is not modified" in same.json["description"]
    assert "message to edit not found" in unknown.json["description"]
    assert edited.status == 200
    assert [(one.text, one.edits) for one in fake.taken] == [("done", 1)]


def png(width: int, height: int) -> bytes:
    return PNG[:16] + struct.pack(">II", width, height) + PNG[24:]


@pytest.mark.parametrize(
    ("data", "status"),
    [(PNG, 200), (png(6000, 4001), 400), (png(2100, 100), 400), (b"no picture", 400)],
)
async def test_a_photo_has_to_be_one_of_a_fair_size(data: bytes, status: int) -> None:
    async with platform("telegram") as fake:
        form = file_form("photo", data, chat_id=fake.config["chat_id"], caption="chart")
        url = f"{fake.url}/bot{fake.config['bot_token']}/sendPhoto"

        told = await call("POST", url, data=form)

    assert told.status == status
    assert [one.text for one in fake.taken] == (["chart"] if status == 200 else [])


async def test_a_caption_is_shorter_than_a_text() -> None:
    async with platform("telegram") as fake:
        told = await send(fake, "sendPhoto", photo="https://x.example/a.png", caption="x" * 1025)

    assert "caption is too long" in told.json["description"]


@pytest.mark.parametrize(
    ("button", "status"),
    [
        ({"text": "Open", "url": "https://x.example"}, 200),
        ({"text": "Go", "callback_data": "发" * 21}, 200),
        ({"text": "Go", "callback_data": "发" * 22}, 400),
        ({"text": "Go"}, 400),
    ],
)
async def test_a_button_carries_an_address_or_64_bytes(button: Any, status: int) -> None:
    async with platform("telegram") as fake:
        told = await send(fake, text="a", reply_markup={"inline_keyboard": [[button]]})

    assert told.status == status


@pytest.mark.parametrize(
    ("fault", "status"),
    [("busy", 500), ("rate_limited", 429), ("gone", 403), ("unparsed", 400), ("code:401", 401)],
)
async def test_a_fault_has_the_status_of_its_code(fault: str, status: int) -> None:
    async with platform("telegram") as fake:
        fake.script(fault)

        told = await send(fake, text="a")

    assert (told.status, told.json["error_code"]) == (status, status)
