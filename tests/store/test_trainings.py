"""Lists of trainings, and which are asked after."""

from datetime import datetime, timedelta

from tests.appending import after, append
from tests.trainings import LORA, ended, registered, said
from tocsin.model.filters import TrainingFilter
from tocsin.model.training import TrainingStatus
from tocsin.store import trainings
from tocsin.store.database import Database
from tocsin.store.trainings import Pauses

PAUSES = Pauses(after=timedelta(seconds=90), every=timedelta(seconds=60))
HOUR = timedelta(hours=1)


async def ids(database: Database, wanted: TrainingFilter, **where: int) -> list[str]:
    async with database.read() as conn:
        return [one.id for one in (await trainings.page(conn, wanted, 50, **where)).items]


async def due(database: Database, now: datetime, back: timedelta = HOUR) -> list[str]:
    async with database.read() as conn:
        found = await trainings.to_ask_after(conn, now, now - back, PAUSES, 10)
    return [one.id for one in found]


async def fill(database: Database) -> None:
    await append(database, registered("a", training_type="portrait", endpoint="fal-ai/faces"))
    await append(database, registered("b", training_type="style"))
    await append(database, ended("a", 60, LORA))
    await append(database, said("c_1"))


async def test_the_newest_is_on_top_and_pages_follow_on_each_other(database: Database) -> None:
    await fill(database)

    async with database.read() as conn:
        first = await trainings.page(conn, TrainingFilter(), 2)
        rest = await trainings.page(conn, TrainingFilter(), 2, first.items[-1].opened_seq)

    assert [one.id for one in first.items] == ["c_1", "b"]
    assert first.is_more
    assert [one.id for one in rest.items] == ["a"]
    assert not rest.is_more


async def test_a_list_holds_what_fits_in_every_field(database: Database) -> None:
    await fill(database)
    under_way = (TrainingStatus.TRAINING,)

    assert await ids(database, TrainingFilter(statuses=under_way)) == ["c_1", "b"]
    assert await ids(database, TrainingFilter(training_types=("portrait",))) == ["a"]
    both = TrainingFilter(statuses=under_way, training_types=("portrait", "style"))
    assert await ids(database, both) == ["b"]
    assert await ids(database, TrainingFilter(text="FACES")) == ["a"]
    assert await ids(database, TrainingFilter(text="_")) == ["c_1"]
    assert await ids(database, TrainingFilter(text="nowhere")) == []


async def test_one_is_found_by_its_id(database: Database) -> None:
    await fill(database)

    async with database.read() as conn:
        known = await trainings.with_id(conn, "a")
        unknown = await trainings.with_id(conn, "A")

    assert known is not None
    assert known.training.status is TrainingStatus.COMPLETED
    assert unknown is None


async def test_a_silent_training_is_asked_after_from_a_minute_and_a_half_on(
    database: Database,
) -> None:
    await append(database, registered("a"))

    assert await due(database, after(89)) == []
    assert await due(database, after(90)) == ["a"]


async def test_it_is_asked_after_each_minute_for_an_hour(database: Database) -> None:
    await append(database, registered("a"))
    await database.write(lambda conn: trainings.mark_asked(conn, ["a"], after(90)))

    assert await due(database, after(149)) == []
    assert await due(database, after(150)) == ["a"]
    assert await due(database, after(3600)) == ["a"]
    assert await due(database, after(3601)) == []
    assert await due(database, after(3601), timedelta(hours=24)) == ["a"]


async def test_the_one_that_has_waited_longest_comes_first(database: Database) -> None:
    await append(database, registered("a"), registered("b", 1), registered("c", 2))
    await database.write(lambda conn: trainings.mark_asked(conn, ["a"], after(100)))

    assert await due(database, after(300)) == ["b", "c", "a"]


async def test_one_that_has_ended_is_not_asked_after(database: Database) -> None:
    await append(database, registered("a"), ended("a", 5))

    assert await due(database, after(300)) == []
