"""The API for set-ups: viewers see them, admins change them, a secret is shown once."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.receiving import REMOTE
from tests.web.source_house import SECRET, SourceHouse, source_house
from tocsin.model.access import Role

NEW = {"kind": "deployment", "name": "west"}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[SourceHouse, None]:
    async with source_house(tmp_path) as house:
        yield house


def by_name(listed: Any) -> dict[tuple[str, str], Any]:
    return {(one["kind"], one["name"]): one for one in listed["items"]}


async def test_all_set_ups_are_listed_without_their_secrets(house: SourceHouse) -> None:
    answer = await house.call("GET", "", role=Role.VIEWER)

    items = by_name(answer.json)
    assert answer.status == 200
    assert answer.json["next_cursor"] is None
    assert items["deployment", ""] == {
        "kind": "deployment",
        "name": "",
        "addresses": ["/api/webhooks/deployment", "/hooks/deployment"],
        "verification": "secret",
        "origin": "settings",
        "stored": 0,
        "rejected": 0,
        "last_stored_at": None,
        "last_rejected_at": None,
        "last_rejected_reason": None,
        "secrets": [
            {
                "id": "settings-1",
                "origin": "settings",
                "hint": "…ings",
                "created_at": None,
                "ends_at": None,
            }
        ],
        "can_test": True,
    }
    assert items["deployment", "team-a"]["verification"] == "open"
    assert items["github", ""]["verification"] == "signature"
    assert SECRET not in answer.body.decode()


async def test_a_set_up_tells_what_came_to_it(house: SourceHouse) -> None:
    shown = {"x-webhook-token": SECRET}
    assert await house.send("/hooks/deployment", b'{"type": "test"}', shown) == 200
    assert await house.send("/hooks/deployment", b'{"type": "test"}') == 401

    one = (await house.call("GET", "/deployment/-", role=Role.VIEWER)).json

    assert (one["stored"], one["rejected"], one["last_rejected_reason"]) == (1, 1, "not_signed_in")
    assert one["last_stored_at"] < one["last_rejected_at"]
    assert one == by_name((await house.call("GET", "")).json)["deployment", ""]


async def test_a_source_is_set_up_once_more(house: SourceHouse) -> None:
    created = await house.call("POST", "", NEW)
    secret = created.json["secret"]
    listed = await house.call("GET", "")

    assert created.status == 201
    assert created.headers["cache-control"] == "no-store"
    assert created.json["addresses"] == ["/hooks/deployment/west"]
    assert created.json["origin"] == "stored"
    assert await house.send("/hooks/deployment/west", b'{"type": "test"}') == 401
    shown = {"x-webhook-token": secret}
    assert await house.send("/hooks/deployment/west", b'{"type": "test"}', shown) == 200
    assert secret not in listed.body.decode()
    assert secret not in str(await house.events())
    assert by_name(listed.json)["deployment", "west"] == {
        name: value for name, value in created.json.items() if name != "secret"
    }


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"kind": "forge", "name": "a"}, 404, None),
        ({"kind": "deployment", "name": "team-a"}, 409, None),
        ({"kind": "deployment", "name": ""}, 422, "name"),
        ({"kind": "deployment", "name": "-"}, 422, "name"),
        ({"kind": "deployment", "name": "a/b"}, 422, "name"),
        ({"kind": "deployment", "name": "x" * 65}, 422, "name"),
        ({"kind": "deployment", "name": "a", "secret": "short"}, 422, "secret"),
        ({"kind": "deployment", "name": "a", "secret": "with a\nline end"}, 422, "secret"),
        ({"kind": "deployment", "name": "a", "more": 1}, 422, "more"),
    ],
)
async def test_what_cannot_be_set_up_is_refused(
    body: dict[str, Any], status: int, field: str | None, house: SourceHouse
) -> None:
    answer = await house.call("POST", "", body)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    if field is not None:
        assert [one["field"] for one in answer.json["errors"]] == [field]
    assert await house.events() == []


async def test_a_stored_set_up_is_removed_and_one_of_the_settings_is_not(
    house: SourceHouse,
) -> None:
    await house.call("POST", "", NEW)
    await house.send("/hooks/deployment/west", b"{}")

    statuses = [
        (await house.call("DELETE", f"/deployment/{name}")).status
        for name in ("west", "west", "team-a", "-")
    ]
    gone = await house.call("GET", "/deployment/west/calls")
    await house.call("POST", "", NEW)
    anew = await house.call("GET", "/deployment/west/calls")

    assert statuses == [204, 404, 409, 409]
    assert gone.status == 404
    assert anew.json["items"] == []


async def test_a_secret_is_rotated_and_the_former_one_stays_good_for_a_while(
    house: SourceHouse,
) -> None:
    rotated = await house.call("POST", "/deployment/-/secret", {"keep_former_s": 60})
    new = {"x-webhook-token": rotated.json["secret"]}
    both = [
        await house.send("/hooks/deployment", b'{"type": "test"}', shown)
        for shown in (new, {"x-webhook-token": SECRET})
    ]
    ended = await house.call("DELETE", "/deployment/-/secret/former")
    after = [
        await house.send("/hooks/deployment", b'{"type": "test"}', shown)
        for shown in (new, {"x-webhook-token": SECRET})
    ]

    assert rotated.headers["cache-control"] == "no-store"
    assert [one["origin"] for one in rotated.json["secrets"]] == ["stored", "settings"]
    assert rotated.json["secrets"][1]["ends_at"] == "2026-01-01T01:01:00.000Z"
    assert (both, ended.status, after) == ([200, 200], 204, [200, 401])


async def test_a_rotation_needs_no_body_and_takes_the_senders_own_secret(
    house: SourceHouse,
) -> None:
    first = await house.call("POST", "/github/-/secret")
    second = await house.call("POST", "/github/-/secret", {"secret": "made-by-slack"})

    assert first.json["secret"].startswith("whsec_")
    assert second.json["secret"] == "made-by-slack"
    assert len(second.json["secrets"]) == 3


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("GET", "", Role.VIEWER),
        ("GET", "/github/-", Role.VIEWER),
        ("POST", "", Role.ADMIN),
        ("DELETE", "/github/-", Role.ADMIN),
        ("POST", "/github/-/secret", Role.ADMIN),
        ("DELETE", "/github/-/secret/former", Role.ADMIN),
    ],
)
async def test_who_may_do_what(method: str, path: str, needs: Role, house: SourceHouse) -> None:
    for role in (one for one in Role if one):
        answer = await house.call(method, path, role=role)

        assert (answer.status == 403) == (role < needs), (role, answer.status)


async def test_a_change_by_somebody_is_an_event_that_names_them(house: SourceHouse) -> None:
    await house.call("POST", "", NEW)
    await house.call("POST", "/deployment/west/secret")

    told = await house.events()

    assert [one["what"] for one in told] == ["source.created", "source.secret_rotated"]
    assert {one["name"] for one in told} == {"deployment/west"}
    assert {one["by"] for one in told} == {"a admin's"}


async def test_a_stranger_sees_nothing(house: SourceHouse) -> None:
    answer = await house.receiving.post("/hooks/deployment/nobody", b"{}", peer=REMOTE)

    assert answer.status == 404
