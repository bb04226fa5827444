"""The screen of sources: setting one up, what came of its calls, the test, and new secrets."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.system.conftest import Launch
from tests.system.screens.conftest import Open
from tests.system.screens.inbound_story import SOURCES, TEAM, called
from tests.system.screens.pages import press_copy
from tests.system.screens.story import post
from tests.system.server import Server

PUSH = {"object_kind": "push", "password": "hunter2"}


def test_a_source_is_set_up_and_its_first_calls_are_seen(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/sources") as page:
        page.get_by_role("button", name="New set-up").click()
        form = page.get_by_role("dialog", name="New set-up")
        choose(page, form, "GitLab")
        form.get_by_label("Name").fill("shop")
        form.get_by_role("button", name="Make set-up").click()
        secret = shown_once(page, "Secret of gitlab/shop")
        expect(page).to_have_url(f"{shown.url}/sources/gitlab/shop")
        expect(page.get_by_text("So that the first call comes")).to_be_visible()
        expect(page.locator("pre").first).to_contain_text(f"{shown.url}/hooks/gitlab/shop")
        assert secret not in page.content()

        assert push(shown, "gitlab/shop", secret) == 200
        assert push(shown, "gitlab/shop", "another one") == 401

        expect(calls_of(page)).to_have_count(2)
        expect(calls_of(page).last).to_contain_text("push")
        refused = calls_of(page).first
        expect(refused).to_contain_text("The signature is wrong.")
        refused.get_by_role("button", expanded=False).click()
        expect(refused).to_contain_text("Enter the secret anew at the sender.")
        expect(refused).to_contain_text("x-gitlab-event: Push Hook")
        assert "hunter2" not in page.content()
        command = press_copy(refused, "Copy as curl")
        assert command.startswith(f"curl -X POST '{shown.url}/hooks/gitlab/shop'")
        assert "another one" not in command
        expect(page).to_have_url(re.compile(r"[?&]call="))


def test_calls_are_filtered_and_lead_to_their_events(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/sources/github/{TEAM}") as page:
        expect(calls_of(page)).to_have_count(2)

        page.get_by_text("Stored", exact=True).first.click()

        expect(page).to_have_url(re.compile(r"[?&]outcome=stored"))
        expect(calls_of(page)).to_have_count(1)
        calls_of(page).get_by_role("button", expanded=False).click()
        calls_of(page).get_by_role("link", name="ping").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("ping")


def test_what_refuses_stands_first_in_the_list(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/sources") as page:
        first = page.get_by_role("region", name="In use").get_by_role("listitem").first

        expect(first).to_contain_text("Refusing")
        expect(first).to_contain_text("The signature is wrong.")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page).to_have_url(re.compile(r"/sources/\w+/"))


def test_a_test_shows_its_answer_and_leads_to_the_event(shown: Server, opened: Open) -> None:
    post(shown, SOURCES, {"kind": "stripe", "name": "shop", "secret": "whsec_of_stripe"})
    with opened(f"{shown.url}/sources/stripe/shop") as page:
        page.get_by_role("button", name="Send a test").click()

        told = page.get_by_role("region", name="Test")
        expect(told).to_contain_text("Works: answered with 200")
        told.get_by_text("What was sent").click()
        expect(told).to_contain_text("POST /hooks/stripe/shop")
        expect(calls_of(page)).to_have_count(1)
        told.get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text('"stripe"')).to_be_visible()


def test_a_new_secret_leaves_the_former_one_good_until_it_is_ended(
    shown: Server, opened: Open
) -> None:
    made = post(shown, SOURCES, {"kind": "gitlab", "name": "rotated"})
    with opened(f"{shown.url}/sources/gitlab/rotated") as page:
        page.get_by_role("button", name="New secret").click()
        page.get_by_role("dialog").get_by_role("button", name="Make secret").click()
        secret = shown_once(page, "Secret of gitlab/rotated")
        former = made["secret"]
        both = [push(shown, "gitlab/rotated", one) for one in (former, secret)]
        assert both == [200, 200]

        page.get_by_role("button", name="End the former one").click()
        sure = page.get_by_role("dialog", name="End the former secret?")
        sure.get_by_role("button", name="End the former one").click()
        expect(page.get_by_text("Saved")).to_be_visible()

        after = [push(shown, "gitlab/rotated", one) for one in (former, secret)]
        assert after == [401, 200]


def test_a_set_up_is_removed_after_a_question(shown: Server, opened: Open) -> None:
    post(shown, SOURCES, {"kind": "generic", "name": "short-lived"})
    foreseen = ("404 (Not Found)",)
    with opened(f"{shown.url}/sources/generic/short-lived", foreseen=foreseen) as page:
        page.get_by_role("button", name="Remove").click()
        sure = page.get_by_role("dialog", name="Remove Any webhook / short-lived?")
        sure.get_by_role("button", name="Remove").click()

        expect(page).to_have_url(f"{shown.url}/sources")
        expect(page.get_by_role("region", name="In use")).to_be_visible()
        expect(page.get_by_text("short-lived")).to_have_count(0)


def test_a_viewer_reads_and_no_more(launch: Launch, opened: Open) -> None:
    server = launch()
    with opened(f"{server.url}/sources") as page:
        expect(page.get_by_role("button", name="New set-up")).to_have_count(0)
        page.get_by_role("link", name="Stripe").click()

        expect(page.get_by_role("heading", name="Secrets")).to_be_visible()
        for name in ("Send a test", "Make a secret", "Remove"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)


def push(server: Server, place: str, secret: str) -> int:
    """Call as GitLab does; the status of the answer."""
    headers = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": secret}
    return called(server, f"/hooks/{place}", PUSH, headers)


def calls_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Last calls").get_by_role("listitem")


def choose(page: Page, form: Locator, kind: str) -> None:
    form.locator(".n-base-selection").click()
    page.locator(".n-base-select-option").get_by_text(kind, exact=True).click()


def shown_once(page: Page, title: str) -> str:
    """Read the new secret, and close the window."""
    window = page.get_by_role("dialog", name=title)
    secret = window.locator("code").inner_text()
    assert secret.startswith("whsec_")
    window.get_by_role("button", name="Done").click()
    expect(window).to_have_count(0)
    return secret
