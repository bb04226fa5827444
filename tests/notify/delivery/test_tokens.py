"""Access tokens: fetched once for all, renewed in time, and never stuck on who failed."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from tests.appending import database_in
from tocsin.errors import Reason, StoreDown, TryLater
from tocsin.notify.channel import Token
from tocsin.notify.delivery.tokens import Tokens
from tocsin.store import channel_tokens
from tocsin.store.database import Database
from tocsin.store.key import SecretKey, Vault
from tocsin.testing.clock import HandClock

VAULT = Vault([SecretKey.new()])
HOUR_S = 3600.0


class Platform:
    """Gives a new token each time; each call may be held up, or fail."""

    def __init__(self, good_for_s: float = 2 * HOUR_S) -> None:
        self.fetched = 0
        self.good_for_s = good_for_s
        self.fails = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.asked = asyncio.Event()

    async def fetch(self) -> Token:
        self.fetched += 1
        number = self.fetched
        self.asked.set()
        await self.answers.wait()
        if self.fails:
            raise TryLater("It is busy.", reason=Reason.BUSY)
        return Token(f"t-{number}", self.good_for_s)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with database_in(tmp_path) as database:
        yield database


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def until_somebody_sleeps(clock: HandClock) -> None:
    while not clock.sleepers:  # noqa: ASYNC110 - the clock tells nobody
        await asyncio.sleep(0)


async def test_a_token_is_fetched_once_however_many_ask(
    database: Database, clock: HandClock
) -> None:
    tokens, platform = Tokens(database, VAULT, clock), Platform()

    found = await asyncio.gather(*(tokens.token("k", platform.fetch) for _ in range(5)))
    clock.move(HOUR_S)
    later = await tokens.token("k", platform.fetch)

    assert {*found, later} == {"t-1"}
    assert platform.fetched == 1


async def test_credentials_have_their_own(database: Database, clock: HandClock) -> None:
    tokens, platform = Tokens(database, VAULT, clock), Platform()

    assert await tokens.token("a", platform.fetch) == "t-1"
    assert await tokens.token("b", platform.fetch) == "t-2"


async def test_another_instance_uses_what_was_fetched(database: Database, clock: HandClock) -> None:
    platform = Platform()
    await Tokens(database, VAULT, clock).token("k", platform.fetch)

    found = await Tokens(database, VAULT, clock).token("k", platform.fetch)

    assert (found, platform.fetched) == ("t-1", 1)


async def test_one_that_is_sealed_with_another_key_ends_nobodys_deliveries(
    database: Database, clock: HandClock
) -> None:
    """The key was changed beside this process, which can open it once it is started anew."""
    platform = Platform()
    await Tokens(database, Vault([SecretKey.new()]), clock).token("k", platform.fetch)

    with pytest.raises(StoreDown, match="restart"):
        await Tokens(database, VAULT, clock).token("k", platform.fetch)
    assert platform.fetched == 1


async def test_two_instances_at_once_fetch_once(database: Database, clock: HandClock) -> None:
    platform = Platform()
    platform.answers.clear()
    asking = [
        asyncio.ensure_future(Tokens(database, VAULT, clock).token("k", platform.fetch))
        for _ in range(2)
    ]
    await until_somebody_sleeps(clock)
    assert platform.fetched == 1
    platform.answers.set()
    await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    clock.move(0.2)

    assert await asyncio.gather(*asking) == ["t-1", "t-1"]
    assert platform.fetched == 1


async def test_it_is_renewed_before_it_ends(database: Database, clock: HandClock) -> None:
    tokens, platform = Tokens(database, VAULT, clock), Platform(good_for_s=HOUR_S)
    await tokens.token("k", platform.fetch)

    clock.move(HOUR_S - 301)
    assert await tokens.token("k", platform.fetch) == "t-1"
    clock.move(1)
    assert await tokens.token("k", platform.fetch) == "t-2"


async def test_one_that_comes_near_its_end_is_used_up_to_it(
    database: Database, clock: HandClock
) -> None:
    """WeCom gives the same one until it ends, so another call would gain nothing."""
    tokens, platform = Tokens(database, VAULT, clock), Platform(good_for_s=300)
    await tokens.token("k", platform.fetch)

    clock.move(299)
    assert await tokens.token("k", platform.fetch) == "t-1"
    assert await Tokens(database, VAULT, clock).token("k", platform.fetch) == "t-1"
    clock.move(1)
    assert await tokens.token("k", platform.fetch) == "t-2"


async def test_one_that_is_refused_is_fetched_anew_but_once(
    database: Database, clock: HandClock
) -> None:
    here, there = (Tokens(database, VAULT, clock) for _ in range(2))
    platform = Platform()
    await here.token("k", platform.fetch)
    await there.token("k", platform.fetch)

    assert await here.token("k", platform.fetch, refused="t-1") == "t-2"
    assert await there.token("k", platform.fetch, refused="t-1") == "t-2"
    assert platform.fetched == 2


async def test_a_fetch_that_fails_is_told_and_the_next_may_try(
    database: Database, clock: HandClock
) -> None:
    here, there = (Tokens(database, VAULT, clock) for _ in range(2))
    platform = Platform()
    platform.fails = True

    with pytest.raises(TryLater, match="busy"):
        await here.token("k", platform.fetch)
    platform.fails = False

    assert await there.token("k", platform.fetch) == "t-2"


async def test_a_fetch_that_is_broken_off_holds_nobody_up(
    database: Database, clock: HandClock
) -> None:
    here, there = (Tokens(database, VAULT, clock) for _ in range(2))
    platform = Platform()
    platform.answers.clear()
    asking = asyncio.ensure_future(here.token("k", platform.fetch))
    await platform.asked.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    platform.answers.set()

    assert await there.token("k", platform.fetch) == "t-2"


async def test_who_is_killed_while_fetching_holds_the_others_up_for_its_claim(
    database: Database, clock: HandClock
) -> None:
    # As if a process had taken it upon itself, and was gone.
    await database.write(lambda conn: channel_tokens.claim(conn, "k", clock.now()))
    platform = Platform()
    asking = asyncio.ensure_future(Tokens(database, VAULT, clock).token("k", platform.fetch))
    await until_somebody_sleeps(clock)
    assert platform.fetched == 0
    clock.move(channel_tokens.CLAIM.total_seconds())

    assert await asking == "t-1"


async def test_nobody_waits_for_ever_for_another(database: Database, clock: HandClock) -> None:
    for now in (clock.now(), clock.now() + channel_tokens.CLAIM):
        await database.write(partial(channel_tokens.claim, key="k", now=now))
    asking = asyncio.ensure_future(Tokens(database, VAULT, clock).token("k", Platform().fetch))
    await until_somebody_sleeps(clock)
    clock.move(30)

    with pytest.raises(TryLater) as told:
        await asking
    assert told.value.reason is Reason.TIMED_OUT
