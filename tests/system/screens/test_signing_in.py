"""Signing in, and who may do what: from the one-time address to a token of a job."""

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import WITHOUT_LIMIT, Launch
from tests.system.screens.conftest import Open
from tests.system.server import Server

PASSWORD = "correct horse battery"
# The browser tells of each answer that is no success, also where that was the question.
REFUSED = ("401 (Unauthorized)", "403 (Forbidden)", "409 (Conflict)", "422 ", "429 ")


@dataclass(frozen=True)
class House:
    """A server that lets nobody in without a name."""

    server: Server
    code: str


@pytest.fixture
def house(launch: Launch) -> House:
    server = launch({**WITHOUT_LIMIT, "TOCSIN_AUTH__LOCAL_ROLE": "none"})
    found = re.search(r"/sign-in\?code=([\w-]+)", server.log())
    assert found is not None
    return House(server, found[1])


def test_the_one_time_address_leads_to_people_with_names(house: House, opened: Open) -> None:
    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
        assert "code=" not in page.url

        add(page, "mina", "Viewer")
        add(page, "Élodie", "Administrator")
        leave(page)
        enter(page, "mina", "wrong password")
        expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong.")
        enter(page, "mina", PASSWORD)

        expect(page.get_by_role("heading", name="Deployments", level=1)).to_be_visible()
        expect(page.get_by_role("link", name="Tokens")).to_have_count(0)
        page.goto(f"{house.server.url}/people")
        expect(page).to_have_url(re.compile(r"/sign-in\?next="))


def test_the_one_time_address_works_once(house: House, opened: Open) -> None:
    for _ in range(2):
        with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
            expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()

    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()


def test_who_is_not_signed_in_comes_back_to_where_they_wanted_to_be(
    house: House, opened: Open
) -> None:
    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        add(page, "mina", "Viewer")

    with opened(f"{house.server.url}/events?type=step_*", foreseen=REFUSED) as page:
        enter(page, "mina", PASSWORD)

        expect(page).to_have_url(f"{house.server.url}/events?type=step_*")
        expect(page.get_by_role("heading", name="Events", level=1)).to_be_visible()


def test_somebody_who_is_shut_out_is_signed_out(house: House, opened: Open) -> None:
    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        add(page, "boss", "Administrator")
        add(page, "mina", "Viewer")
        with opened(f"{house.server.url}/projects", foreseen=(*REFUSED, "WebSocket")) as other:
            enter(other, "mina", PASSWORD)
            expect(other.get_by_role("heading", name="Projects", level=1)).to_be_visible()
            row = page.get_by_role("row").filter(has_text="mina")
            row.get_by_role("button", name="Shut out").click()
            expect(row).to_contain_text("Let in")

            other.get_by_role("link", name="Events").click()

            expect(other).to_have_url(re.compile(r"/sign-in"))


def test_one_changes_ones_own_password(house: House, opened: Open) -> None:
    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        add(page, "mina", "Viewer")
        leave(page)
        enter(page, "mina", PASSWORD)
        page.get_by_role("button", name="Account and settings").click()
        page.get_by_text("Change password").click()
        form = page.get_by_role("dialog")
        form.get_by_label("Password now").fill("not this one")
        form.get_by_label("New password").fill("staple battery")
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_be_visible()

        form.get_by_label("Password now").fill(PASSWORD)
        form.get_by_role("button", name="Save").click()

        expect(form).to_be_hidden()
        leave(page)
        enter(page, "mina", "staple battery")
        expect(page.get_by_role("heading", name="Deployments", level=1)).to_be_visible()


def test_a_token_is_shown_once_and_works_until_it_is_revoked(house: House, opened: Open) -> None:
    with opened(f"{house.server.url}/sign-in?code={house.code}", foreseen=REFUSED) as page:
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Tokens").click()
        page.get_by_role("button", name="New token").first.click()
        page.get_by_label("What it is for").fill("ci of the shop")
        page.get_by_role("button", name="Make token").click()
        token = page.get_by_role("dialog").locator("code").inner_text()
        assert token.startswith("tsn_")
        assert posted(house.server, token) == 200
        page.get_by_role("button", name="Done").click()
        assert token not in page.content()

        row = page.get_by_role("row").filter(has_text="ci of the shop")
        row.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(row).to_have_count(0)

        assert posted(house.server, token) == 401


def add(page: Page, name: str, role: str) -> None:
    page.get_by_role("button", name="Add somebody").first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Password", exact=True).fill(PASSWORD)
    form.get_by_text("Viewer: may read").click()
    page.locator(".n-base-select-option").filter(has_text=role).click()
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row").filter(has_text=name)).to_be_visible()


def leave(page: Page) -> None:
    page.get_by_role("button", name="Account and settings").click()
    page.get_by_text("Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def posted(server: Server, token: str) -> int:
    message = {"type": "log_entry", "project": "shop", "deployment_id": "1", "message": "x"}
    call = urllib.request.Request(  # noqa: S310 - the server that the test has started
        f"{server.url}/api/webhooks/deployment",
        json.dumps(message).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(call, timeout=10) as answer:  # noqa: S310 - the same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
