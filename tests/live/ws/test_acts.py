"""What each message does: answered in order, with the request's id, and by who may send it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.live.ws.described import check_told
from tests.live.ws.serving import REMOTE, Live, Talk, line, live_in
from tocsin.live.closing import CloseCode
from tocsin.model.access import Role
from tocsin.model.tokens import new_token


def seqs(messages: list[Any]) -> list[int]:
    return [one["seq"] for one in messages if one["type"] == "posco_event"]


def code_of(error: Any) -> str:
    check_told(error)
    return str(error["data"]["error_code"])


# --- ping


async def test_a_ping_is_answered_with_the_time_that_passed(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        live.clock.move(1.5)
        pong = await client.ask("ping", "pong", client_time="2026-01-01T09:00:01+09:00")

    check_told(pong)
    assert pong["data"] == {
        "client_time": "2026-01-01T09:00:01+09:00",
        "server_time": "2026-01-01T00:00:01.500Z",
        "latency_ms": 500,
    }


@pytest.mark.parametrize(
    ("client_time", "latency_ms"),
    [
        (1_767_225_600_000, 0),
        ("2027-01-01T00:00:00Z", 0),
        ("yesterday", None),
        (None, None),
        (-1, None),
        (10**18, None),
        (1e300, None),
    ],
)
async def test_any_client_time_is_answered(
    client_time: Any, latency_ms: int | None, tmp_path: Path
) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        pong = await client.ask("ping", "pong", client_time=client_time, request_id="r")

    check_told(pong)
    assert pong["request_id"] == "r"
    assert (pong["data"]["client_time"], pong["data"]["latency_ms"]) == (client_time, latency_ms)


# --- what it gets


async def test_deployments_come_as_they_are_told(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.tell(line("one"), line("two"))
        told = [await client.hear(), await client.hear()]

    for one in told:
        check_told(one)
    assert [one["data"]["message"] for one in told] == ["one", "two"]
    assert seqs(told) == [1, 2]


async def test_what_became_of_deliveries_is_told_and_can_be_resumed(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        async with live.client() as client:
            await live.tell_delivery("delivery.retrying", "d-1", channel="slack", status=503)
            await live.tell_delivery("delivery.sent", "d-1", channel="slack", status=200)
            told = [await client.hear(), await client.hear()]
        async with live.client() as client:
            since = {"epoch": live.hub.epoch, "seq": 1}
            wanted = ["webhook_event"]
            await client.ask("subscribe", "subscribed", event_types=wanted, since=since)
            again = await client.hear()

    for one in (*told, again):
        check_told(one)
    assert [one["type"] for one in told] == ["webhook_event", "webhook_event"]
    assert [one["data"]["event_type"] for one in told] == ["retrying", "sent"]
    assert [one["seq"] for one in told] == [1, 2]
    assert again == told[1]


async def test_a_subscription_is_answered_with_all_that_is_on_now(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.tell(line("one"))
        first = await client.ask(
            "subscribe",
            "subscribed",
            event_types=["alert"],
            filters={"alert_levels": ["error"]},
            projects=["b", "a"],
            request_id=1,
        )
        second = await client.ask("subscribe", "subscribed", event_types=["posco_event"])
        third = await client.ask("unsubscribe", "unsubscribed", event_types=["alert"])

    for one in (first, second, third):
        check_told(one)
    assert first["request_id"] == 1
    assert first["data"] == {
        "event_types": ["alert"],
        "filters": {"alert_levels": ["error"]},
        "all_deployments": False,
        "projects": ["a", "b"],
        "deployment_ids": [],
        "recovered": None,
        "epoch": live.hub.epoch,
        "seq": 1,
    }
    assert second["data"]["event_types"] == ["alert", "posco_event"]
    assert third["data"]["event_types"] == ["posco_event"]


async def test_deployments_are_narrowed_from_the_answer_on(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.tell(line("all"))
        await client.ask("subscribe", "subscribed", projects=["a"], deployment_ids=["7"])
        await live.tell(line("no"), line("yes", project="a"), line("also", "7"))
        told = await client.before_pong()

    assert [one["data"]["message"] for one in told] == ["yes", "also"]


async def test_the_other_name_is_taken_from_the_answer_on(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.tell(line("1"))
        assert (await client.hear())["type"] == "posco_event"
        await client.ask("subscribe", "subscribed", event_types=["deployment_event"])
        await live.tell(line("2"))
        told = await client.before_pong()
        await client.ask("unsubscribe", "unsubscribed", event_types=["deployment_event"])
        await live.tell(line("3"))
        nothing = await client.before_pong()

    for one in told:
        check_told(one)
    assert [(one["type"], one["seq"]) for one in told] == [("deployment_event", 2)]
    assert nothing == []


async def test_naming_too_many_deployments_is_told(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        for start in range(5):
            names = [f"{start}-{number}" for number in range(100)]
            await client.ask("subscribe", "subscribed", projects=names)
        error = await client.ask("subscribe", "error", projects=["one more"])

    assert code_of(error) == "INVALID_MESSAGE_FORMAT"


# --- going on where it was


async def test_a_client_that_comes_back_gets_what_it_missed(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.tell(*(line(str(number)) for number in range(5)))
        async with live.client() as client:
            since = {"epoch": live.hub.epoch, "seq": 2}
            answer = await client.ask("subscribe", "subscribed", since=since)
            await live.tell(line("6"))
            told = [await client.hear() for _ in range(4)]

    assert (answer["data"]["recovered"], answer["data"]["seq"]) == (True, 2)
    assert seqs(told) == [3, 4, 5, 6]
    assert live.counted("tocsin_live_recoveries_total", dialect="ws", recovered="yes") == 1


async def test_the_answer_comes_before_what_was_missed_which_is_filtered(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.tell(line("0"), line("1", project="a"), line("2"), line("3", project="a"))
        async with live.client() as client:
            since = {"epoch": live.hub.epoch, "seq": 0}
            await client.say("subscribe", event_types=["posco_event"], projects=["a"], since=since)
            told = [await client.hear() for _ in range(3)]

    assert told[0]["type"] == "subscribed"
    assert seqs(told) == [2, 4]


@pytest.mark.parametrize(("epoch", "seq"), [("another", 1), (None, 99)])
async def test_who_cannot_go_on_is_told_and_gets_what_comes(
    epoch: str | None, seq: int, tmp_path: Path
) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.tell(line("1"), line("2"))
        await client.until("posco_event")
        since = {"epoch": epoch or live.hub.epoch, "seq": seq}
        answer = await client.ask("subscribe", "subscribed", since=since)
        await live.tell(line("3"))
        told = await client.before_pong()

    assert (answer["data"]["recovered"], answer["data"]["seq"]) == (False, 2)
    assert seqs(told) == [3]
    assert live.counted("tocsin_live_recoveries_total", dialect="ws", recovered="no") == 1


async def test_nothing_is_missing_or_doubled_while_much_comes(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.tell(*(line(str(number)) for number in range(50)))
        async with live.client() as client:
            coming = asyncio.create_task(live.tell(*(line(str(number)) for number in range(150))))
            await client.until("posco_event")
            since = {"epoch": live.hub.epoch, "seq": 20}
            await client.ask("subscribe", "subscribed", projects=["shop"], since=since)
            told = [await client.hear() for _ in range(180)]
            await coming
            assert await client.before_pong() == []

    assert seqs(told) == list(range(21, 201))


async def test_a_replay_can_be_begun_anew(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        await live.tell(*(line(str(number)) for number in range(4)))
        async with live.client() as client:
            for seq in (0, 2, 0):
                since = {"epoch": live.hub.epoch, "seq": seq}
                await client.say("subscribe", since=since)
            answers = 0
            told: list[Any] = []
            while answers < 3 or len(told) < 4:
                one = await client.hear()
                if one["type"] == "subscribed":
                    answers += 1
                    told = []
                else:
                    told.append(one)
            told += await client.before_pong()

    assert seqs(told) == [1, 2, 3, 4]


async def test_the_next_message_is_answered_after_the_one_that_takes_long(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        since = {"epoch": live.hub.epoch, "seq": 0}
        await client.say("subscribe", since=since, request_id=1)
        await client.say("ping", request_id=2)
        await client.say("subscribe", since={**since, "epoch": "x"}, request_id=3)
        await client.say("ping", request_id=4)
        told = [await client.hear() for _ in range(4)]

    assert [one["request_id"] for one in told] == [1, 2, 3, 4]


async def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.lose("events")
        # Beyond what is kept in memory, so that the database has to be asked.
        since = {"epoch": live.hub.epoch, "seq": 99}
        error = await client.ask("subscribe", "error", since=since)
        assert await client.ask("ping", "pong")

    assert code_of(error) == "INTERNAL_SERVER_ERROR"


# --- who it is


async def test_a_client_says_who_it_is(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with live_in(tmp_path) as live, live.client() as client:
            await client.say("client_info", client_id="d-1", client_type="web")
            await client.ask("subscribe", "subscribed", event_types=["alert"])

    [info] = [entry for entry in logs if entry["event"] == "client_info"]
    assert (info["client_id"], info["client_type"]) == ("d-1", "web")
    [asked] = [entry for entry in logs if entry["event"] == "subscribe"]
    assert (asked["client_id"], asked["types"]) == ("d-1", ["alert"])


async def test_one_client_too_many_times_is_sent_away(tmp_path: Path) -> None:
    async with (
        live_in(tmp_path, LIVE__MAX_CONNECTIONS_PER_CLIENT="1") as live,
        live.client("/ws?client_id=d-1"),
        live.client() as client,
    ):
        await client.say("client_info", client_id="d-1")
        _, code, _ = await client.until_closed()

    assert code == CloseCode.TOO_MANY_CONNECTIONS


async def test_who_says_who_it_is_makes_room_at_its_address(tmp_path: Path) -> None:
    async with (
        live_in(tmp_path, LIVE__MAX_CONNECTIONS_PER_CLIENT="1") as live,
        live.client() as first,
    ):
        await first.socket.send('{"type": "ping", "data": {}, "client_id": "d-1"}')
        await first.until("pong")
        async with live.client() as second:
            assert second.greeting["type"] == "connection_status"


async def test_a_remote_client_signs_in_by_a_message(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.socket(headers=REMOTE) as client:
        token = await live.token(Role.OPERATOR)
        error = await client.hear()
        await client.say("ping", request_id=1)
        refused = await client.hear()
        await live.tell(line("not for everybody"))
        await client.say("auth", token=token, request_id=2)
        answer, greeting = await client.hear(), await client.hear()
        await live.tell(line("for readers"))
        told = await client.before_pong()

    assert code_of(error) == code_of(refused) == "AUTHENTICATION_REQUIRED"
    assert (refused["request_id"], refused["data"]["details"]["type"]) == (1, "ping")
    check_told(answer)
    assert (answer["type"], answer["request_id"]) == ("authenticated", 2)
    assert answer["data"] == {"role": "operator", "name": "a operator's"}
    assert (greeting["type"], greeting["data"]["is_signed_in"]) == ("connection_status", True)
    assert seqs(told) == [2]


@pytest.mark.parametrize("headers", [{}, REMOTE])
async def test_a_wrong_token_ends_the_connection(headers: Any, tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.socket(headers=headers) as client:
        await client.hear()
        await client.say("auth", token=new_token())
        [error], code, _ = await client.until_closed()

    assert code_of(error) == "AUTHENTICATION_REQUIRED"
    assert code == CloseCode.NOT_SIGNED_IN


async def test_a_token_for_senders_ends_the_connection(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await client.say("auth", token=await live.token(Role.SENDER))
        [error], code, _ = await client.until_closed()

    assert code_of(error) == "PERMISSION_DENIED"
    assert code == CloseCode.NOT_ALLOWED


async def test_who_has_too_many_connections_already_cannot_sign_in(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS_PER_CLIENT="1") as live:
        token = await live.token(Role.VIEWER)
        async with live.client(f"/ws?token={token}"), live.client() as client:
            await client.say("auth", token=token)
            _, code, _ = await client.until_closed()

    assert code == CloseCode.TOO_MANY_CONNECTIONS


async def test_a_store_that_is_down_is_no_reason_to_send_anybody_away(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        token = await live.token(Role.VIEWER)
        await live.lose("tokens")
        error = await client.ask("auth", "error", token=token)
        assert await client.ask("ping", "pong")

    assert code_of(error) == "INTERNAL_SERVER_ERROR"


# --- acting


async def as_role(live: Live, role: Role) -> str:
    return f"/ws?token={await live.token(role)}"


@pytest.mark.parametrize(
    ("role", "action", "code"),
    [
        (Role.VIEWER, "restart", "PERMISSION_DENIED"),
        (Role.VIEWER, "status", "SERVICE_NOT_FOUND"),
        (Role.OPERATOR, "restart", "SERVICE_NOT_FOUND"),
    ],
)
async def test_services_are_controlled_by_operators(
    role: Role, action: str, code: str, tmp_path: Path
) -> None:
    async with live_in(tmp_path) as live, live.client(await as_role(live, role)) as client:
        error = await client.ask(
            "service_control", "error", service_id="news", action=action, request_id=5
        )

    assert code_of(error) == code
    assert error["request_id"] == 5
    assert error["data"]["details"]["type"] == "service_control"


async def test_a_viewer_is_not_told_how_to_control(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        control = await client.ask("service_control", "error", action="stop", request_id="r")
        webhook = await client.ask("send_webhook", "error", message="x")

    assert code_of(control) == code_of(webhook) == "PERMISSION_DENIED"
    assert control["request_id"] == "r"


async def test_webhooks_are_sent_by_operators_only(tmp_path: Path) -> None:
    asked = {"webhook_type": "discord", "url": "https://discord.com/api/webhooks/1/secret"}
    async with live_in(tmp_path) as live:
        async with live.client() as client:
            error = await client.ask("send_webhook", "error", **asked)
        async with live.client(await as_role(live, Role.OPERATOR)) as client:
            event = await ask_webhook(client, asked)
            odd = await ask_webhook(client, {**asked, "url": "http://[::1"})

    assert code_of(error) == "PERMISSION_DENIED"
    check_told(event)
    assert event["data"]["event_type"] == "failed"
    assert event["data"]["url"] == "https://discord.com/…"
    assert odd["data"]["url"] == ""


async def ask_webhook(client: Talk, asked: Any) -> Any:
    return await client.ask("send_webhook", "webhook_event", **asked)
