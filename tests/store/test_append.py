"""Appending in a transaction: numbers that are never given twice, and what each event keeps."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, text

from tests.appending import (
    Places,
    after,
    append,
    began,
    begin_in,
    done,
    event,
    logged,
    rows,
    seqs,
)
from tocsin.model.event import Event, NewEvent, Receipt
from tocsin.model.filters import EventFilter
from tocsin.model.times import to_us
from tocsin.model.words import DeploymentState
from tocsin.store import events as stored
from tocsin.store import postgres, sqlite
from tocsin.store.address import address_of, is_postgres
from tocsin.store.append import Appender
from tocsin.store.cursors import Position, move
from tocsin.store.database import Database
from tocsin.store.facts import raise_pruned_through
from tocsin.store.pruning import remove_events, remove_seen

INSTANCES = st.integers(0, 1)
# The keys of the events that come in one transaction, by callers.
GROUPS = st.lists(
    st.lists(st.sampled_from([None, "a", "b", "c"]), max_size=3), min_size=1, max_size=3
)


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


# --- the law: whoever appends, and whatever is lost or removed, numbers and keys stay true


class TwoInstances(RuleBasedStateMachine):
    """Two instances on one database, and what the journal must be after each thing they do."""

    def __init__(self, places: Places) -> None:
        super().__init__()
        self._place = places()
        place = self._place.__enter__()
        url = address_of("", place) if isinstance(place, Path) else address_of(place, Path())
        if isinstance(place, Path):
            begin_in(place)
        kind = postgres if is_postgres(url) else sqlite
        self._engines = [kind.writing_engine(url) for _ in range(2)]
        self._appenders = [Appender(engine.dialect) for engine in self._engines]
        self.kept: dict[int, str] = {}
        self.keys: dict[str, Receipt] = {}
        self.newest = 0
        self.cursor = 0

    @rule(who=INSTANCES, groups=GROUPS)
    def append(self, who: int, groups: list[list[str | None]]) -> None:
        made = [[event(dedupe=key) for key in group] for group in groups]
        with self._engines[who].begin() as conn:
            appended = self._appenders[who].append(conn, made)
        self._appenders[who].committed()

        assert appended.receipts == [[self._expected(one) for one in group] for group in made]

    def _expected(self, new: NewEvent) -> Receipt:
        if new.dedupe in self.keys:
            return dataclasses.replace(self.keys[new.dedupe], is_duplicate=True)
        self.newest += 1
        self.kept[self.newest] = new.id
        receipt = Receipt(self.newest, new.id, is_duplicate=False)
        if new.dedupe is not None:
            self.keys[new.dedupe] = receipt
        return receipt

    @rule(who=INSTANCES, groups=GROUPS)
    def append_in_vain(self, who: int, groups: list[list[str | None]]) -> None:
        with self._engines[who].connect() as conn, conn.begin() as transaction:
            self._appenders[who].append(conn, [[event(dedupe=key) for key in g] for g in groups])
            transaction.rollback()

    @rule(who=INSTANCES, count=st.integers(1, 3))
    def remove_the_oldest(self, who: int, count: int) -> None:
        oldest = sorted(self.kept)[:count]
        if oldest:
            with self._engines[who].begin() as conn:
                remove_events(conn, oldest)
        for seq in oldest:
            del self.kept[seq]

    @rule(who=INSTANCES)
    def forget_all_keys(self, who: int) -> None:
        with self._engines[who].begin() as conn:
            remove_seen(conn, before=after(1), slice_rows=100)
        self.keys.clear()

    @rule(who=INSTANCES)
    def move_the_cursor(self, who: int) -> None:
        with self._engines[who].begin() as conn:
            move(conn, Position("stage", self.newest, after(0)))
        self.cursor = self.newest

    @invariant()
    def everything_stands_as_it_was_told(self) -> None:
        for engine in self._engines:
            with engine.begin() as conn:
                kept = conn.execute(text("SELECT seq, id FROM events ORDER BY seq")).all()
                keys = conn.execute(text("SELECT key, seq, event_id FROM deliveries_seen")).all()
                cursor = conn.execute(text("SELECT seq FROM cursors")).scalar()
            assert [tuple(row) for row in kept] == sorted(self.kept.items())
            assert {row.key: (row.seq, row.event_id) for row in keys} == {
                key: (one.seq, one.id) for key, one in self.keys.items()
            }
            assert (cursor or 0) == self.cursor

    def teardown(self) -> None:
        for engine in self._engines:
            engine.dispose()
        self._place.__exit__(None, None, None)


def test_numbers_and_keys_are_true_whoever_appends(places: Places) -> None:
    class Here(TwoInstances):
        def __init__(self) -> None:
            super().__init__(places)

    run_state_machine_as_test(Here, settings=settings(max_examples=10, stateful_step_count=20))
