"""Credentials are looked up once in a while, and what is withdrawn here is so at once."""

import pytest
from sqlalchemy import text

from tocsin.errors import StoreDown
from tocsin.model.access import Credential, Role
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token
from tocsin.store import access, tokens
from tocsin.store.access import MAX_REMEMBERED, REMEMBERED_S, TOUCH_EVERY, StoredCredentials
from tocsin.store.database import Database
from tocsin.testing.clock import START, HandClock

CI = Token(new_event_id(), "ci", Role.SENDER, START, "mina")
KNOWN = Credential(Role.SENDER, "ci", f"token:{CI.id}")


@pytest.fixture
async def credentials(database: Database, clock: HandClock) -> StoredCredentials:
    await database.write(lambda conn: tokens.add(conn, CI, "digest"))
    return StoredCredentials(database, clock)


async def revoke(database: Database) -> None:
    await database.write(lambda conn: tokens.revoke(conn, CI.id, START))


async def test_what_was_asked_for_is_remembered_for_a_moment(
    credentials: StoredCredentials, clock: HandClock
) -> None:
    before = credentials.remembered("token", "digest")
    found = await credentials.find("token", "digest")
    after = credentials.remembered("token", "digest")
    clock.move(REMEMBERED_S)
    later = credentials.remembered("token", "digest")

    assert (before, found, after, later) == (None, KNOWN, KNOWN, None)


async def test_a_token_is_no_session(credentials: StoredCredentials) -> None:
    await credentials.find("token", "digest")

    assert await credentials.find("session", "digest") is None
    assert await credentials.find("token", "other") is None


async def test_what_is_revoked_elsewhere_is_honoured_in_a_moment(
    credentials: StoredCredentials, clock: HandClock, database: Database
) -> None:
    await credentials.find("token", "digest")

    await revoke(database)
    clock.move(REMEMBERED_S)

    assert await credentials.find("token", "digest") is None


async def test_what_is_revoked_here_is_honoured_at_once(
    credentials: StoredCredentials, database: Database
) -> None:
    await credentials.find("token", "digest")

    await revoke(database)
    credentials.forget()

    assert credentials.remembered("token", "digest") is None
    assert await credentials.find("token", "digest") is None


async def test_the_first_use_in_a_while_is_noted(
    credentials: StoredCredentials, clock: HandClock, database: Database
) -> None:
    noted = []
    for pause_s in (0, 60, TOUCH_EVERY.total_seconds()):
        clock.move(pause_s)
        await credentials.find("token", "digest")
        async with database.read() as conn:
            noted.append((await tokens.page(conn, 1))[0].last_used_at)

    assert noted == [START, START, clock.now()]


async def test_a_flood_of_inventions_takes_bounded_memory(
    credentials: StoredCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "MAX_REMEMBERED", 3)
    for number in range(10):
        await credentials.find("token", f"invented {number}")

    assert len(credentials._known) <= 3 < MAX_REMEMBERED


TAKES_NOTHING = {
    "sqlite": "CREATE TRIGGER full BEFORE UPDATE ON tokens BEGIN SELECT RAISE(FAIL, 'no'); END",
    "postgresql": "ALTER TABLE tokens ADD CHECK (last_used_at IS NULL)",
}


async def test_a_store_that_takes_nothing_still_knows_its_tokens(
    credentials: StoredCredentials, database: Database
) -> None:
    await database.write(lambda conn: conn.execute(text(TAKES_NOTHING[conn.dialect.name])))
    with pytest.raises(StoreDown):
        await database.write(lambda conn: tokens.touch(conn, CI.id, START))

    assert await credentials.find("token", "digest") == KNOWN
