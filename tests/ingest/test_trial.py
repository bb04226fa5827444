"""An example goes through the receiver like any other call, and what it becomes says so."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from tests.appending import rows
from tests.ingest.receiving import Receiving, receiving_in
from tocsin.errors import Rejected
from tocsin.ingest.source import Extras, find_sources
from tocsin.ingest.trial import TEST_ATTRIBUTE, try_out
from tocsin.model.source_setup import Trial

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SOURCES = sorted(name for name, one in find_sources().items() if hasattr(one, "sample"))


@pytest.fixture
async def open_(tmp_path: Path) -> AsyncGenerator[Receiving, None]:
    async with receiving_in(tmp_path) as receiving:
        yield receiving


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncGenerator[Receiving, None]:
    async with receiving_in(tmp_path, secrets=dict.fromkeys(find_sources(), SECRET)) as receiving:
        yield receiving


async def tried(on: Receiving, kind: str) -> Trial:
    return await try_out(on.receiver, on.set_ups.all[kind, ""], on.clock)


@pytest.mark.parametrize("kind", SOURCES)
async def test_each_example_is_taken_with_and_without_a_secret(
    kind: str, open_: Receiving, tmp_path: Path
) -> None:
    unsigned = await tried(open_, kind)
    (tmp_path / "guarded").mkdir()
    async with receiving_in(tmp_path / "guarded", secrets={kind: SECRET}) as guarded:
        signed = await tried(guarded, kind)

    made = [
        await rows(open_.ground.database, f"SELECT 1 FROM {table}")  # noqa: S608 - our own names
        for table in ("deployments", "trainings")
    ]
    assert made == [[], []]
    assert (unsigned.status, signed.status) == (200, 200), signed.answer
    assert unsigned.is_ok
    assert SECRET not in str(signed)


@pytest.mark.parametrize("kind", ["cloudevents", "deployment", "github"])
async def test_what_an_example_becomes_says_that_it_is_a_test(
    kind: str, guarded: Receiving
) -> None:
    trial = await tried(guarded, kind)

    (event,) = await rows(guarded.ground.database, "SELECT id, attributes FROM events")
    assert trial.event_ids == [event["id"]]
    assert orjson.loads(event["attributes"])[TEST_ATTRIBUTE] is True
    assert (trial.request.method, trial.request.path) == ("POST", f"/hooks/{kind}")
    assert trial.request.body


async def test_two_examples_are_two_deliveries(guarded: Receiving) -> None:
    first, second = [await tried(guarded, "github") for _ in range(2)]

    assert first.event_ids != second.event_ids


async def test_nobody_else_can_mark_a_call_as_a_test(open_: Receiving) -> None:
    said = {"type": "test", TEST_ATTRIBUTE: True}
    await open_.post("/hooks/deployment", said, {TEST_ATTRIBUTE: "true"})

    (event,) = await rows(open_.ground.database, "SELECT attributes FROM events")
    assert event["attributes"] is None


async def test_a_call_that_is_refused_is_told_as_it_is(guarded: Receiving) -> None:
    set_up = guarded.set_ups.all["github", ""]
    other = replace(set_up, entrance=replace(set_up.entrance, secrets=("another one",)))

    trial = await try_out(guarded.receiver, other, guarded.clock)

    assert (trial.status, trial.is_ok, trial.event_ids) == (401, False, [])
    assert "bad_signature" in trial.answer
    assert await guarded.stored() == []


async def test_a_source_without_an_example_cannot_be_tried(open_: Receiving) -> None:
    set_up = open_.set_ups.all["github", ""]
    bare = replace(set_up, entrance=replace(set_up.entrance, extras=Extras()))

    with pytest.raises(Rejected, match="no example"):
        await try_out(open_.receiver, bare, open_.clock)
