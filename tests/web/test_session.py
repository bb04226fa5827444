"""Signing in and out: slow for who guesses, one use for a code, a cookie no script reads."""

from typing import Any

import pytest

from tocsin.model.access import Role
from tocsin.web.sign_in_throttle import FREE_TRIES

PATH = "/api/v1/session"
GOOD = {"name": "Mina", "password": "correct horse"}
STRANGER = "203.0.113.9"


async def test_a_person_signs_in_changes_something_and_signs_out(house: Any) -> None:
    await house.person("mina")

    opened = await house.call("POST", PATH, GOOD, peer=STRANGER)
    sent = {"cookie": opened.cookie, "x-csrf-token": opened.json["csrf"]}
    shown = await house.call("GET", PATH, peer=STRANGER, headers=sent)
    people = await house.call("GET", "/api/v1/people", peer=STRANGER, headers=sent)
    bare = await house.call("DELETE", PATH, peer=STRANGER, headers={"cookie": opened.cookie})
    closed = await house.call("DELETE", PATH, peer=STRANGER, headers=sent)
    after = await house.call("GET", PATH, peer=STRANGER, headers=sent)

    assert opened.status == 200
    assert opened.json == shown.json
    assert (shown.json["role"], shown.json["name"], shown.json["kind"]) == (
        "admin",
        "mina",
        "session",
    )
    assert people.status == 200
    assert bare.status == 403
    assert closed.status == 204
    assert closed.headers["set-cookie"].startswith('tocsin_session=""; ')
    assert after.status == 401
    assert "tocsin_session" in after.headers["set-cookie"]


async def test_the_cookie_is_for_the_browser_alone(house: Any) -> None:
    await house.person("mina")
    proxied = {"x-forwarded-for": STRANGER, "x-forwarded-proto": "https"}

    plain = await house.call("POST", PATH, GOOD)
    behind = await house.call("POST", PATH, GOOD, peer="10.0.0.1", headers=proxied)
    forged = await house.call("POST", PATH, GOOD, peer=STRANGER, headers=proxied)

    attributes = set(plain.headers["set-cookie"].split("; ")[1:])
    assert attributes == {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=1209600"}
    assert "Secure" in behind.headers["set-cookie"].split("; ")
    assert "Secure" not in forged.headers["set-cookie"].split("; ")
    assert plain.headers["cache-control"] == "no-store"


async def test_a_sign_in_is_an_event_without_the_password(house: Any) -> None:
    await house.person("mina")

    await house.call("POST", PATH, GOOD, peer=STRANGER)

    assert await house.events() == [
        (
            "person.signed_in",
            {"name": "mina", "how": "password", "address": STRANGER, "by": "mina"},
        )
    ]


async def test_an_answer_never_tells_whether_the_name_or_the_password_is_wrong(house: Any) -> None:
    await house.person("mina")

    wrong = await house.call("POST", PATH, {**GOOD, "password": "wrong horse"})
    nobody = await house.call("POST", PATH, {**GOOD, "name": "nobody"})

    assert wrong.status == nobody.status == 401
    assert wrong.body == nobody.body
    assert "set-cookie" not in wrong.headers
    assert await house.events() == []


async def test_guessing_becomes_slow_and_stays_so_for_the_right_password(house: Any) -> None:
    await house.person("mina")
    bad = {**GOOD, "password": "wrong horse"}

    answers = [await house.call("POST", PATH, bad) for _ in range(FREE_TRIES + 1)]
    right = await house.call("POST", PATH, GOOD)
    elsewhere = await house.call("POST", PATH, GOOD, peer=STRANGER)
    house.clock.move(int(answers[-1].headers["retry-after"]))
    later = await house.call("POST", PATH, GOOD)

    assert [answer.status for answer in answers] == [*[401] * FREE_TRIES, 429]
    assert right.status == 429
    assert elsewhere.status == 200
    assert later.status == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_page_of_another_origin_signs_nobody_in(house: Any, origin: str) -> None:
    await house.person("mina")

    refused = await house.call("POST", PATH, GOOD, headers={"origin": origin})
    ours = await house.call("POST", PATH, GOOD, headers={"origin": "http://127.0.0.1:8000"})
    listed = await house.call("POST", PATH, GOOD, headers={"origin": "tauri://localhost"})

    assert (refused.status, ours.status, listed.status) == (403, 200, 200)


async def test_a_code_opens_once_as_admin_for_a_day(house: Any) -> None:
    body = {"code": await house.code()}

    first = await house.call("POST", PATH, body, peer=STRANGER)
    second = await house.call("POST", PATH, body, peer=STRANGER)

    assert first.status == 200
    assert first.json["role"] == "admin"
    assert "Max-Age=86400" in first.headers["set-cookie"]
    assert second.status == 401
    assert [kind for kind, _ in await house.events()] == ["person.signed_in"]


async def test_signing_in_again_ends_the_browsers_former_session(house: Any) -> None:
    await house.person("mina")
    first = await house.call("POST", PATH, GOOD)
    await house.call("GET", PATH, headers={"cookie": first.cookie})

    second = await house.call("POST", PATH, GOOD, headers={"cookie": first.cookie})

    assert (await house.call("GET", PATH, headers={"cookie": first.cookie})).status == 401
    assert (await house.call("GET", PATH, headers={"cookie": second.cookie})).status == 200


async def test_a_session_runs_out(house: Any) -> None:
    await house.person("mina")
    opened = await house.call("POST", PATH, GOOD)

    house.clock.move(14 * 86400)

    assert (await house.call("GET", PATH, headers={"cookie": opened.cookie})).status == 401


async def test_who_is_not_signed_in_is_told_what_they_are(house: Any) -> None:
    local = await house.call("GET", PATH)
    stranger = await house.call("GET", PATH, peer=STRANGER)
    program = await house.call("GET", PATH, headers=await house.token(Role.SENDER))
    unknown = await house.call("GET", PATH, headers={"x-tocsin-token": "x"})

    assert local.json == {"role": "viewer", "name": "local", "kind": "local", "csrf": None}
    assert stranger.json == {"role": "none", "name": "", "kind": "nobody", "csrf": None}
    assert (program.json["role"], program.json["kind"]) == ("sender", "token")
    assert unknown.status == 401
    assert "set-cookie" not in unknown.headers


async def test_signing_out_without_a_session_is_no_fault(house: Any) -> None:
    for headers in ({}, {"cookie": "tocsin_session=ended"}):
        assert (await house.call("DELETE", PATH, headers=headers)).status == 204


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "mina"},
        {"password": "x"},
        {"name": "mina", "password": "x", "code": "y"},
        {"code": 5},
        {"code": "x", "admin": True},
    ],
)
async def test_what_is_neither_password_nor_code_is_refused(house: Any, body: Any) -> None:
    answer = await house.call("POST", PATH, body)

    assert answer.status == 422
    assert answer.json["errors"]


OWN = f"{PATH}/password"
CHANGE = {"current": "correct horse", "new": "battery staple"}


async def signed_in(house: Any, **said: str) -> dict[str, str]:
    """The headers of a new session."""
    opened = await house.call("POST", PATH, {**GOOD, **said}, peer=STRANGER)
    assert opened.status == 200
    return {"cookie": opened.cookie, "x-csrf-token": opened.json["csrf"]}


@pytest.mark.parametrize("role", [Role.SENDER, Role.VIEWER, Role.ADMIN])
async def test_a_person_changes_their_password_and_their_other_sessions_end(
    house: Any, role: Role
) -> None:
    await house.person("mina", role)
    here, elsewhere = await signed_in(house), await signed_in(house)

    changed = await house.call("PUT", OWN, CHANGE, peer=STRANGER, headers=here)

    shown = [
        (await house.call("GET", PATH, peer=STRANGER, headers=one)).status
        for one in (here, elsewhere)
    ]
    old = await house.call("POST", PATH, GOOD, peer=STRANGER)
    assert changed.status == 204
    assert shown == [200, 401]
    assert old.status == 401
    await signed_in(house, password="battery staple")
    kind, data = (await house.events())[2]
    assert (kind, data) == (
        "setting.changed",
        {"what": "person.password_changed", "name": "mina", "by": "mina"},
    )


async def test_guessing_the_current_password_becomes_slow(house: Any) -> None:
    await house.person("mina")
    here = await signed_in(house)
    wrong = {**CHANGE, "current": "wrong horse"}

    answers = [
        await house.call("PUT", OWN, wrong, peer=STRANGER, headers=here)
        for _ in range(FREE_TRIES + 1)
    ]
    right = await house.call("PUT", OWN, CHANGE, peer=STRANGER, headers=here)

    assert [answer.status for answer in answers] == [*[401] * FREE_TRIES, 429]
    assert right.status == 429
    assert [kind for kind, _ in await house.events()] == ["person.signed_in"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**CHANGE, "new": "short"}, 422),
        ({**CHANGE, "again": "battery staple"}, 422),
        ({"new": "battery staple"}, 422),
        ([], 400),
    ],
)
async def test_a_password_that_cannot_be_is_refused(house: Any, body: Any, status: int) -> None:
    await house.person("mina")
    here = await signed_in(house)

    refused = await house.call("PUT", OWN, body, peer=STRANGER, headers=here)

    assert refused.status == status
    assert b"battery staple" not in refused.body


async def test_only_a_session_of_a_person_has_a_password_to_change(house: Any) -> None:
    opened = await house.call("POST", PATH, {"code": await house.code()}, peer=STRANGER)
    by_code = {"cookie": opened.cookie, "x-csrf-token": opened.json["csrf"]}
    # Called as sessions by code are.
    await house.person("first sign-in")
    here = await signed_in(house, name="first sign-in")

    async def status(headers: Any, peer: str = STRANGER) -> int:
        answer = await house.call("PUT", OWN, CHANGE, peer=peer, headers=headers)
        found: int = answer.status
        return found

    assert await status(by_code) == 403
    assert await status(await house.token(Role.ADMIN)) == 403
    assert await status({}, "127.0.0.1") == 403
    assert await status({}) == 401
    assert await status({"cookie": here["cookie"]}) == 403
    assert await status(here) == 204
