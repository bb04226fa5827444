"""Keep what trainings look like now, in the transaction that appends what changed them.

Runs in the writer's thread. Trainings are few and slow beside deployments: nothing of them is
remembered from one group to the next.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Connection, Dialect, bindparam, select

from tocsin.model.event import NewEvent, new_event_id
from tocsin.model.times import to_us
from tocsin.model.training import (
    EVENT_TYPES,
    REGISTERED,
    ResultFile,
    Training,
    TrainingChange,
    TrainingStatus,
    fold,
)
from tocsin.model.training_news import judged
from tocsin.store.statement import in_list, insert_for, json_list
from tocsin.store.tables.trainings import training_files, trainings

WAITING = "waiting"

# Written by the stage that asks, and the place in the list: both are none of the fold's.
_KEPT = ("id", "opened_seq", "asked_at")


class FoldedTrainings:
    """Folds groups of events into the trainings of the database."""

    def __init__(self, dialect: Dialect) -> None:
        self._select = select(trainings.c.id, trainings.c.opened_seq, trainings.c.state).where(
            in_list(trainings.c.id, "ids")
        )
        upsert = insert_for(dialect, trainings).values(
            {column.name: bindparam(column.name) for column in trainings.columns}
        )
        changed = {c.name: upsert.excluded[c.name] for c in trainings.c if c.name not in _KEPT}
        self._upsert = upsert.on_conflict_do_update(index_elements=["id"], set_=changed)
        self._insert_files = insert_for(dialect, training_files).on_conflict_do_nothing()

    def apply(
        self, conn: Connection, fresh: Iterable[tuple[int, NewEvent]]
    ) -> Mapping[int, NewEvent]:
        """Fold `fresh` into the tables; gives the events that told of a training, as they are now.

        With the project that the training's registration names, unless they name one; as failed
        if the training ended without what it was registered to bring; and never as an end if it
        had ended before, so that nobody is told of a second one.
        """
        groups: dict[str, list[tuple[int, NewEvent, TrainingChange]]] = {}
        for seq, event in fresh:
            if event.training is not None:
                group = groups.setdefault(event.training.training_id, [])
                group.append((seq, event, event.training))
        if not groups:
            return {}
        found = conn.execute(self._select, {"ids": json_list(groups)})
        known = {row.id: (row.opened_seq, unpack_training(row.state)) for row in found}
        rows: list[dict[str, Any]] = []
        files: list[dict[str, Any]] = []
        told: dict[int, NewEvent] = {}
        for training_id, group in groups.items():
            opened_seq, before = known.get(training_id, (group[0][0], None))
            after, events = _told(before, group)
            rows.append(_row(training_id, opened_seq, after))
            if before is None or before.files != after.files:
                files.extend(_file_rows(training_id, after, group[-1][1]))
            told.update(events)
        conn.execute(self._upsert, rows)
        if files:
            conn.execute(self._insert_files, files)
        return told


def _told(
    before: Training | None, group: Iterable[tuple[int, NewEvent, TrainingChange]]
) -> tuple[Training, Mapping[int, NewEvent]]:
    """A training after a group of events, and these as they are with what is known of it."""
    training, told = before, dict[int, NewEvent]()
    for seq, event, said in group:
        has_ended = training is not None and training.status.is_final
        change = judged(training, said)
        training = fold(training, (change,))
        kind = event.type
        if kind != REGISTERED:
            kind = EVENT_TYPES[(not has_ended and change.status) or TrainingStatus.TRAINING]
        told[seq] = replace(event, type=kind, project=event.project or training.project)
    return training or Training(), told


def _row(training_id: str, opened_seq: int, training: Training) -> dict[str, Any]:
    return {
        "id": training_id,
        "status": training.status.value,
        "training_type": training.fact("training_type"),
        "finetune_id": training.fact("finetune_id"),
        "endpoint": training.fact("endpoint"),
        "opened_seq": opened_seq,
        "updated_at": training.updated_at,
        "asked_at": None,
        "state": pack_training(training),
    }


def _file_rows(training_id: str, training: Training, event: NewEvent) -> Sequence[dict[str, Any]]:
    """A row for each file, to be fetched from now on."""
    return [
        {
            "id": new_event_id(),
            "training_id": training_id,
            "position": position,
            "name": file.name,
            "url": file.url,
            "state": WAITING,
            "attempts": 0,
            "due_at": to_us(event.received_at),
        }
        for position, file in enumerate(training.files)
    ]


def pack_training(training: Training) -> str:
    """All that is known of it, as it is kept."""
    return orjson.dumps(training).decode()


def unpack_training(state: str) -> Training:
    """What `pack_training` was given."""
    said = orjson.loads(state)
    return Training(
        **{
            **said,
            "facts": {name: (at, text) for name, (at, text) in said["facts"].items()},
            "meta": None if said["meta"] is None else tuple(said["meta"]),
            "status": TrainingStatus(said["status"]),
            "word": tuple(said["word"]),
            "queue": None if said["queue"] is None else tuple(said["queue"]),
            "files": tuple(ResultFile(**file) for file in said["files"]),
        }
    )
