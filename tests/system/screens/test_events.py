"""The journal on the screen: filters, an event as stored, as a command, and sent again."""

import json
import re
import subprocess
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.system.screens.conftest import Open
from tests.system.screens.pages import is_live, press_copy
from tests.system.screens.story import DONE, FAILED, LONG, SHOP, post, step, tell
from tests.system.server import Server


def test_filters_stand_in_the_address(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/events") as page:
        expect(rows(page).nth(5)).to_be_visible()
        page.get_by_role("searchbox", name="Type, e.g. step_*").fill("deployment_*")
        expect(page).to_have_url(re.compile(r"[?&]type=deployment_"))
        page.get_by_role("button", name="Project", exact=True).click()
        page.get_by_role("checkbox", name=LONG).check()
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile(r"[?&]project="))

        page.reload()

        expect(rows(page).first).to_contain_text(LONG)
        texts = rows(page).all_inner_texts()
        assert all("deployment_completed" in text and LONG in text for text in texts)
        page.get_by_role("button", name="Reset filters").click()
        expect(rows(page).filter(has_text=SHOP).first).to_be_visible()
        assert "project=" not in page.url


def test_an_event_is_shown_as_it_is_stored(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/events?type=metrics_update&subject={FAILED}") as page:
        rows(page).get_by_role("link", name="metrics_update").first.click()

        stored = json.loads(document(page, "As stored").inner_text())
        assert stored["data"]["metrics"]["steps_count"] == 5
        page.get_by_text("As CloudEvent").click()
        cloud = json.loads(document(page, "As CloudEvent").inner_text())
        assert (cloud["specversion"], cloud["subject"]) == ("1.0", FAILED)
        page.get_by_role("link", name="On its own page").click()
        expect(page).to_have_url(f"{shown.url}/events/{stored['id']}")
        page.reload()
        expect(document(page, "As stored")).to_contain_text("steps_count")


def test_what_stands_behind_the_screen_can_be_copied_and_run(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/events?type=metrics_update") as page:
        listed = run(press_copy(page.get_by_role("main"), "Copy as curl"))
        rows(page).get_by_role("link", name="metrics_update").first.click()
        one = run(press_copy(page.get_by_role("region", name="Event"), "Copy as curl"))

        assert one["type"] == "metrics_update"
        assert one["id"] in [item["id"] for item in listed["items"]]


def test_an_event_can_be_sent_again(shown: Server, opened: Open) -> None:
    quoted = 'it\'s "quoted" $HOME `id` \\ 日本 \n and goes on'
    tell(
        shown,
        [
            {
                "type": "log_entry",
                "project": "again",
                "deployment_id": "a-1",
                "message": quoted,
                "timestamp": "2026-01-02T03:04:05Z",
            }
        ],
    )
    with opened(f"{shown.url}/events?project=again") as page:
        expect(rows(page)).to_have_count(1)
        is_live(page)
        rows(page).get_by_role("link", name="log_entry").click()

        answer = run(press_copy(page.get_by_role("region", name="Event"), "Send again as curl"))

        assert answer["success"] is True
        expect(rows(page)).to_have_count(2)
        rows(page).first.get_by_role("link").click()
        expect(document(page, "As stored")).to_contain_text("日本")
        assert json.loads(document(page, "As stored").inner_text())["data"]["message"] == quoted


def test_a_replay_leads_to_its_deployment(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/events?type=step_completed&subject={DONE}") as page:
        rows(page).get_by_role("link", name="step_completed").first.click()

        page.get_by_role("link", name="Replay in the live view").click()

        expect(page.get_by_role("heading", level=1)).to_contain_text(DONE)
        expect(page.get_by_role("region", name="Replay")).to_be_visible()


def test_an_event_of_any_kind_comes_by_itself(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/events") as page:
        expect(rows(page).first).to_be_visible()
        is_live(page)

        post(
            shown,
            "/api/v1/events",
            {
                "specversion": "1.0",
                "id": "beacon-1",
                "source": "/lighthouse",
                "type": "lamp.lit",
                "data": {"colour": "green"},
            },
        )

        # What is told in chats meanwhile comes in as well.
        rows(page).get_by_role("link", name="lamp.lit").first.click()
        expect(document(page, "As stored")).to_contain_text("green")
        expect(page.get_by_role("link", name="Replay in the live view")).to_have_count(0)


def test_events_are_walked_by_keys(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC).isoformat()
    tell(shown, [step("step_started", "keys", f"k-{one}", "Build", now, "started") for one in "12"])
    with opened(f"{shown.url}/events?project=keys") as page:
        expect(rows(page)).to_have_count(2)

        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("Enter")

        stored = json.loads(document(page, "As stored").inner_text())
        assert stored["subject"] == "k-1"


def rows(page: Page) -> Locator:
    """The rows of the list without its head."""
    return (
        page.get_by_role("table", name="Events")
        .get_by_role("row")
        .filter(has=page.get_by_role("cell"))
    )


def document(page: Page, form: str) -> Locator:
    """The JSON, once it is there."""
    block = page.get_by_label(form, exact=True).locator("code")
    expect(block).to_be_visible()
    return block


def run(command: str) -> Any:
    """What the command prints, as somebody would run it who pasted it into a shell."""
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
