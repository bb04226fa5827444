"""What is read for those who come back is what was handed to those who stayed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.appending import after, append, began, ended, event, ground_in, logged
from tocsin.live.past import Past
from tocsin.live.rooms import EVERYTHING, NOTHING
from tocsin.model.entry import Entry
from tocsin.model.event import NewEvent
from tocsin.model.filters import EventFilter
from tocsin.store.facts import raise_pruned_through
from tocsin.store.pruning import remove_events

MINE = frozenset({EventFilter(types=("mine",)), EventFilter(projects=("web",))})


def told(entries: Sequence[Entry]) -> list[Any]:
    return [(one.event.id, one.seq, one.data, one.event.project, one.standing) for one in entries]


def step(change: Any, project: str = "shop") -> NewEvent:
    return event("step_started", project=project, change=change)


async def test_a_piece_ends_where_it_says_and_the_next_goes_on_there(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        past = Past(ground.database)
        kinds = ["mine", "theirs", "mine", "theirs", "mine", "theirs"]
        await ground.append(*map(event, kinds))
        first = await past.piece(MINE, 0, 2)
        second = await past.piece(MINE, first.through, 2)

    assert ([one.seq for one in first.entries], first.through, first.is_more) == ([1, 3], 3, True)
    # Nothing is wanted of what follows, up to the newest.
    assert ([one.seq for one in second.entries], second.through) == ([5], 6)
    assert not second.is_more
    assert (second.newest, second.pruned_through) == (6, 0)


async def test_it_says_up_to_where_something_may_be_missing(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        past = Past(ground.database)
        empty = await past.piece(EVERYTHING, 0)
        await ground.append(event(), event(), event())
        await ground.database.write(lambda conn: remove_events(conn, [1, 2]))
        some = await past.piece(EVERYTHING, 0)
        await ground.database.write(lambda conn: raise_pruned_through(conn, 9))
        none = await past.piece(NOTHING, 4)
        beyond = await past.piece(EVERYTHING, 12)

    assert (empty.through, empty.newest, empty.pruned_through) == (0, 0, 0)
    assert ([one.seq for one in some.entries], some.through, some.pruned_through) == ([3], 3, 2)
    assert (none.entries, none.through, none.newest, none.pruned_through) == ([], 9, 9, 9)
    assert (beyond.entries, beyond.through) == ([], 12)


async def test_standings_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    handed: list[Entry] = []
    async with ground_in(tmp_path) as ground:
        ground.listeners.append(handed.extend)
        await ground.append(
            step(began("1", 0)),
            event("note", subject="1"),
            step(ended("1", 1)),
            step(began("1", 2), project="web"),
        )
        past = Past(ground.database)
        with_them = await past.piece(EVERYTHING, 0, with_standings=True)
        without = await past.piece(EVERYTHING, 0)

    assert told(with_them.entries) == told(handed)
    assert [one.standing is None for one in with_them.entries] == [False, True, False, False]
    assert all(one.standing is None for one in without.entries)


async def test_an_older_event_shows_where_its_deployment_stands_by_now(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await ground.append(step(began("1", 0)))
        await ground.append(step(ended("1", 1)))
        piece = await Past(ground.database).piece(EVERYTHING, 0, with_standings=True)

    first, second = piece.entries
    assert first.standing is not None
    assert first.standing is second.standing
    assert first.standing.run.progress == 100


async def test_who_named_no_project_at_first_is_shown_with_it_later(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await append(ground.database, step(began("1", 0), project=""))
        await append(ground.database, step(began("1", 1, "test"), project="web"))
        piece = await Past(ground.database).piece(EVERYTHING, 0, with_standings=True)

    assert [one.event.project for one in piece.entries] == ["unknown", "web"]
    assert [one.standing and one.standing.project for one in piece.entries] == ["web", "web"]


async def test_data_is_handed_on_as_it_is_kept(tmp_path: Path) -> None:
    async with ground_in(tmp_path) as ground:
        await ground.append(
            event(data=orjson.Fragment(b'{"a":1.50}'), at=after(1), change=logged("1", 0, "x"))
        )
        (entry,) = (await Past(ground.database).piece(EVERYTHING, 0)).entries

    assert orjson.dumps(entry.event.data) == b'{"a":1.50}'
    assert entry.data == {"a": 1.5}


@pytest.mark.parametrize("selection", [EVERYTHING, MINE, NOTHING])
async def test_a_journal_without_events_has_nothing(
    tmp_path: Path, selection: frozenset[EventFilter]
) -> None:
    async with ground_in(tmp_path) as ground:
        piece = await Past(ground.database).piece(selection, 5)

    assert (piece.entries, piece.through, piece.is_more) == ([], 5, False)
