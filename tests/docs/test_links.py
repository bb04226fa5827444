"""Links of the pages lead somewhere, and nothing lies around that no page leads to."""

import re
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import PAGES, ROOT, Page, page

_LINK = re.compile(r"\]\(([^)\s]+)\)")
BY_PLACE = {one.place: one for one in PAGES}


def links(of: Page) -> list[str]:
    return [target for target in _LINK.findall(of.prose) if "://" not in target]


@pytest.mark.parametrize("of", PAGES, ids=lambda one: one.place)
def test_every_link_resolves(of: Page) -> None:
    broken = [target for target in links(of) if not resolves(of, target)]

    assert not broken


def resolves(of: Page, target: str) -> bool:
    place, _, anchor = target.partition("#")
    path = (of.path.parent / place).resolve() if place else of.path
    if not path.is_relative_to(ROOT) or not path.exists():
        return False
    meant = BY_PLACE.get(path.relative_to(ROOT).as_posix())
    return not anchor or (meant is not None and anchor in meant.anchors)


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached = {"README.md"}
    waiting = [page("README.md")]
    while waiting:
        of = waiting.pop()
        for target in links(of):
            path = (of.path.parent / target.partition("#")[0]).resolve()
            place = path.relative_to(ROOT).as_posix()
            if place in BY_PLACE and place not in reached:
                reached.add(place)
                waiting.append(BY_PLACE[place])

    assert set(BY_PLACE) - reached == set()


def test_every_picture_says_what_it_shows() -> None:
    for path in (ROOT / "docs").rglob("*.svg"):
        picture = ET.parse(path).getroot()  # noqa: S314 - a file of our own
        names = {child.tag.rpartition("}")[2] for child in picture}

        assert {"title", "desc"} <= names, path
        assert "prefers-color-scheme: dark" in path.read_text("utf-8"), path


def test_every_decision_is_listed_and_has_its_parts() -> None:
    decisions = sorted(path.name for path in (ROOT / "docs" / "adr").glob("0*.md"))
    listed = links(page("docs/adr/README.md"))

    assert listed == decisions
    for name in decisions:
        decision = page(f"docs/adr/{name}")
        assert re.search(r"^Date: \d{4}-\d\d-\d\d\. Status: \w+", decision.text, re.MULTILINE), name
        for title in ("Context", "Decision", "Consequences", "What would change our mind"):
            assert decision.section(title).strip(), f"{name}: {title}"
