"""Which Socket.IO clients take an offset behind their events, and how they go on by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.live.offset import Offset
from tocsin.live.recovering import Place, WayBack, can_recover, parse_place, way_back
from tocsin.model.rooms import Room, RoomKind
from tocsin.store.live_sessions import LiveSession

CHROME = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (CHROME, True),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", True),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) Version/26.0 Safari/604.1", True),
        ("node-XMLHttpRequest", True),
        ("axios/1.12.2", True),
        ("Python/3.11 aiohttp/3.14.5", False),
        ("python-requests/2.32.5", False),
        ("Python/3.12 websockets/15.0", False),
        ("okhttp/4.12.0", False),
        ("Java/21.0.4", False),
        ("MyApp/1 CFNetwork/1568.200.51 Darwin/24.1.0", False),
        ("Dart/3.9 (dart:io)", False),
    ],
)
def test_clients_whose_handlers_count_arguments_are_known_by_their_user_agent(
    agent: str, expected: bool
) -> None:
    assert can_recover({"user-agent": agent}, {}) is expected
    # It may also come with an Origin, as pages' do.
    assert can_recover({"user-agent": agent, "origin": "http://here"}, {}) is expected


def test_without_a_user_agent_it_is_node_unless_it_names_an_origin() -> None:
    assert can_recover({}, {})
    assert not can_recover({"origin": "http://here"}, {})
    assert can_recover({"user-agent": ""}, {})


@pytest.mark.parametrize("agent", [CHROME, "Python/3.11 aiohttp/3.14.5"])
@pytest.mark.parametrize("said", [True, False])
def test_the_clients_own_word_decides(agent: str, said: bool) -> None:
    assert can_recover({"user-agent": agent}, {"recover": said}) is said


@pytest.mark.parametrize("said", [None, 1, 0, "no", "true", [], {}])
def test_a_word_that_is_neither_yes_nor_no_is_none(said: object) -> None:
    assert can_recover({"user-agent": CHROME}, {"recover": said})


# --- what a client has

PLACES = st.builds(
    Place,
    st.builds(Offset, st.text("0123456789abcdef", min_size=1), st.integers(0, 2**63 - 1)),
    st.integers(0, 999_999_999),
)


@given(PLACES)
def test_a_place_is_written_and_read(place: Place) -> None:
    assert parse_place(str(place)) == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("journal:7", Place(Offset("journal", 7))),
        ("journal:7:2", Place(Offset("journal", 7), 2)),
        ("journal:7:", Place(Offset("journal", 7))),
    ],
)
def test_the_offset_of_an_event_is_a_place_too(text: str, expected: Place) -> None:
    assert parse_place(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "7",
        "journal",
        "journal:",
        ":7",
        "journal:x",
        "journal:-7",
        "journal:7:x",
        "journal:7:-1",
        "journal:7:1:1",
        "journal:7:٣",
        "journal:7:" + "9" * 5000,
        "journal:" + "9" * 5000,
        "journal:9223372036854775808",
    ],
)
def test_a_text_that_is_none_is_none(text: str) -> None:
    assert parse_place(text) is None


@given(st.text(max_size=30) | st.text("j0:9", max_size=9))
def test_whatever_a_client_says_is_a_place_or_none(text: str) -> None:
    place = parse_place(text)

    assert place is None or parse_place(str(place)) == place


# --- the way back


def room(name: str, at: int, number: int = 1, *, is_filled: bool = False) -> Room:
    return Room(RoomKind.PROJECT, name, at - is_filled, (at, number), is_filled)


def session(*rooms: Room, seq: int = 5) -> LiveSession:
    return LiveSession("d", "s", "/", "mina", frozenset(rooms), seq)


def place(seq: int, number: int = 0) -> Place:
    return Place(Offset("journal", seq), number)


@pytest.mark.parametrize(
    ("of", "said", "expected"),
    [
        # Nothing was asked for: it goes on where the session began.
        (session(), None, (5, "")),
        (session(), place(9), (9, "")),
        # All that was confirmed has come.
        (session(room("a", 6)), place(6, 1), (6, "")),
        (session(room("a", 6)), place(7), (7, "")),
        (session(room("a", 6), room("b", 6, 2)), place(6, 2), (6, "")),
        (session(room("a", 6, is_filled=True)), place(6, 1), (6, "")),
        # The event with that seq came, and the confirmation behind it did not.
        (session(room("a", 6)), place(6), (6, "a")),
        (session(room("a", 6), room("b", 6, 2)), place(6, 1), (6, "b")),
        (session(room("a", 6), room("b", 8)), place(7), (7, "b")),
        # None has come.
        (session(room("a", 6), room("b", 8)), None, (6, "ab")),
        # An offset of an earlier session is not gone back to.
        (session(), place(2), (5, "")),
        (session(room("a", 6)), place(2), (5, "a")),
    ],
)
def test_it_goes_on_after_what_it_has_and_hears_again_what_was_lost(
    of: LiveSession, said: Place | None, expected: tuple[int, str]
) -> None:
    way = way_back(of, said)

    assert way is not None
    assert (way.after, "".join(sorted(one.id for one in way.unheard))) == expected


@pytest.mark.parametrize("said", [None, place(5), place(6), place(3, 7)])
def test_it_does_not_when_it_was_in_the_midst_of_what_it_had_missed(said: Place | None) -> None:
    assert way_back(session(room("a", 6, is_filled=True)), said) is None


@pytest.mark.parametrize(
    ("said", "expected"), [(None, (6, 2)), (place(6, 1), (6, 2)), (place(6, 3), (6, 3))]
)
def test_the_next_confirmation_is_unlike_all_before(
    said: Place | None, expected: tuple[int, int]
) -> None:
    # One that the client was given may be of a room that it left since.
    way = way_back(session(room("a", 6, 1), room("b", 6, 2)), said)

    assert way is not None
    assert way.answered == expected


def test_one_that_was_given_nothing_goes_back_to_its_first_subscription() -> None:
    # It was confirmed anew since, on a connection that was lost too.
    of = session(Room(RoomKind.PROJECT, "a", since=6, answered=(9, 1)), seq=5)
    way = way_back(of, None)

    assert way is not None
    assert way.after == 6


def test_a_way_back_can_be_compared() -> None:
    assert way_back(session(), None) == WayBack(5, frozenset(), frozenset(), (-1, 0))


def test_a_room_brings_what_comes_after_the_place_gone_back_to() -> None:
    way = way_back(session(room("a", 6), room("b", 8)), place(6, 1))

    assert way is not None
    assert {one.id: one.since for one in way.rooms} == {"a": 6, "b": 6}
