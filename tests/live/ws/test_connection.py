"""A connection: it stays usable whatever is sent, and ends for reasons that are told."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.live.ws.described import check_told
from tests.live.ws.serving import REMOTE, Live, Talk, line, live_in, until
from tests.live.ws.test_reading import MESSAGES
from tocsin.live.closing import CloseCode
from tocsin.live.revoked import ASK_EVERY_S
from tocsin.live.ws.message_rate import MAX_REFUSED
from tocsin.live.ws.server_messages import StatusUpdate
from tocsin.model.access import Role
from tocsin.store import tokens

PATIENT = {"LIVE__MAX_MESSAGES_PER_S": "100000"}


async def is_usable(client: Talk) -> bool:
    pong = await client.ask("ping", "pong", request_id="still there")
    return bool(pong["request_id"] == "still there")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ('{"type": "ping", "data": {', "INVALID_MESSAGE_FORMAT"),
        ("[]", "INVALID_MESSAGE_FORMAT"),
        ("", "INVALID_MESSAGE_FORMAT"),
        ('{"type": "ping"}', "INVALID_MESSAGE_FORMAT"),
        ('{"type": "dance", "data": {}}', "UNKNOWN_MESSAGE_TYPE"),
        ("[" * 100_000, "INVALID_MESSAGE_FORMAT"),
        (b"\x00\xff", "INVALID_MESSAGE_FORMAT"),
        (b'{"type": "dance", "data": {}}', "UNKNOWN_MESSAGE_TYPE"),
    ],
)
async def test_what_is_wrong_is_told_and_the_connection_goes_on(
    sent: str | bytes, code: str, tmp_path: Path
) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await client.socket.send(sent)
        error = await client.hear()

        check_told(error)
        assert error["data"]["error_code"] == code
        assert await is_usable(client)
    assert live.counted("tocsin_live_ws_errors_total", code=code) == 1
    received = [
        live.counted("tocsin_live_ws_received_total", type=kind) for kind in ("unknown", "ping")
    ]
    assert sum(received) == 2


async def test_a_binary_ping_is_answered(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await client.socket.send(b'{"type": "ping", "data": {}}')

        assert (await client.hear())["type"] == "pong"


async def test_a_pong_is_taken_without_an_answer(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await client.say("pong", anything=1)

        assert await client.before_pong() == []


ANYTHING_SENT = st.lists(
    MESSAGES.map(json.dumps) | st.text(max_size=30) | st.binary(max_size=30), max_size=30
)


def test_anything_sent_gives_answers_or_silence(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        server = live_in(tmp_path, **PATIENT)
        live = runner.run(server.__aenter__())

        @settings(max_examples=40, deadline=None)
        @given(ANYTHING_SENT)
        def talk(sent: list[str | bytes]) -> None:
            for answer in runner.run(answers_to(live, sent)):
                check_told(answer)

        talk()
        runner.run(server.__aexit__(None, None, None))


async def answers_to(live: Live, sent: list[str | bytes]) -> list[Any]:
    async with live.client() as client:
        for message in sent:
            await client.socket.send(message)
        return await client.before_pong()


async def test_too_many_messages_are_told_then_closed(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        for _ in range(30):
            await client.say("pong")
        error = await client.hear()
        assert error["data"]["error_code"] == "RATE_LIMIT_EXCEEDED"
        for _ in range(MAX_REFUSED):
            await client.say("pong")
        rest, code, _ = await client.until_closed()

    check_told(error)
    assert len(rest) <= 2
    assert code == CloseCode.TOO_MANY_MESSAGES


async def test_a_remote_client_that_does_not_sign_in_is_sent_away(tmp_path: Path) -> None:
    async with (
        live_in(tmp_path, LIVE__AUTH_TIMEOUT_S="0.2") as live,
        live.socket(headers=REMOTE) as client,
    ):
        live.broadcasts.say(StatusUpdate(1, 2, 3, "connected", 4, 5))
        await live.tell(line("not for everybody"))
        await client.socket.send("[]")
        told, code, _ = await client.until_closed()

    assert {one["data"]["error_code"] for one in told} == {"AUTHENTICATION_REQUIRED"}
    assert code == CloseCode.NOT_SIGNED_IN


async def test_who_signed_in_in_time_stays(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__AUTH_TIMEOUT_S="1") as live:
        token = await live.token(Role.VIEWER)
        async with live.socket(headers=REMOTE) as client:
            await client.ask("auth", "authenticated", token=token)
            async with live.socket(headers=REMOTE) as later:
                await later.until_closed()

            assert await is_usable(client)


async def test_who_gives_no_sign_of_life_is_closed_and_a_pong_is_one(tmp_path: Path) -> None:
    async with (
        live_in(tmp_path, LIVE__PING_S="0.05", LIVE__IDLE_TIMEOUT_S="0.3") as live,
        # Its library answers pings by itself.
        live.client(ping_interval=None) as client,
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", live.port)
        writer.write(
            b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101")
        rest = await reader.readuntil(b"idle")
        writer.close()
        await writer.wait_closed()

        assert await is_usable(client)
    assert rest.count(b"\x89\x00") >= 2
    assert rest.endswith(int(CloseCode.IDLE).to_bytes(2, "big") + b"idle")


async def test_a_withdrawn_token_ends_what_it_holds_open(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        token = await live.token(Role.VIEWER)
        async with (
            live.client(f"/ws?token={token}") as shown,
            live.socket(headers=REMOTE) as signed_in,
            live.client() as local,
        ):
            await signed_in.ask("auth", "authenticated", token=token)
            await signed_in.until("connection_status")
            await withdraw(live)
            asking = asyncio.create_task(live.revocations.step())
            await until(lambda: live.clock.sleepers)
            live.clock.move(ASK_EVERY_S)
            await asking
            ends = [await one.until_closed() for one in (shown, signed_in)]

            assert await is_usable(local)
    for [error], code, _ in ends:
        assert error["data"]["error_code"] == "AUTHENTICATION_REQUIRED"
        assert code == CloseCode.REVOKED


async def withdraw(live: Any) -> None:
    async with live.database.read() as conn:
        [token] = await tokens.page(conn, 10)
    await live.database.write(lambda conn: tokens.revoke(conn, token.id, live.clock.now()))
    live.credentials.forget()


async def test_a_draining_server_says_come_back(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.admission.drain()
        _, code, reason = await client.until_closed()

    assert (code, reason) == (CloseCode.DRAINING, "draining")


async def test_who_takes_nothing_is_closed_as_too_slow(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client(max_queue=1) as client:
        client.socket.transport.pause_reading()
        for _ in range(200):
            if live.counted("tocsin_live_closed_total", dialect="ws", cause="too_slow"):
                break
            await live.tell(*(line("x" * 100_000) for _ in range(10)))
        client.socket.transport.resume_reading()
        _, code, _ = await client.until_closed()

        assert live.counted("tocsin_live_closed_total", dialect="ws", cause="too_slow") == 1
    assert code == CloseCode.TOO_SLOW


async def test_nothing_is_left_of_who_has_gone(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with live_in(tmp_path) as live:
            async with live.client() as client:
                await client.ask("ping", "pong")
            await until(lambda: not live.admission.count)
            live.broadcasts.say(StatusUpdate(1, 2, 3, "connected", 4, 5))
            await live.tell(line("to nobody"))

            assert not live.endpoint._clients._open
            assert not live.broadcasts._listeners
    [closed] = [entry for entry in logs if entry["event"] == "socket_closed"]
    assert (closed["cause"], closed["dialect"]) == ("gone", "ws")


async def test_a_fault_of_ours_ends_that_connection_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_in(tmp_path) as live, live.client() as client, live.client() as other:

        async def fail(*_: Any) -> bool:
            raise ZeroDivisionError

        monkeypatch.setattr(live.hub, "can_resume", fail)
        with capture_logs() as logs:
            await client.say("subscribe", since={"epoch": "e", "seq": 1})
            _, code, _ = await client.until_closed()

            assert await is_usable(other)
    assert code == 1011
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["socket_failed"]


async def test_answers_are_timed(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await client.ask("ping", "pong")
        await client.ask("subscribe", "subscribed", since={"epoch": "e", "seq": 1})

        assert live.counted("tocsin_live_ws_answer_seconds_count") == 2


async def test_broadcasts_come_after_what_is_pending(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client() as client:
        await live.tell(line("1"), line("2"))
        live.broadcasts.say(StatusUpdate(1, 2, 3, "connected", 4, 5))
        told = await client.before_pong()

    assert [one["type"] for one in told] == ["posco_event", "posco_event", "status_update"]
