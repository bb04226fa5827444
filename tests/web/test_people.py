"""The API for people: for admins, never without one, and each change is an event."""

from typing import Any

import pytest

from tocsin.model.access import Role

PATH = "/api/v1/people"
NEW = {"name": "jun", "password": "battery staple", "role": "viewer"}


async def add(house: Any, admin: Any, **other: Any) -> Any:
    return await house.call("POST", PATH, {**NEW, **other}, headers=admin)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", PATH), ("POST", PATH), ("PATCH", f"{PATH}/x"), ("DELETE", f"{PATH}/x")],
)
async def test_only_admins_come_in(house: Any, method: str, path: str) -> None:
    body: Any = {} if method in {"POST", "PATCH"} else None

    stranger = await house.call(method, path, body, peer="203.0.113.9")
    local = await house.call(method, path, body)
    operator = await house.call(method, path, body, headers=await house.token(Role.OPERATOR))

    assert (stranger.status, stranger.json["reason"]) == (401, "not_signed_in")
    assert "www-authenticate" in stranger.headers
    assert (local.status, operator.status) == (403, 403)


async def test_somebody_added_is_listed_and_can_sign_in(house: Any) -> None:
    admin = await house.token(Role.ADMIN)

    added = await add(house, admin)
    listed = await house.call("GET", PATH, headers=admin)
    session = await house.call(
        "POST", "/api/v1/session", {"name": "JUN", "password": NEW["password"]}
    )

    assert added.status == 201
    assert listed.json == {"items": [added.json], "next_cursor": None}
    assert added.json["created_at"] == "2026-01-01T00:00:00.000Z"
    assert "password" not in str(added.json)
    assert session.json["role"] == "viewer"


async def test_the_list_comes_in_pages(house: Any) -> None:
    admin = await house.token(Role.ADMIN)
    for name in "abc":
        await add(house, admin, name=name)

    first = await house.call("GET", f"{PATH}?limit=2", headers=admin)
    cursor = first.json["next_cursor"]
    second = await house.call("GET", f"{PATH}?limit=2&cursor={cursor}", headers=admin)

    names = [one["name"] for page in (first, second) for one in page.json["items"]]
    assert sorted(names) == ["a", "b", "c"]
    assert second.json["next_cursor"] is None


async def test_a_name_is_given_once(house: Any) -> None:
    admin = await house.token(Role.ADMIN)
    await add(house, admin)

    again = await add(house, admin, name="Jun")

    assert (again.status, again.json["reason"]) == (409, "conflict")
    assert len(await house.events()) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " jun"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 5}, "name"),
        ({"password": "short"}, "password"),
        ({"role": "boss"}, "role"),
        ({"rolle": "admin"}, "rolle"),
    ],
)
async def test_a_wrong_field_is_named_and_a_password_is_never_shown(
    house: Any, wrong: dict[str, Any], field: str
) -> None:
    answer = await add(house, await house.token(Role.ADMIN), **wrong)

    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert "short" not in answer.body.decode().replace("too_short", "")
    assert NEW["password"] not in answer.body.decode()


async def test_a_change_takes_what_is_given(house: Any) -> None:
    admin = await house.token(Role.ADMIN)
    jun = (await add(house, admin)).json
    path = f"{PATH}/{jun['id']}"

    promoted = await house.call("PATCH", path, {"role": "operator"}, headers=admin)
    shut_out = await house.call("PATCH", path, {"is_disabled": True}, headers=admin)
    again = await house.call("PATCH", path, {"is_disabled": True, "role": None}, headers=admin)
    let_in = await house.call("PATCH", path, {"is_disabled": False}, headers=admin)
    nothing = await house.call("PATCH", path, {}, headers=admin)

    assert promoted.json == {**jun, "role": "operator"}
    assert shut_out.json["disabled_at"] == again.json["disabled_at"] == jun["created_at"]
    assert let_in.json == nothing.json == promoted.json
    assert [data["what"] for _, data in await house.events()] == [
        "person.added",
        *["person.changed"] * 4,
    ]


async def test_a_new_password_ends_all_sessions_but_ones_own(house: Any) -> None:
    mina = await house.person("mina")
    opened = [
        await house.call("POST", "/api/v1/session", {"name": "mina", "password": "correct horse"})
        for _ in range(2)
    ]
    mine = {"cookie": opened[0].cookie, "x-csrf-token": opened[0].json["csrf"]}

    changed = await house.call(
        "PATCH", f"{PATH}/{mina.id}", {"password": "battery staple"}, headers=mine
    )
    still = [
        (await house.call("GET", "/api/v1/session", headers={"cookie": one.cookie})).status
        for one in opened
    ]

    assert changed.status == 200
    assert still == [200, 401]
    what = {"what": "person.password_changed", "name": "mina", "by": "mina"}
    assert (await house.events())[-1] == ("setting.changed", what)


async def test_somebody_shut_out_is_out_at_once(house: Any) -> None:
    jun = await house.person("jun")
    admin = await house.token(Role.ADMIN)
    await house.person("mina")
    opened = await house.call(
        "POST", "/api/v1/session", {"name": "jun", "password": "correct horse"}
    )
    cookie = {"cookie": opened.cookie}
    before = await house.call("GET", PATH, headers=cookie)

    await house.call("PATCH", f"{PATH}/{jun.id}", {"is_disabled": True}, headers=admin)

    assert before.status == 200
    assert (await house.call("GET", PATH, headers=cookie)).status == 401


async def test_the_last_admin_cannot_be_removed_or_lowered(house: Any) -> None:
    mina = await house.person("mina")
    admin = await house.token(Role.ADMIN)
    path = f"{PATH}/{mina.id}"

    removed = await house.call("DELETE", path, headers=admin)
    lowered = await house.call("PATCH", path, {"role": "viewer"}, headers=admin)
    shut_out = await house.call("PATCH", path, {"is_disabled": True}, headers=admin)
    await house.person("jun")
    second = await house.call("DELETE", path, headers=admin)

    assert {removed.status, lowered.status, shut_out.status} == {409}
    assert second.status == 204
    assert [data["what"] for _, data in await house.events()] == ["person.removed"]


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"role": "viewer"}), ("DELETE", None)])
async def test_who_is_not_there_is_not_found(house: Any, method: str, body: Any) -> None:
    admin = await house.token(Role.ADMIN)

    answer = await house.call(method, f"{PATH}/nobody", body, headers=admin)

    assert (answer.status, answer.json["reason"]) == (404, "not_found")


async def test_a_change_by_cookie_needs_its_proof(house: Any) -> None:
    await house.person("mina")
    opened = await house.call(
        "POST", "/api/v1/session", {"name": "mina", "password": "correct horse"}
    )

    refused = await add(house, {"cookie": opened.cookie})

    assert refused.status == 403
    assert "X-CSRF-Token" in refused.json["detail"]
