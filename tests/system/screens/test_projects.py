"""Projects: how each has gone, in bars and in words, and the way to its deployments."""

import re
from urllib.parse import quote

from playwright.sync_api import expect

from tests.system.screens.conftest import Open
from tests.system.screens.pages import is_live
from tests.system.screens.story import DONE, FAILED, LONG, RUNNING, SHOP, end, tell
from tests.system.server import Server


def test_each_project_tells_how_it_has_gone(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/projects") as page:
        row = page.get_by_role("main").get_by_role("link", name=SHOP)

        expect(row).to_contain_text("Running")
        expect(row.get_by_role("img")).to_have_accessible_name(
            re.compile(r"Last 30 days: \d+ succeeded, \d+ failed")
        )
        expect(row).to_contain_text(re.compile(r"Success rate\s*\d+%"))
        page.keyboard.press("/")
        page.keyboard.type("шлюз")
        expect(page).to_have_url(re.compile(r"[?&]q="))
        expect(row).to_have_count(0)
        page.keyboard.press("Tab")
        page.get_by_role("main").get_by_role("link", name=LONG).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(LONG)
        expect(page).to_have_url(f"{shown.url}/projects/{quote(LONG, safe='')}")


def test_a_project_leads_to_its_deployments(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/projects/{SHOP}") as page:
        latest = page.get_by_role("region", name="Latest deployments")
        expect(latest.get_by_role("link", name=DONE)).to_be_visible()

        page.get_by_role("link", name="Show all").click()

        expect(page).to_have_url(f"{shown.url}/?project={SHOP}")
        expect(page.get_by_role("link", name=FAILED)).to_be_visible()
        page.go_back()
        latest.get_by_role("link", name=RUNNING).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(RUNNING)


def test_what_the_charts_show_stands_in_a_table_too(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/projects/{SHOP}") as page:
        for chart in ("How runs ended", "How long runs took"):
            expect(page.get_by_role("img", name=chart)).to_be_visible()

        page.get_by_text("The days as a table").click()

        table = page.get_by_role("table")
        expect(table).to_be_visible()
        days = table.get_by_role("row")
        expect(days.filter(has_text="1 min").first).to_be_visible()
        page.get_by_role("link", name="90 days").click()
        expect(page).to_have_url(re.compile(r"[?&]days=90"))
        expect(page.get_by_role("link", name="90 days")).to_have_attribute("aria-current", "true")


def test_a_project_changes_while_one_looks_at_it(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/projects/new-one") as page:
        expect(page.get_by_text("Nothing is known of this project")).to_be_visible()
        is_live(page)

        tell(shown, [end("new-one", "n-1", "2026-11-20T10:00:00Z", "failure")])

        latest = page.get_by_role("region", name="Latest deployments")
        expect(latest.get_by_role("link", name="n-1")).to_contain_text("Failed")
