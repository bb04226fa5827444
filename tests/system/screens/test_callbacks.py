"""The screens of callbacks: set up, tried, told of, sent again, paused, in words of one's own."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.system.conftest import Launch
from tests.system.screens.callback_story import TASK, make, tell_release, wait_for
from tests.system.screens.conftest import Open
from tests.system.screens.pages import press_copy
from tests.system.server import Server

# Asked for while one writes, and refused until it is right.
HALF_WRITTEN = ("422 (Unprocessable",)


def test_a_callback_is_set_up_tried_and_seen_to_work(
    shown: Server, opened: Open, robots: str
) -> None:
    with opened(f"{shown.url}/callbacks", foreseen=HALF_WRITTEN) as page:
        page.get_by_role("button", name="New callback").click()
        page.get_by_label("Name", exact=True).fill("From the screen")
        page.get_by_text("For all projects").click()
        page.get_by_role("textbox", name="Project").fill("made-here")
        page.get_by_role("button", name="Feishu").click()
        page.get_by_role("textbox", name="Webhook address").fill(f"{robots}/taking")
        page.get_by_label("Canary started").check()
        preview = page.get_by_role("region", name="Preview")
        expect(preview).to_contain_text("Canary started")
        preview.get_by_text("Request", exact=True).click()
        expect(preview).to_contain_text('"msg_type": "interactive"')

        page.get_by_role("button", name="Send a test").click()
        told = page.get_by_role("region", name="Test")
        expect(told).to_contain_text("It was taken")
        expect(told).to_contain_text('"code": 0')
        assert press_copy(told, "Copy as curl").startswith("curl -X POST")
        page.get_by_role("button", name="Make callback").click()
        expect(page).to_have_url(re.compile(r"/callbacks/[0-9a-f-]{36}$"))
        # From here on it is shown masked only.
        address = page.get_by_role("textbox", name="Webhook address")
        expect(address).to_have_value(re.compile("••••"))

        page.get_by_role("link", name="Callbacks").first.click()
        expect(row_of(page, "From the screen")).to_contain_text("made-here")


def test_what_fails_stands_first_and_says_what_to_do(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/callbacks") as page:
        first = page.get_by_role("main").get_by_role("listitem").first
        expect(first).to_contain_text("Failing")
        expect(first).to_contain_text("keyword")

        page.goto(f"{shown.url}/callbacks/history?status=failed&task={TASK}")
        page.locator("[data-row]").filter(has_text="keyword").first.click()

        expect(page).to_have_url(re.compile(r"[?&]delivery="))
        expect(page.get_by_text("Put the keyword into a template")).to_be_visible()
        expect(page.get_by_text('"code": 19024')).to_be_visible()


def test_a_failed_delivery_is_sent_again(shown: Server, opened: Open, robots: str) -> None:
    make(shown, "Once more", {"webhook_url": f"{robots}/once-more-refusing"})
    event = tell_release(shown, "canary_started", "again-1")
    wait_for(shown, "failed", 5)
    with opened(f"{shown.url}/events/{event}") as page:
        failed = page.get_by_role("listitem").filter(has_text="Once more")
        expect(failed).to_contain_text("keyword")

        failed.get_by_role("button", name="Send again").click()
        expect(page.get_by_text("Saved")).to_be_visible()
        failed.get_by_role("link").click()

        expect(page.get_by_text("2 tries, newest first")).to_be_visible()


def test_a_paused_destination_goes_on_and_what_waited_arrives(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/callbacks") as page:
        paused = page.get_by_role("region", name="Destinations").get_by_role("listitem").first
        expect(paused).to_contain_text("Paused by")
        # The callback that is of this name sends there.
        expect(paused).to_contain_text(re.compile(r"127\.0\.0\.1\s*Paused"))
        expect(paused).to_contain_text(re.compile(r"\d waiting"))

        paused.get_by_role("button", name="Resume").click()

        expect(page.get_by_text("Saved")).to_be_visible()
        expect(page.get_by_role("button", name="Resume")).to_have_count(0)


def test_history_is_filtered_by_the_address(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/callbacks/history") as page:
        expect(page.locator("[data-row]").first).to_be_visible()
        page.get_by_role("button", name="Status").click()
        page.get_by_role("radio", name="Failed").click()

        expect(page).to_have_url(re.compile(r"[?&]status=failed"))
        expect(page.locator("[data-row]").filter(has_text="Delivered")).to_have_count(0)
        page.get_by_role("searchbox", name="Task").fill("nothing-is-called-this")
        expect(page.get_by_text("No delivery fits")).to_be_visible()


def test_statistics_tell_what_arrived_and_can_be_taken_along(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/callbacks/statistics") as page:
        expect(page.get_by_role("img", name="Deliveries by day")).to_be_visible()
        expect(page.get_by_role("table", name="By channel")).to_contain_text("Feishu")

        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()

        assert download.value.path().read_text().startswith("day,channel,total,success,failed")


def test_a_template_says_at_the_field_what_is_wrong(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/callbacks/templates", foreseen=HALF_WRITTEN) as page:
        page.get_by_role("link", name="Short").click()
        preview = page.get_by_role("region", name="Preview")
        expect(preview).to_contain_text("hosts: web-1")

        page.get_by_label("Title").fill("{{nothing_of_this_name}}")
        wrong = page.locator(".n-form-item").filter(has=page.get_by_label("Title"))
        expect(wrong).to_contain_text("nothing_of_this_name")
        page.get_by_label("Title").fill("Now: ")
        page.get_by_role("button", name="version_name").click()
        expect(preview).to_contain_text("Now: v1.2.3")
        page.get_by_role("button", name="Save").click()

        expect(page.get_by_role("button", name="Save")).to_have_count(0)


def test_g_and_c_lead_to_the_callbacks(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/system") as page:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.keyboard.press("g")
        page.keyboard.press("c")

        expect(page.get_by_role("heading", level=1)).to_have_text("Callbacks")
        expect(page.locator("[data-row]").first).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/callbacks/[0-9a-f-]{36}$"))


def test_a_viewer_reads_and_no_more(launch: Launch, opened: Open) -> None:
    server = launch()
    with opened(f"{server.url}/callbacks") as page:
        expect(page.get_by_text("Administrators set callbacks up.")).to_be_visible()
        expect(page.get_by_role("button", name="New callback")).to_have_count(0)
        expect(page.get_by_role("button", name="Import, export")).to_have_count(0)
        page.goto(f"{server.url}/callbacks/new")

        expect(page.get_by_text("Administrators set callbacks up.")).to_be_visible()


def row_of(page: Page, name: str) -> Locator:
    rows = page.get_by_role("list", name="Callbacks", exact=True)
    return rows.get_by_role("listitem").filter(has_text=name)
