"""The log of a deployment: how its lines look, and that it follows what comes."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.system.screens.conftest import Open
from tests.system.screens.odd_log import COUNT, WORDS, write_odd_log
from tests.system.screens.pages import MOST_ROWS, line_of, log_of, numbers, place_of
from tests.system.screens.story import at, lines, step, tell
from tests.system.server import Server


@pytest.fixture(scope="module")
def written(shown: Server) -> str:
    return write_odd_log(shown)


def test_colours_are_those_of_a_terminal(written: str, opened: Open) -> None:
    with opened(written) as page:
        line = line_of(page, 1)
        expect(line).to_contain_text("red then heavy then plain")

        red, green, blue = channels(line.get_by_text("red", exact=True))
        assert red > 2 * max(green, blue)
        heavy = line.get_by_text("heavy", exact=True)
        assert int(heavy.evaluate("one => getComputedStyle(one).fontWeight")) >= 600


def test_what_looks_like_a_page_stays_text(written: str, opened: Open) -> None:
    with opened(written) as page:
        expect(line_of(page, 2)).to_contain_text(WORDS[2]["message"])

        assert log_of(page).locator("b, script, img").count() == 0
        trap = line_of(page, 3)
        expect(trap).to_contain_text("a trap")
        expect(trap.get_by_role("link", name="a trap")).to_have_count(0)
        trap.get_by_text("a trap").click()
        manual = line_of(page, 4).get_by_role("link", name="the manual")
        expect(manual).to_have_attribute("href", "https://docs.example/")
        expect(manual).to_have_attribute("rel", re.compile("noopener"))
        assert page.evaluate("typeof window.broken") == "undefined"


def test_a_progress_bar_shows_its_last_state(written: str, opened: Open) -> None:
    with opened(written) as page:
        expect(line_of(page, 5)).to_contain_text("done, 100 %")
        expect(line_of(page, 5)).not_to_contain_text("50 %")


def test_the_newest_lines_stay_in_view_until_one_scrolls_up(shown: Server, opened: Open) -> None:
    now = datetime.now(UTC)
    texts = [{"message": f"line {number}"} for number in range(1, 501)]
    tell(shown, [step("step_started", "mill", "tail-1", "Build", at(now), "started")])
    tell(shown, [lines("mill", "tail-1", "Build", texts)])
    with opened(place_of(shown, "tail-1", "mill")) as page:
        follow = page.get_by_role("button", name="Follow")
        expect(line_of(page, 500)).to_be_in_viewport()

        tell(shown, [lines("mill", "tail-1", "Build", [{"message": "one more"}])])
        expect(line_of(page, 501)).to_be_in_viewport()
        expect(follow).to_have_attribute("aria-pressed", "true")
        log_of(page).hover()
        page.mouse.wheel(0, -2_000)
        expect(follow).to_have_attribute("aria-pressed", "false")
        expect(line_of(page, 501)).not_to_be_in_viewport()
        first = in_view(page)[0]
        tell(shown, [lines("mill", "tail-1", "Build", [{"message": "late"}] * 3)])
        expect(page.get_by_role("button", name="3 new lines")).to_be_visible()
        assert in_view(page)[0] == first
        page.get_by_role("button", name="3 new lines").click()
        expect(line_of(page, 504)).to_be_in_viewport()
        page.keyboard.press("f")
        expect(follow).to_have_attribute("aria-pressed", "false")
        log_of(page).focus()
        page.keyboard.press("End")
        expect(follow).to_have_attribute("aria-pressed", "true")


def test_times_are_shown_as_one_likes_and_that_is_remembered(written: str, opened: Open) -> None:
    with opened(written) as page:
        line = line_of(page, 10)
        expect(line).to_be_visible()
        assert line.locator("time").count() == 0

        page.keyboard.press("t")
        expect(line.locator("time")).to_have_text("+0:00.100")
        page.keyboard.press("t")
        expect(line.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}$"))
        local = line.locator("time").inner_text()
        page.keyboard.press("t")
        expect(line.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}Z$"))
        assert line.locator("time").inner_text() != f"{local}Z"
        page.reload()
        expect(line.locator("time")).to_have_text(re.compile(r"Z$"))


def test_long_lines_are_wrapped_on_demand(written: str, opened: Open) -> None:
    with opened(written) as page:
        log = log_of(page)
        expect(line_of(page, 6)).to_contain_text("wide")
        assert log.evaluate("one => one.scrollWidth > one.clientWidth")

        page.keyboard.press("w")

        expect(page.get_by_role("button", name="Wrap long lines")).to_have_attribute(
            "aria-pressed", "true"
        )
        page.wait_for_function(
            "log => log.scrollWidth === log.clientWidth", arg=log.element_handle()
        )
        tall, low = (line_of(page, number).bounding_box() for number in (6, 7))
        assert tall is not None
        assert low is not None
        assert tall["height"] > 2 * low["height"]


def test_the_page_holds_few_rows_wherever_one_is(written: str, opened: Open) -> None:
    with opened(written) as page:
        expect(line_of(page, 1)).to_be_visible()
        for number in (1, 1500, COUNT, 777):
            page.goto(f"{written}#L{number}")
            expect(line_of(page, number)).to_be_in_viewport()

            assert len(numbers(page)) <= MOST_ROWS


def channels(piece: Locator) -> list[int]:
    """Red, green and blue of a text."""
    colour = piece.evaluate("one => getComputedStyle(one).color")
    return [int(one) for one in re.findall(r"\d+", colour)[:3]]


def in_view(page: Page) -> list[int]:
    """The numbers of the lines that can be seen."""
    found = log_of(page).evaluate(
        """log => {
          const view = log.getBoundingClientRect();
          return [...log.querySelectorAll('[data-line]')]
            .filter((one) => {
              const box = one.getBoundingClientRect();
              return box.top >= view.top && box.bottom <= view.bottom;
            })
            .map((one) => Number(one.dataset.line));
        }"""
    )
    return [int(one) for one in found]
