"""`/api/v1/release/templates`: stored, checked, copied, and kept while they are used."""

from typing import Any

import pytest

from tests.web.callbacks.house import CHANNEL, CallbackHouse, faults
from tocsin.model.access import Role

TEMPLATE = {"name": "short", "title": "{{project_name}}", "body": "**{{version_name}}**"}
NOBODY = "01a20406-0000-7000-8000-000000000000"


async def created(house: CallbackHouse, **other: Any) -> Any:
    return await house.data("POST", "/templates", {**TEMPLATE, **other})


async def test_a_template_is_stored_and_changed_in_parts(house: CallbackHouse) -> None:
    made = await created(house, channel_type="lark", event_type="canary_*", language="en")
    path = f"/templates/{made['id']}"
    changed = await house.data("PUT", path, {"title": "new", "body": None})
    shown = await house.data("GET", path, role=Role.VIEWER)

    assert (made["channel_type"], made["event_type"], made["language"]) == (
        "feishu",
        "canary_*",
        "en",
    )
    assert shown == changed
    assert (shown["title"], shown["body"]) == ("new", made["body"])
    assert shown["updated_at"] >= made["updated_at"]
    assert await house.changes() == ["template.created", "template.changed"]


async def test_templates_are_listed_by_what_they_are_for(house: CallbackHouse) -> None:
    one = await created(house, channel_type="feishu")
    two = await created(house, name="Other", language="ru", event_type="training.*")

    for query, found in (
        ("channel_type=lark", [one]),
        ("language=ru", [two]),
        ("event_type=training.*", [two]),
        ("q=OTH", [two]),
    ):
        page = await house.data("GET", f"/templates?{query}", role=Role.VIEWER)
        assert page["items"] == found, query
    page = await house.data("GET", "/templates?page_size=1&page=2&language=")
    assert (len(page["items"]), page["total"]) == (1, 2)


async def test_a_copy_is_another_template(house: CallbackHouse) -> None:
    made = await created(house)
    copied = await house.data("POST", f"/templates/{made['id']}/copy")
    named = await house.data("POST", f"/templates/{made['id']}/copy", {"name": "mine"})

    assert (copied["name"], named["name"]) == ("short (2)", "mine")
    assert copied["body"] == made["body"]
    assert len({made["id"], copied["id"], named["id"]}) == 3


async def test_one_that_is_used_stays(house: CallbackHouse) -> None:
    made = await created(house)
    callback = await house.created(channels=[{**CHANNEL, "template_id": made["id"]}])
    refused = await house.call("DELETE", f"/templates/{made['id']}")
    await house.data("DELETE", f"/callbacks/{callback['id']}")
    await house.data("DELETE", f"/templates/{made['id']}")
    gone = await house.call("GET", f"/templates/{made['id']}")

    assert callback["channels"][0]["template_id"] == made["id"]
    assert (refused.status, refused.json["code"]) == (409, 3409)
    assert "news" in refused.json["msg"]
    assert gone.status == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": "{{"}, "title"),
        ({"body": "}}"}, "body"),
        ({"channel_type": "pigeon"}, "channel_type"),
        ({"title": "", "body": " "}, "body"),
        ({"name": ""}, "name"),
        ({"body": "a\u0000"}, "body"),
        ({"other": 1}, "other"),
    ],
)
async def test_a_template_that_cannot_be_used_is_not_stored(
    house: CallbackHouse, change: Any, field: str
) -> None:
    refused = await house.call("POST", "/templates", {**TEMPLATE, **change})

    assert list(faults(refused)) == [field]


async def test_viewers_read_and_admins_change(house: CallbackHouse) -> None:
    made = await created(house)
    one = f"/templates/{made['id']}"

    for method, path, body in (
        ("POST", "/templates", TEMPLATE),
        ("PUT", one, {"name": "x"}),
        ("POST", f"{one}/copy", None),
        ("DELETE", one, None),
    ):
        refused = await house.call(method, path, body, role=Role.OPERATOR)
        assert (refused.status, refused.json["code"]) == (403, 3403), path
    for method in ("GET", "PUT", "DELETE"):
        body = {"name": "x"} if method == "PUT" else None
        gone = await house.call(method, f"/templates/{NOBODY}", body)
        assert (gone.status, gone.json["code"]) == (404, 3404), method
