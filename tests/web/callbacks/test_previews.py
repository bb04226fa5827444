"""What is shown without being stored or sent: previews, variables, kinds of channels."""

from typing import Any

import pytest

from tests.journal import event
from tests.web.callbacks.house import CallbackHouse, faults
from tocsin.model.access import Role

PREVIEW = "/callbacks/template/preview"


async def test_a_form_can_be_made_of_each_kind_of_channel(house: CallbackHouse) -> None:
    found = await house.data("GET", "/callbacks/channels", role=Role.VIEWER)

    assert (found["total"], found["page"], found["page_size"]) == (2, 1, 2)
    assert found["items"][1] == {
        "type": "feishu",
        "aliases": ["lark"],
        "schema": {"type": "object", "required": ["webhook_url"]},
        "secrets": ["sign_secret", "webhook_url"],
        "can_update": False,
        "limits": {
            "max_size": 20_000,
            "rates": [{"count": 5, "per_s": 1.0}],
            "can_fold": True,
            "timeout_s": 15.0,
        },
        "base_url": "https://open.feishu.cn",
    }


async def test_a_message_is_drawn_without_being_sent(house: CallbackHouse) -> None:
    body = {"channel_type": "lark", "event_type": "full_completed", "language": "en"}
    found = await house.data("POST", PREVIEW, body, role=Role.VIEWER)

    assert found["message"] == {
        "heading": "发布通知",
        "title": "full_completed",
        "full_title": "发布通知: full_completed",
        "tone": "running",
        "fields": [{"name": "项目", "value": "shop", "is_short": True}],
        "body": [
            {
                "kind": "paragraph",
                "spans": [
                    {
                        "text": "",
                        "is_bold": True,
                        "is_italic": False,
                        "is_code": False,
                        "href": None,
                    }
                ],
            }
        ],
        "links": [{"text": "open", "url": "https://example.org"}],
        "images": [],
        "language": "en",
    }
    assert [one["body"] for one in found["requests"]] == ["full_completed"]
    assert found["measure"] == {"size": 12, "max_size": 20_000}
    assert house.desk.asked == []


async def test_a_preview_is_by_a_stored_template_or_by_one_that_is_being_written(
    house: CallbackHouse,
) -> None:
    words = {"name": "n", "title": "stored", "body": "b"}
    template = await house.data("POST", "/templates", words)
    by_id = await house.data("POST", PREVIEW, {"template_id": template["id"]})
    draft = {"template_id": template["id"], "title": "draft"}
    written = await house.data("POST", PREVIEW, draft)
    broken = await house.call("POST", PREVIEW, {"title": "{{"})

    assert (by_id["message"]["title"], by_id["requests"], by_id["measure"]) == ("stored", [], None)
    assert written["message"]["title"] == "draft"
    assert list(faults(broken)) == ["title"]


async def test_a_preview_may_be_of_an_event_that_happened(house: CallbackHouse) -> None:
    data = {"shown": {"环境": "production"}}
    await house.told.append([event("alert.firing", id="e-77", data=data)])
    found = await house.data("POST", PREVIEW, {"event_id": "e-77"})
    gone = await house.call("POST", PREVIEW, {"event_id": "e-78"})

    assert found["message"]["title"] == "alert.firing"
    shown = {one["name"]: one["value"] for one in found["message"]["fields"]}
    assert shown == {"项目": "shop", "环境": "production"}
    assert list(faults(gone)) == ["event_id"]


async def test_a_template_is_checked(house: CallbackHouse) -> None:
    path = "/callbacks/template/validate"
    good = await house.data("POST", path, {"title": "{{a}}"}, role=Role.VIEWER)
    bad = await house.data("POST", path, {"title": "{{", "body": "}}"})

    assert good == {"valid": True, "errors": []}
    assert not bad["valid"]
    assert [one["field"] for one in bad["errors"]] == ["title", "body"]


async def test_there_is_a_template_to_begin_with(house: CallbackHouse) -> None:
    query = "language=ru&event_type=canary_started&channel_type=lark"
    words = await house.data("GET", f"/callbacks/template/defaults?{query}", role=Role.VIEWER)
    variables = await house.data("GET", "/callbacks/template/variables", role=Role.VIEWER)

    assert words == {
        "title": "canary_started in ru",
        "body": "by feishu",
        "language": "ru",
        "event_type": "canary_started",
        "channel_type": "feishu",
    }
    assert variables["items"] == [
        {
            "name": "project_name",
            "description": "What the project is called.",
            "example": "my-app",
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", PREVIEW, {"channel_type": "pigeon"}),
        ("POST", "/callbacks/template/validate", {"channel_type": "pigeon"}),
        ("GET", "/callbacks/template/defaults?channel_type=pigeon", None),
    ],
)
async def test_an_unknown_channel_is_refused(
    house: CallbackHouse, method: str, path: str, body: Any
) -> None:
    refused = await house.call(method, path, body)

    assert faults(refused) == {"channel_type": "expected one of custom, feishu"}
