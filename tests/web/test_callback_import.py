"""Callbacks are put in that were taken out, here or elsewhere: all of them or none."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.web.callback_house import CHANNEL, SECRET, CallbackHouse, callback_house, faults
from tocsin.model.access import Role

PHRASE = "correct horse"
PATH = "/callbacks/import"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path / "one") as house:
        yield house


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path / "two") as house:
        yield house


async def with_template(house: CallbackHouse) -> Any:
    """A callback with a template, taken out with its secrets."""
    template = await house.data("POST", "/templates", {"name": "words", "title": "t"})
    await house.created(
        channels=[{**CHANNEL, "template_id": template["id"]}],
        events=["canary_*"],
        quiet_hours={"zone": "UTC", "from": "22:00", "to": "08:00"},
    )
    return await house.data("POST", "/callbacks/export", {"passphrase": PHRASE})


async def configs(house: CallbackHouse) -> list[Any]:
    """The options of each callback's channels, as they are sent by."""
    found = await house.data("GET", "/callbacks")
    house.desk.asked.clear()
    for one in reversed(found["items"]):
        channel_id = one["channels"][0]["id"]
        await house.data("POST", f"/callbacks/{one['id']}/test", {"channel_id": channel_id})
    return [asked[3] for asked in house.desk.asked]


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


async def test_a_channel_that_lacks_its_secrets_is_switched_off(
    house: CallbackHouse, elsewhere: CallbackHouse
) -> None:
    custom = {"type": "custom", "config": {"url": "https://e.org/x", "method": "PUT"}}
    await house.created(channels=[CHANNEL, custom])
    taken = await house.data("GET", "/callbacks/export")
    done = await elsewhere.data("POST", PATH, taken)

    (result,) = done["results"]
    assert [one["field"] for one in result["errors"]] == [
        "channels.0.config.webhook_url",
        "channels.1.config.url",
    ]
    shown = await elsewhere.data("GET", f"/callbacks/{result['id']}")
    assert [one["enabled"] for one in shown["channels"]] == [False, False]
    assert shown["channels"][1]["config"] == {"method": "PUT"}
    assert shown["channels"][0]["destination_id"] is None


@pytest.mark.parametrize(
    ("conflict", "action", "count"),
    [("copy", "created", 2), ("skip", "skipped", 1), ("replace", "replaced", 1)],
)
async def test_what_is_there_is_copied_skipped_or_replaced(
    house: CallbackHouse, conflict: str, action: str, count: int
) -> None:
    taken = await with_template(house)
    (one,) = taken["callbacks"]
    await house.data("PUT", f"/callbacks/{one['id']}", {"events": ["changed"]})
    # The secrets of what is replaced are kept.
    del taken["encrypted"]
    body = {**taken, "secrets": "left_out", "on_conflict": conflict}
    done = await house.data("POST", PATH, body)

    assert [each["action"] for each in (*done["templates"], *done["results"])] == [action] * 2
    assert (await house.data("GET", "/callbacks"))["total"] == count
    assert (await house.data("GET", "/templates"))["total"] == count
    shown = await house.data("GET", f"/callbacks/{one['id']}")
    assert shown["events"] == (["canary_*"] if conflict == "replace" else ["changed"])
    kept = (await configs(house))[0]
    assert kept == [{"webhook_url": SECRET}]


async def test_one_of_the_same_project_and_name_is_there_already(house: CallbackHouse) -> None:
    made = await house.created()
    taken = await house.data("POST", "/callbacks/export", {"passphrase": PHRASE})
    taken["callbacks"][0]["id"] = "from elsewhere"
    done = await house.data("POST", PATH, {**taken, "passphrase": PHRASE, "on_conflict": "skip"})

    assert done["results"][0]["id"] == made["id"]


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
        ({"passphrase": None}, ""),
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


async def test_a_template_that_is_not_there_is_refused(house: CallbackHouse) -> None:
    taken = await with_template(house)
    taken["templates"] = []
    taken["callbacks"][0]["channels"][0]["template_id"] = "gone"
    refused = await house.call("POST", PATH, {**taken, "passphrase": PHRASE})

    assert list(faults(refused)) == ["callbacks.0.channels.0.template_id"]


async def test_only_admins_put_in(house: CallbackHouse) -> None:
    taken = await house.data("GET", "/callbacks/export")
    refused = await house.call("POST", PATH, taken, role=Role.OPERATOR)

    assert (refused.status, refused.json["code"]) == (403, 3403)
