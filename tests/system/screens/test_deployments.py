"""The list of deployments: what fails first, filters in the address, keys, live rows."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Locator, Page, expect

from tests.system.conftest import Launch
from tests.system.screens.conftest import ZONE, Open
from tests.system.screens.pages import is_live
from tests.system.screens.story import (
    AGAIN,
    DONE,
    FAILED,
    LONG,
    RUNNING,
    SHOP,
    at,
    end,
    running,
    step,
    tell,
)
from tests.system.server import Server

FAILING_ICON = re.compile(r"/icon-failing\.svg$")
QUIET_ICON = re.compile(r"/icon\.svg$")


def test_what_fails_stands_before_what_runs_and_what_is_over(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/") as page:
        failing, lately = group(page, "Needs a look"), group(page, "Lately")
        expect(lately.get_by_role("link", name=DONE)).to_be_visible()

        names = page.get_by_role("heading", level=2).all_inner_texts()
        assert [re.sub(r"\s*\d+$", "", name) for name in names] == [
            "Needs a look",
            "Under way",
            "Lately",
        ]
        row = failing.get_by_role("link", name=FAILED)
        expect(row).to_contain_text("upload timed out after 19 s")
        expect(row).to_contain_text("Загрузка артефактов")
        expect(group(page, "Under way").get_by_role("link", name=RUNNING)).to_contain_text("Deploy")
        # It failed first and went well then, so it needs no look any more.
        expect(lately.get_by_role("link", name=AGAIN)).to_contain_text("Success")


def test_filters_stand_in_the_address(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/") as page:
        choose(page, "Status", "Failed")
        expect(page).to_have_url(re.compile(r"[?&]status=failed"))
        choose(page, "Project", SHOP)
        expect(page).to_have_url(re.compile(rf"[?&]project={SHOP}"))
        expect(page.get_by_role("link", name=FAILED)).to_be_visible()

        page.reload()

        expect(page.get_by_role("link", name=FAILED)).to_be_visible()
        rows = page.get_by_role("main").get_by_role("listitem").all_inner_texts()
        assert all("Failed" in row and LONG not in row for row in rows)
        page.get_by_role("link", name=FAILED).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(FAILED)
        page.go_back()
        expect(page).to_have_url(re.compile(rf"[?&]project={SHOP}"))
        expect(page.get_by_role("link", name=RUNNING)).to_have_count(0)
        expect(page.get_by_role("button", name="Status")).to_contain_text("Failed")


def test_a_search_begins_with_a_slash(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/") as page:
        expect(page.get_by_role("link", name=DONE)).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("done-")

        expect(page).to_have_url(re.compile(r"[?&]q=done-"))
        expect(page.get_by_role("link", name=FAILED)).to_have_count(0)
        expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
        expect(page.get_by_role("link", name=DONE)).to_be_visible()


def test_where_nothing_fits_it_says_so_and_leads_back(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/?q=nothing-is-called-this") as page:
        expect(page.get_by_text("No deployment fits")).to_be_visible()

        page.get_by_role("main").get_by_role(
            "button", name=re.compile("Reset|Show all")
        ).last.click()

        expect(page.get_by_role("link", name=DONE)).to_be_visible()
        assert "q=" not in page.url


def test_rows_are_walked_and_opened_by_keys(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/?project={SHOP}&status=running&status=failed") as page:
        rows = page.get_by_role("main").get_by_role("listitem").get_by_role("link")
        expect(rows.nth(1)).to_be_visible()

        for key in "jjk":
            page.keyboard.press(key)
        expect(rows.first).to_be_focused()
        page.keyboard.press("j")
        # Its step is known a moment later, and is in the address then.
        name = (rows.nth(1).get_attribute("href") or "").partition("&step")[0]
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(re.escape(f"{shown.url}{name}")))
        expect(page.get_by_role("heading", level=1)).to_contain_text(SHOP)


def test_a_new_deployment_comes_on_top_by_itself(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC)
    with opened(f"{shown.url}/?project=warehouse&project={SHOP}") as page:
        is_live(page)
        expect(page.get_by_role("link", name=RUNNING)).to_be_visible()

        tell(shown, [step("step_started", "warehouse", "w-1", "Pack", at(now), "started")])

        row = group(page, "Under way").get_by_role("listitem").first
        expect(row).to_contain_text("w-1")
        expect(row).to_contain_text("Pack")


def test_a_row_changes_where_it_stands_and_leaves_when_it_ends(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC)
    tell(shown, [step("step_started", "mill", "m-1", "Grind", at(now, -30), "started")])
    tell(shown, [step("step_started", "mill", "m-2", "Weigh", at(now, -20), "started")])
    with opened(f"{shown.url}/?project=mill") as page:
        under_way = group(page, "Under way").get_by_role("listitem")
        expect(under_way.nth(1)).to_contain_text("m-1")
        is_live(page)

        tell(
            shown,
            [
                step("step_completed", "mill", "m-1", "Grind", at(now), "success"),
                step("step_started", "mill", "m-1", "Sieve", at(now), "started"),
            ],
        )

        expect(under_way.nth(1)).to_contain_text("Sieve")
        expect(under_way.nth(1)).to_contain_text("1/2")
        tell(shown, [end("mill", "m-1", at(now, 1), "success")])
        expect(group(page, "Lately").get_by_role("link", name="m-1")).to_contain_text("Success")
        expect(under_way).to_have_count(1)


def test_a_time_tells_its_exact_form_in_the_zone_of_the_viewer(shown: Server, opened: Open) -> None:
    begun = datetime.now(UTC) - timedelta(hours=3)
    tell(shown, [step("step_started", "zone", "z-1", "Build", at(begun), "started")])
    with opened(f"{shown.url}/?project=zone") as page:
        told = page.get_by_role("link", name="z-1").get_by_role("time")

        expect(told).to_have_text(re.compile(r"^3 hr\.? ago$"))
        there = begun.astimezone(ZoneInfo(ZONE))
        expect(told).to_have_attribute("title", re.compile(f"{there:%H:%M:%S} GMT\\+5:45"))


def test_the_tab_tells_a_failure_until_one_went_well(launch: Launch, opened: Open) -> None:
    server = launch()
    now = datetime.now(UTC)
    tell(server, running(now - timedelta(minutes=1)))
    with opened(f"{server.url}/projects") as page:
        icon = page.locator('link[rel="icon"]')
        expect(page).to_have_title("Projects · Tocsin")
        expect(icon).to_have_attribute("href", QUIET_ICON)
        is_live(page)

        tell(server, [end(SHOP, RUNNING, at(now, 1), "failure")])

        expect(page).to_have_title("(1) Projects · Tocsin")
        expect(icon).to_have_attribute("href", FAILING_ICON)
        expect(page.get_by_role("link", name="1 deployment needs a look")).to_be_visible()
        tell(server, [end(SHOP, "next-1", at(now, 2), "success")])
        expect(page).to_have_title("Projects · Tocsin")
        expect(icon).to_have_attribute("href", QUIET_ICON)


def test_a_finger_on_a_telephone_is_enough(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/", width=360) as page:
        page.get_by_role("button", name="Status").tap()
        page.get_by_role("checkbox", name="Failed").check()
        page.keyboard.press("Escape")
        page.get_by_role("link", name=FAILED).tap()

        expect(page.get_by_role("heading", level=1)).to_contain_text(FAILED)
        page.get_by_role("navigation").get_by_role("link", name="Deployments").tap()
        expect(page.get_by_role("link", name=RUNNING)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 360


def group(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def choose(page: Page, filter_name: str, choice: str) -> None:
    page.get_by_role("button", name=filter_name, exact=True).click()
    page.get_by_role("checkbox", name=choice).check()
    page.keyboard.press("Escape")
