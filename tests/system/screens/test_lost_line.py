"""A page outlives its server: it says that it is not live, and then misses nothing."""

import re
import signal
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.system.conftest import Launch
from tests.system.screens.conftest import Open
from tests.system.screens.pages import held, is_live, line_of, place_of
from tests.system.screens.story import SHOP, at, end, lines, step, tell
from tests.system.server import Server

# What the browser itself says about a server that is not there.
AWAY = ("WebSocket", "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "503 ")

ENDS: dict[str, Callable[[Server], object]] = {
    "killed": Server.kill,
    "stopped": lambda server: server.stop(signal.SIGTERM),
}


@pytest.mark.parametrize("ending", ENDS)
def test_nothing_is_missed_while_the_server_is_away(
    launch: Launch, opened: Open, ending: str
) -> None:
    server = launch()
    begin(server)
    with opened(place_of(server, "d-1"), foreseen=AWAY) as page:
        expect(line_of(page, 3)).to_have_text(re.compile("before 3$"))
        is_live(page)

        ENDS[ending](server)
        expect(page.get_by_text(re.compile("^Not live for"))).to_be_visible()
        expect(page.get_by_text(re.compile("^Not live since"))).to_be_visible()
        server.start()
        # Some come before the page is back, some while it comes back.
        say(server, "away", 4, 203)
        expect(line_of(page, 203)).to_be_visible()
        is_live(page)
        say(server, "after", 204, 206)

        expect(line_of(page, 206)).to_have_text(re.compile("after 206$"))
        assert whole_log(page, place_of(server, "d-1"), 206) == {
            number: f"{'before' if number < 4 else 'away' if number < 204 else 'after'} {number}"
            for number in range(1, 207)
        }
        expect(page.get_by_text(re.compile("could not be (loaded|read)"))).to_have_count(0)


def test_what_ended_meanwhile_is_over_when_it_is_back(launch: Launch, opened: Open) -> None:
    server = launch()
    begin(server)
    with opened(f"{server.url}/", foreseen=AWAY) as page:
        row = page.get_by_role("link", name="d-1")
        expect(row).to_contain_text("Running")
        is_live(page)

        server.kill()
        expect(page.get_by_text(re.compile("^Not live for"))).to_be_visible()
        server.start()
        tell(server, [end(SHOP, "d-1", at(datetime.now(UTC)), "failure")])

        expect(row).to_contain_text("Failed")
        expect(page).to_have_title("(1) Deployments · Tocsin")
        is_live(page)


def begin(server: Server) -> None:
    now = datetime.now(UTC)
    tell(server, [step("step_started", SHOP, "d-1", "Build", at(now), "started")])
    say(server, "before", 1, 3)


def say(server: Server, words: str, first: int, last: int) -> None:
    """A message for each of these lines."""
    for number in range(first, last + 1):
        tell(server, [lines(SHOP, "d-1", "Build", [{"message": f"{words} {number}"}])])


def whole_log(page: Page, address: str, last: int) -> dict[int, str]:
    """Every line, read in passing from the begin to the end; none may be there twice."""
    met: dict[int, str] = {}
    for first in [*range(1, last, 30), last]:
        page.goto(f"{address}#L{first}")
        expect(line_of(page, first)).to_be_in_viewport()
        shown = held(page)
        assert [number for number, _ in shown] == list(range(shown[0][0], shown[-1][0] + 1))
        met.update(shown)
    return met
