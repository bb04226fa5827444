"""The page of a fake platform in a real browser: it draws what comes, as it comes."""

import pytest
from playwright.async_api import ConsoleMessage

from tests.system.browser import browser
from tests.testing.platforms.calling import post
from tocsin.testing.platform import Running, platform

CARD = {
    "header": {"title": {"tag": "plain_text", "content": "<b>发布通知</b>"}, "template": "green"},
    "elements": [
        {"tag": "div", "text": {"tag": "lark_md", "content": "**项目**: my-app"}},
        {
            "tag": "action",
            "actions": [
                {
                    "tag": "button",
                    "text": {"tag": "plain_text", "content": "Open"},
                    "url": "https://tocsin.example/d/1",
                }
            ],
        },
    ],
}


async def send(fake: Running) -> None:
    body = {"msg_type": "interactive", "card": CARD}
    assert (await post(fake.config["webhook_url"], body)).json["code"] == 0


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_card_appears_while_somebody_looks(scheme: str, width: int) -> None:
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    async with platform("feishu") as fake, browser() as launched:
        page = await launched.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.on("console", hear)
        await page.goto(f"{fake.url}/")
        await page.get_by_text("Nothing came yet.").wait_for()
        await send(fake)
        card = page.locator("article")
        title = await card.locator("h3").inner_text()
        text = await card.locator(".body").inner_text()
        href = await card.get_by_role("link", name="Open").get_attribute("href")
        beyond = await page.evaluate("document.documentElement.scrollWidth - innerWidth")

    # What a stranger wrote is text, whatever it looks like.
    assert title == "<b>发布通知</b>"
    assert text.split("\n")[0] == "项目: my-app"
    assert href == "https://tocsin.example/d/1"
    assert beyond <= 0
    assert said == []


async def test_what_somebody_opened_stays_open_when_more_comes() -> None:
    async with platform("feishu") as fake, browser() as launched:
        page = await launched.new_page()
        await page.goto(f"{fake.url}/")
        await send(fake)
        await page.get_by_text("As it was sent").click()
        await send(fake)
        await page.locator("article").nth(1).wait_for()
        opened = await page.locator("article details[open]").count()
        is_last = await page.locator("article").nth(1).locator("details[open]").count()

    assert (opened, is_last) == (1, 1)
