"""A copy: equal to its source, repeated as often as one likes, and never over somebody's work."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text
from sqlalchemy.engine import URL

from tests.appending import Place, after, began, done, event, ground_in, logged, rows
from tests.notify.deliveries import DESTINATION, attempt, callback, delivery
from tocsin.errors import ConfigError
from tocsin.model.delivery import DeliveryState
from tocsin.model.event import NewEvent
from tocsin.store import callbacks, channel_tokens, copying, destinations, facts, portions, secrets
from tocsin.store.address import address_of
from tocsin.store.beside import opened
from tocsin.store.copying import COPIED, Copied, Tell, open_source
from tocsin.store.database import Database
from tocsin.store.deliveries import DeliveryRows
from tocsin.store.destinations import Destination
from tocsin.store.key import SecretKey, Vault
from tocsin.store.leases import take
from tocsin.store.migrate import migrate
from tocsin.store.tables.journal import events
from tocsin.testing.clock import START

KEY, OTHER_KEY = SecretKey.new(), SecretKey.new()
OF_CALLBACKS = {
    "callbacks",
    "deliveries",
    "delivery_attempts",
    "destinations",
    "posted_messages",
    "channel_tokens",
}
ODD = "中文 é \U0001f600 \t\\N \\. \r\n 'quoted' \"twice\" \x01"


def silent(_table: str, _done: int, _total: int) -> None:
    """Nobody looks at the progress."""


def url_at(place: Place) -> URL:
    """The address of the database there."""
    return address_of("", place) if isinstance(place, Path) else address_of(place, Path())


def opened_at(place: Place | URL) -> AbstractAsyncContextManager[Database]:
    """The database there, as the command line opens it."""
    url = place if isinstance(place, URL) else url_at(place)
    return opened(url.render_as_string(hide_password=False), Path())


async def fill(place: Place, *more: NewEvent) -> None:
    """A journal with something of everything: a server's, with secrets and deployments."""
    async with ground_in(place) as ground:
        vault = Vault([KEY])
        await ground.database.write(lambda conn: secrets.check_key(conn, vault, START))
        await ground.database.write(
            lambda conn: secrets.put(conn, vault, "slack", "hunter2", START)
        )
        await ground.append(
            event(change=began("1", 0, ODD), data={"odd": ODD}, dedupe=f"key {ODD}"),
            event(change=logged("1", 1, ODD, "plain", ""), occurred_text="01:02"),
            event(change=done("1", 2.5), project=ODD),
            event(change=began("Z", 3), dedupe="Key"),
            event(change=began("a", 4), dedupe="key"),
            event(dedupe="é", attributes={"some": 1.5}),
            *more,
        )
        await ground.database.write(lambda conn: fill_callbacks(conn, vault))


def fill_callbacks(conn: Connection, vault: Vault) -> None:
    """A callback, what became of its deliveries, and what is known of where they went."""
    made = callback(("slack", {"webhook_url": "https://hooks.slack.com/services/hunter3"}))
    callbacks.add(conn, vault, made)
    row = DeliveryRows(conn.dialect)
    row.add(conn, [delivery(1, error=ODD), delivery(2, state=DeliveryState.DELIVERED)])
    row.add_attempts(conn, [attempt(1, response=ODD), attempt(2)])
    known = Destination(id=DESTINATION, channel_type="slack", label=ODD, changed_at=START)
    destinations.save(conn, known)
    destinations.save_handle(conn, DESTINATION, "shop\n1", "ts-1", START)
    channel_tokens.claim(conn, "feishu-1", START)
    channel_tokens.put(conn, vault, "feishu-1", channel_tokens.KeptToken("t-1", after(9)), START)


async def copied(source: URL, target: URL, tell: Tell = silent) -> Sequence[Copied]:
    """What became of each table."""
    revision = await migrate(target)

    def work() -> Sequence[Copied]:
        with open_source(source, revision) as one:
            return copying.copy(one, target, tell)

    return await asyncio.to_thread(work)


def changes(of: Sequence[Copied]) -> dict[str, int]:
    """How many rows were different, of each table that was."""
    return {one.table: one.changed for one in of if one.changed}


async def content(url: URL) -> dict[str, list[Any]]:
    """All that is copied, by the table."""
    async with opened_at(url) as database, database.read() as conn:
        found = {one.name: (await conn.execute(select(one))).all() for one in COPIED}
    mark = (facts.COPY, facts.COPY_DONE)
    return {
        name: sorted((tuple(row) for row in all_rows if tuple(row) != mark), key=repr)
        for name, all_rows in found.items()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where there is an SQLite database beside the one of `place`."""
    return tmp_path


@pytest.mark.parametrize("is_back", [False, True])
async def test_everything_arrives(place: Place, folder: Path, is_back: bool) -> None:
    source, target = (place, folder) if is_back else (folder, place)
    await fill(source)

    told = await copied(url_at(source), url_at(target))

    assert {one.table for one in told} == {one.name for one in COPIED}
    assert all(one.is_equal for one in told)
    assert changes(told)["events"] == 6
    assert changes(told)["log_lines"] == 3
    assert await content(url_at(target)) == await content(url_at(source))
    assert changes(told)["delivery_attempts"] == 2
    assert all(one.source.rows for one in told if one.table in OF_CALLBACKS)
    async with opened_at(folder) as database, database.read() as conn:
        assert await secrets.read(conn, Vault([KEY]), "slack") == "hunter2"
        (kept,) = await callbacks.read_all(conn, Vault([KEY]))
        token = await channel_tokens.read(conn, Vault([KEY]), "feishu-1")
    assert kept.channels[0].config["webhook_url"].endswith("hunter3")
    assert token == channel_tokens.KeptToken("t-1", after(9))


async def test_a_second_time_finds_nothing_to_do(place: Place, folder: Path) -> None:
    await fill(folder)
    first = await copied(url_at(folder), url_at(place))

    second = await copied(url_at(folder), url_at(place))

    assert changes(second) == {}
    assert [one.source for one in second] == [one.source for one in first]


async def test_a_later_one_brings_what_has_changed_since(place: Place, folder: Path) -> None:
    await fill(folder)
    await copied(url_at(folder), url_at(place))
    async with ground_in(folder) as ground:
        await ground.append(event(change=done("Z", 9)), event())
        await ground.database.write(
            lambda conn: conn.execute(delete(events).where(events.c.seq == 2))
        )

    told = await copied(url_at(folder), url_at(place))

    assert {"events": 3, "deployments": 1}.items() <= changes(told).items()
    assert await content(url_at(place)) == await content(url_at(folder))


async def test_one_that_was_broken_off_is_continued(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portions, "PORTION", 2)
    monkeypatch.setattr(copying, "READ_AT_ONCE", 1)
    await fill(folder)

    def stop(table: str, done: int, _total: int) -> None:
        if (table, done) == ("events", 5):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await copied(url_at(folder), url_at(place), stop)
    with pytest.raises(ConfigError):
        async with opened_at(place) as half:
            await half.write(facts.ensure_epoch)
    told = await copied(url_at(folder), url_at(place))

    assert changes(told)["events"] == 2
    assert await content(url_at(place)) == await content(url_at(folder))


@pytest.mark.parametrize("is_back", [False, True])
async def test_what_comes_in_meanwhile_is_for_the_next_time(
    place: Place, folder: Path, is_back: bool
) -> None:
    source, target = (place, folder) if is_back else (folder, place)
    await fill(source)
    async with ground_in(source) as ground:
        loop = asyncio.get_running_loop()

        def append(table: str, _done: int, _total: int) -> None:
            if table == "deliveries_seen":
                coming = ground.append(event(dedupe="late", change=began("9", 9)))
                asyncio.run_coroutine_threadsafe(coming, loop).result(5)

        first = await copied(url_at(source), url_at(target), append)
        second = await copied(url_at(source), url_at(target))

    assert all(one.is_equal for one in first)
    assert changes(first)["events"] == 6
    assert changes(second) == {"deliveries_seen": 1, "deployments": 1, "events": 1, "runs": 1} | {
        name: count for name, count in changes(second).items() if name in {"steps", "quiet_watch"}
    }


async def test_a_difference_is_told_and_the_copy_stays_unfinished(
    place: Place, folder: Path
) -> None:
    await fill(folder)
    async with opened_at(place) as other:
        loop = asyncio.get_running_loop()

        def remove(table: str, _done: int, _total: int) -> None:
            if table == "events":
                work = other.write(lambda conn: conn.execute(delete(events)))
                asyncio.run_coroutine_threadsafe(work, loop).result(5)

        told = await copied(url_at(folder), url_at(place), remove)
        mark = await other.write(lambda conn: facts.read(conn, facts.COPY))

    assert [one.table for one in told if not one.is_equal] == ["events"]
    assert [one.target.rows for one in told if not one.is_equal] == [0]
    assert mark == facts.COPY_BEGUN


async def nothing(_database: Database) -> None:
    """The target is what the copy left there."""


async def start_on_it(database: Database) -> None:
    await database.write(facts.ensure_epoch)


async def be_anothers(database: Database) -> None:
    await database.write(lambda conn: facts.write(conn, facts.EPOCH, "another"))


@pytest.mark.parametrize("how", [start_on_it, be_anothers])
async def test_a_journal_in_use_or_another_ones_copy_is_left_alone(
    place: Place, folder: Path, how: Callable[[Database], Any]
) -> None:
    await fill(folder)
    await copied(url_at(folder), url_at(place))
    async with opened_at(place) as target:
        await how(target)
        await target.write(lambda conn: conn.execute(delete(events).where(events.c.seq > 1)))

        with pytest.raises(ConfigError) as refused:
            await copied(url_at(folder), url_at(place))

        assert refused.value.problems[0].startswith("TO: ")
        assert len(await rows(target, "SELECT seq FROM events")) == 1


async def test_what_the_command_line_has_put_there_is_no_new_database(
    place: Place, folder: Path
) -> None:
    await fill(folder)
    row = {
        name: 0 if name in {"seq", "occurred_at", "received_at"} else "x"
        for name in [column.name for column in events.columns]
    }
    async with opened_at(place) as target:
        await target.write(lambda conn: conn.execute(insert(events), [row]))

    with pytest.raises(ConfigError):
        await copied(url_at(folder), url_at(place))


async def test_a_source_of_another_version_is_named_with_what_to_do(
    place: Place, folder: Path
) -> None:
    await fill(folder)
    async with opened_at(folder) as source:
        await source.write(
            lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        )

    with pytest.raises(ConfigError) as refused:
        await copied(url_at(folder), url_at(place))

    assert "0001" in refused.value.problems[0]
    assert "tocsin migrate" in refused.value.problems[0]


async def test_a_file_that_holds_no_journal_is_no_source(place: Place, folder: Path) -> None:
    (folder / "tocsin.db").touch()

    with pytest.raises(ConfigError):
        await copied(url_at(folder), url_at(place))


async def test_half_a_copy_is_no_source(place: Place, folder: Path) -> None:
    await fill(folder)
    async with opened_at(folder) as source:
        await source.write(lambda conn: facts.write(conn, facts.COPY, facts.COPY_BEGUN))

    with pytest.raises(ConfigError):
        await copied(url_at(folder), url_at(place))


async def test_what_the_source_tells_of_itself(place: Place, folder: Path) -> None:
    await fill(place)
    revision = await migrate(url_at(place))
    async with opened_at(place) as database:
        now = after(86_400 * 36_500)
        await database.write(lambda conn: take(conn, ["watch"], "host-a 17", now))

    def look() -> tuple[list[str], list[str]]:
        with open_source(url_at(place), revision) as source:
            source.check_key(Vault([OTHER_KEY, KEY]))
            with pytest.raises(ConfigError):
                source.check_key(Vault([OTHER_KEY]))
            return source.key_ids(), source.at_work

    assert await asyncio.to_thread(look) == ([KEY.id], ["host-a"])
