"""Tokens in the store: names in use once, revoked ones stay to be seen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tocsin.errors import Rejected
from tocsin.model.access import Role
from tocsin.model.event import new_event_id
from tocsin.model.tokens import Token
from tocsin.store import tokens
from tocsin.store.database import Database
from tocsin.testing.clock import START


async def added(database: Database, name: str) -> Token:
    expires_at = START + timedelta(days=1)
    token = Token(new_event_id(), name, Role.SENDER, START, "mina", expires_at)
    await database.write(lambda conn: tokens.add(conn, token, f"digest of {token.id}"))
    return token


async def revoke(database: Database, token: Token) -> None:
    await database.write(lambda conn: tokens.revoke(conn, token.id, START))


async def test_a_token_is_found_by_its_digest(database: Database) -> None:
    token = await added(database, "ci")

    async with database.read() as conn:
        found = await tokens.by_digest(conn, f"digest of {token.id}")
        nothing = await tokens.by_digest(conn, "else")

    assert found == token
    assert nothing is None


async def test_a_name_is_free_again_once_its_token_is_revoked(database: Database) -> None:
    first = await added(database, "ci")
    with pytest.raises(Rejected) as refused:
        await added(database, "ci")
    await revoke(database, first)
    second = await added(database, "ci")

    async with database.read() as conn:
        listed = await tokens.page(conn, 10)

    assert refused.value.status == 409
    assert listed == [second, replace(first, revoked_at=START)]


async def test_a_page_goes_on_where_the_one_before_it_ended(database: Database) -> None:
    made = [await added(database, name) for name in "abc"]

    async with database.read() as conn:
        first = await tokens.page(conn, 2)
        second = await tokens.page(conn, 2, first[-1].id)

    assert [*first, *second] == sorted(made, key=lambda token: token.id, reverse=True)


async def test_a_name_that_looks_like_an_id_does_not_hide_it(database: Database) -> None:
    token = await added(database, "ci")
    await added(database, token.id)

    async with database.read() as conn:
        by_id = await conn.run_sync(tokens.in_use, token.id)
        by_name = await conn.run_sync(tokens.in_use, "ci")

    assert by_id == by_name == token


async def test_what_is_revoked_is_not_revoked_again(database: Database) -> None:
    token = await added(database, "ci")
    await revoke(database, token)

    with pytest.raises(Rejected) as again:
        await revoke(database, token)
    async with database.read() as conn:
        with pytest.raises(Rejected) as named:
            await conn.run_sync(tokens.in_use, "ci")

    assert again.value.status == named.value.status == 404


async def test_a_use_is_noted(database: Database) -> None:
    token = await added(database, "ci")

    await database.write(lambda conn: tokens.touch(conn, token.id, START))

    async with database.read() as conn:
        assert await tokens.page(conn, 1) == [replace(token, last_used_at=START)]
