"""A mail goes out over an open socket, and every answer to it means something."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.notify.platforms import smtp
from tocsin.notify.platforms.smtp import Account, post
from tocsin.testing.platform import platform

PASSWORD = "demo0mail0password"
TO = ("team@example.org",)
# An answer has ASCII (RFC 5321) or UTF-8 (RFC 6531), and this is neither.
GBK = "邮件系统繁忙".encode("gbk")
MAIL = (
    b"From: t@example.org\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
    b"Message-ID: <1@example.org>\r\nSubject: Hi\r\n\r\nHi\r\n"
)


async def connected(port: int) -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    return made


async def posted(port: int, to: Sequence[str] = TO, **changed: Any) -> Any:
    usual: dict[str, Any] = {
        "host": "127.0.0.1",
        "security": "none",
        "context": ssl.create_default_context(),
        "username": "tocsin",
        "password": PASSWORD,
    }
    account = Account(**usual | changed)
    return await post(await connected(port), account, "t@example.org", to, MAIL)


async def failed(port: int, to: Sequence[str] = TO, **changed: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await posted(port, to, **changed)
    assert PASSWORD not in caught.value.message
    # It can be stored and told, whatever the server's letters are.
    assert caught.value.message.encode()
    return caught.value


async def test_what_was_said_is_told_and_who_was_refused() -> None:
    async with platform("email", refused=("gone@example.org",)) as fake:
        refused, said = await posted(fake.config["port"], (*TO, "gone@example.org"))

    assert refused == {"gone@example.org": "550 5.1.1 No such user here"}
    assert said == "2.0.0 OK"
    assert fake.taken[0].recipients == TO


@pytest.mark.parametrize(
    ("fault", "kind", "reason"),
    [
        ("busy", TryLater, Reason.BUSY),
        ("rate_limited", TryLater, Reason.RATE_LIMITED),
        ("gone", GiveUp, Reason.NO_RECIPIENT),
        ("content", GiveUp, Reason.CONTENT_REFUSED),
        ("code:552", GiveUp, Reason.TOO_LARGE),
        ("code:550", GiveUp, Reason.NOT_ALLOWED),
        ("code:452", TryLater, Reason.BUSY),
        ("code:530", Disable, Reason.BAD_CREDENTIALS),
    ],
)
async def test_what_a_server_says_is_understood(
    fault: str, kind: type[DeliveryFailed], reason: Reason
) -> None:
    async with platform("email") as fake:
        fake.script(fault)
        error = await failed(fake.config["port"])

    assert (type(error), error.reason) == (kind, reason)


async def test_a_wrong_password_is_not_tried_again() -> None:
    async with platform("email", secret="another") as fake:
        error = await failed(fake.config["port"])

    assert isinstance(error, Disable)
    assert error.reason is Reason.BAD_CREDENTIALS


async def test_too_many_mails_hold_up_everything_for_a_while() -> None:
    async with platform("email") as fake:
        fake.script("rate_limited")
        error = await failed(fake.config["port"])

    assert isinstance(error, TryLater)
    assert error.after_s == 300


async def test_a_recipient_that_may_be_there_later_counts_before_one_that_is_not() -> None:
    gone, full = "gone@example.org", "full@example.org"
    async with platform("email", refused=(gone,), later=(full,)) as fake:
        error = await failed(fake.config["port"], (gone, full))

    assert (type(error), error.reason) == (TryLater, Reason.BUSY)


@asynccontextmanager
async def server(*lines: bytes) -> AsyncIterator[int]:
    """A server that says these lines, one for each that it is told, and then closes."""
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            writer.write(line + b"\r\n")
            await reader.readline()
        writer.close()

    def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(talk(reader, writer)))

    made = await asyncio.start_server(come, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        await asyncio.gather(*talks)


@pytest.mark.parametrize(
    ("lines", "kind", "reason"),
    [
        ((b"554 5.7.1 You are on a list",), GiveUp, Reason.NOT_ALLOWED),
        ((b"421 too many connections",), TryLater, Reason.RATE_LIMITED),
        ((b"220 hello", b"250 a server without a login"), TryLater, Reason.REFUSED),
        ((b"220 hello", b"500 what?", b"500 what?"), GiveUp, Reason.REFUSED),
        ((b"HTTP/1.1 400 Bad Request",), TryLater, Reason.BAD_ANSWER),
        ((), TryLater, Reason.UNREACHABLE),
        ((b"220 hello",), TryLater, Reason.UNREACHABLE),
        (
            (b"220 hello", b"250-a\r\n250 AUTH PLAIN", b"454 4.7.0 Temporary failure"),
            TryLater,
            Reason.BUSY,
        ),
        (
            (b"220 hello", b"250-a\r\n250 AUTH PLAIN", b"535 5.7.8 No"),
            Disable,
            Reason.BAD_CREDENTIALS,
        ),
        ((b"421 " + GBK,), TryLater, Reason.RATE_LIMITED),
        (
            (b"220 hello", b"250-a\r\n250 AUTH PLAIN", b"535 " + GBK),
            Disable,
            Reason.BAD_CREDENTIALS,
        ),
        (
            (b"220 hello", b"250-a\r\n250 AUTH PLAIN", b"235 ok", b"250 ok", b"450 " + GBK),
            TryLater,
            Reason.BUSY,
        ),
    ],
)
async def test_a_server_that_is_none_or_wants_nobody_is_understood(
    lines: Sequence[bytes], kind: type[DeliveryFailed], reason: Reason
) -> None:
    async with server(*lines) as port:
        error = await failed(port)

    assert (type(error), error.reason) == (kind, reason)


async def test_a_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = await failed(silent.getsockname()[1])

    assert (type(error), error.reason) == (TryLater, Reason.TIMED_OUT)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_nothing_goes_in_clear_where_encryption_is_wanted(security: str) -> None:
    async with platform("email") as fake:
        error = await failed(fake.config["port"], security=security)

    assert isinstance(error, TryLater)
    assert fake.taken == []


async def test_many_mails_one_after_the_other_leave_nothing_open() -> None:
    async with platform("email") as fake:
        for _ in range(20):
            await posted(fake.config["port"])

    assert len(fake.taken) == 1
