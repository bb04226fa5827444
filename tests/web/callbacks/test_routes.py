"""`/api/v1/release/callbacks`: set up, shown with masks, changed in parts, removed."""

from pathlib import Path
from typing import Any

import pytest

from tests.call import called
from tests.web.callbacks.house import CHANNEL, SECRET, CallbackHouse, faults
from tocsin.model.access import Role

NOBODY = "01a20406-0000-7000-8000-000000000000"


async def test_a_callback_is_shown_as_it_was_set_up_with_its_secrets_masked(
    house: CallbackHouse,
) -> None:
    body = {
        "name": "Release news",
        "channels": [
            {"type": "feishu", "enabled": True, "config": {"webhook_url": SECRET, "at": "all"}}
        ],
        "events": ["canary_*", "full_completed"],
        "condition": "event.data.duration > 600",
        "language": "en",
        "quiet_hours": {
            "zone": "Asia/Shanghai",
            "from": "22:00",
            "to": "08:00",
            "but": ["alert.firing"],
        },
        "grouping": {"by": ["project", "data.host"], "wait_s": "30", "interval_s": 300},
    }
    made = await house.data("POST", "/projects/my-app/callbacks", body)
    shown = await house.data("GET", f"/callbacks/{made['id']}", role=Role.VIEWER)

    assert shown == made
    (channel,) = shown["channels"]
    assert channel["config"] == {"webhook_url": "••••1234", "at": "all"}
    assert (channel["type"], channel["label"]) == ("feishu", "example.org")
    assert channel["destination_id"] == "to 4"
    assert channel["state"]["last"] is None
    same = ("name", "events", "condition", "language", "quiet_hours")
    assert {name: shown[name] for name in same} == {name: body[name] for name in same}
    assert shown["grouping"] == {"by": ["project", "data.host"], "wait_s": 30, "interval_s": 300}
    assert (shown["project_id"], shown["enabled"]) == ("my-app", True)
    assert shown["state"] == {
        "waiting": 0,
        "oldest_waiting_at": None,
        "paused": False,
        "last": None,
    }


async def test_nothing_of_a_secret_is_in_clear_in_the_database(
    house: CallbackHouse, tmp_path: Path
) -> None:
    await house.created()

    written = written_in(tmp_path)
    assert b"a-secret-1234" not in written
    assert b"news" in written


def written_in(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.glob("tocsin.db*"))


async def test_the_lists_of_all_and_of_a_project_are_paged(house: CallbackHouse) -> None:
    ids = [(await house.created("a/b", name=f"n{at}"))["id"] for at in range(3)]
    other = await house.created("other", enabled=False)
    first = await house.data("GET", "/projects/a%2Fb/callbacks?page_size=2")
    second = await house.data("GET", "/projects/a%2Fb/callbacks?page_size=2&page=2")
    everything = await house.data("GET", "/callbacks")

    shown = [one["id"] for page in (first, second) for one in page["items"]]
    assert shown == sorted(ids, reverse=True)
    assert (first["total"], first["page"], first["page_size"]) == (3, 1, 2)
    assert len(second["items"]) == 1
    assert everything["total"] == 4
    for query, found in (
        ("?enabled=false", [other["id"]]),
        ("?project_id=other", [other["id"]]),
        ("?q=N1", [ids[1]]),
        ("?channel=lark&project_id=other&enabled=&q=", [other["id"]]),
        ("?channel=custom", []),
    ):
        page = await house.data("GET", f"/callbacks{query}")
        assert [one["id"] for one in page["items"]] == found, query


async def test_a_callback_may_be_for_every_project(house: CallbackHouse) -> None:
    made = await house.created("%2A")
    listed = await house.data("GET", "/projects/*/callbacks")
    other = await house.data("GET", "/projects/shop/callbacks")

    assert made["project_id"] == "*"
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert other["total"] == 0


async def test_a_project_is_there_once_a_callback_names_it(house: CallbackHouse) -> None:
    made = await house.created("brand-new")
    await house.created("*")
    seen = [await projects_of(house)]
    await house.data("DELETE", f"/callbacks/{made['id']}")
    seen.append(await projects_of(house))

    assert seen == [["brand-new"], ["brand-new"]]


async def projects_of(house: CallbackHouse) -> list[str]:
    headers = {"x-tocsin-token": house.tokens[Role.VIEWER]}
    answer = await called(house.app, "GET", "/api/v1/projects", headers=headers)
    assert answer.status == 200, answer.body
    return [one["project"] for one in answer.json["items"]]


async def test_only_what_is_sent_is_replaced(house: CallbackHouse) -> None:
    quiet = {"zone": "UTC", "from": "22:00", "to": "08:00"}
    made = await house.created(events=["a"], condition="true", quiet_hours=quiet)
    path = f"/callbacks/{made['id']}"
    changed = await house.data("PUT", path, {"name": "other", "events": None, "enabled": "false"})
    cleared = await house.data("PUT", path, {"quiet_hours": None, "condition": None, "events": []})
    moved = await house.data("PUT", path, {"project_id": "elsewhere"})

    assert (changed["name"], changed["enabled"]) == ("other", False)
    same = ("events", "condition", "quiet_hours", "channels", "project_id", "created_at")
    assert {one: changed[one] for one in same} == {one: made[one] for one in same}
    assert (cleared["quiet_hours"], cleared["condition"], cleared["events"]) == (None, "", [])
    assert moved["project_id"] == "elsewhere"
    assert await house.changes() == ["callback.created", *["callback.changed"] * 3]
    assert house.desk.changes == 4


async def test_what_was_shown_can_be_sent_back_and_keeps_its_secrets(house: CallbackHouse) -> None:
    config = {"url": "https://example.org/7777", "headers": {"X-Key": "k-123456"}}
    custom = {"type": "generic", "config": config}
    made = await house.created(channels=[CHANNEL, custom])
    same = await house.data("PUT", f"/callbacks/{made['id']}", made)
    # Programs that know the document alone send no ids of channels.
    plain = [{**one, "config": dict(one["config"])} for one in made["channels"]]
    for one in plain:
        del one["id"]
    plain[1]["config"]["headers"] = {"X-Key": "••••3456", "X-New": "n"}
    await house.data("PUT", f"/callbacks/{made['id']}", {"channels": plain})
    await house.data("POST", f"/callbacks/{made['id']}/test")

    assert same["channels"] == made["channels"]
    assert made["channels"][1]["type"] == "custom"
    (asked,) = house.desk.asked
    headers = {"X-Key": "k-123456", "X-New": "n"}
    assert asked[3] == [CHANNEL["config"], {**config, "headers": headers}]


async def test_a_mask_with_nothing_behind_it_is_refused(house: CallbackHouse) -> None:
    made = await house.created()
    custom = {"type": "custom", "config": {"url": "••••7777"}}
    refused = await house.call("PUT", f"/callbacks/{made['id']}", {"channels": [custom]})

    assert list(faults(refused)) == ["channels.0.config.url"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channels": []}, "channels"),
        ({"channels": None}, "channels"),
        ({"channels": [{"type": "pigeon", "config": {}}]}, "channels.0.type"),
        ({"channels": [{"type": "feishu"}]}, "channels.0.config"),
        ({"channels": [{"type": "feishu", "config": {}}]}, "channels.0.config.webhook_url"),
        (
            {"channels": [{"type": "custom", "config": {"url": "http://127.0.0.1/"}}]},
            "channels.0.config.url",
        ),
        ({"channels": [{"type": "feishu", "config": {"a": "\u0000"}}]}, "channels.0.config"),
        ({"channels": [{**CHANNEL, "template_id": NOBODY}]}, "channels.0.template_id"),
        ({"channels": [{**CHANNEL, "config": {"a": "x" * 40_000}}]}, "channels.0.config"),
        ({"condition": "broken("}, "condition"),
        ({"conditon": "x"}, "conditon"),
        ({"events": ["a", ""]}, "events.1"),
        ({"language": "fr"}, "language"),
        ({"name": "two\nlines"}, "name"),
        ({"quiet_hours": {"zone": "Mars", "from": "22:00", "to": "08:00"}}, "quiet_hours.zone"),
        ({"quiet_hours": {"zone": "UTC", "from": "24:00", "to": "08:00"}}, "quiet_hours.from"),
        ({"quiet_hours": {"zone": "UTC", "from": "08:00", "to": "08:00"}}, "quiet_hours"),
        ({"grouping": {"by": ["host"]}}, "grouping.by.0"),
        ({"grouping": {"wait_s": True}}, "grouping.wait_s"),
    ],
)
async def test_a_wrong_field_is_named(house: CallbackHouse, change: Any, field: str) -> None:
    body = {"channels": [CHANNEL], **change}
    refused = await house.call("POST", "/projects/shop/callbacks", body)

    assert list(faults(refused)) == [field]
    assert field in refused.json["msg"]
    assert SECRET not in refused.body.decode()


@pytest.mark.parametrize("project", ["a%0Ab", "%20a", "x" * 201])
async def test_a_project_has_a_name(house: CallbackHouse, project: str) -> None:
    refused = await house.call("POST", f"/projects/{project}/callbacks", {"channels": [CHANNEL]})

    assert list(faults(refused)) == ["project_id"]


async def test_one_that_is_gone_is_not_found(house: CallbackHouse) -> None:
    made = await house.created()
    await house.data("DELETE", f"/callbacks/{made['id']}")

    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        answer = await house.call(method, f"/callbacks/{made['id']}", body)
        assert (answer.status, answer.json["code"], answer.json["data"]) == (404, 3404, None)
    assert await house.changes() == ["callback.created", "callback.removed"]


async def test_viewers_read_and_admins_change(house: CallbackHouse) -> None:
    made = await house.created()
    one = f"/callbacks/{made['id']}"
    calls = [
        ("GET", "/callbacks", None, Role.VIEWER),
        ("GET", one, None, Role.VIEWER),
        ("GET", "/projects/shop/callbacks", None, Role.VIEWER),
        ("PUT", one, {"name": "x"}, Role.ADMIN),
        ("POST", "/projects/shop/callbacks", {"channels": [CHANNEL]}, Role.ADMIN),
        ("DELETE", one, None, Role.ADMIN),
    ]

    for method, path, body, needed in calls:
        below = Role(needed - 1)
        refused = await house.call(method, path, body, role=below)
        nobody = await house.call(method, path, body, role=Role.NOBODY)
        assert (refused.status, refused.json["code"]) == (403, 3403), path
        assert (nobody.status, nobody.json["code"]) == (401, 3401), path
        assert (await house.call(method, path, body, role=needed)).status == 200, path
