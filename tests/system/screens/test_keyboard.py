"""The whole way from the list to a line of a log, with hands on the keyboard only."""

import re

from playwright.sync_api import Page, expect

from tests.system.screens.conftest import Open
from tests.system.screens.pages import line_of, log_of
from tests.system.screens.story import FAILED
from tests.system.server import Server

# As many as a patient person would press; there are fewer stops on the way.
MOST_TABS = 60


def test_a_failure_is_found_and_linked_by_tab_and_enter(shown: Server, opened: Open) -> None:
    with opened(f"{shown.url}/") as page:
        expect(page.get_by_role("link", name=FAILED)).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")

        tab_to(page, re.compile(FAILED))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(FAILED)
        expect(line_of(page, 18)).to_be_visible()
        tab_to(page, re.compile(r"^Log$"))
        expect(log_of(page)).to_be_focused()
        page.keyboard.press("e")
        # What a screen reader says of the line that one is at.
        expect(page.get_by_text("18: attempt 17")).to_be_attached()
        expect(line_of(page, 18)).to_be_in_viewport()
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(r"#L18$"))
        tab_to(page, re.compile(r"^Copy line$"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("Copied").first).to_be_visible()
        assert "connection reset" in page.evaluate("navigator.clipboard.readText()")


def tab_to(page: Page, name: re.Pattern[str]) -> None:
    """Press Tab until what has the focus is called so; each stop on the way must be visible."""
    passed = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        told = page.evaluate(
            """() => {
              const one = document.activeElement;
              const { outlineStyle, boxShadow } = getComputedStyle(one);
              const isSeen = outlineStyle !== 'none' || boxShadow !== 'none';
              return { name: (one.ariaLabel ?? one.innerText ?? '').trim(), isSeen };
            }"""
        )
        if name.search(told["name"]):
            return
        passed.append(told["name"])
    raise AssertionError(f"not among {passed}")
