"""What a reader of the screens does and looks at, in a few words."""

from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.system.screens.story import SHOP
from tests.system.server import Server

# A whole screen of lines, what is held ready beside it, and the row that says how the log ends.
MOST_ROWS = 300


def place_of(server: Server, deployment: str, project: str = SHOP) -> str:
    """The address of a deployment's screen."""
    return f"{server.url}/deployments/{quote(deployment)}?project={quote(project, safe='')}"


def is_live(page: Page) -> None:
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def log_of(page: Page) -> Locator:
    return page.get_by_role("log", name="Log")


def line_of(page: Page, number: int) -> Locator:
    """A line of the log, by its number."""
    return (
        log_of(page)
        .get_by_role("listitem")
        .filter(has=page.get_by_role("link", name=str(number), exact=True))
    )


def held(page: Page) -> list[tuple[int, str]]:
    """Number and text of the lines that the page holds just now, from top to bottom."""
    found = log_of(page).evaluate(
        """log => [...log.querySelectorAll('li')]
          .filter((row) => row.querySelector('[data-line]') !== null)
          .map((row) => [
            Number(row.querySelector('[data-line]').dataset.line),
            row.querySelector('.text').textContent,
          ])"""
    )
    return [(int(number), str(text)) for number, text in found]


def numbers(page: Page) -> list[int]:
    return [number for number, _ in held(page)]


def steps_of(page: Page) -> Locator:
    return page.get_by_role("region", name="Steps")


def copied(page: Page) -> str:
    """What lies in the clipboard."""
    return str(page.evaluate("navigator.clipboard.readText()"))


def press_copy(part: Page | Locator, name: str) -> str:
    """Press a button that copies, wait until it says so, and give what it copied."""
    part.get_by_role("button", name=name).click()
    expect(part.get_by_text("Copied").first).to_be_visible()
    return copied(part if isinstance(part, Page) else part.page)
