"""What is put in becomes a new one, takes the place of one that is there, or is passed over."""

import pytest

from tests.web.callbacks.house import CHANNEL, SECRET, CallbackHouse, faults
from tests.web.callbacks.taken_out import PATH, PHRASE, configs, with_template


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


async def test_a_secret_that_is_there_and_wrong_is_not_lacking(house: CallbackHouse) -> None:
    taken = await house.data("GET", "/callbacks/export")
    wrong = {"type": "custom", "config": {"url": "ftp://e.org/x"}}
    bad = {"project_id": "p", "channels": [wrong]}
    refused = await house.call("POST", PATH, {**taken, "callbacks": [bad]})

    assert list(faults(refused)) == ["callbacks.0.channels.0.config"]


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


async def test_what_replaces_one_of_the_same_name_keeps_its_channels_secrets(
    house: CallbackHouse, elsewhere: CallbackHouse
) -> None:
    await elsewhere.created(events=["canary_*"])
    made = await house.created()
    taken = await elsewhere.data("GET", "/callbacks/export")
    done = await house.data("POST", PATH, {**taken, "on_conflict": "replace"})

    (result,) = done["results"]
    assert (result["action"], result["id"], result["errors"]) == ("replaced", made["id"], [])
    (shown,) = (await house.data("GET", "/callbacks"))["items"]
    assert shown["events"] == ["canary_*"]
    assert shown["channels"][0]["id"] == made["channels"][0]["id"]
    assert await configs(house) == [[{"webhook_url": SECRET}]]


async def test_a_template_that_is_not_there_is_refused(house: CallbackHouse) -> None:
    taken = await with_template(house)
    taken["templates"] = []
    taken["callbacks"][0]["channels"][0]["template_id"] = "gone"
    refused = await house.call("POST", PATH, {**taken, "passphrase": PHRASE})

    assert list(faults(refused)) == ["callbacks.0.channels.0.template_id"]


async def test_putting_the_same_in_again_adds_nothing(
    house: CallbackHouse, elsewhere: CallbackHouse
) -> None:
    taken = {**await with_template(house), "passphrase": PHRASE, "on_conflict": "skip"}
    first = await elsewhere.data("POST", PATH, taken)
    second = await elsewhere.data("POST", PATH, taken)

    for part in ("templates", "results"):
        (created,), (skipped,) = first[part], second[part]
        assert (created["action"], skipped["action"]) == ("created", "skipped")
        assert created["id"] == skipped["id"]


async def test_the_id_counts_for_more_than_the_name(house: CallbackHouse) -> None:
    older = await house.created(name="one")
    newer = await house.created(name="two")
    taken = await house.data("GET", "/callbacks/export")
    sent = next(one for one in taken["callbacks"] if one["id"] == older["id"])
    sent["name"] = "two"
    body = {**taken, "callbacks": [sent], "on_conflict": "replace"}
    done = await house.data("POST", PATH, body)

    assert [one["id"] for one in done["results"]] == [older["id"]]
    assert newer["id"] != older["id"]


async def test_a_channel_that_is_told_twice_is_refused(house: CallbackHouse) -> None:
    await house.created()
    taken = await house.data("GET", "/callbacks/export")
    taken["callbacks"][0]["channels"] *= 2
    refused = await house.call("POST", PATH, {**taken, "on_conflict": "replace"})

    assert list(faults(refused)) == ["callbacks.0.channels.1.id"]


@pytest.mark.parametrize(("conflict", "action"), [("skip", "skipped"), ("replace", "replaced")])
async def test_of_those_of_one_name_each_is_there_once(
    house: CallbackHouse, elsewhere: CallbackHouse, conflict: str, action: str
) -> None:
    taken = await with_template(house)
    template, one = taken["templates"][0], taken["callbacks"][0]
    taken["templates"].append({**template, "id": "other", "title": "other"})
    taken["callbacks"].append({**one, "id": "other", "events": ["other"]})
    body = {**taken, "passphrase": PHRASE}
    first = await elsewhere.data("POST", PATH, body)
    again = await elsewhere.data("POST", PATH, {**body, "on_conflict": conflict})

    for part in ("templates", "results"):
        assert [each["action"] for each in again[part]] == [action] * 2
        assert [each["id"] for each in again[part]] == [each["id"] for each in first[part]]
    shown = (await elsewhere.data("GET", "/callbacks"))["items"]
    assert sorted(each["events"] for each in shown) == [["canary_*"], ["other"]]


async def test_more_of_one_name_than_are_there_are_added(
    house: CallbackHouse, elsewhere: CallbackHouse
) -> None:
    made = await house.created()
    await elsewhere.created()
    await elsewhere.created()
    taken = await elsewhere.data("POST", "/callbacks/export", {"passphrase": PHRASE})
    body = {**taken, "passphrase": PHRASE, "on_conflict": "replace"}
    done = await house.data("POST", PATH, body)

    assert [each["action"] for each in done["results"]] == ["replaced", "created"]
    assert done["results"][0]["id"] == made["id"]


async def test_what_is_told_twice_by_its_id_is_there_once(house: CallbackHouse) -> None:
    taken = await with_template(house)
    (one,), (template,) = taken["callbacks"], taken["templates"]
    body = {**taken, "callbacks": [one, one], "templates": [template] * 2, "passphrase": PHRASE}
    skipped = await house.data("POST", PATH, {**body, "on_conflict": "skip"})
    done = await house.data("POST", PATH, {**body, "on_conflict": "replace"})

    for part in ("templates", "results"):
        assert [each["action"] for each in skipped[part]] == ["skipped", "skipped"]
        assert [each["action"] for each in done[part]] == ["replaced", "created"]


async def test_by_its_name_nobody_takes_the_place_of_one_that_is_told_by_its_id(
    house: CallbackHouse,
) -> None:
    made = await house.created(events=["canary_*"])
    taken = await house.data("POST", "/callbacks/export", {"passphrase": PHRASE})
    (one,) = taken["callbacks"]
    taken["callbacks"] = [{**one, "id": "other", "events": ["other"]}, one]
    body = {**taken, "secrets": "left_out", "on_conflict": "replace"}
    done = await house.data("POST", PATH, body)

    assert [each["action"] for each in done["results"]] == ["created", "replaced"]
    assert done["results"][1]["id"] == made["id"]
