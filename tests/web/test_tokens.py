"""The API for tokens: shown once, good until revoked or expired, and each change is an event."""

from typing import Any

import pytest

from tocsin.model.access import Role
from tocsin.model.tokens import is_token

PATH = "/api/v1/tokens"
NEW = {"name": "ci", "role": "admin"}


async def create(house: Any, admin: Any, **other: Any) -> Any:
    return await house.call("POST", PATH, {**NEW, **other}, headers=admin)


async def opens(house: Any, text: str) -> int:
    answer = await house.call("GET", PATH, headers={"x-tocsin-token": text})
    return int(answer.status)


async def test_a_token_is_shown_once(house: Any) -> None:
    admin = await house.token(Role.ADMIN)

    created = await create(house, admin)
    listed = await house.call("GET", PATH, headers=admin)

    text = created.json["token"]
    assert created.status == 201
    assert created.headers["cache-control"] == "no-store"
    assert is_token(text)
    assert text not in listed.body.decode()
    assert listed.json["items"][0]["name"] == "ci"
    assert "hash" not in listed.body.decode()
    assert text not in str(await house.events())


async def test_a_token_opens_until_it_is_revoked(house: Any) -> None:
    admin = await house.token(Role.ADMIN)
    created = (await create(house, admin)).json

    before = await opens(house, created["token"])
    revoked = await house.call("DELETE", f"{PATH}/{created['id']}", headers=admin)
    after = await opens(house, created["token"])
    again = await house.call("DELETE", f"{PATH}/{created['id']}", headers=admin)
    listed = await house.call("GET", PATH, headers=admin)

    assert (before, revoked.status, after, again.status) == (200, 204, 401, 404)
    assert listed.json["items"][0]["revoked_at"] is not None
    assert [data["what"] for _, data in await house.events()] == ["token.created", "token.revoked"]


async def test_a_token_expires(house: Any) -> None:
    created = (await create(house, await house.token(Role.ADMIN), expires_days=2)).json

    house.clock.move(2 * 86400 - 1)
    before = await opens(house, created["token"])
    house.clock.move(2)
    after = await opens(house, created["token"])

    assert created["expires_at"] == "2026-01-03T00:00:00.000Z"
    assert (before, after) == (200, 401)


async def test_the_event_tells_who_made_it(house: Any) -> None:
    await house.person("mina")
    opened = await house.call(
        "POST", "/api/v1/session", {"name": "mina", "password": "correct horse"}
    )

    created = await create(house, {"cookie": opened.cookie, "x-csrf-token": opened.json["csrf"]})

    assert created.json["created_by"] == "mina"
    what = {"what": "token.created", "name": "ci", "by": "mina"}
    assert (await house.events())[-1] == ("setting.changed", what)


async def test_a_name_in_use_is_taken(house: Any) -> None:
    admin = await house.token(Role.ADMIN)
    await create(house, admin)

    assert (await create(house, admin)).status == 409


async def test_the_list_comes_in_pages(house: Any) -> None:
    admin = await house.token(Role.ADMIN)
    await create(house, admin)

    first = await house.call("GET", f"{PATH}?limit=1", headers=admin)
    cursor = first.json["next_cursor"]
    second = await house.call("GET", f"{PATH}?limit=1&cursor={cursor}", headers=admin)

    assert first.json["items"] != second.json["items"]
    assert second.json["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=%00", "cursor=%2A"])
async def test_a_wrong_page_is_refused(house: Any, query: str) -> None:
    answer = await house.call("GET", f"{PATH}?{query}", headers=await house.token(Role.ADMIN))

    assert answer.status == 422


@pytest.mark.parametrize("role", [Role.SENDER, Role.VIEWER, Role.OPERATOR])
async def test_only_admins_come_in(house: Any, role: Role) -> None:
    answer = await create(house, await house.token(role))

    assert answer.status == 403
    assert await house.events() == []


@pytest.mark.parametrize(
    "wrong", [{"expires_days": 0}, {"expires_days": 3651}, {"role": "none"}, {"name": "\x00"}]
)
async def test_a_wrong_field_is_refused(house: Any, wrong: Any) -> None:
    assert (await create(house, await house.token(Role.ADMIN), **wrong)).status == 422
