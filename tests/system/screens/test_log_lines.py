"""Lines of a log: found, filtered, linked, copied and saved."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Download, Locator, Page, expect

from tests.system.screens.conftest import Open
from tests.system.screens.odd_log import COUNT, WORDS, write_odd_log
from tests.system.screens.pages import copied, line_of, log_of, numbers, press_copy
from tests.system.server import Server


@pytest.fixture(scope="module")
def written(shown: Server) -> str:
    return write_odd_log(shown)


def test_a_search_counts_and_walks_through_the_whole_log(written: str, opened: Open) -> None:
    with opened(written) as page:
        expect(line_of(page, 1)).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("needle")
        bar = log_search(page)

        expect(bar).to_contain_text("1 of 3")
        expect(line_of(page, 700)).to_be_in_viewport()
        bar.get_by_role("button", name="Next match").click()
        expect(bar).to_contain_text("2 of 3")
        expect(line_of(page, 1400)).to_be_in_viewport()
        log_of(page).focus()
        page.keyboard.press("n")
        expect(bar).to_contain_text("3 of 3")
        page.keyboard.press("N")
        page.keyboard.press("N")
        expect(bar).to_contain_text("1 of 3")
        expect(line_of(page, 700)).to_be_in_viewport()
        bar.get_by_role("button", name="Match case").click()
        expect(bar).to_contain_text("of 2")


def test_a_search_is_taken_as_it_stands_unless_it_is_an_expression(
    written: str, opened: Open
) -> None:
    with opened(written, foreseen=("422 ",)) as page:
        page.get_by_role("button", name="Search the log").click()
        bar = log_search(page)
        bar.get_by_role("textbox").fill("a.c")
        expect(bar).to_contain_text("1 of 1")

        bar.get_by_role("button", name="Regular expression").click()
        expect(bar).to_contain_text("of 2")
        bar.get_by_role("textbox").fill("a(b")
        expect(bar.get_by_role("alert")).to_contain_text(re.compile("paren|expression"))
        bar.get_by_role("textbox").fill("never written")
        expect(bar).to_contain_text("Nothing found")
        expect(bar.get_by_role("alert")).to_have_count(0)


def test_levels_leave_the_others_out(written: str, opened: Open) -> None:
    with opened(written) as page:
        page.get_by_role("button", name="Levels").click()
        levels = page.get_by_role("group", name="Levels")

        levels.get_by_role("button", name="Error").click()
        levels.get_by_role("button", name="Critical").click()

        expect(page.get_by_text("2 lines", exact=True)).to_be_visible()
        expect(line_of(page, 2000)).to_contain_text("gave up")
        assert numbers(page) == [1000, 2000]
        levels.get_by_role("button", name="All levels").click()
        expect(page.get_by_text("3,000 lines", exact=True)).to_be_visible()


def test_one_key_leads_from_error_to_error(written: str, opened: Open) -> None:
    with opened(written) as page:
        expect(line_of(page, 1)).to_be_visible()

        for key, number in (("e", 1000), ("e", 2000), ("E", 1000)):
            page.keyboard.press(key)
            expect(line_of(page, number)).to_be_in_viewport()
        page.keyboard.press("E")
        expect(page.get_by_text("No error further up")).to_be_visible()


def test_lines_have_addresses(written: str, opened: Open) -> None:
    with opened(written) as page:
        number_of(page, 12).click()
        expect(page).to_have_url(re.compile(r"#L12$"))
        number_of(page, 15).click(modifiers=["Shift"])

        expect(page).to_have_url(re.compile(r"#L12-L15$"))
        address = press_copy(page.get_by_role("region", name="Log"), "Copy link").partition("#")[2]
        assert address == "L12-L15"
        page.goto("about:blank")
        page.goto(f"{written}#L1500-L1502")
        expect(page.get_by_text("Lines 1500–1502")).to_be_visible()
        expect(line_of(page, 1500)).to_be_in_viewport()
        assert ground_of(page, 1500) == ground_of(page, 1502) != ground_of(page, 1503)
        page.get_by_role("button", name="Let go of the lines").click()
        expect(page).to_have_url(written)


def test_a_copy_has_the_lines_and_nothing_beside(written: str, opened: Open) -> None:
    with opened(written) as page:
        page.keyboard.press("t")
        begin = line_of(page, 7).get_by_text("line 7", exact=True).bounding_box()
        last = line_of(page, 9).get_by_text("line 9", exact=True).bounding_box()
        assert begin is not None
        assert last is not None
        page.mouse.move(begin["x"], begin["y"] + 4)
        page.mouse.down()
        page.mouse.move(last["x"] + last["width"] + 40, last["y"] + 8, steps=4)
        page.mouse.up()

        page.keyboard.press("Control+C")

        assert copied(page) == "line 7\nline 8\nline 9"
        number_of(page, 1).click()
        assert press_copy(page, "Copy line") == "red then heavy then plain"


def test_a_download_has_the_colours_or_has_them_taken_out(written: str, opened: Open) -> None:
    with opened(written) as page:
        coloured = saved(page, "Whole log, with colours")
        plain = saved(page, "Whole log, plain text")

        assert coloured.splitlines()[0] == WORDS[1]["message"]
        assert plain.splitlines()[0] == "red then heavy then plain"
        assert plain.splitlines()[-1] == f"line {COUNT}"
        assert len(plain.splitlines()) == COUNT


def number_of(page: Page, number: int) -> Locator:
    return log_of(page).get_by_role("link", name=str(number), exact=True)


def log_search(page: Page) -> Locator:
    return page.get_by_role("search").filter(has=page.get_by_label("Search the whole log"))


def ground_of(page: Page, number: int) -> str:
    return str(line_of(page, number).evaluate("one => getComputedStyle(one).backgroundColor"))


def saved(page: Page, choice: str) -> str:
    """Download by the menu; what is in the file."""
    with page.expect_download() as event:
        page.get_by_role("button", name="Download").click()
        page.get_by_text(choice, exact=True).click()
    download: Download = event.value
    return Path(download.path()).read_text("utf-8")
