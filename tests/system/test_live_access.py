"""Who is let onto a socket: origins, tokens in each place, and what happens without one."""

import asyncio
import json
import time
import urllib.request
from contextlib import AsyncExitStack

import pytest

from tests.system.conftest import Launch
from tests.system.reading import sample
from tests.system.rollout import post
from tests.system.server import Server
from tests.system.socketio_wire import NAMESPACE, ConnectError, SocketIo, socketio
from tests.system.sockets import (
    FORWARDED,
    NOT_ALLOWED,
    NOT_SIGNED_IN,
    POLLING,
    REVOKED,
    WEBSOCKET,
    created,
    heard_to_the_end,
    open_engine,
    refusal_of,
    refused,
)
from tests.system.websocket_wire import EndedError, RefusedError
from tests.system.wire import connected
from tests.system.ws import Ws, ws

SOCKETIO_PATHS = ("/socket.io", "/project-dashboard/ws", "/project-dashboard/ws/socket.io")


@pytest.mark.parametrize("path", SOCKETIO_PATHS)
@pytest.mark.parametrize("query", ["", "?transport=polling", "?EIO=3&transport=polling"])
async def test_without_eio_4_a_sentence_says_what_is_missing(
    query: str, path: str, server: Server
) -> None:
    async with connected(server.port) as asking:
        answer = await asking.get(f"{path}/{query}")
        assert answer.status == 400
        assert b"EIO" in answer.body
    upgraded = await refused(server, f"{path}/{query}")
    assert upgraded.status == 400
    assert b"EIO" in upgraded.body


@pytest.mark.parametrize("path", ["/nowhere", "/", "/api/v1/events", "/wsx", "/ws/x"])
async def test_a_socket_to_anywhere_else_is_not_found(path: str, server: Server) -> None:
    assert (await refused(server, path)).status in {404, 405}


async def test_a_remote_client_has_ten_seconds_to_sign_in(server: Server) -> None:
    started = time.monotonic()
    client = await Ws.open(server.port, headers=FORWARDED)
    other = await open_engine(server, FORWARDED)

    async def told_and_closed() -> None:
        assert await client.error() == "AUTHENTICATION_REQUIRED"
        await post(server.port, [sample("log_entry", project="l-secret")])
        await client.send("subscribe", event_types=["posco_event"])
        ended, heard = await heard_to_the_end(client.socket, 20)
        assert ended.code == NOT_SIGNED_IN
        assert not [one for one in heard if "l-secret" in one]

    async def told_and_closed_on_socketio() -> None:
        await other.send(f"40{NAMESPACE},")
        first = str(await other.receive())
        if first.startswith("40"):
            await other.send(f'42{NAMESPACE},["subscribe_project","l-secret"]')
        ended, heard = await heard_to_the_end(other, 20)
        assert [one for one in (first, *heard) if "AUTHENTICATION_REQUIRED" in one]
        assert ended.code == NOT_SIGNED_IN
        assert not [one for one in heard if "seq" in one]

    await asyncio.gather(told_and_closed(), told_and_closed_on_socketio())
    took_s = time.monotonic() - started
    assert 8 < took_s < 20


async def test_a_token_opens_a_remote_socket_in_each_place(launch: Launch) -> None:
    server = launch({"TOCSIN_LOGS__LEVEL": "debug"})
    token = created(server, "viewer")
    bearer = [*FORWARDED, ("Authorization", f"Bearer {token}")]
    header = [*FORWARDED, ("X-Tocsin-Token", token)]
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(ws(server.port, path, headers))
            for path, headers in (
                (f"/ws?token={token}", FORWARDED),
                ("/ws", bearer),
                ("/ws", header),
            )
        ]
        sockets = [
            await stack.enter_async_context(socketio(server.port, **options))
            for options in (
                {"headers": FORWARDED, "auth": {"token": token}},
                {"headers": FORWARDED, "auth": {"token": token}, "namespace": NAMESPACE},
                {"headers": FORWARDED, "token": token},
                {"headers": bearer},
            )
        ]
        late = await Ws.open(server.port, headers=FORWARDED)
        stack.push_async_callback(late.close)
        told = await late.asked("auth", "authenticated", token=token)
        assert told["data"]["role"] == "viewer"
        for socket in sockets:
            await socket.subscribed("l-1")
        receipts = await post(server.port, [sample("log_entry", project="l-1")])

        for client in [*clients, late]:
            assert (await client.until("posco_event"))["seq"] == receipts[0][1]
        for socket in sockets:
            assert (await socket.until("event"))["seq"] == receipts[0][1]
    assert server.stop() in {0, 143, -15}
    assert token not in server.log()


async def test_a_wrong_token_opens_nothing(server: Server) -> None:
    async def by_first_message() -> None:
        client = await Ws.open(server.port, headers=FORWARDED)
        await client.send("auth", token="wrong")
        assert (await client.ended()).code == NOT_SIGNED_IN

    async def by_query() -> None:
        assert await refusal_of(server, "/ws?token=wrong", FORWARDED) in {401, NOT_SIGNED_IN}

    async def by_local_query() -> None:
        assert await refusal_of(server, "/ws?token=wrong") in {401, NOT_SIGNED_IN}

    async def by_auth() -> None:
        with pytest.raises((ConnectError, EndedError, RefusedError)):
            await SocketIo.open(server.port, headers=FORWARDED, auth={"token": "wrong"})

    await asyncio.gather(by_first_message(), by_query(), by_local_query(), by_auth())


async def test_who_may_only_send_sees_nothing(server: Server) -> None:
    token = created(server, "sender")
    assert await refusal_of(server, f"/ws?token={token}") in {403, NOT_ALLOWED}
    with pytest.raises((ConnectError, EndedError, RefusedError)):
        await SocketIo.open(server.port, auth={"token": token})


async def test_without_local_rights_a_local_socket_signs_in_too(launch: Launch) -> None:
    server = launch({"TOCSIN_AUTH__LOCAL_ROLE": "none", "TOCSIN_LIVE__AUTH_TIMEOUT_S": "1"})
    client = await Ws.open(server.port)
    assert await client.error() == "AUTHENTICATION_REQUIRED"
    assert (await client.ended()).code == NOT_SIGNED_IN


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_origin_is_refused(origin: str, server: Server) -> None:
    shown = [("Origin", origin)]
    for path in ("/ws", WEBSOCKET):
        assert (await refused(server, path, shown)).status == 403
    async with connected(server.port) as asking:
        answer = await asking.get(POLLING, shown)
        assert answer.status in {401, 403}
        assert "access-control-allow-origin" not in answer.headers
    own = [("Origin", f"http://127.0.0.1:{server.port}")]
    async with ws(server.port, headers=own), socketio(server.port, headers=own):
        pass


async def test_a_session_of_somebody_else_cannot_be_taken_over(launch: Launch) -> None:
    """The id and the offset that recover a session are no credentials."""
    server = launch({"TOCSIN_LIVE__AUTH_TIMEOUT_S": "2"})
    async with socketio(server.port, namespace=NAMESPACE) as owner:
        await owner.subscribed("l-2")
        await post(server.port, [sample("log_entry", project="l-2")])
        words = await owner.words()
        private, offset = owner.connected["pid"], words[-1]
        assert isinstance(offset, str)
        await owner.socket.abort()
    await post(server.port, [sample("log_entry", project="l-2")])
    thief = await open_engine(server, FORWARDED)
    await thief.send(f"40{NAMESPACE},{json.dumps({'pid': private, 'offset': offset})}")
    _, heard = await heard_to_the_end(thief, 20)

    assert not [one for one in heard if "l-2" in one]


async def test_a_signed_in_browser_shows_its_cookie(launch: Launch) -> None:
    server = launch({"TOCSIN_AUTH__ALLOWED_ORIGINS": "https://wall.example"})
    cookie = signed_in(server)
    own = ("Origin", f"http://127.0.0.1:{server.port}")
    shown = [*FORWARDED, ("Cookie", cookie), own]
    async with (
        ws(server.port, headers=shown) as client,
        socketio(server.port, headers=shown, namespace=NAMESPACE) as socket,
    ):
        assert client.greeting["data"]["is_signed_in"] is True
        assert client.greeting["data"]["role"] == "operator"
        await socket.subscribed("l-5")
        await post(server.port, [sample("log_entry", project="l-5")])
        assert (await client.until("posco_event"))["seq"] == (await socket.until("event"))["seq"]
    # A page of a foreign site could send the same cookie along.
    foreign = [*shown[:-1], ("Origin", "https://evil.example")]
    for path in ("/ws", WEBSOCKET):
        assert (await refused(server, path, foreign)).status == 403
    allowed = [*shown[:-1], ("Origin", "https://wall.example")]
    async with ws(server.port, headers=allowed) as client:
        assert client.greeting["data"]["is_signed_in"] is True


async def test_a_withdrawn_credential_closes_what_it_opened(launch: Launch) -> None:
    server = launch()
    token = created(server, "viewer")
    shown = [*FORWARDED, ("Cookie", signed_in(server))]
    by_token = await (await Ws.open(server.port, f"/ws?token={token}")).greeted()
    by_cookie = await (await Ws.open(server.port, headers=shown)).greeted()
    socket = await SocketIo.open(server.port, auth={"token": token})
    async with ws(server.port) as other:
        revoke = ("token", "revoke", "viewer", "--data-dir", str(server.data_dir))
        assert (await asyncio.to_thread(server.run, *revoke)).returncode == 0
        await sign_out(server, shown)
        started = time.monotonic()
        first, second, (third, packets) = await asyncio.gather(
            by_token.ended(40), by_cookie.ended(40), heard_to_the_end(socket.socket, 40)
        )

        assert time.monotonic() - started < 35
        assert (first.code, second.code) == (REVOKED, REVOKED)
        # A stock client comes back after a close, unless it was sent away by a packet.
        assert third.code == REVOKED or "41" in packets
        assert await other.answers()


async def test_only_an_operator_may_act(server: Server) -> None:
    acts = (
        ("service_control", {"service_id": "posco_news", "action": "restart"}),
        ("send_webhook", {"webhook_type": "discord", "message": "x"}),
    )
    async with ws(server.port, f"/ws?token={created(server, 'operator')}") as operator:
        async with ws(server.port) as viewer:
            for kind, data in acts:
                await viewer.send(kind, **data)
                assert await viewer.error() == "PERMISSION_DENIED"
        await operator.send(acts[0][0], **acts[0][1])
        assert await operator.error() == "SERVICE_NOT_FOUND"
        await operator.send(acts[1][0], **acts[1][1])
        told = await operator.message()
        assert (told["type"], told["data"]["event_type"]) == ("webhook_event", "failed")


def signed_in(server: Server) -> str:
    """The cookie of somebody who has signed in with a password."""
    password = "correct horse battery"
    words = ("user", "add", "mina", "--role", "operator", "--password-stdin")
    added = server.run(*words, "--data-dir", str(server.data_dir), text=password + "\n")
    assert added.returncode == 0, added.stderr
    call = urllib.request.Request(  # noqa: S310 - the test's own server
        f"{server.url}/api/v1/session",
        json.dumps({"name": "mina", "password": password}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(call) as answer:  # noqa: S310 - the same
        return str(answer.headers["Set-Cookie"].split(";")[0])


async def sign_out(server: Server, shown: list[tuple[str, str]]) -> None:
    async with connected(server.port) as asking:
        csrf = (await asking.get("/api/v1/session", shown)).json()["csrf"]
        # The calls of this connection name a host without a port.
        proof = [*shown, ("X-CSRF-Token", csrf), ("Origin", "http://127.0.0.1")]
        assert (await asking.ask("DELETE", "/api/v1/session", headers=proof)).status == 204
