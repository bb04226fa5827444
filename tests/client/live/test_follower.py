"""Whatever happens to lines, each event of the journal is handed on once and in order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.client.live.follower import Follower, Verdict
from tocsin.client.live.messages import (
    Alert,
    ConnectionStatus,
    DeploymentEvent,
    ErrorSaid,
    Message,
    Offset,
    Pong,
    StatusUpdate,
    Subscribed,
)
from tocsin.client.live.subscription import Subscription, Wish
from tocsin.client.place import Opened, Place


def greeting(seq: int, epoch: str = "e", features: Sequence[str] = ("resume",)) -> Message:
    position = Offset(epoch, seq)
    return ConnectionStatus(type="connection_status", features=tuple(features), position=position)


def answer(recovered: bool | None, seq: int, epoch: str = "e") -> Message:
    position = Offset(epoch, seq)
    return Subscribed(type="subscribed", recovered=recovered, position=position, request_id="r")


def event(seq: int, epoch: str = "e") -> Message:
    return DeploymentEvent(type="posco_event", offset=Offset(epoch, seq))


def begin(follower: Follower, request_id: str = "r") -> dict[str, object]:
    """What is asked on a new line, in one message at most; answers carry its id."""
    asked = follower.begin(lambda: request_id)
    assert len(asked) <= 1
    return dict(asked[0][1]) if asked else {}


def following(place: Place | None = None, wish: Wish | None = None) -> Follower:
    return Follower(place or Place(), Subscription().plus(wish or Wish()))


def test_a_first_line_stands_with_the_greeting_and_counts_from_there() -> None:
    follower = following()

    assert begin(follower) == {}
    assert follower.take(greeting(3)).opened == Opened("e", 3, None)
    assert follower.offset == Offset("e", 3)
    assert follower.take(event(4)).is_wanted
    assert follower.offset == Offset("e", 4)


def test_with_a_wish_a_line_stands_with_its_answer_and_drops_what_came_before() -> None:
    follower = following(wish=Wish(event_types=["posco_event"]))

    assert begin(follower) == {"event_types": ["posco_event"]}
    assert follower.take(greeting(3)).opened is None
    assert not follower.take(event(4)).is_wanted
    assert not follower.take(StatusUpdate(type="status_update")).is_wanted
    assert follower.take(answer(None, 4)).opened == Opened("e", 4, None)
    assert follower.take(event(5)).is_wanted


def test_a_further_line_goes_on_after_the_place_and_drops_what_comes_twice() -> None:
    follower = following(Place("now", "e", 5))

    assert begin(follower) == {"since": {"epoch": "e", "seq": 5}}
    follower.take(greeting(8))
    # Live, before what was missed.
    assert not follower.take(event(9)).is_wanted
    assert follower.take(answer(True, 5)).opened == Opened("e", 5, True)
    wanted = [seq for seq in (6, 7, 8, 9, 9, 8, 10) if follower.take(event(seq)).is_wanted]
    assert wanted == [6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    ("reply", "opened", "offset"),
    [
        (answer(False, 900), Opened("e", 900, False), Offset("e", 900)),
        (answer(False, 2, "f"), Opened("f", 2, False), Offset("f", 2)),
        (answer(None, 7), Opened("e", 7, False), Offset("e", 7)),
        (greeting(7, features=()), Opened("e", 7, False), Offset("e", 7)),
    ],
    ids=["too much was missed", "another journal", "does not say", "cannot resume"],
)
def test_what_cannot_be_gone_on_with_is_told(
    reply: Message, opened: Opened, offset: Offset
) -> None:
    follower = following(Place("now", "e", 5))
    begin(follower)

    verdict = follower.take(reply)

    assert verdict == Verdict(True, opened, Place("now", "e", 5))
    assert follower.offset == offset


@pytest.mark.parametrize(
    ("code", "is_passing"),
    [
        ("INVALID_MESSAGE_FORMAT", False),
        ("AUTHENTICATION_REQUIRED", False),
        ("INTERNAL_SERVER_ERROR", True),
        ("RATE_LIMIT_EXCEEDED", True),
    ],
)
def test_a_line_does_not_stand_when_its_question_is_refused(code: str, is_passing: bool) -> None:
    follower = following(Place("now", "e", 5))
    begin(follower)

    verdict = follower.take(ErrorSaid(type="error", error_code=code, request_id="r"))

    assert (verdict.is_passing, verdict.is_refused) == (is_passing, not is_passing)
    assert not follower.is_open
    assert follower.offset == Offset("e", 5)


def test_of_several_questions_the_answer_to_the_last_one_counts() -> None:
    projects = [f"p{number}" for number in range(101)]
    follower = following(wish=Wish(projects=projects))
    ids = iter(["q", "r"])

    assert [request_id for request_id, _ in follower.begin(lambda: next(ids))] == ["q", "r"]
    first = Subscribed(type="subscribed", position=Offset("e", 3), request_id="q")
    assert follower.take(first).opened is None
    assert follower.take(answer(None, 4)).opened == Opened("e", 4, None)


def test_an_answer_to_something_else_does_not_count() -> None:
    follower = following(Place("now", "e", 5))
    begin(follower, "other")

    assert follower.take(answer(True, 5)).opened is None
    assert follower.take(Pong(type="pong", request_id="other")).opened is None


def test_what_is_refused_is_not_asked_again_what_was_not_answered_is() -> None:
    follower = following()
    begin(follower)
    follower.take(greeting(3))
    follower.change("a", lambda before: before.plus(Wish(event_types=["alert"])))
    follower.change("b", lambda before: before.plus(Wish(event_types=["of_tomorrow"])))
    follower.change("c", lambda before: before.plus(Wish(projects=["shop"])))
    follower.take(ErrorSaid(type="error", request_id="b"))
    follower.take(Subscribed(type="subscribed", request_id="a"))

    assert begin(follower) == {
        "event_types": ["alert"],
        "projects": ["shop"],
        "since": {"epoch": "e", "seq": 3},
    }


def test_a_server_without_a_journal_is_followed_too() -> None:
    follower = following(wish=Wish(event_types=["alert"]))
    begin(follower)

    assert follower.take(ConnectionStatus(type="connection_status")).opened is not None
    assert follower.take(Alert(type="alert")).is_wanted
    assert follower.offset is None


class Journal:
    """A server that breaks off after so many messages of each line."""

    def __init__(self) -> None:
        self.head = 0
        self.got: list[int] = []
        self.opened: list[Opened] = []

    def run(self, follower: Follower, early: int, replayed: int, live: int) -> None:
        since = follower.offset
        asked = begin(follower)
        self._say(follower, greeting(self.head))
        self._happen(follower, early)
        if asked and since is not None:
            self._say(follower, answer(True, since.seq))
            upto = min(self.head, since.seq + replayed)
            for seq in range(since.seq + 1, upto + 1):
                self._say(follower, event(seq))
            if upto < self.head:
                return
        self._happen(follower, live)

    def _happen(self, follower: Follower, count: int) -> None:
        for _ in range(count):
            self.head += 1
            self._say(follower, event(self.head))

    def _say(self, follower: Follower, message: Message) -> None:
        verdict = follower.take(message)
        if verdict.opened:
            self.opened.append(verdict.opened)
        if verdict.is_wanted and message.offset:
            self.got.append(message.offset.seq)


counts = st.integers(0, 4)


@given(st.lists(st.tuples(counts, counts, counts), max_size=8))
def test_any_cuts_give_a_gapless_suffix(lines: list[tuple[int, int, int]]) -> None:
    follower, journal = following(), Journal()

    for early, replayed, live in lines:
        journal.run(follower, early, replayed, live)

    assert journal.got == list(range(1, len(journal.got) + 1))
    assert all(one.recovered for one in journal.opened[1:])
