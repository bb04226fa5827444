"""Listening: every address said, or a stop that names each which cannot be; and the server."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tocsin.edge.calls import Scope
from tocsin.edge.server import listening_sockets, make_server, url_of
from tocsin.edge.websocket import Handler, Socket
from tocsin.errors import ConfigError


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True


@contextlib.contextmanager
def listening(*addresses: str) -> Generator[list[socket.socket], None, None]:
    found = listening_sockets(addresses)
    try:
        yield found
    finally:
        for one in found:
            one.close()


def connects(to: socket.socket) -> bool:
    with socket.socket(to.family, socket.SOCK_STREAM) as one:
        return one.connect_ex(to.getsockname()[:2]) == 0


def test_several_addresses_are_listened_on_at_once() -> None:
    with listening("127.0.0.1:0", "127.0.0.2:0") as found:
        assert [one.getsockname()[0] for one in found] == ["127.0.0.1", "127.0.0.2"]
        assert all(connects(one) for one in found)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_an_ipv6_address_stands_in_brackets_and_is_its_own() -> None:
    with listening("[::1]:0") as (one,):
        port = one.getsockname()[1]
        assert url_of(one) == f"http://[::1]:{port}"
        assert connects(one)
        # The same port is free for IPv4, so both can be said side by side.
        with listening(f"127.0.0.1:{port}") as (other,):
            assert connects(other)


def test_a_name_is_listened_on_wherever_it_points_to() -> None:
    with listening("localhost:0") as found:
        assert found
        assert all(connects(one) for one in found)


def test_an_address_the_machine_has_not_is_passed_over_when_the_name_has_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Containers often name ::1 in /etc/hosts and have no IPv6.
    def resolved(*_args: Any, **_kwargs: Any) -> Sequence[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, ("192.0.2.1", 0)), (*kind, ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    with listening("localhost:0") as found:
        assert [one.getsockname()[0] for one in found] == ["127.0.0.1"]


def test_every_address_that_cannot_be_is_named_and_nothing_stays_open() -> None:
    with listening("127.0.0.1:0") as (taken,):
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            listening_sockets([f"127.0.0.1:{port}", "127.0.0.1:0", "192.0.2.1:80"])

    problems = refused.value.problems
    assert [problem.split(" on ")[1].split(": ")[0] for problem in problems] == [
        f"127.0.0.1:{port}",
        "192.0.2.1:80",
    ]
    assert all(problem.startswith("listen: cannot listen on ") for problem in problems)
    with listening(f"127.0.0.1:{port}"):
        pass


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("127.0.0.1:0", "http://127.0.0.1:"),
        ("0.0.0.0:0", "http://127.0.0.1:"),
        ("127.0.0.3:0", "http://127.0.0.3:"),
    ],
)
def test_the_address_shown_can_be_opened(address: str, shown: str) -> None:
    with listening(address) as (one,):
        assert url_of(one) == f"{shown}{one.getsockname()[1]}"


class App:
    """Answers once it is let to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.gate = asyncio.Event()

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.begun.set()
        await self.gate.wait()
        body = scope["path"].encode()
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def ask(to: socket.socket, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(*to.getsockname()[:2])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_stop_finishes_the_calls_in_hand_and_takes_no_new_ones() -> None:
    app = App()
    server = make_server(app, [], grace_s=5)
    with listening("127.0.0.1:0", "127.0.0.2:0") as (one, other):
        where = one.getsockname()
        serving = asyncio.create_task(server.serve([one, other]))
        asked = [asyncio.create_task(ask(to, f"/{n}")) for n, to in enumerate((one, other))]
        await app.begun.wait()
        server.stop()
        app.gate.set()
        answers = await asyncio.gather(*asked)
        await serving
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*where)

    assert [answer.split(b"\r\n\r\n")[1] for answer in answers] == [b"/0", b"/1"]
    assert b"server:" not in answers[0].lower()


async def test_a_call_that_takes_too_long_does_not_hold_up_the_stop() -> None:
    app = App()
    server = make_server(app, [], grace_s=0)
    with listening("127.0.0.1:0") as (one,):
        serving = asyncio.create_task(server.serve([one]))
        asked = asyncio.create_task(ask(one, "/"))
        await app.begun.wait()
        server.stop()
        await serving
        app.gate.set()
        await asyncio.gather(asked, return_exceptions=True)


class Echo:
    """An endpoint, and the handler of its one socket."""

    max_message_bytes = 1_000

    def __init__(self) -> None:
        self.closed_with: list[int] = []
        self._socket: Socket | None = None

    def takes(self, path: str) -> bool:
        return path == "/echo"

    async def open(self, scope: Scope) -> Callable[[Socket], Handler]:
        return self._make

    def _make(self, socket: Socket) -> Handler:
        self._socket = socket
        return self

    def received(self, message: str | bytes) -> None:
        assert self._socket is not None
        self._socket.send_text(str(message).encode())

    def heard(self) -> None: ...
    def paused(self) -> None: ...
    def resumed(self) -> None: ...

    def closed(self, code: int, reason: str) -> None:
        self.closed_with.append(code)


async def test_sockets_are_open_until_the_stop_beside_calls() -> None:
    app, echo = App(), Echo()
    app.gate.set()
    server = make_server(app, [echo], grace_s=5)
    with listening("127.0.0.1:0") as (one,):
        serving = asyncio.create_task(server.serve([one]))
        url = f"ws://127.0.0.1:{one.getsockname()[1]}"
        answer = await ask(one, "/echo")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{url}/elsewhere", proxy=None)
        async with connect(f"{url}/echo", proxy=None) as client:
            await client.send("hello")
            heard = await client.recv()
            server.stop()
            await client.wait_closed()
        await serving

    assert answer.endswith(b"/echo")
    assert refused.value.response.status_code == 404
    assert heard == "hello"
    assert client.close_code == 4001
    assert echo.closed_with == [4001]
