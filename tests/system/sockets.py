"""Sockets that are refused or closed: how they are opened, and what is heard of their end."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.system.server import Server
from tests.system.websocket_wire import EndedError, RefusedError, WebSocket
from tests.system.wire import Answer, Headers
from tests.system.ws import Ws

# A call that was forwarded is one of another machine.
FORWARDED = [("X-Forwarded-For", "203.0.113.9")]
POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"
DRAINING, TOO_SLOW, TOO_MANY_MESSAGES, TOO_MANY_CONNECTIONS = 4001, 4008, 4029, 4429
NOT_SIGNED_IN, NOT_ALLOWED, REVOKED = 4501, 4503, 4510


def created(server: Server, role: str) -> str:
    """A new token, named after its role."""
    told = server.run(
        *("token", "create", "--role", role, "--name", role, "--data-dir", str(server.data_dir))
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


async def refused(server: Server, path: str, headers: Headers = ()) -> Answer:
    """How a handshake is answered that must not succeed."""
    try:
        opened = await WebSocket.open(server.port, path, headers)
    except RefusedError as error:
        return error.answer
    await opened.abort()
    return pytest.fail(f"{path} was let in")


async def refusal_of(server: Server, path: str, headers: Headers = ()) -> int:
    """The status that refused a socket, or the code it was closed with."""
    try:
        opened = await WebSocket.open(server.port, path, headers)
    except RefusedError as error:
        return error.answer.status
    ended, heard = await heard_to_the_end(opened, 20)
    await opened.abort()
    assert not [one for one in heard if "posco_event" in one]
    return ended.code


async def open_engine(server: Server, headers: Headers) -> WebSocket:
    """A socket with an Engine.IO session, in no namespace yet."""
    socket = await WebSocket.open(server.port, WEBSOCKET, headers)
    assert str(await socket.receive()).startswith("0")
    return socket


async def heard_to_the_end(socket: WebSocket, limit_s: float) -> tuple[EndedError, list[str]]:
    """How the server ends a socket, and all texts it sent until then."""
    heard: list[str] = []
    deadline = time.monotonic() + limit_s
    try:
        while True:
            heard.append(str(await socket.receive(deadline - time.monotonic())))
            if heard[-1] == "2":
                await socket.send("3")
    except EndedError as ended:
        return ended, heard


async def until_let_in(server: Server) -> None:
    """Come back when the server takes sockets again."""
    deadline = time.monotonic() + 20
    while True:
        try:
            opened = await Ws.open(server.port)
        except RefusedError:
            assert time.monotonic() < deadline, "it does not recover"
            await asyncio.sleep(0.1)
        else:
            await opened.greeted()
            await opened.close()
            return


def rss_bytes(server: Server) -> int:
    """The resident memory of a server's process."""
    status = Path(f"/proc/{server.pid}/status").read_text("ascii", "replace")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) * 1024


def check_quiet(server: Server) -> None:
    """That nothing a client did was a surprise to the server."""
    loud = [
        line
        for line in server.log().splitlines()
        if '"level": "error"' in line or "Traceback" in line
    ]
    assert not loud, loud[0]
