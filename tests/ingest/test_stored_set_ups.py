"""What people change of set-ups holds everywhere within seconds, and each change is an event."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr

from tests.appending import Ground, ground_in, rows
from tests.postgres import DatabaseFactory
from tocsin.errors import ConfigError, Rejected, StoreDown
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.source import find_sources
from tocsin.ingest.stored_set_ups import LOOK_EVERY_S, StoredSetUps, label
from tocsin.model.inbound_call import SetUpKey
from tocsin.model.source_setup import Verification
from tocsin.store import source_setups
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock

VAULT = Vault([SecretKey.new()])
DAY = timedelta(days=1)
SOURCES = find_sources()
GITHUB: SetUpKey = ("github", "")
SETTING = "the secret of the settings"


@dataclass(frozen=True)
class Instance:
    """One instance's view of the set-ups."""

    set_ups: SetUps
    stored: StoredSetUps
    ground: Ground
    clock: HandClock

    def secrets(self, key: SetUpKey = GITHUB) -> tuple[str, ...]:
        return self.set_ups.all[key].entrance.secrets

    async def events(self) -> list[Any]:
        found = await rows(self.ground.database, "SELECT data FROM events ORDER BY seq")
        return [orjson.loads(row["data"]) for row in found]


def instance_of(ground: Ground, clock: HandClock, vault: Vault = VAULT) -> Instance:
    options = {
        "github": SOURCES["github"].Options(secret=SecretStr(SETTING)),
        "deployment": SOURCES["deployment"].Options(),
        "cloudevents": SOURCES["cloudevents"].Options(secret=SecretStr(SETTING)),
    }
    set_ups = SetUps({name: SOURCES[name] for name in options}, options, {})
    stored = StoredSetUps(set_ups, ground.database, ground.journal, vault, clock)
    return Instance(set_ups, stored, ground, clock)


async def pass_by(of: Instance) -> None:
    """Let so much time pass that the loop looks once."""
    looking = asyncio.create_task(of.stored.step())
    while not of.clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
        await asyncio.sleep(0)
    of.clock.move(LOOK_EVERY_S)
    await looking


@pytest.fixture
async def instance(tmp_path: Path) -> AsyncGenerator[Instance, None]:
    async with ground_in(tmp_path) as ground:
        yield instance_of(ground, HandClock())


# --- set-ups that are stored


async def test_a_set_up_that_is_made_works_at_once_and_after_a_restart(instance: Instance) -> None:
    view, secret = await instance.stored.create("github", "team-a", "mina")
    again = instance_of(instance.ground, HandClock())
    await again.stored.load()

    assert (view.kind, view.name, view.is_stored) == ("github", "team-a", True)
    assert view.addresses == ("/hooks/github/team-a",)
    assert view.verification is Verification.SIGNATURE
    assert [one.hint for one in view.secrets] == ["…" + secret.rstrip("=")[-4:]]
    for one in (instance, again):
        assert one.secrets(("github", "team-a")) == (secret,)


async def test_the_secret_may_be_the_senders_own(instance: Instance) -> None:
    _, secret = await instance.stored.create("github", "team-a", "mina", "given by Slack")

    assert secret == "given by Slack"
    assert instance.secrets(("github", "team-a")) == (secret,)


@pytest.mark.parametrize(("kind", "name", "status"), [("github", "a", 409), ("forge", "b", 404)])
async def test_what_cannot_be_made_is_refused(
    kind: str, name: str, status: int, instance: Instance
) -> None:
    await instance.stored.create("github", "a", "mina")

    with pytest.raises(Rejected) as raised:
        await instance.stored.create(kind, name, "mina")

    assert raised.value.status == status


async def test_a_set_up_can_be_removed_and_made_anew(instance: Instance) -> None:
    _, former = await instance.stored.create("github", "team-a", "mina")
    await instance.stored.remove(("github", "team-a"), "mina")
    gone = [*instance.set_ups.all]
    _, secret = await instance.stored.create("github", "team-a", "mina")

    assert ("github", "team-a") not in gone
    assert secret != former
    assert instance.secrets(("github", "team-a")) == (secret,)


async def test_what_is_in_the_settings_is_removed_there_only(instance: Instance) -> None:
    for key, status in ((GITHUB, 409), (("github", "nobody"), 404)):
        with pytest.raises(Rejected) as raised:
            await instance.stored.remove(key, "mina")
        assert raised.value.status == status


# --- secrets


async def test_after_a_rotation_the_former_secret_is_good_until_its_time(
    instance: Instance,
) -> None:
    view, secret = await instance.stored.rotate(GITHUB, "mina", DAY)
    both = instance.secrets()
    instance.clock.move(DAY.total_seconds() - LOOK_EVERY_S - 1)
    await pass_by(instance)
    still = instance.secrets()
    await pass_by(instance)

    assert both == still == (secret, SETTING)
    assert instance.secrets() == (secret,)
    assert [one.is_stored for one in view.secrets] == [True, False]
    assert view.secrets[0].ends_at is None
    assert view.secrets[1].ends_at == view.secrets[0].created_at + DAY  # type: ignore[operator]  # it has one


async def test_a_former_secret_ends_although_the_store_is_down(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = await instance.stored.rotate(GITHUB, "mina", timedelta(seconds=1))

    async def is_down(_conn: object) -> source_setups.Marks:
        raise StoreDown("The database does not answer.")

    monkeypatch.setattr(source_setups, "marks", is_down)
    with pytest.raises(StoreDown):
        await pass_by(instance)

    assert instance.secrets() == (secret,)


async def test_the_former_ones_can_be_ended_at_once(instance: Instance) -> None:
    _, secret = await instance.stored.rotate(GITHUB, "mina", DAY)

    await instance.stored.end_former(GITHUB, "mina")

    assert instance.secrets() == (secret,)
    assert len(instance.stored.view(GITHUB).secrets) == 1


async def test_a_source_that_was_open_is_closed_by_its_first_secret(instance: Instance) -> None:
    key: SetUpKey = ("deployment", "")
    before = instance.stored.view(key).verification

    _, secret = await instance.stored.rotate(key, "mina", DAY)

    assert before is Verification.OPEN
    assert instance.stored.view(key).verification is Verification.SECRET
    assert instance.secrets(key) == (secret,)


async def test_each_change_is_an_event_without_the_secret(instance: Instance) -> None:
    _, first = await instance.stored.create("github", "team-a", "mina")
    _, second = await instance.stored.rotate(("github", "team-a"), "kim", DAY)
    await instance.stored.rotate(GITHUB, "kim", DAY)
    await instance.stored.end_former(("github", "team-a"), "kim")
    await instance.stored.remove(("github", "team-a"), "mina")

    told = await instance.events()
    assert [(one["what"], one["name"], one["by"]) for one in told] == [
        ("source.created", "github/team-a", "mina"),
        ("source.secret_rotated", "github/team-a", "kim"),
        ("source.secret_rotated", "github", "kim"),
        ("source.former_ended", "github/team-a", "kim"),
        ("source.removed", "github/team-a", "mina"),
    ]
    assert first not in str(told)
    assert second not in str(told)


async def test_what_is_not_there_cannot_be_changed(instance: Instance) -> None:
    nobody: SetUpKey = ("github", "nobody")

    with pytest.raises(Rejected, match="no set-up"):
        instance.stored.view(nobody)
    with pytest.raises(Rejected, match="no set-up"):
        await instance.stored.rotate(nobody, "mina", DAY)
    with pytest.raises(Rejected, match="no set-up"):
        await instance.stored.end_former(nobody, "mina")

    assert await instance.events() == []


# --- several instances


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tocsin.db'}"
    make: DatabaseFactory = request.getfixturevalue("empty_postgres")
    return make()


async def test_another_instance_knows_of_a_change_at_its_next_look(database_url: str) -> None:
    async with ground_in(database_url) as ground, ground_in(database_url) as other_ground:
        one, other = (instance_of(on, HandClock()) for on in (ground, other_ground))
        await other.stored.load()
        _, rotated = await one.stored.rotate(GITHUB, "mina", DAY)
        _, made = await one.stored.create("deployment", "west", "mina")
        before = other.secrets()
        await pass_by(other)
        after = other.secrets()
        known = [*other.set_ups.all]
        await one.stored.remove(("deployment", "west"), "mina")
        await pass_by(other)

    assert before == (SETTING,)
    assert after == (rotated, SETTING)
    assert ("deployment", "west") in known
    assert ("deployment", "west") not in other.set_ups.all
    assert made not in str(other.set_ups.all)
    assert LOOK_EVERY_S < 5


async def test_a_look_reads_no_secret_when_nothing_changed(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    await instance.stored.rotate(GITHUB, "mina", DAY)
    monkeypatch.delattr(source_setups, "read_all")

    await pass_by(instance)

    assert len(instance.secrets()) == 2


async def test_with_another_key_the_start_stops_and_a_running_one_keeps_what_it_knows(
    instance: Instance,
) -> None:
    stranger = instance_of(instance.ground, HandClock(), Vault([SecretKey.new()]))
    await stranger.stored.load()
    await instance.stored.rotate(GITHUB, "mina", DAY)

    with pytest.raises(ConfigError):
        await pass_by(stranger)

    assert stranger.secrets() == (SETTING,)


# --- how a set-up verifies


@pytest.mark.parametrize(
    ("key", "verification"),
    [
        (("github", ""), Verification.SIGNATURE),
        (("deployment", ""), Verification.OPEN),
        (("cloudevents", ""), Verification.SECRET),
    ],
)
def test_a_view_tells_how_calls_are_verified(
    key: SetUpKey, verification: Verification, instance: Instance
) -> None:
    view = instance.stored.view(key)

    assert view.verification is verification
    assert view.can_test
    assert SETTING not in str(view)


def test_all_are_listed_by_kind_and_name(instance: Instance) -> None:
    assert [(one.kind, one.name) for one in instance.stored.views()] == [
        ("cloudevents", ""),
        ("deployment", ""),
        ("github", ""),
    ]
    assert label(("github", "")) == "github"
