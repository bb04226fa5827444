"""Callbacks are put in that were taken out, here or elsewhere: all of them or none."""

from typing import Any

import pytest

from tests.web.callbacks.house import CHANNEL, CallbackHouse, faults
from tests.web.callbacks.taken_out import PATH, PHRASE, configs, with_template
from tocsin.model.access import Role


async def test_what_was_taken_out_is_the_same_elsewhere(
    house: CallbackHouse, elsewhere: CallbackHouse
) -> None:
    taken = await with_template(house)
    # As curl has written it to a file: with the envelope around it.
    whole = {"code": 0, "msg": "ok", "data": taken, "passphrase": PHRASE}
    done = await elsewhere.data("POST", PATH, whole)

    assert done["imported"]
    (result,) = done["results"]
    assert (result["index"], result["name"], result["action"]) == (0, "news", "created")
    shown = await elsewhere.data("GET", f"/callbacks/{result['id']}")
    assert (shown["events"], shown["project_id"]) == (["canary_*"], "shop")
    assert shown["quiet_hours"]["from"] == "22:00"
    assert shown["channels"][0]["template_id"] == done["templates"][0]["id"]
    assert await configs(elsewhere) == [[CHANNEL["config"]]]
    assert await elsewhere.changes() == ["template.created", "callback.created"]


async def test_with_one_refused_nothing_is_stored(house: CallbackHouse) -> None:
    taken = await with_template(house)
    bad = {"project_id": "p", "channels": [{"type": "pigeon", "config": {}}], "condition": "("}
    taken["callbacks"] += [bad, {"project_id": ""}]
    taken["templates"].append({"name": "n", "title": "{{"})
    before = await house.changes()
    body = {**taken, "passphrase": PHRASE}
    refused = await house.call("POST", PATH, body)
    tried = await house.data("POST", PATH, {**body, "dry_run": True})

    assert list(faults(refused)) == [
        "templates.1.title",
        "callbacks.1.channels.0.type",
        "callbacks.1.condition",
        "callbacks.2.channels",
        "callbacks.2.project_id",
    ]
    assert not tried["imported"]
    assert [one["action"] for one in tried["results"]] == ["created", "refused", "refused"]
    assert await house.changes() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"passphrase": "wrong horse"}, "passphrase"),
        ({"passphrase": None}, "passphrase"),
        ({"encrypted": None}, "encrypted"),
        ({"format": "other"}, "format"),
        ({"version": 2}, "version"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    house: CallbackHouse, change: Any, field: str
) -> None:
    taken = await with_template(house)
    refused = await house.call("POST", PATH, {**taken, "passphrase": PHRASE, **change})

    assert list(faults(refused)) == [field]


async def test_of_what_is_refused_the_name_is_told_as_it_can_be_written(
    house: CallbackHouse,
) -> None:
    taken = await house.data("GET", "/callbacks/export")
    bad = {"project_id": "p\ud800", "name": "\ud800", "channels": []}
    tried = await house.data("POST", PATH, {**taken, "callbacks": [bad], "dry_run": True})

    (result,) = tried["results"]
    assert (result["name"], result["project_id"]) == ("\ufffd", "p\ufffd")


async def test_only_admins_put_in(house: CallbackHouse) -> None:
    taken = await house.data("GET", "/callbacks/export")
    refused = await house.call("POST", PATH, taken, role=Role.OPERATOR)

    assert (refused.status, refused.json["code"]) == (403, 3403)
