"""Append a group of events in one transaction: numbers, duplicates, and what they change.

Runs in the writer's thread, inside the transaction it is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from sqlalchemy import Connection, Dialect, bindparam, literal_column, select
from sqlalchemy import func as sql

from tocsin.model.entry import Entry
from tocsin.model.event import Event, NewEvent, Receipt
from tocsin.model.standing import Standing, standing_of
from tocsin.model.times import to_us
from tocsin.store.facts import PRUNED_THROUGH
from tocsin.store.folded import FoldedDeployments, Known
from tocsin.store.statement import compile_for, compile_rows, in_list, insert_all, json_list
from tocsin.store.tables.journal import deliveries_seen, events, journal_facts


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of a group: the receipts of each caller, and the new events in order of seq."""

    receipts: list[list[Receipt]]
    entries: list[Entry]


class Appender:
    """Appends groups; remembers what it folded for as long as nobody else has written."""

    def __init__(self, dialect: Dialect) -> None:
        # What was folded up to here is remembered rightly, as long as it is the newest seq.
        self._known_seq = -1
        self._appended_seq = -1
        self._folded = FoldedDeployments(dialect)
        pruned = select(sql.cast(journal_facts.c.value, events.c.seq.type)).where(
            journal_facts.c.name == bindparam("name")
        )
        self._newest = compile_for(
            dialect,
            select(
                sql.coalesce(sql.max(events.c.seq), literal_column("0")),
                sql.coalesce(pruned.scalar_subquery(), literal_column("0")),
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

    def forget(self) -> None:
        """What was folded has been changed by somebody else; called in the writer's thread."""
        self._folded.forget()

    def committed(self) -> None:
        """The last `append` is committed; called in the writer's thread, before the next one."""
        self._known_seq = self._appended_seq

    def append(self, conn: Connection, groups: Sequence[Sequence[NewEvent]]) -> Appended:
        """Append every event of `groups` in their order; a receipt for each."""
        newest, pruned = self._newest.fetch(conn, PRUNED_THROUGH)[0]
        last_seq = max(newest, pruned)
        if last_seq != self._known_seq:
            self._folded.forget()
        # Until this transaction is known to be committed, nothing remembered can be trusted. To
        # look at the number next time is not enough: were this one rolled back, another process
        # could give the same number to an event of its own.
        self._known_seq = -1
        seen = self._receipts_of(conn, groups)
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
        self._appended_seq = last_seq
        return Appended(answers, entries)

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
        standings: dict[int, Standing] = {}
        entries: list[Entry] = []
        rows: list[tuple[Any, ...]] = []
        for seq, event in fresh:
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
