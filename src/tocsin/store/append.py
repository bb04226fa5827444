"""Append a group of events in one transaction: numbers, duplicates, and what they change.

Runs in the writer's thread, inside the transaction it is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Dialect, bindparam, literal_column, select
from sqlalchemy import func as sql

from tocsin.model.entry import Entry
from tocsin.model.event import Event, NewEvent, Receipt
from tocsin.model.standing import Standing, standing_of
from tocsin.model.times import to_us
from tocsin.store.facts import PRUNED_THROUGH, REMOVALS, count_removal
from tocsin.store.folded import FoldedDeployments, Known
from tocsin.store.folded_trainings import FoldedTrainings
from tocsin.store.locks import Lock, hold, statement_for
from tocsin.store.statement import (
    Compiled,
    compile_for,
    compile_rows,
    in_list,
    insert_all,
    json_list,
)
from tocsin.store.tables.journal import deliveries_seen, events, journal_facts

# No journal stands so.
_UNKNOWN = (-1, -1)


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of a group: the receipts of each caller, and the new events in order of seq."""

    receipts: list[list[Receipt]]
    entries: list[Entry]


class Appender:
    """Appends groups; remembers what it folded for as long as nobody else has written."""

    def __init__(self, dialect: Dialect) -> None:
        # What was folded up to here is remembered rightly, as long as it is the newest seq and
        # nobody has removed a deployment since.
        self._known = _UNKNOWN
        self._appended = _UNKNOWN
        self._folded = FoldedDeployments(dialect)
        self._trainings = FoldedTrainings(dialect)
        self._lock = None
        if dialect.name == "postgresql":
            self._lock = Compiled(statement_for(Lock.APPEND))
        newest = select(sql.max(events.c.seq)).scalar_subquery()
        self._newest = compile_for(
            dialect,
            select(
                sql.coalesce(newest, literal_column("0")), _number("pruned"), _number("removals")
            ),
        )
        self._seen = compile_for(
            dialect,
            select(deliveries_seen.c.key, deliveries_seen.c.seq, deliveries_seen.c.event_id).where(
                in_list(deliveries_seen.c.key, "keys")
            ),
        )
        self._insert_events = compile_rows(dialect, insert_all(events))
        self._insert_seen = compile_rows(dialect, insert_all(deliveries_seen))

    def forget(self, conn: Connection) -> None:
        """What was folded is about to be taken away; called in the writer's thread.

        Other instances, which may remember it too, are told by a fact.
        """
        hold(conn, Lock.APPEND)
        count_removal(conn)
        self._folded.forget()

    def committed(self) -> None:
        """The last `append` is committed; called in the writer's thread, before the next one."""
        self._known = self._appended

    def append(self, conn: Connection, groups: Sequence[Sequence[NewEvent]]) -> Appended:
        """Append every event of `groups` in their order; a receipt for each."""
        newest = self._ask_newest(conn)
        seen = self._receipts_of(conn, groups)
        ((newest_seq, pruned, removals),) = newest.fetchall()
        last_seq = max(newest_seq, pruned)
        if (last_seq, removals) != self._known:
            self._folded.forget()
        # Until this transaction is known to be committed, nothing remembered can be trusted. To
        # look at the number next time is not enough: were this one rolled back, another process
        # could give the same number to an event of its own.
        self._known = _UNKNOWN
        fresh: list[tuple[int, NewEvent]] = []
        answers: list[list[Receipt]] = []
        for group in groups:
            answer: list[Receipt] = []
            for event in group:
                receipt = seen.get(event.dedupe) if event.dedupe is not None else None
                if receipt is None:
                    last_seq += 1
                    fresh.append((last_seq, event))
                    receipt = Receipt(last_seq, event.id, is_duplicate=False)
                    if event.dedupe is not None:
                        seen[event.dedupe] = replace(receipt, is_duplicate=True)
                answer.append(receipt)
            answers.append(answer)
        entries = self._store(conn, fresh) if fresh else []
        self._appended = (last_seq, removals)
        return Appended(answers, entries)

    def _ask_newest(self, conn: Connection) -> Any:
        """Ask for the highest seq there is, once nobody else can give out one."""
        if self._lock is not None:
            self._lock.run(conn)
        return self._newest.ask(conn, PRUNED_THROUGH, REMOVALS)

    def _receipts_of(
        self, conn: Connection, groups: Iterable[Sequence[NewEvent]]
    ) -> dict[str, Receipt]:
        keys = {event.dedupe for group in groups for event in group if event.dedupe is not None}
        if not keys:
            return {}
        rows = self._seen.fetch(conn, json_list(keys))
        return {key: Receipt(seq, event_id, is_duplicate=True) for key, seq, event_id in rows}

    def _store(self, conn: Connection, fresh: Sequence[tuple[int, NewEvent]]) -> list[Entry]:
        folded = self._folded.apply(conn, fresh)
        retold = self._trainings.apply(conn, fresh)
        standings: dict[int, Standing] = {}
        entries: list[Entry] = []
        rows: list[tuple[Any, ...]] = []
        for seq, told in fresh:
            event = retold.get(seq, told)
            project, known = folded.get(seq, (event.project, None))
            data = orjson.dumps(event.data)
            rows.append(_row(seq, event, project, data))
            standing = None if known is None else _standing(known, standings)
            entries.append(Entry(_event(seq, event, project, data), standing))
        self._insert_events.run(conn, rows)
        self._insert_seen.run(
            conn,
            [
                (event.dedupe, seq, event.id, to_us(event.received_at))
                for seq, event in fresh
                if event.dedupe is not None
            ],
        )
        return entries


def _number(name: str) -> ColumnElement[int]:
    """A fact that is a number; 0 where it does not stand there."""
    value = select(sql.cast(journal_facts.c.value, events.c.seq.type))
    found = value.where(journal_facts.c.name == bindparam(name)).scalar_subquery()
    return sql.coalesce(found, literal_column("0"))


def _row(seq: int, event: NewEvent, project: str, data: bytes) -> tuple[Any, ...]:
    return (
        seq,
        event.id,
        event.source,
        event.type,
        project,
        event.subject,
        to_us(event.occurred_at),
        event.occurred_text,
        to_us(event.received_at),
        data.decode(),
        None if event.attributes is None else orjson.dumps(event.attributes).decode(),
    )


def _event(seq: int, event: NewEvent, project: str, data: bytes) -> Event:
    """The event as it would be read back."""
    return Event(
        seq=seq,
        id=event.id,
        source=event.source,
        type=event.type,
        project=project,
        subject=event.subject,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        data=None if event.data is None else orjson.Fragment(data),
        occurred_text=event.occurred_text,
        attributes=event.attributes,
    )


def _standing(known: Known, made: dict[int, Standing]) -> Standing:
    """The deployment's standing, made once for all events of a group."""
    standing = made.get(known.pk)
    if standing is None:
        standing = standing_of(known.project, known.deployment_id, known.state, known.runs)
        made[known.pk] = standing
    return standing
