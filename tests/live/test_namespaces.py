"""Socket.IO clients of Tocsin's namespaces: who comes in, who comes back, what they may say."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from websockets.exceptions import InvalidStatus

from tests.live.serving import (
    NAMESPACE,
    REMOTE,
    Client,
    Serving,
    Talk,
    line,
    serving_in,
    until,
)
from tocsin.edge.websocket import HIGH_WATER_BYTES
from tocsin.live.closing import CloseCode
from tocsin.live.follower import MAX_WAITING
from tocsin.live.namespaces import NAMESPACES, PATHS
from tocsin.live.revoked import ASK_EVERY_S
from tocsin.model.access import Role
from tocsin.model.tokens import digest_of, new_token
from tocsin.store import tokens
from tocsin.testing.clock import HandClock

PYTHON = "Python/3.11 aiohttp/3.14.5"


@pytest.fixture
async def live(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving_in(tmp_path) as live:
        yield live


async def said(talk: Talk) -> list[str]:
    """The texts of the log lines its client has been given by now."""
    await talk.settle()
    return [one["payload"]["message"] for one in talk.client.named("event")]


async def lost_with(live: Serving, *texts: str) -> Client:
    """A client that followed the shop, got these lines, and lost its connection."""
    async with live.client() as talk:
        await talk.ask("subscribe_project", "shop")
        await live.tell(*map(line, texts))
        assert await said(talk) == list(texts)
        talk.socket.transport.abort()
        return talk.client


# --- who comes in


@pytest.mark.parametrize(("path", "namespace"), list(itertools.product(PATHS, sorted(NAMESPACES))))
async def test_every_address_leads_to_every_namespace(
    live: Serving, path: str, namespace: str
) -> None:
    async with live.client(Client(namespace), path=path) as talk:
        assert await talk.ask("subscribe_project", "shop")
        await live.tell(line("a"))
        assert await said(talk) == ["a"]


async def test_both_namespaces_of_one_session_are_two_clients(live: Serving) -> None:
    first, second = Client("/"), Client(NAMESPACE)
    async with live.socket(first) as talk:
        await talk.enter()
        talk.client = second
        await talk.socket.send(second.connect_packet())
        while second.connected is None:
            await talk.hear()
        await talk.ask("subscribe_project", "shop")
        await live.tell(line("a"))

        assert await said(talk) == ["a"]
    assert first.pid != second.pid
    assert first.connected["sid"] != second.connected["sid"]


async def test_a_namespace_that_there_is_not_is_refused(live: Serving) -> None:
    async with live.socket(Client("/admin")) as talk:
        assert await talk.enter() == {"refused": {"message": "Invalid namespace"}}


async def test_a_page_of_another_origin_is_refused_before_the_upgrade(live: Serving) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with live.socket(headers={"Origin": "https://elsewhere.example"}):
            pass
    assert refused.value.response.status_code == 403

    own = f"http://127.0.0.1:{live.port}"
    async with live.client(headers={"Origin": own}) as talk:
        assert talk.client.pid


async def test_too_many_connections_are_refused_before_the_upgrade(tmp_path: Path) -> None:
    async with serving_in(tmp_path, LIVE__MAX_CONNECTIONS="1") as live, live.client():
        with pytest.raises(InvalidStatus) as refused:
            async with live.socket():
                pass
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ADMIN])
async def test_a_token_may_be_shown_in_the_packet_in_the_query_or_in_a_header(
    live: Serving, role: Role
) -> None:
    token = await live.token(role)
    async with live.socket(headers=REMOTE) as talk:
        assert "pid" in await talk.enter(token=token)
    async with live.socket(headers=REMOTE, query=f"&token={token}") as talk:
        assert "pid" in await talk.enter()
    async with live.socket(headers={**REMOTE, "Authorization": f"Bearer {token}"}) as talk:
        assert "pid" in await talk.enter()


async def test_who_is_elsewhere_and_shows_nothing_is_told_and_closed(tmp_path: Path) -> None:
    async with (
        serving_in(tmp_path, LIVE__AUTH_TIMEOUT_S="0.2") as live,
        live.socket(headers=REMOTE) as talk,
    ):
        (refusal,) = (await talk.enter()).values()

        assert refusal["message"] == "AUTHENTICATION_REQUIRED"
        assert refusal["data"]["code"] == "AUTHENTICATION_REQUIRED"
        assert await talk.until_closed() == (CloseCode.NOT_SIGNED_IN, "not_signed_in")


async def test_a_wrong_token_is_refused_at_this_machine_too(tmp_path: Path) -> None:
    async with serving_in(tmp_path, LIVE__AUTH_TIMEOUT_S="0.2") as live, live.socket() as talk:
        (refusal,) = (await talk.enter(token="tcn_wrong")).values()

        assert refusal["data"]["code"] == "AUTHENTICATION_REQUIRED"
        assert "tcn_wrong" not in orjson.dumps(refusal).decode()
        assert (await talk.until_closed())[0] == CloseCode.NOT_SIGNED_IN


async def test_who_signs_in_at_the_second_attempt_stays(tmp_path: Path) -> None:
    async with serving_in(tmp_path, LIVE__AUTH_TIMEOUT_S="1") as live, AsyncExitStack() as stack:
        token = await live.token(Role.VIEWER)
        talk = await stack.enter_async_context(live.socket(headers=REMOTE))
        assert "refused" in await talk.enter()
        assert "sid" in await talk.enter(token=token)
        # One that comes later, and does not sign in, tells that the time is over.
        async with live.socket(headers=REMOTE) as other:
            await other.enter()
            assert (await other.until_closed())[0] == CloseCode.NOT_SIGNED_IN

        assert (await talk.ask("subscribe_project", "shop"))["ok"]


async def test_a_token_that_may_only_send_is_told_so(live: Serving) -> None:
    async with live.socket(headers=REMOTE) as talk:
        (refusal,) = (await talk.enter(token=await live.token(Role.SENDER))).values()

        assert refusal["message"] == "PERMISSION_DENIED"


async def test_a_client_whose_token_is_withdrawn_is_closed_for_good(live: Serving) -> None:
    withdrawn, other = await live.token(Role.VIEWER), await live.token(Role.VIEWER)
    async with live.socket(headers=REMOTE) as talk, live.socket(headers=REMOTE) as stays:
        await talk.enter(token=withdrawn)
        await stays.enter(token=other)
        async with live.database.read() as conn:
            found = await tokens.by_digest(conn, digest_of(withdrawn))
        assert found is not None
        now, token_id = live.clock.now(), found.id
        await live.database.write(lambda conn: tokens.revoke(conn, token_id, now))
        live.clock.move(ASK_EVERY_S)

        assert await talk.until_closed() == (CloseCode.REVOKED, "revoked")
        assert (await stays.ask("subscribe_project", "shop"))["ok"]
    # What it could come back to is not there for a new try either.
    async with live.socket(talk.client, headers=REMOTE) as again:
        assert "refused" in await again.enter(token=withdrawn)


@pytest.mark.parametrize("recover", [{}, {"pid": "unknown", "offset": "x:1"}])
async def test_while_the_database_cannot_be_read_it_is_closed_to_come_back(
    live: Serving, recover: dict[str, Any]
) -> None:
    for table in ("tokens", "live_sessions"):
        statement = text(f"ALTER TABLE {table} RENAME TO {table}_away")
        await live.database.write(lambda conn, said=statement: conn.execute(said))  # type: ignore[misc]
    async with live.socket(headers=None if recover else REMOTE) as talk:
        token = {} if recover else {"token": new_token()}
        await talk.socket.send(talk.client.connect_packet(**token, **recover))
        code, _ = await talk.until_closed()

    assert CloseCode(code).may_come_back


# --- what a client may say


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("subscribe_project", [], "expected the project's name or id as text"),
        ("subscribe:deployment", [{}], "expected the deployment's name or id as text"),
        ("unsubscribe_project", [None], "expected the project's name or id as text"),
        ("subscribe_project", [{"id": "a", "since_seq": -1}], "since_seq: expected"),
        ("restart_everything", ["now"], "there is no such event"),
        ("event", [{}], "there is no such event"),
    ],
)
async def test_what_cannot_be_meant_is_answered_with_an_error(
    live: Serving, name: str, args: list[Any], message: str
) -> None:
    async with live.client() as talk:
        answer = await talk.ask(name, *args)
        (error,) = talk.client.named("error")

        assert answer == {"ok": False, "error": error["message"]}
        assert error["message"].startswith(f"{name}: {message}")
        # It is still there and still served.
        assert (await talk.ask("subscribe_project", "shop"))["ok"]


async def test_a_heartbeat_is_answered(live: Serving) -> None:
    async with live.client() as talk:
        await talk.emit("heartbeat", {"any": "thing"})

        assert await talk.until("heartbeat:ack") == {"timestamp": "2026-01-01T00:00:00.000Z"}
        assert (await talk.ask("heartbeat"))["ok"] is True


async def test_more_requests_than_can_wait_are_refused(live: Serving) -> None:
    async with live.client() as talk:
        count = MAX_WAITING + 50
        for _ in range(count):
            await talk.socket.send(talk.client.event_packet("subscribe_deployment", "1"))
        await talk.settle()
        while len(talk.client.named("subscription:confirmed")) < count - len(
            talk.client.named("error")
        ):
            await talk.hear()

        for error in talk.client.named("error"):
            assert error["message"].endswith("too many requests are waiting")


# --- who comes back


async def test_a_client_goes_on_where_it_was(live: Serving) -> None:
    client = await lost_with(live, "a", "b")
    sid = client.connected["sid"]
    await live.tell(line("c"), line("not of the shop", project="blog"), line("d"))
    async with live.client(client) as talk:
        assert client.recovered
        assert client.connected["sid"] == sid
        await live.tell(line("e"))

        assert await said(talk) == ["a", "b", "c", "d", "e"]
        assert live.counted("tocsin_live_recoveries_total", dialect="socketio", recovered="yes")


async def test_again_and_again(live: Serving) -> None:
    client = await lost_with(live)
    for number in range(5):
        await live.tell(line(f"{number} away"))
        async with live.client(client) as talk:
            assert client.recovered
            await live.tell(line(f"{number} here"))
            await said(talk)
            talk.socket.transport.abort()

    async with live.client(client) as talk:
        assert await said(talk) == [f"{n} {where}" for n in range(5) for where in ("away", "here")]


async def test_one_that_was_given_no_event_yet_goes_on_too(live: Serving) -> None:
    async with live.client() as talk:
        await talk.ask("subscribe_project", "shop")
        client = talk.client
        # As one whose connection was lost before the answer came.
        client.offset = None
        talk.socket.transport.abort()
    await live.tell(line("a"))
    async with live.client(client) as talk:
        assert client.recovered
        assert await said(talk) == ["a"]


async def test_one_that_had_asked_for_nothing_may_ask_again(live: Serving) -> None:
    """What it asked for may be what was lost; told of a recovery, it would not ask again."""
    async with live.client() as talk:
        client = talk.client
        talk.socket.transport.abort()
    async with live.client(client) as talk:
        assert not client.recovered
        await talk.ask("subscribe_project", "shop")
        await live.tell(line("a"))
        assert await said(talk) == ["a"]


async def test_after_a_restart_too(tmp_path: Path) -> None:
    clock = HandClock()
    async with serving_in(tmp_path, clock) as live:
        client = await lost_with(live, "a")
        await live.tell(line("b"))
    async with serving_in(tmp_path, clock) as live:
        await live.tell(line("c"))
        async with live.client(client) as talk:
            assert client.recovered
            await live.tell(line("d"))

            assert await said(talk) == ["a", "b", "c", "d"]


async def test_a_restart_while_it_is_connected_sends_it_away_to_come_back(tmp_path: Path) -> None:
    clock = HandClock()
    async with AsyncExitStack() as first:
        live = await first.enter_async_context(serving_in(tmp_path, clock))
        talk = await first.enter_async_context(live.client())
        await talk.ask("subscribe_project", "shop")
        await live.tell(line("a"))
        assert await said(talk) == ["a"]
        await live.stage.drain()
        assert await talk.until_closed() == (CloseCode.DRAINING, "draining")
    async with serving_in(tmp_path, clock) as live:
        await live.tell(line("b"))
        async with live.client(talk.client) as talk:
            assert talk.client.recovered
            assert await said(talk) == ["a", "b"]


async def test_the_old_connection_that_still_hangs_is_closed(live: Serving) -> None:
    async with live.client() as old:
        await old.ask("subscribe_project", "shop")
        await live.tell(line("a"))
        assert await said(old) == ["a"]
        async with live.client(old.client) as new:
            assert new.client.recovered
            assert (await old.until_closed())[0] == CloseCode.DRAINING
            await live.tell(line("b"))

            assert await said(new) == ["a", "b"]


async def test_two_that_come_back_at_once_do_not_both_stay(live: Serving) -> None:
    client = await lost_with(live, "a")
    twin = Client(pid=client.pid, offset=client.offset)
    async with live.socket(client) as one, live.socket(twin) as two:
        await asyncio.gather(one.enter(), two.enter())
        ends = [asyncio.create_task(talk.until_closed()) for talk in (one, two)]
        done, left = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)

        assert [end.result()[0] for end in done] == [CloseCode.DRAINING]
        for end in left:
            end.cancel()
        await asyncio.gather(*left, return_exceptions=True)


@pytest.mark.parametrize(("away_s", "is_back"), [(119, True), (121, False)])
async def test_the_window_is_two_minutes(live: Serving, away_s: float, is_back: bool) -> None:
    client = await lost_with(live, "a")
    # The end of a connection is told in the server's next turn.
    async with live.client() as other:
        await other.settle()
    live.clock.move(away_s)
    pid = client.pid
    async with live.client(client) as talk:
        assert client.recovered is is_back
        assert (client.pid == pid) is is_back
        await live.tell(line("b"))

        assert await said(talk) == (["a", "b"] if is_back else ["a"])


@pytest.mark.parametrize(("missed", "is_back"), [(5, True), (6, False)])
async def test_more_than_the_most_events_are_not_given(
    tmp_path: Path, missed: int, is_back: bool
) -> None:
    async with serving_in(tmp_path, LIVE__RECOVERY_MAX_EVENTS="5") as live:
        client = await lost_with(live, "a")
        for number in range(missed):
            # What it does not follow does not count.
            await live.tell(line(str(number)), line("x", project="blog"))
        async with live.client(client) as talk:
            assert client.recovered is is_back
            got = await said(talk)

        assert got == ["a", *(str(number) for number in range(missed) if is_back)]
        assert live.counted(
            "tocsin_live_recoveries_total",
            dialect="socketio",
            recovered="yes" if is_back else "no",
        )


async def test_what_is_told_by_another_caller_is_not_his_to_go_on_with(live: Serving) -> None:
    mine, yours = await live.token(Role.VIEWER), await live.token(Role.VIEWER)
    async with live.socket(headers=REMOTE) as owner:
        await owner.enter(token=mine)
        await owner.ask("subscribe_project", "shop")
        thief = Client(pid=owner.client.pid, offset=owner.client.offset)
        for headers, token in ((REMOTE, yours), ({}, None)):
            async with live.socket(thief, headers=headers) as talk:
                await talk.enter(token=token)
                assert not thief.recovered
                assert thief.pid != owner.client.pid
        await live.tell(line("a"))

        # Nobody has sent the owner away.
        assert await said(owner) == ["a"]
        owner.socket.transport.abort()
    async with live.socket(owner.client, headers=REMOTE) as talk:
        await talk.enter(token=mine)
        assert owner.client.recovered


async def test_a_session_belongs_to_its_namespace(live: Serving) -> None:
    client = await lost_with(live, "a")
    client.namespace = "/"
    async with live.client(client):
        assert not client.recovered


@pytest.mark.parametrize("offset", ["elsewhere:1", "1", "", "nonsense", "{epoch}:99", "{epoch}:-1"])
async def test_an_offset_that_is_not_of_this_journal_begins_anew(
    live: Serving, offset: str
) -> None:
    client = await lost_with(live, "a")
    client.offset = offset.format(epoch=live.hub.epoch)
    async with live.client(client) as talk:
        assert not client.recovered
        await live.tell(line("b"))

        assert await said(talk) == ["a"]


@pytest.mark.parametrize("said_first", [{"pid": 5}, {"pid": None}, {"pid": ["x"], "offset": {}}])
async def test_a_pid_that_is_no_text_is_none(live: Serving, said_first: dict[str, Any]) -> None:
    async with live.socket() as talk:
        await talk.socket.send(f"40{NAMESPACE},{orjson.dumps(said_first).decode()}")
        talk.client.connected = None
        await talk.hear()

        assert talk.client.pid


async def test_one_that_comes_back_and_leaves_at_once_leaves_nothing_behind(
    live: Serving,
) -> None:
    client = await lost_with(live, "a")
    async with live.socket(client) as talk:
        await talk.socket.send(client.connect_packet())
        await talk.socket.send(client.head("41"))
        client.connected = None
        while client.connected is None:
            await talk.hear()
        await talk.socket.send(client.connect_packet())
        client.connected = None
        while client.connected is None:
            await talk.hear()
        await live.tell(line("b"))

        assert await said(talk) == ["a", "b"]
    gc.collect()


# --- clients whose handlers count their arguments


async def test_a_python_client_gets_neither_pid_nor_offset(live: Serving) -> None:
    async with live.client(agent=PYTHON) as talk:
        assert "pid" not in talk.client.connected
        await talk.ask("subscribe_project", "shop")
        await talk.ask("subscribe_deployment", "1")
        await live.tell(line("a"))

        assert await said(talk) == ["a"]
        assert {len(args) for args in talk.client.got} == {2}


async def test_its_own_word_on_it_counts(live: Serving) -> None:
    async with live.socket(agent=PYTHON) as talk:
        assert "pid" in await talk.enter(recover=True)
        await talk.ask("subscribe_project", "shop")
        assert len(talk.client.got[-1]) == 3
    async with live.socket() as talk:
        assert "pid" not in await talk.enter(recover=False)
        await talk.ask("subscribe_project", "shop")
        assert len(talk.client.got[-1]) == 2


# --- two namespaces over a transport that is full


async def test_who_comes_in_over_a_full_transport_is_paused_from_the_start(live: Serving) -> None:
    async with live.polling(Client("/")) as polls:
        await polls.enter()
        await polls.post(polls.client.event_packet("subscribe_project", "shop"))
        while not polls.client.named("subscription:confirmed"):
            await polls.get()
        session = live.stage._engine._sessions[polls.sid]
        await live.tell(line(""))
        await until(lambda: session.unsent_bytes() > 0)
        bare = session.unsent_bytes()
        # Short of the mark, so that it is the answer to the second connect that goes over it.
        await live.tell(line("x" * (HIGH_WATER_BYTES - 2 * bare - 10)))
        await until(lambda: session.unsent_bytes() > bare)
        assert HIGH_WATER_BYTES - 50 < session.unsent_bytes() <= HIGH_WATER_BYTES
        second = Client(NAMESPACE)
        await polls.post(second.connect_packet())
        await until(lambda: session.is_paused)
        first = polls.client
        await live.tell(line("after"))
        await until(lambda: live.hub.position == 3)
        while first.seqs != [1, 2, 3]:
            for packet in await polls.packets():
                (second if NAMESPACE in packet[:40] else first).take(packet)

        assert second.pid
