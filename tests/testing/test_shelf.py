"""A shelf has what was taken, in the place where it was first, and the faults in their order."""

from typing import Any

import pytest

from tests.testing.platforms.calling import clock_at
from tocsin.testing import shelf as module
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Drawn, Taken, words


def taken(shelf: Shelf, taken_id: str, text: str) -> Taken:
    return Drawn(words(text)).taken(taken_id, shelf.clock.now(), "text", {})


def test_what_is_updated_stays_in_its_place_and_was_there_since_then() -> None:
    clock = clock_at(0)
    shelf = Shelf(clock)
    shelf.keep(taken(shelf, "1", "a"))
    shelf.keep(taken(shelf, "2", "b"))
    began = clock.now()
    clock.move(60)

    shelf.update(taken(shelf, "1", "c"))

    assert [(one.text, one.edits, one.at) for one in shelf.taken] == [
        ("c", 1, began),
        ("b", 0, began),
    ]
    assert shelf.find("2") is shelf.taken[1]
    assert shelf.find("3") is None


def test_a_script_is_met_before_what_stands() -> None:
    shelf = Shelf(clock_at(0))
    shelf.always("busy")
    shelf.script("gone", None)

    assert [shelf.next_fault() for _ in range(4)] == ["gone", None, "busy", "busy"]


def test_of_what_happens_a_line_is_told_and_the_oldest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_KEPT", 2)
    news: list[Any] = []
    shelf = Shelf(clock_at(0))
    shelf.on_news = news.append

    for number in range(3):
        shelf.keep(taken(shelf, str(number), f"text {number}"))
    shelf.lose("too many", {})

    assert [one.id for one in shelf.taken] == ["1", "2"]
    assert news == ["taken: text 0", "taken: text 1", "taken: text 2", "seen by nobody: too many"]
    assert shelf.revision == 4
