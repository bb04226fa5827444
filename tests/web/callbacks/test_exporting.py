"""Callbacks are taken out without their secrets, or with them sealed."""

from tests.web.callbacks.house import CHANNEL, SECRET, CallbackHouse, faults
from tocsin.model.access import Role
from tocsin.web.callbacks.sealing import SealedSecrets, opened

PHRASE = "correct horse"


async def test_without_a_passphrase_there_are_no_secrets(house: CallbackHouse) -> None:
    config = {"url": "https://e.org/8888", "headers": {"K": "k-1234"}, "method": "PUT"}
    made = await house.created(channels=[CHANNEL, {"type": "custom", "config": config}])
    answer = await house.call("GET", "/callbacks/export", role=Role.VIEWER)

    found = answer.json["data"]
    assert (found["format"], found["version"]) == ("tocsin.callbacks", 1)
    assert (found["secrets"], found["encrypted"]) == ("left_out", None)
    (one,) = found["callbacks"]
    assert [channel["config"] for channel in one["channels"]] == [{}, {"method": "PUT"}]
    assert (one["id"], one["name"], one["project_id"]) == (made["id"], "news", "shop")
    for secret in (SECRET, "8888", "k-1234", "••••"):
        assert secret not in answer.body.decode()


async def test_a_passphrase_seals_the_secrets(house: CallbackHouse) -> None:
    made = await house.created()
    body = {"passphrase": PHRASE}
    answer = await house.call("POST", "/callbacks/export", body)
    refused = await house.call("POST", "/callbacks/export", body, role=Role.OPERATOR)
    short = await house.call("POST", "/callbacks/export", {"passphrase": "short"})

    found = answer.json["data"]
    assert found["secrets"] == "encrypted"
    assert found["callbacks"][0]["channels"][0]["config"] == {}
    assert SECRET not in answer.body.decode()
    secrets = opened(SealedSecrets.model_validate(found["encrypted"]), PHRASE)
    assert secrets == {made["id"]: {made["channels"][0]["id"]: {"webhook_url": SECRET}}}
    assert refused.status == 403
    assert list(faults(short)) == ["passphrase"]
    assert await house.changes() == ["callback.created", "callback.exported"]


async def test_some_are_taken_out_with_the_templates_that_they_use(house: CallbackHouse) -> None:
    words = {"name": "used", "title": "t"}
    used = await house.data("POST", "/templates", words)
    await house.data("POST", "/templates", {**words, "name": "unused"})
    one = await house.created(channels=[{**CHANNEL, "template_id": used["id"]}])
    other = await house.created("other")

    everything = await house.data("GET", "/callbacks/export")
    assert {each["id"] for each in everything["callbacks"]} == {one["id"], other["id"]}
    assert len(everything["templates"]) == 2
    for query, ids, templates in (
        ("project_id=shop", [one["id"]], ["used"]),
        (f"ids={other['id']}", [other["id"]], []),
    ):
        found = await house.data("GET", f"/callbacks/export?{query}")
        assert [each["id"] for each in found["callbacks"]] == ids, query
        assert [each["name"] for each in found["templates"]] == templates, query
