"""The fake of Slack holds senders to what Slack holds them to."""

from typing import Any

import pytest
from aiohttp import FormData

from tests.testing.platforms.calling import PNG, Told, call, clock_at, post
from tocsin.testing.platform import Running, platform


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def api(fake: Running, method: str, json: Any = None, **form: str) -> Told:
    headers = {"Authorization": f"Bearer {fake.configs['bot']['bot_token']}"}
    data = FormData(form) if form else None
    return await call("POST", f"{fake.url}/api/{method}", json=json, data=data, headers=headers)


async def test_a_webhook_answers_ok_and_shows_the_blocks() -> None:
    async with platform("slack") as fake:
        header = {"type": "header", "text": {"type": "plain_text", "text": "Deployed"}}
        text = section("*Project*: my-app &lt;1&gt; <https://x.example|open>")

        told = await post(fake.config["webhook_url"], {"text": "t", "blocks": [header, text]})

    assert (told.status, told.body) == (200, b"ok")
    (one,) = fake.taken
    assert (one.title, one.text) == ("Deployed", "Project: my-app <1> open")
    assert [link.url for link in one.links] == ["https://x.example"]


@pytest.mark.parametrize(
    ("tail", "body", "answer"),
    [
        ("", {}, (400, b"no_text")),
        ("", {"blocks": [section("x" * 3001)]}, (400, b"invalid_blocks")),
        ("", {"blocks": [{"type": "table"}]}, (400, b"invalid_blocks")),
        ("", {"blocks": [{"type": "divider"}] * 51}, (400, b"invalid_blocks")),
        ("", {"attachments": [{"text": "a"}] * 101}, (400, b"too_many_attachments")),
        ("x", {"text": "a"}, (403, b"invalid_token")),
    ],
)
async def test_a_webhook_refuses_with_a_word(
    tail: str, body: Any, answer: tuple[int, bytes]
) -> None:
    async with platform("slack") as fake:
        told = await post(fake.config["webhook_url"] + tail, body)

    assert (told.status, told.body) == answer
    assert not fake.taken


async def test_an_address_of_nobody_has_a_word_of_its_own() -> None:
    async with platform("slack") as fake:
        paths = ("T0DEMO001/B0NOBODY/x", "T0NOBODY/B0DEMO001/x")
        told = [await post(f"{fake.url}/services/{path}", {"text": "a"}) for path in paths]
        broken = await call("POST", fake.config["webhook_url"], data=b"{")

    assert [(one.status, one.body) for one in told] == [(404, b"no_service"), (404, b"no_team")]
    assert (broken.status, broken.body) == (400, b"invalid_payload")


async def test_a_payload_in_a_form_is_taken_as_older_senders_send_it() -> None:
    async with platform("slack") as fake:
        told = await call(
            "POST", fake.config["webhook_url"], data=FormData({"payload": '{"text": "a"}'})
        )

    assert (told.body, fake.taken[0].text) == (b"ok", "a")


async def test_more_than_a_short_burst_is_told_when_to_come_again() -> None:
    async with platform("slack", clock_at(0)) as fake:
        told = [await post(fake.config["webhook_url"], {"text": "a"}) for _ in range(4)]

    assert [one.status for one in told] == [200, 200, 200, 429]
    assert told[3].json == {"ok": False, "error": "rate_limited", "retry_after": 2}
    assert told[3].headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("text", "mentions", "shown"),
    [
        ("<!channel> look", ("channel",), "@channel look"),
        ("<@U1> and <!subteam^S1>", ("U1", "subteam^S1"), "@U1 and @subteam^S1"),
        ("&lt;!channel&gt; look", (), "<!channel> look"),
        ("_a_ ~b~ snake_case_name", (), "a ~b~ snake_case_name"),
    ],
)
async def test_only_what_is_not_escaped_calls_somebody(
    text: str, mentions: tuple[str, ...], shown: str
) -> None:
    async with platform("slack") as fake:
        await post(fake.config["webhook_url"], {"text": text})

    assert (fake.taken[0].mentions, fake.taken[0].text) == (mentions, shown)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"channel": "C0DEMO002"}, "not_in_channel"),
        ({"channel": "C0NOBODY"}, "channel_not_found"),
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"blocks": [section("")]}, "invalid_blocks"),
    ],
)
async def test_the_api_refuses_with_http_200(change: dict[str, Any], error: str) -> None:
    async with platform("slack") as fake:
        body = {"channel": fake.configs["bot"]["channel"], "text": "a", **change}

        told = await api(fake, "chat.postMessage", body)

    assert (told.status, told.json) == (200, {"ok": False, "error": error})


async def test_a_token_is_needed_and_what_it_may_do_is_looked_at() -> None:
    async with platform("slack", scopes=("chat:write",)) as fake:
        url = f"{fake.url}/api/chat.postMessage"
        none = await post(url, {})
        wrong = await post(url, {}, Authorization="Bearer xoxb-other")
        files = await api(fake, "files.getUploadURLExternal", filename="a.png", length="1")

    errors = [one.json["error"] for one in (none, wrong, files)]
    assert errors == ["not_authed", "invalid_auth", "missing_scope"]


async def test_a_message_is_updated_in_its_place() -> None:
    async with platform("slack") as fake:
        where = {"channel": fake.configs["bot"]["channel"]}
        sent = (await api(fake, "chat.postMessage", {**where, "text": "running"})).json
        updated = await api(fake, "chat.update", {**where, "ts": sent["ts"], "text": "done"})
        unknown = await api(fake, "chat.update", {**where, "ts": "1.0", "text": "done"})

    assert (updated.json["ok"], unknown.json["error"]) == (True, "message_not_found")
    (one,) = fake.taken
    assert (one.id, one.text, one.edits) == (sent["ts"], "done", 1)


async def test_a_file_is_seen_after_three_steps() -> None:
    async with platform("slack") as fake:
        length = str(len(PNG))
        announced = await api(
            fake, "files.getUploadURLExternal", filename="chart.png", length=length, alt_txt="chart"
        )
        file_id = announced.json["file_id"]
        uploaded = await call("POST", announced.json["upload_url"], data=PNG)
        before = len(fake.taken)
        shared = await api(
            fake,
            "files.completeUploadExternal",
            {"files": [{"id": file_id}], "channel_id": fake.configs["bot"]["channel"]},
        )

    assert (uploaded.status, before, shared.json["ok"]) == (200, 0, True)
    assert (fake.taken[0].images[0].data, fake.taken[0].text) == (PNG, "chart")


async def test_an_upload_of_another_size_is_refused_and_is_never_shared() -> None:
    async with platform("slack") as fake:
        announced = await api(
            fake, "files.getUploadURLExternal", filename="chart.png", length=str(len(PNG) + 1)
        )
        uploaded = await call("POST", announced.json["upload_url"], data=PNG)
        files = [{"id": announced.json["file_id"]}]
        shared = await api(fake, "files.completeUploadExternal", {"files": files})

    assert (uploaded.status, shared.json["error"]) == (400, "file_not_found")


async def test_an_upload_is_announced_by_a_form() -> None:
    async with platform("slack") as fake:
        told = await api(fake, "files.getUploadURLExternal", {"filename": "a.png", "length": 1})

    assert told.json["error"] == "invalid_arguments"


@pytest.mark.parametrize(
    ("fault", "of_hook", "of_api"),
    [
        ("busy", (500, b"rollup_error"), "internal_error"),
        ("gone", (404, b"no_service"), "account_inactive"),
        ("archived", (410, b"channel_is_archived"), "is_archived"),
        ("code:team_disabled", (403, b"team_disabled"), "team_disabled"),
    ],
)
async def test_a_fault_has_the_words_of_what_was_called(
    fault: str, of_hook: tuple[int, bytes], of_api: str
) -> None:
    async with platform("slack") as fake:
        fake.always(fault)
        hook = await post(fake.config["webhook_url"], {"text": "a"})
        told = await api(fake, "chat.postMessage", {"channel": "C", "text": "a"})

    assert (hook.status, hook.body) == of_hook
    assert told.json == {"ok": False, "error": of_api}
