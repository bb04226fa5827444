"""Sessions of Socket.IO clients: who may come back to which, for how long, and what is stored."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text

from tests.appending import database_in, rows
from tests.live.serving import until
from tocsin.live.sessions import ALIVE_EVERY_S, Sessions
from tocsin.model.rooms import Room, RoomKind
from tocsin.store.database import Database
from tocsin.store.live_sessions import LiveSession
from tocsin.testing.clock import HandClock

WINDOW_S = 120.0
SHOP = frozenset({Room(RoomKind.PROJECT, "shop")})


class Connection:
    """Who has a session; `ends` counts how often it was told to close for another."""

    def __init__(self) -> None:
        self.ends = 0

    def end(self) -> None:
        self.ends += 1


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with database_in(tmp_path) as database:
        yield database


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def restart(database: Database, clock: HandClock) -> Callable[[], Sessions]:
    """As after a start of the process, in which nothing is in memory."""
    return lambda: Sessions(database, clock, WINDOW_S)


@pytest.fixture
def sessions(restart: Callable[[], Sessions]) -> Sessions:
    return restart()


async def begin(
    sessions: Sessions, connection: Connection, *, is_saved: bool = True
) -> tuple[str, LiveSession]:
    """Somebody is connected, and as a rule has subscribed."""
    pid, session = sessions.begin("/", "mina", "sid-1", 5)
    sessions.hold(session, connection.end)
    if is_saved:
        session = replace(session, rooms=SHOP)
        await sessions.save(session)
    return pid, session


async def stored_count(database: Database) -> int:
    return len(await rows(database, "SELECT digest FROM live_sessions"))


async def test_who_lost_the_connection_finds_its_session(sessions: Sessions) -> None:
    one = Connection()
    pid, session = await begin(sessions, one)
    sessions.ended(session, one.end)

    assert await sessions.find(pid, "/", "mina") == session
    assert one.ends == 0


async def test_each_session_is_known_by_a_text_of_its_own(sessions: Sessions) -> None:
    pids = {sessions.begin("/", "mina", "s", 0)[0] for _ in range(100)}

    assert len(pids) == 100
    assert all(len(pid) >= 24 for pid in pids)


async def test_one_who_never_subscribed_finds_it_too_without_a_row(
    sessions: Sessions, database: Database
) -> None:
    one = Connection()
    pid, session = await begin(sessions, one, is_saved=False)
    sessions.ended(session, one.end)
    await sessions.flush()

    assert await sessions.find(pid, "/", "mina") == session
    assert await stored_count(database) == 0


@pytest.mark.parametrize(
    ("namespace", "caller"), [("/other", "mina"), ("/", "otto"), ("/", ""), ("", "mina")]
)
async def test_nobody_else_does_and_the_owner_is_left_alone(
    sessions: Sessions, restart: Callable[[], Sessions], namespace: str, caller: str
) -> None:
    one = Connection()
    pid, _ = await begin(sessions, one)

    assert await sessions.find(pid, namespace, caller) is None
    assert await restart().find(pid, namespace, caller) is None
    assert one.ends == 0


@pytest.mark.parametrize("pid", ["", "x", "\ud800", "'; DROP TABLE live_sessions; --"])
async def test_a_text_that_nobody_was_given_finds_none(sessions: Sessions, pid: str) -> None:
    await begin(sessions, Connection())

    assert await sessions.find(pid, "/", "mina") is None


@pytest.mark.parametrize(("passed_s", "is_found"), [(WINDOW_S, True), (WINDOW_S + 1, False)])
@pytest.mark.parametrize("is_restarted", [True, False])
async def test_the_window_ends_for_who_stays_away(
    sessions: Sessions,
    restart: Callable[[], Sessions],
    clock: HandClock,
    passed_s: float,
    is_found: bool,
    is_restarted: bool,
) -> None:
    one = Connection()
    pid, session = await begin(sessions, one)
    clock.move(1000)
    sessions.ended(session, one.end)
    await sessions.flush()
    clock.move(passed_s)

    found = await (restart() if is_restarted else sessions).find(pid, "/", "mina")
    assert (found == session) is is_found


async def test_after_a_kill_the_window_begins_when_the_process_was_last_alive(
    sessions: Sessions, restart: Callable[[], Sessions], clock: HandClock
) -> None:
    pid, session = await begin(sessions, Connection())
    clock.move(500)
    await sessions.mark_alive()
    clock.move(WINDOW_S)

    assert await restart().find(pid, "/", "mina") == session
    clock.move(1)
    assert await restart().find(pid, "/", "mina") is None


async def test_who_still_has_it_is_closed(sessions: Sessions) -> None:
    old, new = Connection(), Connection()
    pid, session = await begin(sessions, old)

    found = await sessions.find(pid, "/", "mina")
    assert found == session
    assert old.ends
    sessions.hold(found, new.end)
    assert not new.ends
    sessions.ended(session, old.end)

    # The end of the old connection is not the end of the session.
    assert await sessions.find(pid, "/", "mina") == session
    assert new.ends


async def test_of_two_who_come_back_at_once_one_is_closed(sessions: Sessions) -> None:
    first, second = Connection(), Connection()
    pid, session = await begin(sessions, Connection())
    found = [await sessions.find(pid, "/", "mina") for _ in range(2)]
    assert found == [session, session]

    sessions.hold(session, first.end)
    sessions.hold(session, second.end)

    assert (first.ends, second.ends) == (1, 0)


async def test_what_was_asked_for_last_is_found_again(
    sessions: Sessions, restart: Callable[[], Sessions]
) -> None:
    one = Connection()
    pid, session = await begin(sessions, one)
    more = replace(session, rooms=SHOP | {Room(RoomKind.DEPLOYMENT, "9")}, seq=8)
    await sessions.save(more)
    # Without the end of the connection, as after a kill.
    assert await restart().find(pid, "/", "mina") == more

    sessions.ended(more, one.end)
    await sessions.flush()
    assert await sessions.find(pid, "/", "mina") == more
    assert await restart().find(pid, "/", "mina") == more


async def test_a_save_is_on_the_disk_when_it_returns(
    sessions: Sessions, database: Database
) -> None:
    await begin(sessions, Connection())

    assert await stored_count(database) == 1


async def test_only_a_digest_of_what_the_client_shows_is_stored(
    sessions: Sessions, database: Database
) -> None:
    pid, _ = await begin(sessions, Connection())

    (row,) = await rows(database, "SELECT * FROM live_sessions")
    assert pid not in str(row)


async def test_many_who_subscribe_at_once_are_stored_in_few_transactions(
    sessions: Sessions, database: Database
) -> None:
    commits: list[object] = []
    event.listen(database._engine, "commit", commits.append)

    await asyncio.gather(*(begin(sessions, Connection()) for _ in range(200)))

    assert await stored_count(database) == 200
    assert len(commits) <= 2


async def test_a_save_that_fails_keeps_the_session_in_memory(
    sessions: Sessions, restart: Callable[[], Sessions], database: Database
) -> None:
    one = Connection()
    await database.write(lambda conn: conn.execute(text("ALTER TABLE live_sessions RENAME TO x")))
    pid, session = await begin(sessions, one)
    await database.write(lambda conn: conn.execute(text("ALTER TABLE x RENAME TO live_sessions")))
    sessions.ended(session, one.end)

    assert await sessions.find(pid, "/", "mina") == session
    # What comes after it is stored again.
    await sessions.flush()
    assert await restart().find(pid, "/", "mina") == session


async def test_who_did_not_come_back_is_forgotten(
    sessions: Sessions, database: Database, clock: HandClock
) -> None:
    gone, here = Connection(), Connection()
    gone_pid, gone_session = await begin(sessions, gone)
    here_pid, _ = await begin(sessions, here)
    sessions.ended(gone_session, gone.end)
    await sessions.flush()
    clock.move(WINDOW_S + 1)
    await sessions.mark_alive()

    assert await sessions.find(gone_pid, "/", "mina") is None
    assert await sessions.find(here_pid, "/", "mina") is not None
    assert await stored_count(database) == 1
    assert len(sessions._known) == 1
    assert len(sessions._stored) == 1


async def test_it_says_again_and_again_that_it_is_alive(
    sessions: Sessions, database: Database, clock: HandClock
) -> None:
    await begin(sessions, Connection())

    for _ in range(2):
        step = asyncio.create_task(sessions.step())
        await until(lambda: clock.sleepers > 0)
        clock.move(ALIVE_EVERY_S)
        await step
        (row,) = await rows(database, "SELECT alive_at FROM live_instances")
        assert row["alive_at"] == int(clock.now().timestamp() * 1_000_000)


async def test_nothing_is_written_while_nobody_subscribes(
    sessions: Sessions, database: Database
) -> None:
    await begin(sessions, Connection(), is_saved=False)
    await sessions.mark_alive()

    assert await rows(database, "SELECT * FROM live_instances") == []


async def test_who_waits_for_a_save_may_be_cancelled(
    sessions: Sessions, restart: Callable[[], Sessions]
) -> None:
    one = Connection()
    pid, session = await begin(sessions, one, is_saved=False)
    session = replace(session, rooms=SHOP)
    saving = asyncio.create_task(sessions.save(session))
    await asyncio.sleep(0)
    saving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await saving

    await sessions.flush()
    assert await restart().find(pid, "/", "mina") == session


# --- several instances: `restart` makes another one over the same database


async def test_who_goes_on_at_another_instance_is_found_there(
    sessions: Sessions, restart: Callable[[], Sessions]
) -> None:
    here, there = Connection(), Connection()
    other = restart()
    pid, session = await begin(sessions, here)
    found = await other.find(pid, "/", "mina")

    assert found == session
    other.hold(found, there.end)
    await other.flush()
    assert here.ends == 0
    await sessions.mark_alive()
    # Its former connection was dead, or is now.
    assert here.ends == 1
    assert there.ends == 0


async def test_the_end_of_the_former_connection_is_no_news(
    sessions: Sessions, restart: Callable[[], Sessions], clock: HandClock
) -> None:
    here, there = Connection(), Connection()
    other = restart()
    pid, session = await begin(sessions, here)
    other.hold(session, there.end)
    more = replace(session, rooms=SHOP | {Room(RoomKind.DEPLOYMENT, "9")})
    await other.save(more)
    sessions.ended(session, here.end)
    await sessions.flush()
    clock.move(WINDOW_S + 1)
    await other.mark_alive()

    assert await restart().find(pid, "/", "mina") == more


async def test_who_comes_back_from_another_instance_is_found_as_it_was_there(
    sessions: Sessions, restart: Callable[[], Sessions]
) -> None:
    here, there, again = Connection(), Connection(), Connection()
    other = restart()
    pid, session = await begin(sessions, here)
    sessions.ended(session, here.end)
    other.hold(session, there.end)
    more = replace(session, rooms=SHOP | {Room(RoomKind.DEPLOYMENT, "9")})
    await other.save(more)
    other.ended(more, there.end)
    await other.flush()
    found = await sessions.find(pid, "/", "mina")

    assert found == more
    sessions.hold(found, again.end)
    await sessions.save(replace(more, seq=9))
    assert await restart().find(pid, "/", "mina") == replace(more, seq=9)


async def test_one_that_came_back_in_time_is_left_alone(
    sessions: Sessions, restart: Callable[[], Sessions]
) -> None:
    here, there, again = Connection(), Connection(), Connection()
    other = restart()
    _, session = await begin(sessions, here)
    other.hold(session, there.end)
    await other.flush()
    sessions.hold(session, again.end)
    await sessions.flush()
    await sessions.mark_alive()
    await other.mark_alive()

    assert (here.ends, again.ends, there.ends) == (1, 0, 1)
