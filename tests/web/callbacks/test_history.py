"""`/api/v1/release/callbacks/history`: what became of deliveries, and once more."""

from datetime import timedelta
from typing import Any

import pytest

from tests.deliveries import REQUEST, attempt, delivery, keep, known_destination, pause
from tests.web.callbacks.house import CallbackHouse, faults
from tocsin.model.access import Role
from tocsin.model.callback_desk import ReplayWish
from tocsin.model.curl import curl_line
from tocsin.model.delivery import DeliveryKind, DeliveryState, Outcome
from tocsin.testing.clock import START

NOBODY = "01a20406-0000-7000-8000-000000000000"


async def ids(house: CallbackHouse, path: str) -> list[str]:
    found = await house.data("GET", path, role=Role.VIEWER)
    assert found["total"] == len(found["items"])
    return [one["id"] for one in found["items"]]


async def test_a_row_has_the_fields_of_a_callbacks_history(house: CallbackHouse) -> None:
    made = await house.created()
    tried = delivery(config_id=made["id"], attempts=2)
    attempts = (attempt(tried, 1, Outcome.LATER), attempt(tried, 2))
    await keep(house.told.database, tried, attempts=attempts)

    found = await house.data("GET", "/callbacks/history", role=Role.VIEWER)
    (row,) = found["items"]
    assert (found["total"], found["page"], found["page_size"]) == (1, 1, 20)
    tries = row.pop("attempts")
    assert row == {
        "id": tried.id,
        "task_id": "t-1",
        "config_id": made["id"],
        "config_name": "news",
        "project_id": "shop",
        "event_type": "canary_started",
        "event_id": "e-1",
        "event_seq": 7,
        "subject": "t-1",
        "kind": "event",
        "channel_type": "feishu",
        "channel": "feishu",
        "channel_id": "ch-1",
        "destination_id": "d-1",
        "state": "delivered",
        "status": "success",
        "request": {**REQUEST, "body": {"n": 2}},
        "response": '{"code":0}',
        "response_status": 200,
        "retry_count": 1,
        "duration": 87,
        "reason": None,
        "digest_id": None,
        "next_at": None,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:02.000Z",
        "ended_at": "2026-01-01T00:00:01.000Z",
    }
    assert tries == [
        {
            "number": number,
            "at": f"2026-01-01T00:00:0{number}.000Z",
            "duration_ms": 80 + number,
            "outcome": outcome,
            "status": 200,
            "reason": reason,
            "error": error,
        }
        for number, outcome, reason, error in (
            (1, "later", "busy", "Busy."),
            (2, "delivered", None, None),
        )
    ]


async def test_waiting_is_pending_and_a_paused_destination_fails(house: CallbackHouse) -> None:
    waiting = delivery(DeliveryState.WAITING)
    held = delivery(DeliveryState.WAITING, destination="d-2")
    digest = delivery(kind=DeliveryKind.DIGEST)
    folded = delivery(DeliveryState.FOLDED, digest_id=digest.id, attempts=0)
    lost = delivery(DeliveryState.FAILED, digest_id=digest.id)
    await keep(house.told.database, waiting, held, digest, folded, lost)
    await known_destination(house.told.database)
    await known_destination(house.told.database, "d-2")
    await pause(house.told.database, "d-2", "")

    items = (await house.data("GET", "/callbacks/history"))["items"]
    shown = {one["id"]: (one["status"], one["reason"], one["next_at"] is None) for one in items}
    assert shown == {
        waiting.id: ("pending", None, False),
        held.id: ("failed", "paused", True),
        digest.id: ("success", None, True),
        folded.id: ("success", None, True),
        lost.id: ("failed", "busy", True),
    }
    assert {one["id"]: one["digest_id"] for one in items}[folded.id] == digest.id
    for status in ("pending", "failed", "success"):
        found = await ids(house, f"/callbacks/history?status={status}")
        assert sorted(found) == sorted(one for one in shown if shown[one][0] == status), status


async def test_lists_are_narrowed_by_what_people_look_for(house: CallbackHouse) -> None:
    one = delivery(task_id="a/b", config_id=NOBODY, event_type="canary_started")
    two = delivery(
        DeliveryState.FAILED,
        channel_type="custom",
        event_type="full_completed",
        event_id="e-2",
        project="other",
        destination="d-2",
        kind=DeliveryKind.TEST,
        created_at=START + timedelta(hours=1),
    )
    await keep(house.told.database, one, two)

    for query, found in {
        "task_id=a%2Fb": one,
        f"config_id={NOBODY}": one,
        "event_type=canary_*": one,
        "event_type=x&event_type=full_completed": two,
        "channel=generic&channel=slack": two,
        "channel_type=generic": two,
        "status=success&status=pending": one,
        "status=failed&status=": two,
        "project_id=other": two,
        "event_id=e-2": two,
        "destination_id=d-2": two,
        "kind=test": two,
        "since=2026-01-01T00:30:00Z": two,
        "until=2026-01-01T00:30:00Z": one,
        "q=BUSY": two,
    }.items():
        assert await ids(house, f"/callbacks/history?{query}") == [found.id], query
    assert await ids(house, "/callbacks/history?task_id=&event_id=&channel=&q=") == [two.id, one.id]
    assert await ids(house, "/tasks/a%2Fb/callbacks") == [one.id]
    assert await ids(house, f"/callbacks/{NOBODY}/history") == [one.id]


async def test_pages_of_the_history_have_an_end(house: CallbackHouse) -> None:
    made = [delivery() for _ in range(5)]
    await keep(house.told.database, *made)
    pages = [
        await house.data("GET", f"/callbacks/history?page={page}&page_size=2")
        for page in (1, 2, 3, 4)
    ]

    shown = [[one["id"] for one in page["items"]] for page in pages]
    newest = [one.id for one in reversed(made)]
    assert shown == [newest[:2], newest[2:4], newest[4:], []]
    assert {page["total"] for page in pages} == {5}


async def test_a_callback_without_history_is_told_from_none(house: CallbackHouse) -> None:
    made = await house.created()
    none = await house.call("GET", f"/callbacks/{NOBODY}/history")

    assert await ids(house, f"/callbacks/{made['id']}/history") == []
    assert (none.status, none.json["code"]) == (404, 3404)


async def test_one_is_shown_with_each_try_of_it(house: CallbackHouse) -> None:
    tried = delivery(attempts=2)
    attempts = (attempt(tried, 1, Outcome.LATER), attempt(tried, 2))
    await keep(house.told.database, tried, attempts=attempts)
    shown = await house.data("GET", f"/callbacks/history/{tried.id}", role=Role.VIEWER)

    first, second = shown["attempts"]
    assert (first["response"], first["curl"]) == ("answer 1", curl_line(attempts[0].request))
    assert second["request"] == {**REQUEST, "body": {"n": 2}}
    assert second["requests"] == [second["request"]]
    assert (shown["events"], shown["folded_count"]) == ([], 0)


async def test_a_digest_is_shown_with_what_went_into_it(house: CallbackHouse) -> None:
    digest = delivery(kind=DeliveryKind.DIGEST)
    folded = [delivery(DeliveryState.FOLDED, digest_id=digest.id) for _ in range(2)]
    await keep(house.told.database, digest, *folded)
    shown = await house.data("GET", f"/callbacks/history/{digest.id}")

    assert shown["folded_count"] == 2
    assert [one["id"] for one in shown["events"]] == [one.id for one in folded]
    assert shown["events"][0]["event_type"] == "canary_started"


async def test_a_delivery_is_tried_again(house: CallbackHouse) -> None:
    failed = delivery(DeliveryState.FAILED)
    await keep(house.told.database, failed)
    path = f"/callbacks/history/{failed.id}/retry"
    row = await house.data("POST", path, role=Role.OPERATOR)
    refused = await house.call("POST", path, role=Role.VIEWER)

    assert row["id"] == failed.id
    assert house.desk.asked == [("retry", failed.id, "a operator's")]
    assert refused.status == 403


async def test_a_replay_says_what_it_is_of(house: CallbackHouse) -> None:
    body = {
        "since": "2026-01-01T00:00:00Z",
        "event_type": ["canary_*"],
        "status": "failed",
        "channel": "lark",
        "task_id": "t-1",
    }
    path = "/callbacks/history/replay"
    found = await house.data("POST", path, body, role=Role.OPERATOR)
    everything = await house.call("POST", path, {"task_id": ""})

    assert found == {"count": 3}
    ((_, wish, by),) = house.desk.asked
    assert by == "a operator's"
    assert wish == ReplayWish(
        since=START,
        event_types=("canary_*",),
        state=DeliveryState.FAILED,
        channel_type="feishu",
        task_id="t-1",
    )
    assert len(faults(everything)) == 1


@pytest.mark.parametrize(
    "query", ["page=0", "page_size=101", "page=x", "status=gone", "nonsense=1", "task_id=%00"]
)
async def test_a_wrong_query_is_refused(house: CallbackHouse, query: str) -> None:
    refused = await house.call("GET", f"/callbacks/history?{query}")

    assert len(faults(refused)) == 1


@pytest.mark.parametrize("path", [f"/{NOBODY}", "/nonsense", f"/{NOBODY}/retry/more"])
async def test_what_is_not_there_is_not_found(house: CallbackHouse, path: str) -> None:
    answer: Any = await house.call("GET", f"/callbacks/history{path}")

    assert (answer.status, answer.json["code"]) == (404, 3404)
