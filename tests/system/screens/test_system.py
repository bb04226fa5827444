"""The system's screen, and what is the same on every screen: keys, theme, language."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.system.conftest import Launch
from tests.system.screens.conftest import Open
from tests.system.server import Server

SECRET = "hunter2-hunter2-hunter2"


def test_it_tells_of_health_connections_and_what_is_kept(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/system") as page:
        for part in ("Health", "Live connections", "Journal", "Retention"):
            expect(page.get_by_role("heading", name=part)).to_be_visible()

        main = page.get_by_role("main")
        expect(main.get_by_role("listitem").filter(has_text="store").first).to_contain_text(
            "is well"
        )
        # At least this page itself.
        expect(fact(page, "Connected")).to_have_text(re.compile("^[1-9]"))
        expect(fact(page, "Newest event")).to_have_text(re.compile(r"^[\d,]+$"))
        expect(fact(page, "Events are kept")).to_contain_text("30 days")


def test_settings_tell_where_they_come_from_and_no_secret(launch: Launch, opened: Open) -> None:
    settings = {"TOCSIN_AUTH__LOCAL_ROLE": "admin", "TOCSIN_SOURCES__GITHUB__SECRET": SECRET}
    server = launch(settings)
    with opened(f"{server.url}/system") as page:
        page.get_by_role("searchbox", name="Find a setting").fill("github.secret")

        expect(page.get_by_text("sources.github.secret", exact=True)).to_be_visible()
        expect(page.get_by_text("TOCSIN_SOURCES__GITHUB__SECRET", exact=True)).to_be_visible()
        assert SECRET not in page.content()
        page.get_by_role("searchbox", name="Find a setting").fill("")
        expect(page.get_by_text("journal.batch_max_events")).to_be_visible()
        page.get_by_role("switch").click()
        expect(page.get_by_text("journal.batch_max_events")).to_have_count(0)
        expect(page.get_by_text("auth.local_role", exact=True)).to_be_visible()
        assert SECRET not in page.content()


def test_a_viewer_sees_no_settings(launch: Launch, opened: Open) -> None:
    server = launch()
    with opened(f"{server.url}/system") as page:
        expect(page.get_by_text("Administrators also see the settings here.")).to_be_visible()

        expect(page.get_by_role("heading", name="Settings")).to_have_count(0)
        expect(page.get_by_role("navigation").get_by_role("link", name="People")).to_have_count(0)


def test_the_keys_are_listed_and_lead_to_every_place(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/") as page:
        expect(page.get_by_role("heading", name="Deployments")).to_be_visible()
        page.keyboard.press("?")
        help_list = page.get_by_role("dialog", name="Keyboard")
        expect(help_list).to_contain_text("Next row; Enter opens it")
        page.keyboard.press("Escape")
        expect(help_list).to_have_count(0)

        for key, place in (
            ("p", "Projects"),
            ("e", "Events"),
            ("s", "System"),
            ("d", "Deployments"),
        ):
            page.keyboard.press("g")
            page.keyboard.press(key)
            expect(page.get_by_role("heading", name=place, level=1)).to_be_visible()


def test_language_and_theme_are_remembered(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/system") as page:
        root = page.locator("html")
        expect(root).to_have_attribute("data-theme", "light")

        choose_in_menu(page, "Appearance: as the system", downs=2, choice="dark", more_downs=2)
        expect(root).to_have_attribute("data-theme", "dark")
        choose_in_menu(page, "Language: English", downs=1, choice="Русский", more_downs=3)

        expect(root).to_have_attribute("lang", "ru")
        expect(page.get_by_role("heading", name="Система")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", name="Система")).to_be_visible()
        expect(root).to_have_attribute("data-theme", "dark")


def fact(page: Page, name: str) -> Locator:
    """What stands beside a name."""
    return page.get_by_role("term").filter(has_text=name).locator("xpath=following-sibling::*[1]")


def choose_in_menu(page: Page, entry: str, downs: int, choice: str, more_downs: int) -> None:
    """By the arrow keys: an entry of the account's menu, and in its own menu a choice."""
    page.get_by_role("button", name="Account and settings").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(entry)).to_be_visible()
    for _ in range(downs):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(choice, exact=True)).to_be_visible()
    for _ in range(more_downs):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text(choice, exact=True)).to_have_count(0)
