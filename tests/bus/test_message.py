"""A commit's events come out of a message as they went in, or are not taken at all."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.bus.message import (
    EPOCH,
    HEAD,
    MAX_BYTES,
    RUN,
    Fields,
    Sender,
    Unreadable,
    messages_of,
    read_message,
    sender_of,
)
from tocsin.model.attempts import Attempt
from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.model.runs import Run, Step
from tocsin.model.standing import Standing
from tocsin.model.words import DeploymentState, StepState

NOW = datetime(2026, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SENDER = Sender("run-1", "epoch-1")


def event(seq: int, **other: Any) -> Event:
    fields: dict[str, Any] = {
        "id": f"id-{seq}",
        "source": "deployment",
        "type": "step_started",
        "project": "shop",
        "subject": "d-1",
        "occurred_at": NOW - timedelta(seconds=3),
        "received_at": NOW,
        "data": orjson.Fragment(b'{"step_name":"\xe9\x83\xa8\xe7\xbd\xb2","n":1.50}'),
        "occurred_text": None,
        "attributes": None,
    }
    return Event(seq=seq, **{**fields, **other})


def standing(deployment_id: str = "d-1", steps: int = 2) -> Standing:
    attempt = Attempt(StepState.COMPLETED, "success", 1, 2, 0.5)
    run = Run(
        number=2,
        opens_at=5,
        state=DeploymentState.RUNNING,
        conclusion="",
        started_at=1,
        completed_at=None,
        duration_s=None,
        steps=tuple(Step(f"步骤 {n}", (attempt, attempt)) for n in range(steps)),
        sent={"steps_count": 5},
    )
    return Standing("shop", deployment_id, {"branch": "main"}, run)


def only(entries: list[Entry]) -> Fields:
    (message,) = messages_of(SENDER, entries, NOW)
    return message


def shown(entry: Entry) -> tuple[Any, ...]:
    """All of it that can be compared."""
    said = entry.event
    rest = (said.id, said.source, said.type, said.project, said.subject, said.occurred_at)
    data = None if said.data is None else orjson.dumps(said.data)
    more = (said.received_at, said.occurred_text, said.attributes)
    return (entry.seq, *rest, *more, data, entry.standing)


def test_everything_comes_out_as_it_went_in() -> None:
    one, other = standing(), standing("d-2", steps=0)
    entries = [
        Entry(event(7), one),
        Entry(event(8, data=None, attributes={"traceparent": "00-1"}), other),
        Entry(event(9, occurred_text="yesterday", subject=""), None),
        Entry(event(10), one),
    ]

    heard = read_message(only(entries))

    assert (heard.sender, heard.first, heard.last, heard.sent_at) == (SENDER, 7, 10, NOW)
    assert heard.entries is not None
    assert [shown(one) for one in heard.entries] == [shown(one) for one in entries]


def test_what_an_event_says_goes_through_byte_for_byte() -> None:
    message = only([Entry(event(7))])

    assert message[b"7"] == b'{"step_name":"\xe9\x83\xa8\xe7\xbd\xb2","n":1.50}'


def test_a_standing_goes_once_however_many_events_have_it() -> None:
    one = standing()

    message = only([Entry(event(seq), one) for seq in range(1, 21)])

    assert len(orjson.loads(message[HEAD])["standings"]) == 1
    entries = read_message(message).entries
    assert entries is not None
    assert len({id(entry.standing) for entry in entries}) == 1


def test_a_large_commit_goes_in_several_messages() -> None:
    data = orjson.Fragment(b'"%b"' % (b"x" * 60_000))
    messages = list(messages_of(SENDER, [Entry(event(n, data=data)) for n in range(1, 11)], NOW))

    spans = [(heard.first, heard.last) for heard in map(read_message, messages)]
    assert len(messages) == 3
    assert spans == [(1, 4), (5, 8), (9, 10)]
    assert all(sum(map(len, one.values())) <= MAX_BYTES for one in messages)


def test_standings_count_for_the_size_of_a_message() -> None:
    entries = [Entry(event(n), standing(f"d-{n}", steps=100)) for n in range(1, 31)]
    messages = list(messages_of(SENDER, entries, NOW))

    told = [one for message in messages for one in read_message(message).entries or ()]
    assert len(messages) > 1
    assert [shown(one) for one in told] == [shown(one) for one in entries]
    assert all(sum(map(len, one.values())) <= MAX_BYTES for one in messages)


def test_what_is_too_large_is_told_by_its_number_alone() -> None:
    data = orjson.Fragment(b'"%b"' % (b"x" * MAX_BYTES))

    heard = read_message(only([Entry(event(4, data=data))]))

    assert (heard.first, heard.last, heard.entries) == (4, 4, None)


def test_one_of_another_version_is_a_bell_only() -> None:
    message = dict(only([Entry(event(4))]))
    message[HEAD] = orjson.dumps({**orjson.loads(message[HEAD]), "version": 2, "events": "?"})

    assert read_message(message).entries is None


@pytest.mark.parametrize(
    "head",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"first": 1, "last": "x", "at": 1}',
        b'{"first": 1, "last": 1, "at": 1e300}',
    ],
)
def test_what_is_no_message_is_said_to_be_none(head: bytes | None) -> None:
    with pytest.raises(Unreadable):
        read_message({RUN: b"r", EPOCH: b"e"} | ({} if head is None else {HEAD: head}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"events": [[1, 2]]},
        {"events": 3},
        {"standings": [{"project": "shop"}]},
        {"standings": None},
        {"last": 5},
        {"first": 3},
    ],
)
def test_one_that_is_wrong_inside_is_not_taken(wrong: dict[str, Any]) -> None:
    message = dict(only([Entry(event(4), standing())]))
    message[HEAD] = orjson.dumps({**orjson.loads(message[HEAD]), **wrong})

    with pytest.raises(Unreadable):
        read_message(message)


def test_who_tells_is_read_without_the_rest() -> None:
    message = {**only([Entry(event(4))]), HEAD: b"?"}

    assert sender_of(message) == SENDER


@given(st.dictionaries(st.binary(max_size=8), st.binary(max_size=60), max_size=4))
def test_nothing_that_stands_in_redis_can_do_more_than_be_unreadable(fields: Fields) -> None:
    with pytest.raises(Unreadable):
        read_message({**fields, RUN: b"r", EPOCH: b"e"})
    with pytest.raises(Unreadable):
        read_message(fields)
