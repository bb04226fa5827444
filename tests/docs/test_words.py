"""The pages speak of the project: not of somebody's machine, tickets or package registry."""

import re

import pytest

from tests.docs.pages import PAGES, Page

FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.:/-])/(home|root|tmp|work|Users|mnt)/",
    "a ticket": r"(?i)\b(issue|ticket|pr) ?#?\d|(?<!\w)#\d+\b",
    "a registry": r"(?i)https?://[\w.-]*(pypi|npmjs|registry|artifactory|nexus)",
    "something left to do": r"\b(TODO|FIXME|XXX|TBD)\b",
    "marketing": r"(?i)\b(blazing|seamless|effortless|cutting-edge|world-class|powerful|robust)",
}


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_the_page_does_not_hold(of: Page, what: str) -> None:
    found = re.search(FORBIDDEN[what], of.text)

    assert found is None, f"{what}: {of.text[found.start() - 30 : found.end() + 30]!r}"


@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_lines_of_prose_fit_on_a_screen(of: Page) -> None:
    long = [
        line
        for line in of.prose.splitlines()
        if len(line) > 105 and not line.startswith(("|", "- Addresses", "- Takes"))
    ]

    assert not long
