"""Access tokens of platforms: sealed, and fetched by one at a time."""

from tests.appending import after, rows
from tocsin.store import channel_tokens
from tocsin.store.channel_tokens import CLAIM, UNUSED_FOR, KeptToken
from tocsin.store.database import Database
from tocsin.store.key import SecretKey, Vault

VAULT = Vault([SecretKey.new()])
TOKEN = KeptToken("t-canary-1", after(7200))


async def claim(database: Database, seconds: float) -> bool:
    return await database.write(lambda conn: channel_tokens.claim(conn, "k", after(seconds)))


async def put(database: Database, new: KeptToken | None, seconds: float) -> None:
    await database.write(lambda conn: channel_tokens.put(conn, VAULT, "k", new, after(seconds)))


async def remove_unused(database: Database, seconds: float) -> int:
    return await database.write(lambda conn: channel_tokens.remove_unused(conn, after(seconds)))


async def read(database: Database) -> KeptToken | None:
    async with database.read() as conn:
        return await channel_tokens.read(conn, VAULT, "k")


async def test_a_token_is_kept_sealed(database: Database) -> None:
    assert await read(database) is None
    await claim(database, 0)
    assert await read(database) is None
    await put(database, TOKEN, 1)

    assert await read(database) == TOKEN
    assert "canary" not in repr(TOKEN)
    stored = await rows(database, "SELECT * FROM channel_tokens")
    sealed = await rows(database, "SELECT * FROM secrets")
    assert b"canary" not in sealed[0]["ciphertext"]
    assert "canary" not in f"{stored}"


async def test_one_alone_fetches_at_a_time(database: Database) -> None:
    assert await claim(database, 0)
    assert not await claim(database, 1)
    await put(database, TOKEN, 2)
    assert await claim(database, 2)


async def test_who_was_killed_while_fetching_holds_the_others_up_for_a_moment(
    database: Database,
) -> None:
    long_s = CLAIM.total_seconds()

    assert await claim(database, 0)
    assert not await claim(database, long_s - 1)
    assert await claim(database, long_s)


async def test_a_fetch_that_failed_leaves_what_was_kept(database: Database) -> None:
    await claim(database, 0)
    await put(database, TOKEN, 1)
    await claim(database, 2)
    await put(database, None, 3)

    assert await read(database) == TOKEN
    assert await claim(database, 3)


async def test_the_token_of_a_credential_that_nobody_uses_is_forgotten_with_its_secret(
    database: Database,
) -> None:
    ended_s = 7200 + UNUSED_FOR.total_seconds()
    await claim(database, 0)
    await put(database, TOKEN, 1)

    assert await remove_unused(database, ended_s) == 0
    assert await read(database) == TOKEN
    assert await remove_unused(database, ended_s + 1) == 1
    assert await rows(database, "SELECT * FROM channel_tokens") == []
    assert await rows(database, "SELECT * FROM secrets") == []


async def test_a_token_that_is_being_fetched_stays_however_old_the_former_one_is(
    database: Database,
) -> None:
    late_s = 7200 + 2 * UNUSED_FOR.total_seconds()
    await claim(database, 0)
    await put(database, TOKEN, 1)
    await claim(database, late_s)

    assert await remove_unused(database, late_s + 1) == 0
    await put(database, KeptToken("t-2", after(late_s + 9)), late_s + 2)
    assert await read(database) == KeptToken("t-2", after(late_s + 9))
