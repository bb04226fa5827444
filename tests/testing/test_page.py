"""The page of a fake: its files, what came as JSON, and images and mails by their addresses."""

import json
from email.message import EmailMessage

import aiosmtplib
import pytest

from tests.testing.platforms.calling import PNG, call, clock_at, file_form, post
from tocsin.testing.platform import Running, platform


async def told_of(fake: Running, query: str = "") -> dict[str, object]:
    told: dict[str, object] = (await call("GET", f"{fake.url}/taken{query}")).json
    return told


async def test_the_page_and_its_files_run_nothing_of_strangers() -> None:
    async with platform("feishu") as fake:
        page = await call("GET", f"{fake.url}/")
        paths = ("page.css", "platforms.css", "page.js", "parts.js")
        files = [await call("GET", f"{fake.url}/page/{name}") for name in paths]

    assert b'data-platform="feishu"' in page.body
    assert b"PLATFORM_" not in page.body
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert [one.status for one in files] == [200] * 4
    assert files[2].headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("path", ["page/platform.py", "page/..%2Fpage.py", "taken/1/picture/0"])
async def test_there_is_nothing_else(path: str) -> None:
    async with platform("custom") as fake:
        told = await call("GET", f"{fake.url}/{path}")

    assert told.status == 404


async def test_what_came_is_told_newest_first_with_the_calls() -> None:
    async with platform("feishu", clock_at(0)) as fake:
        url = fake.config["webhook_url"]
        for text in ("first", "<b>second</b>"):
            await post(url, {"msg_type": "text", "content": {"text": text}})
        await post(url + "x", {})

        told = (await call("GET", f"{fake.url}/taken")).json

    assert [one["text"] for one in told["taken"]] == ["<b>second</b>", "first"]
    assert told["taken"][1]["parts"] == [
        {
            "part": "words",
            "is_small": False,
            "blocks": [{"kind": "paragraph", "spans": [{"text": "first", "look": [], "href": ""}]}],
        }
    ]
    assert [one["is_refused"] for one in told["calls"]] == [True, False, False]
    assert told["configs"]["bot"]["webhook_url"] == url


async def test_what_has_not_changed_is_not_told_again() -> None:
    async with platform("custom") as fake:
        revision = (await told_of(fake))["revision"]
        same = await call("GET", f"{fake.url}/taken?revision={revision}")
        await call("POST", fake.config["url"], json={"a": 1})
        changed = await call("GET", f"{fake.url}/taken?revision={revision}")

    assert (same.status, same.body, changed.status) == (204, b"", 200)


async def test_an_image_has_an_address_and_a_dangerous_link_has_none() -> None:
    payload = {
        "content": "[x](https://x.example)",
        "embeds": [{"url": "javascript://x", "title": "t"}],
    }
    async with platform("discord") as fake:
        form = file_form("files[0]", PNG, payload_json=json.dumps({"content": payload["content"]}))
        await call("POST", fake.config["webhook_url"], data=form)
        parts = (await call("GET", f"{fake.url}/taken")).json["taken"][0]["parts"]
        image = await call("GET", f"{fake.url}/{parts[1]['src']}")

    assert parts[0]["blocks"][0]["spans"][0]["href"] == "https://x.example"
    assert (image.body, image.headers["Content-Type"]) == (PNG, "image/png")


async def test_a_button_leads_to_the_web_or_nowhere() -> None:
    button = {"title": "go", "actionURL": "javascript:alert(1)"}
    card = {"title": "t", "text": "x", "btns": [button]}
    async with platform("dingtalk") as fake:
        await post(fake.config["webhook_url"], {"msgtype": "actionCard", "actionCard": card})
        parts = (await call("GET", f"{fake.url}/taken")).json["taken"][0]["parts"]

    assert parts[1]["links"] == [{"text": "go", "href": ""}]


async def test_a_mails_page_stands_in_a_frame_that_may_do_nothing() -> None:
    message = EmailMessage()
    message["From"], message["To"] = "a@example.org", "b@example.org"
    message["Date"], message["Message-ID"] = "Thu, 01 Jan 2026 00:00:00 +0000", "<1@x>"
    message.set_content("plain")
    message.add_alternative("<script>alert(1)</script><p>page</p>", subtype="html")
    async with platform("email") as fake:
        config = fake.config
        login = {"username": config["username"], "password": config["password"]}
        await aiosmtplib.send(message, hostname="127.0.0.1", port=config["port"], **login)
        parts = (await call("GET", f"{fake.url}/taken")).json["taken"][0]["parts"]
        frame = await call("GET", f"{fake.url}/{parts[0]['src']}")

    assert b"<p>page</p>" in frame.body
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
