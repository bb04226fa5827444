"""Rooms: which events are in them, and how they are stored."""

from dataclasses import astuple
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.event import Event
from tocsin.model.rooms import Room, RoomKind, pack_rooms, selection_of, unpack_rooms

AT = datetime(2026, 1, 1, tzinfo=UTC)
SEQS = st.integers(0, 2**63 - 1)
ROOMS = st.frozensets(
    st.builds(
        Room,
        kind=st.sampled_from(RoomKind),
        id=st.text(min_size=1, max_size=20),
        since=SEQS,
        answered=st.tuples(SEQS, SEQS),
        is_filled=st.booleans(),
    ),
    max_size=10,
)


def event(project: str, deployment_id: str) -> Event:
    return Event(1, "e", "deployment", "note", project, deployment_id, AT, AT, {}, None, None)


def is_in(rooms: frozenset[Room], project: str, deployment_id: str) -> bool:
    return any(one.matches(event(project, deployment_id)) for one in selection_of(rooms))


@pytest.mark.parametrize(
    ("room", "project", "deployment_id", "expected"),
    [
        (Room(RoomKind.PROJECT, "shop"), "shop", "1", True),
        (Room(RoomKind.PROJECT, "shop"), "shop", "", True),
        (Room(RoomKind.PROJECT, "shop"), "Shop", "1", False),
        (Room(RoomKind.PROJECT, "1"), "shop", "1", False),
        (Room(RoomKind.DEPLOYMENT, "1"), "shop", "1", True),
        (Room(RoomKind.DEPLOYMENT, "1"), "other", "1", True),
        (Room(RoomKind.DEPLOYMENT, "1"), "shop", "10", False),
        (Room(RoomKind.DEPLOYMENT, "shop"), "shop", "1", False),
    ],
)
def test_a_room_is_a_project_or_what_is_called_by_a_deployment_id(
    room: Room, project: str, deployment_id: str, expected: bool
) -> None:
    assert is_in(frozenset({room}), project, deployment_id) is expected


def test_without_a_room_there_is_no_event() -> None:
    assert not is_in(frozenset(), "shop", "1")


def test_two_rooms_of_an_id_are_two() -> None:
    rooms = frozenset({Room(RoomKind.PROJECT, "x"), Room(RoomKind.DEPLOYMENT, "x")})

    assert len(selection_of(rooms)) == 2


@given(ROOMS)
def test_rooms_are_stored_and_come_back(rooms: frozenset[Room]) -> None:
    found = unpack_rooms(pack_rooms(rooms))

    assert found == rooms
    assert sorted(map(facts, found)) == sorted(map(facts, rooms))


def facts(room: Room) -> tuple[object, ...]:
    """All of it, also what does not make it another room."""
    return astuple(room)


def test_a_room_is_the_same_however_long_it_has_been_followed() -> None:
    first, later = Room(RoomKind.PROJECT, "x", 1, (1, 1)), Room(RoomKind.PROJECT, "x", 5, (5, 1))

    assert first == later
    assert frozenset({first}) - {later} == frozenset()


@given(ROOMS)
def test_the_same_rooms_are_the_same_text(rooms: frozenset[Room]) -> None:
    assert pack_rooms(sorted(rooms)) == pack_rooms(sorted(rooms, reverse=True))


@given(ROOMS, st.text(max_size=5), st.text(max_size=5))
def test_an_event_is_wanted_when_any_room_has_it(
    rooms: frozenset[Room], project: str, deployment_id: str
) -> None:
    expected = any(
        room.id == (project if room.kind is RoomKind.PROJECT else deployment_id) for room in rooms
    )

    assert is_in(rooms, project, deployment_id) is expected
