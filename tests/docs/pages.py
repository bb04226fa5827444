"""The project's pages, and what can be read out of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Page:
    """One page in Markdown; `place` is its path in the project."""

    place: str

    @property
    def path(self) -> Path:
        return ROOT / self.place

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def words(self) -> set[str]:
        """What stands between backticks."""
        return {word.replace("\\|", "|") for word in _CODE.findall(self.prose)}

    def blocks(self, language: str) -> list[str]:
        """The fenced blocks of a language."""
        return [text for said, text in _FENCE.findall(self.text) if said == language]

    def section(self, title: str) -> str:
        """What stands below the heading `title`, up to the next one of its level."""
        found = re.search(rf"^(#+) {re.escape(title)}$", self.text, re.MULTILINE)
        assert found, f"{self.place} has no section {title!r}"
        after = self.text[found.end() :]
        return re.split(rf"^#{{1,{len(found[1])}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]

    @property
    def anchors(self) -> set[str]:
        """The names by which a link can point at a heading, as GitHub makes them."""
        titles = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def all_pages() -> Iterator[Page]:
    """Every page: those beside the README, and all below docs/."""
    for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        yield Page(path.relative_to(ROOT).as_posix())


PAGES = tuple(all_pages())


def page(place: str) -> Page:
    return Page(place)


def first_cells(table: str) -> list[str]:
    """The first cell of each row of the tables in `table`, without backticks."""
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return [word for row in rows for word in _CODE.findall(row.split(" | ")[0])]
