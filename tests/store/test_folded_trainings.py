"""What trainings look like now is always what all their events together say."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.appending import append, event, rows
from tests.model.test_training import changes
from tests.trainings import LORA, ended, registered, said
from tocsin.model.event import NewEvent
from tocsin.model.times import from_us
from tocsin.model.training import Training, TrainingChange, TrainingStatus, fold
from tocsin.store.append import Appender
from tocsin.store.database import Database
from tocsin.store.folded_trainings import pack_training, unpack_training
from tocsin.store.trainings import mark_asked

_ANY = changes([None, *TrainingStatus])


async def stored(database: Database) -> Training:
    (only,) = await rows(database, "SELECT state FROM trainings")
    return unpack_training(only["state"])


def told(*events: NewEvent) -> list[TrainingChange]:
    return [one.training for one in events if one.training is not None]


@given(st.lists(_ANY, max_size=8))
def test_a_training_is_read_back_as_it_was_kept(said: Sequence[TrainingChange]) -> None:
    training = fold(None, said)

    assert unpack_training(pack_training(training)) == training


async def test_it_is_there_as_soon_as_its_event_is(database: Database) -> None:
    story = [registered(meta={"user": 7}), said(seconds=10, progress=40, word="IN_PROGRESS")]

    for one in story:
        await append(database, one)

    assert await stored(database) == fold(None, told(*story))


async def test_a_group_and_one_by_one_give_the_same(database: Database) -> None:
    def story(name: str) -> list[NewEvent]:
        return [registered(name), said(name, 5, progress=10), ended(name, 60, LORA)]

    await append(database, *story("a"))
    for one in story("b"):
        await append(database, one)

    found = await rows(database, "SELECT status, updated_at FROM trainings ORDER BY id")
    assert found[0] == found[1]
    assert found[0]["status"] == "completed"


async def test_other_events_of_the_group_are_left_alone(database: Database) -> None:
    await append(database, event(), said("a"), event(), said("b"), said("a", 1, progress=3))

    found = await rows(database, "SELECT id, opened_seq FROM trainings ORDER BY id")
    assert found == [{"id": "a", "opened_seq": 2}, {"id": "b", "opened_seq": 4}]


async def test_events_have_the_project_that_the_registration_names(database: Database) -> None:
    await append(database, said())
    await append(database, registered(meta={"project": "ava"}))
    await append(database, ended())

    found = await rows(database, "SELECT type, project FROM events ORDER BY seq")
    assert [(one["type"], one["project"]) for one in found] == [
        ("training.progressed", ""),
        ("training.registered", "ava"),
        ("training.completed", "ava"),
    ]


async def test_a_training_has_to_bring_what_it_was_registered_for(database: Database) -> None:
    await append(database, registered(training_type="portrait"))
    await append(database, ended())

    training = await stored(database)
    assert (training.status, training.result) == (TrainingStatus.ERROR, None)
    assert "LoRA" in training.error
    found = await rows(database, "SELECT type FROM events ORDER BY seq")
    assert [one["type"] for one in found] == ["training.registered", "training.failed"]


async def test_nobody_is_told_of_a_second_end(database: Database) -> None:
    late = [
        said("r-1", 70, status=TrainingStatus.ERROR, word="ERROR", error="out of memory"),
        said("r-1", 80, status=TrainingStatus.CANCELLED, word="CANCELLED"),
        ended("r-1", 90, LORA),
    ]
    await append(database, ended("r-1", 60, LORA), late[0])
    for one in late[1:]:
        await append(database, one)

    kept = await rows(database, "SELECT type FROM events ORDER BY seq")
    assert [row["type"] for row in kept] == ["training.completed", *["training.progressed"] * 3]
    assert (await stored(database)).status is TrainingStatus.COMPLETED


async def test_each_file_waits_once(database: Database) -> None:
    end = ended("r-1", 60, LORA, f"{LORA}?2")

    await append(database, end)
    await append(database, ended("r-1", 90, LORA))

    found = await rows(database, "SELECT * FROM training_files ORDER BY position")
    assert [(one["url"], one["state"], one["attempts"]) for one in found] == [
        (LORA, "waiting", 0),
        (f"{LORA}?2", "waiting", 0),
    ]


async def test_when_it_was_asked_after_stays_when_news_come(database: Database) -> None:
    await append(database, said())
    await database.write(lambda conn: mark_asked(conn, ["r-1"], from_us(7)))

    await append(database, said(seconds=9, progress=1))

    assert (await rows(database, "SELECT asked_at FROM trainings"))[0]["asked_at"] == 7


async def test_a_group_that_fails_leaves_no_training(database: Database) -> None:
    appender = Appender(database.dialect)

    def fail(conn: object) -> None:
        appender.append(conn, [[said()]])  # type: ignore[arg-type] # the writer's connection
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(fail)

    assert await rows(database, "SELECT id FROM trainings") == []
