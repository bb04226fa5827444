"""Everybody who listens is told of each commit, once."""

from collections.abc import Sequence

from tocsin.app.commits import Commits
from tocsin.model.entry import Entry


def test_all_who_listen_are_told() -> None:
    commits, first, second = Commits(), list[Sequence[Entry]](), list[Sequence[Entry]]()
    commits.listen(first.append)
    commits.listen(second.append)
    some: list[Entry] = []

    commits.tell(some)

    assert first == second == [some]


def test_nobody_need_listen() -> None:
    Commits().tell([])
