"""Appending in a transaction: numbers that are never given twice, and what each event keeps."""

import dataclasses
import json
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection

from tests.appending import after, append, began, done, event, logged, rows, seqs
from tocsin.model.event import Event
from tocsin.model.filters import EventFilter
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState
from tocsin.store import events as stored
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.facts import raise_pruned_through
from tocsin.store.pruning import remove_events


@pytest.fixture
def appender(database: Database) -> Appender:
    return Appender(database.dialect)


async def test_every_field_of_an_event_is_kept(database: Database, appender: Appender) -> None:
    said = event(
        "note",
        at=after(2),
        id="e-1",
        source="cloudevents",
        subject="s",
        occurred_at=after(1.5),
        occurred_text="yesterday",
        attributes={"specversion": "1.0"},
        data=["ä", None, 1.5],
        dedupe="k",
    )

    await database.write(lambda conn: appender.append(conn, [[said]]))

    (row,) = await rows(database, "SELECT * FROM events")
    assert json.loads(row.pop("data")) == ["ä", None, 1.5]
    assert json.loads(row.pop("attributes")) == {"specversion": "1.0"}
    assert row == {
        "seq": 1,
        "id": "e-1",
        "source": "cloudevents",
        "type": "note",
        "project": "shop",
        "subject": "s",
        "occurred_at": to_us(after(1.5)),
        "occurred_text": "yesterday",
        "received_at": to_us(after(2)),
    }
    seen = await rows(database, "SELECT * FROM deliveries_seen")
    assert seen == [{"key": "k", "seq": 1, "event_id": "e-1", "received_at": to_us(after(2))}]


async def test_an_event_without_data_is_kept_as_such(
    database: Database, appender: Appender
) -> None:
    await database.write(lambda conn: appender.append(conn, [[event(data=None)]]))

    (row,) = await rows(database, "SELECT data, attributes FROM events")
    assert row == {"data": "null", "attributes": None}


async def test_what_was_parsed_once_is_written_as_it_came(
    database: Database, appender: Appender
) -> None:
    body = orjson.Fragment(b'{"a":1.50}')

    await database.write(lambda conn: appender.append(conn, [[event(data=body)]]))

    (row,) = await rows(database, "SELECT data FROM events")
    assert row == {"data": '{"a":1.50}'}


@pytest.mark.parametrize("count", [1, 3])
async def test_a_number_is_not_given_twice_after_all_events_are_removed(
    database: Database, appender: Appender, count: int
) -> None:
    def empty(conn: Connection) -> None:
        remove_events(conn, list(range(1, count + 1)))

    await database.write(lambda conn: appender.append(conn, [[event() for _ in range(count)]]))
    await database.write(empty)

    await database.write(lambda conn: appender.append(conn, [[event()]]))
    await append(database, event())
    assert await seqs(database) == [count + 1, count + 2]


async def test_a_number_follows_the_newest_event_when_older_ones_are_removed(
    database: Database, appender: Appender
) -> None:
    await database.write(lambda conn: appender.append(conn, [[event(), event()]]))
    await database.write(lambda conn: raise_pruned_through(conn, 1))

    groups = [[event()], [], [event()]]
    appended = await database.write(lambda conn: appender.append(conn, groups))

    assert [[one.seq for one in answer] for answer in appended.receipts] == [[3], [], [4]]


async def test_an_event_gets_the_project_of_its_deployment(
    database: Database, appender: Appender
) -> None:
    nameless = event(project="", change=began("1", 1))
    groups = [[event(change=began("1", 0))], [nameless], [event(project="")]]

    await database.write(lambda conn: appender.append(conn, groups))

    told = await rows(database, "SELECT project FROM events ORDER BY seq")
    assert [row["project"] for row in told] == ["shop", "shop", ""]


# --- what is handed on to live clients


async def test_an_event_is_handed_on_as_it_would_be_read_back(
    database: Database, appender: Appender
) -> None:
    odd = event(
        at=after(2.000_001),
        source="cloudevents",
        subject="s",
        occurred_at=after(-1.5),
        occurred_text="yesterday",
        attributes={"specversion": "1.0"},
        data={"ä": [None, 1.5]},
    )
    new = [odd, event(data=None), event(data="text"), event(project="", change=began("1", 0))]

    appended = await database.write(lambda conn: appender.append(conn, [new]))

    async with database.read() as conn:
        read = (await stored.page(conn, EventFilter(), 10, is_ascending=True)).items
    assert [as_told(entry.event) for entry in appended.entries] == [as_told(one) for one in read]
    assert len(read) == 4


async def test_a_repeat_is_not_handed_on(database: Database, appender: Appender) -> None:
    groups = [[event("a", dedupe="k"), event("b", dedupe="k")], [event("c", dedupe="k")]]

    first = await database.write(lambda conn: appender.append(conn, groups))
    second = await database.write(lambda conn: appender.append(conn, groups))

    assert [entry.event.type for entry in first.entries] == ["a"]
    assert second.entries == []


async def test_events_of_one_group_show_where_their_deployment_stands_after_all_of_them(
    database: Database, appender: Appender
) -> None:
    groups = [
        [event("begin", change=began("1", 0)), event("note")],
        [event("other", project="web", change=began("1", 1))],
        [event("line", change=logged("1", 1, "x")), event("end", change=done("1", 2))],
    ]

    appended = await database.write(lambda conn: appender.append(conn, groups))

    standings = {entry.event.type: entry.standing for entry in appended.entries}
    shop = standings["begin"]
    assert shop is not None
    assert (shop.project, shop.deployment_id) == ("shop", "1")
    assert shop.run.state is DeploymentState.SUCCESS
    assert standings["end"] is standings["line"] is shop
    assert standings["other"] is not None
    assert standings["other"].project == "web"
    assert standings["note"] is None


def as_told(event: Event) -> tuple[Any, ...]:
    """All of it; a fragment of JSON is equal only to itself."""
    fields = {one.name: getattr(event, one.name) for one in dataclasses.fields(Event)}
    return fields.pop("data") is None, orjson.dumps(event.data), fields
