"""The API for calls: the last ones at a set-up with their secrets masked; and trying it out."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.web.source_house import SECRET, SourceHouse, source_house
from tocsin.model.access import Role
from tocsin.model.masks import MASK
from tocsin.model.paging import encode_cursor

SHOWN = {"x-webhook-token": SECRET, "content-type": "application/json"}
CALLS = "/deployment/-/calls"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[SourceHouse, None]:
    async with source_house(tmp_path) as house:
        yield house


async def send_three(house: SourceHouse) -> None:
    await house.send("/hooks/deployment", b'{"type": "test", "password": "hunter2"}', SHOWN)
    await house.send("/hooks/deployment", b"[1]", SHOWN)
    await house.send("/hooks/deployment", b"\xff\x00", {"x-webhook-token": "wrong"})


async def test_the_last_calls_come_newest_first_in_pages(house: SourceHouse) -> None:
    await send_three(house)

    whole = (await house.call("GET", CALLS, role=Role.VIEWER)).json
    first = (await house.call("GET", f"{CALLS}?limit=2")).json
    second = (await house.call("GET", f"{CALLS}?limit=2&cursor={first['next_cursor']}")).json

    assert [one["status"] for one in whole["items"]] == [401, 400, 200]
    assert whole["next_cursor"] is None
    assert first["items"] + second["items"] == whole["items"]
    assert second["next_cursor"] is None


async def test_calls_are_filtered_by_what_became_of_them(house: SourceHouse) -> None:
    await send_three(house)

    found = {
        outcome: len((await house.call("GET", f"{CALLS}?outcome={outcome}")).json["items"])
        for outcome in ("stored", "rejected", "answered")
    }

    assert found == {"stored": 1, "rejected": 2, "answered": 0}


async def test_a_call_in_the_list_says_what_became_of_it(house: SourceHouse) -> None:
    await send_three(house)

    _, broken, stored = (await house.call("GET", CALLS)).json["items"]

    assert stored["events"][0]["type"] == "test"
    assert (stored["reason"], stored["message"]) == (None, None)
    assert (broken["reason"], broken["events"]) == ("unreadable", [])
    assert "expected a JSON object" in broken["message"]
    assert set(broken) == {
        "id",
        "at",
        "outcome",
        "reason",
        "message",
        "status",
        "address",
        "bytes",
        "events",
        "instance",
    }
    assert (broken["bytes"], broken["address"], broken["instance"]) == (3, "127.0.0.1", "i-1")


async def test_one_call_is_shown_whole_with_its_secrets_masked(house: SourceHouse) -> None:
    await send_three(house)
    binary, _, stored = (await house.call("GET", CALLS)).json["items"]

    whole = await house.call("GET", f"{CALLS}/{stored['id']}", role=Role.VIEWER)
    other = await house.call("GET", f"{CALLS}/{binary['id']}")

    assert whole.json == {
        **stored,
        **{name: whole.json[name] for name in set(whole.json) - set(stored)},
    }
    assert whole.json["headers"]["x-webhook-token"] == MASK
    assert (whole.json["method"], whole.json["path"]) == ("POST", "/hooks/deployment")
    assert not whole.json["is_cut"]
    assert "hunter2" not in whole.body.decode()
    assert SECRET not in whole.body.decode()
    assert (other.json["body"], other.json["body_base64"]) == (None, "/wA=")


async def test_a_call_that_is_not_kept_is_404(house: SourceHouse) -> None:
    await send_three(house)
    (one, *_) = (await house.call("GET", CALLS)).json["items"]

    for name in ("nothing", "%00", "%ed%a0%80", "a" * 65):
        assert (await house.call("GET", f"{CALLS}/{name}")).status == 404
    assert (await house.call("GET", "/github/nobody/calls")).status == 404
    assert (await house.call("GET", "/git%00hub/-/calls")).status == 404
    assert (await house.call("GET", f"/github/-/calls/{one['id']}")).status == 404


@pytest.mark.parametrize(
    "query",
    [
        "cursor=abc",
        f"cursor={encode_cursor('calls', 'a' + chr(0))}",
        "limit=0",
        "outcome=lost",
        "more=1",
    ],
)
async def test_a_query_that_means_nothing_is_422(query: str, house: SourceHouse) -> None:
    assert (await house.call("GET", f"{CALLS}?{query}")).status == 422


async def test_an_example_is_sent_and_what_came_of_it_is_told(house: SourceHouse) -> None:
    answer = await house.call("POST", "/deployment/-/test", role=Role.OPERATOR)
    await house.keeping.write()
    (call,) = (await house.call("GET", CALLS)).json["items"]

    told = answer.json
    assert (told["ok"], told["status"]) == (True, 200)
    assert told["event_ids"] == [one["event_id"] for one in call["events"]]
    assert told["request"]["headers"]["x-webhook-token"] == MASK
    assert told["curl"].startswith("curl -X POST http://127.0.0.1:8000/hooks/deployment \\\n")
    assert f"-H 'x-webhook-token: {MASK}'" in told["curl"]
    assert SECRET not in answer.body.decode()


async def test_there_is_no_example_for_nobody(house: SourceHouse) -> None:
    assert (await house.call("POST", "/github/nobody/test")).status == 404


@pytest.mark.parametrize("role", [Role.SENDER, Role.VIEWER])
async def test_only_operators_try_out(role: Role, house: SourceHouse) -> None:
    assert (await house.call("POST", "/github/-/test", role=role)).status == 403
    assert await house.receiving.stored() == []
