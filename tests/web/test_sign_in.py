"""A sign-in that overlaps with a change of the password does not outlive it."""

from typing import Any

import pytest

from tocsin.store import people
from tocsin.store.passwords import Passwords
from tocsin.store.people import PersonChange

PATH = "/api/v1/session"
GOOD = {"name": "mina", "password": "correct horse"}


@pytest.mark.parametrize(
    "change", [PersonChange(password_hash="another"), PersonChange(is_disabled=True)]
)
async def test_access_withdrawn_during_the_check_is_withdrawn(
    house: Any, monkeypatch: pytest.MonkeyPatch, change: PersonChange
) -> None:
    mina = await house.person("mina")
    await house.person("jun")
    original = Passwords.matches

    async def overtaken(self: Passwords, stored: str | None, password: str) -> bool:
        is_right = await original(self, stored, password)
        now = house.clock.now()
        await house.database.write(lambda conn: people.change(conn, mina.id, change, now))
        return is_right

    monkeypatch.setattr(Passwords, "matches", overtaken)

    answer = await house.call("POST", PATH, GOOD)

    assert answer.status == 401
    assert await house.events() == []


async def test_a_sign_in_forgives_the_tries_before_it(house: Any) -> None:
    await house.person("mina")

    for _ in range(3):
        for _ in range(4):
            await house.call("POST", PATH, {**GOOD, "password": "wrong horse"})
        assert (await house.call("POST", PATH, GOOD)).status == 200


async def test_a_password_changed_by_somebody_else_meanwhile_stays(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina = await house.person("mina")
    opened = await house.call("POST", PATH, GOOD)
    sent = {"cookie": opened.cookie, "x-csrf-token": opened.json["csrf"]}
    original = Passwords.matches
    change = PersonChange(password_hash="another")

    async def overtaken(self: Passwords, stored: str | None, password: str) -> bool:
        is_right = await original(self, stored, password)
        now = house.clock.now()
        await house.database.write(lambda conn: people.change(conn, mina.id, change, now))
        return is_right

    monkeypatch.setattr(Passwords, "matches", overtaken)

    wanted = {"current": "correct horse", "new": "battery staple"}
    answer = await house.call("PUT", f"{PATH}/password", wanted, headers=sent)

    assert answer.status == 401
    async with house.database.read() as conn:
        assert await people.with_password(conn, "mina") == (mina, "another")
