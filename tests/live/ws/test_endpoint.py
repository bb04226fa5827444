"""Who may connect to `/ws`, and what is told to who may not."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.live.ws.described import check_told
from tests.live.ws.serving import REMOTE, live_in
from tocsin.live.closing import CloseCode
from tocsin.model.access import Role
from tocsin.model.tokens import new_token


@pytest.mark.parametrize(
    "path", ["/ws", "/ws/", "/ws?client_id=a", "/api/v1/ws", "/project-dashboard/api/v1/ws"]
)
async def test_a_client_of_this_machine_is_greeted(path: str, tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.client(path) as client:
        check_told(client.greeting)
        assert client.greeting["type"] == "connection_status"
        assert client.greeting["broadcast_id"].startswith("connection_")


@pytest.mark.parametrize("path", ["/ws/x", "/wsx", "/", "/WS"])
async def test_nothing_else_is_taken(path: str, tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        with pytest.raises(InvalidStatus) as caught:
            async with live.client(path):
                pass

    assert caught.value.response.status_code == 404


async def test_a_page_of_another_origin_is_refused(tmp_path: Path) -> None:
    async with live_in(tmp_path, AUTH__ALLOWED_ORIGINS="tauri://localhost") as live:
        with pytest.raises(InvalidStatus) as caught:
            async with live.client(headers={"Origin": "http://evil.example"}):
                pass
        async with live.client(headers={"Origin": "tauri://localhost"}) as client:
            assert client.greeting["type"] == "connection_status"

    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("way", ["query", "bearer", "header"])
async def test_a_token_opens_from_another_machine(way: str, tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        token = await live.token(Role.VIEWER)
        path = f"/ws?token={token}" if way == "query" else "/ws"
        shown = {
            "query": {},
            "bearer": {"Authorization": f"Bearer {token}"},
            "header": {"X-Tocsin-Token": token},
        }[way]
        async with live.client(path, {**REMOTE, **shown}) as client:
            assert client.greeting["data"]["role"] == "viewer"


async def test_a_token_that_is_not_good_is_told_not_to_come_back(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, live.socket(f"/ws?token={new_token()}") as client:
        [error], code, reason = await client.until_closed()

    check_told(error)
    assert error["data"]["error_code"] == "AUTHENTICATION_REQUIRED"
    assert (code, reason) == (CloseCode.NOT_SIGNED_IN, "not_signed_in")


async def test_a_token_that_may_not_read_is_told_not_to_come_back(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live:
        token = await live.token(Role.SENDER)
        async with live.socket("/ws", {"X-Tocsin-Token": token}) as client:
            [error], code, _ = await client.until_closed()

    assert error["data"]["error_code"] == "PERMISSION_DENIED"
    assert code == CloseCode.NOT_ALLOWED


async def test_a_client_has_a_few_connections(tmp_path: Path) -> None:
    async with live_in(tmp_path) as live, AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(live.client())
        with pytest.raises(InvalidStatus) as caught:
            await stack.enter_async_context(live.client())
        # Another one at the same address, which says so.
        await stack.enter_async_context(live.client("/ws?client_id=another"))

    response = caught.value.response
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


async def test_there_is_room_again_when_one_leaves(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS_PER_CLIENT="1") as live:
        for _ in range(3):
            async with live.client():
                pass
        async with live.client() as client:
            assert client.greeting["data"]["client_count"] == 1


async def test_who_signed_in_is_counted_wherever_it_is(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS_PER_CLIENT="1") as live:
        token = await live.token(Role.VIEWER)
        async with live.client(f"/ws?token={token}&client_id=a"), live.client():
            with pytest.raises(InvalidStatus):
                async with live.client(f"/ws?token={token}&client_id=b", REMOTE):
                    pass


async def test_all_connections_together_have_a_limit(tmp_path: Path) -> None:
    async with live_in(tmp_path, LIVE__MAX_CONNECTIONS="1") as live, live.client():
        with pytest.raises(InvalidStatus) as caught:
            async with live.client("/ws?client_id=b"):
                pass

    assert caught.value.response.status_code == 503


async def test_too_large_a_message_ends_the_connection(tmp_path: Path) -> None:
    async with (
        live_in(tmp_path, LIVE__MAX_MESSAGE_BYTES="1000") as live,
        live.client() as client,
    ):
        await client.say("ping", client_time="x" * 900)
        assert (await client.hear())["type"] == "pong"
        await client.say("ping", client_time="x" * 1_000)
        _, code, _ = await client.until_closed()

    assert code == 1009
