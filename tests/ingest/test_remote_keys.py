"""A sender's published keys: fetched when needed, kept while it is away, never too often."""

import asyncio
import base64
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import pytest

from tocsin.edge.outbound import Outbound
from tocsin.ingest.remote_keys import MAX_AGE_S, MAX_BYTES, MAX_KEYS, MIN_PAUSE_S, PublishedKeys
from tocsin.testing.clock import HandClock
from tocsin.testing.outside import Outside, Reply, outside

ONE, TWO = b"1" * 32, b"2" * 32


@pytest.fixture
async def world() -> AsyncIterator[Outside]:
    async with outside() as world:
        yield world


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def keys(world: Outside, clock: HandClock) -> AsyncIterator[PublishedKeys]:
    http = Outbound((ip_network("127.0.0.0/8"),))
    yield PublishedKeys(f"{world.url}/jwks", http, clock)
    await http.close()


def jwk(key: bytes, *, is_padded: bool = False, **other: Any) -> dict[str, Any]:
    x = base64.urlsafe_b64encode(key).decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x if is_padded else x.rstrip("="), **other}


def jwks(*keys: Any) -> Reply:
    return Reply.of({"keys": list(keys)})


async def test_nothing_is_fetched_before_somebody_asks(world: Outside, keys: PublishedKeys) -> None:
    world.answer("/jwks", jwks(jwk(ONE)))

    assert keys.known == ()
    assert world.asked == []


@pytest.mark.parametrize("is_padded", [True, False])
async def test_keys_come_with_padding_and_without(
    is_padded: bool, world: Outside, keys: PublishedKeys
) -> None:
    world.answer("/jwks", jwks(jwk(ONE, is_padded=is_padded), jwk(TWO, is_padded=is_padded)))

    await keys.refresh()

    assert keys.known == (ONE, TWO)


async def test_only_keys_for_ed25519_are_taken(world: Outside, keys: PublishedKeys) -> None:
    others = [
        jwk(TWO, kty="EC"),
        jwk(TWO, crv="X25519"),
        jwk(b"short"),
        jwk(TWO, x="*"),
        jwk(TWO, x="\u00e9"),
        jwk(TWO, x=7),
        {},
        "text",
        None,
    ]
    world.answer("/jwks", jwks(*others, jwk(ONE), jwk(ONE)))

    await keys.refresh()

    assert keys.known == (ONE,)


async def test_there_are_never_more_than_can_be_tried(world: Outside, keys: PublishedKeys) -> None:
    many = [jwk(bytes([number]) * 32) for number in range(MAX_KEYS + 5)]
    world.answer("/jwks", jwks(*many))

    await keys.refresh()

    assert len(keys.known) == MAX_KEYS


async def test_an_unknown_key_makes_one_fetch_a_minute(
    world: Outside, clock: HandClock, keys: PublishedKeys
) -> None:
    world.answer("/jwks", jwks(jwk(ONE)), jwks(jwk(ONE), jwk(TWO)))

    await keys.refresh()
    await keys.refresh()
    asked_at_once = len(world.asked)
    clock.move(MIN_PAUSE_S)
    await keys.refresh()

    assert asked_at_once == 1
    assert keys.known == (ONE, TWO)
    assert len(world.asked) == 2


async def test_all_who_ask_at_once_wait_for_the_same_fetch(
    world: Outside, keys: PublishedKeys
) -> None:
    go = asyncio.Event()
    world.answer("/jwks", Reply(body=jwks(jwk(ONE)).body, after=go))

    asyncio.get_running_loop().call_later(0.05, go.set)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(keys.refresh())

    assert len(world.asked) == 1
    assert keys.known == (ONE,)


async def test_after_a_day_they_are_asked_for_again(
    world: Outside, clock: HandClock, keys: PublishedKeys
) -> None:
    world.answer("/jwks", jwks(jwk(ONE)), jwks(jwk(TWO)))
    await keys.refresh()

    clock.move(MAX_AGE_S - 1)
    within = keys.known
    clock.move(1)
    beyond = keys.known
    await keys.refresh()

    assert (within, beyond, keys.known) == ((ONE,), (), (TWO,))


@pytest.mark.parametrize(
    "away",
    [
        Reply(status=503),
        Reply(body=b"<html>"),
        Reply.of([]),
        Reply.of({"keys": 7}),
        jwks(),
        Reply(status=302, headers={"Location": "/jwks"}),
        Reply(body=b" " * (MAX_BYTES + 1)),
    ],
    ids=lambda one: f"{one.status} {one.body[:12]!r}",
)
async def test_while_the_sender_is_away_the_old_ones_stay(
    away: Reply, world: Outside, clock: HandClock, keys: PublishedKeys
) -> None:
    world.answer("/jwks", jwks(jwk(ONE)), away)
    await keys.refresh()

    clock.move(MAX_AGE_S)
    await keys.refresh()

    assert keys.known == (ONE,)
    assert len(world.asked) == 2
