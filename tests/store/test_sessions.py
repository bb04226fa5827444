"""Sessions in the store: they end when told, when they run out, and when another one opens."""

from datetime import timedelta

from tocsin.model.access import Credential, Role
from tocsin.store import sessions, sign_in_codes
from tocsin.store.database import Database
from tocsin.store.sessions import NewSession
from tocsin.testing.clock import HandClock

HOUR = timedelta(hours=1)


async def opened(
    database: Database, clock: HandClock, digest: str, former: str | None = None
) -> None:
    now = clock.now()
    session = NewSession(
        digest, None, Role.ADMIN, "first sign-in", "proof", now + HOUR, "127.0.0.1", former
    )
    code = await database.write(lambda conn: sign_in_codes.create(conn, now, HOUR))
    await database.write(lambda conn: sessions.open_by_code(conn, session, code or "", now))


async def credential(database: Database, clock: HandClock, digest: str) -> Credential | None:
    async with database.read() as conn:
        return await sessions.credential(conn, digest, clock.now())


async def test_a_session_by_code_is_an_admin_with_a_proof(
    database: Database, clock: HandClock
) -> None:
    await opened(database, clock, "d1")

    found = await credential(database, clock, "d1")

    assert found == Credential(Role.ADMIN, "first sign-in", "session:d1", "proof")
    assert await credential(database, clock, "d2") is None


async def test_a_session_runs_out(database: Database, clock: HandClock) -> None:
    await opened(database, clock, "d1")

    clock.move(HOUR.total_seconds() - 1)
    before = await credential(database, clock, "d1")
    clock.move(1)
    after = await credential(database, clock, "d1")

    assert before is not None
    assert after is None


async def test_a_session_ends_when_told_and_once_is_enough(
    database: Database, clock: HandClock
) -> None:
    await opened(database, clock, "d1")

    for _ in range(2):
        await database.write(lambda conn: sessions.end(conn, "d1"))

    assert await credential(database, clock, "d1") is None


async def test_a_new_session_takes_the_place_of_the_browsers_former_one(
    database: Database, clock: HandClock
) -> None:
    await opened(database, clock, "d1")

    await opened(database, clock, "d2", former="d1")

    assert await credential(database, clock, "d1") is None
    assert await credential(database, clock, "d2") is not None
