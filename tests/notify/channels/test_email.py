"""Mails go out by a server as servers are, and what it says is understood."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from tests.notify.reaching import FakeReach, options_of, outgoing
from tocsin.errors import DeliveryFailed, GiveUp, Reason, TryLater
from tocsin.notify.channel import Rate, extras_of, find_channels
from tocsin.notify.channels import email
from tocsin.testing.platform import Running, platform

CHANNEL = find_channels()["email"]
CONFIG = {"host": "smtp.example.com", "from": "Tocsin <t@example.com>", "to": ["a@example.com"]}
PASSWORD = "demo0mail0password"


def options(**config: Any) -> email.Options:
    made = options_of(CHANNEL, **{**CONFIG, **config})
    assert isinstance(made, email.Options)
    return made


def by(fake: Running, **changed: Any) -> email.Options:
    return options(**{**fake.config, **changed})


async def failed(made: email.Options, reach: FakeReach | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        await email.send(outgoing(), made, reach or FakeReach())
    return caught.value


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
async def test_a_mail_arrives_whatever_the_encryption(security: str) -> None:
    async with platform("email", security=security) as fake:
        receipt = await email.send(outgoing(), by(fake), FakeReach())

    (one,) = fake.taken
    assert one.title == "发布通知：金丝雀发布开始"
    assert one.text.split("\n")[-3:] == ["项目: my-app", "版本: v1.2.3", "状态: 发布中..."]
    assert receipt.note == ""


async def test_all_recipients_have_it_and_each_once() -> None:
    async with platform("email", recipients=("a@example.org",)) as fake:
        made = by(
            fake, to="A <a@example.org>, b@example.org", cc=["a@example.org", "c@example.org"]
        )
        await email.send(outgoing(), made, FakeReach())

    assert fake.taken[0].recipients == ("a@example.org", "b@example.org", "c@example.org")


async def test_a_repeat_is_the_same_mail() -> None:
    async with platform("email") as fake:
        for _ in range(2):
            await email.send(outgoing(), by(fake), FakeReach())

    assert len(fake.taken) == 1


async def test_who_is_refused_is_noted_and_the_others_have_it() -> None:
    async with platform("email", refused=("gone@example.org",)) as fake:
        made = by(fake, to=["team@example.org", "gone@example.org"])
        receipt = await email.send(outgoing(), made, FakeReach())

    assert fake.taken[0].recipients == ("team@example.org",)
    assert receipt.note == "Not taken for gone@example.org: 550 5.1.1 No such user here."


async def test_what_went_out_is_recorded_as_a_call_is() -> None:
    reach = FakeReach()
    async with platform("email") as fake:
        made = by(fake)
        await email.send(outgoing(), made, reach)

    (one,) = reach.recorded
    assert (one.method, one.url) == ("MAIL", f"smtp://127.0.0.1:{made.port}")
    assert one.headers["Subject"] == "发布通知：金丝雀发布开始"
    assert orjson.loads(one.body)["text"].startswith("发布通知")
    assert (one.status, one.answer.decode()) == (250, "2.0.0 OK")
    assert reach.connected == [("127.0.0.1", made.port)]
    assert PASSWORD not in f"{one}"


async def test_a_mail_has_arrived_although_the_server_says_so_in_letters_of_its_own() -> None:
    reach = FakeReach()
    async with _saying("250 reçu".encode("latin-1")) as port:
        receipt = await email.send(
            outgoing(), options(host="127.0.0.1", port=port, security="none"), reach
        )

    assert receipt.note == ""
    (one,) = reach.recorded
    assert (one.status, one.answer) == (250, b"re?u")


async def test_what_is_refused_in_letters_of_its_own_is_refused_as_the_number_says() -> None:
    async with _saying(b"451 " + "邮件系统繁忙".encode("gbk")) as port:
        error = await failed(options(host="127.0.0.1", port=port, security="none"))

    assert (type(error), error.reason) == (TryLater, Reason.BUSY)


@asynccontextmanager
async def _saying(answer: bytes) -> AsyncIterator[int]:
    """A server that answers so to a mail, and well to all before it."""
    talks: list[asyncio.Task[None]] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            is_data = line.startswith(b"DATA")
            writer.write(b"354 go\r\n" if is_data else b"250 ok\r\n")
            if is_data:
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(answer + b"\r\n")
        writer.close()

    def come(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.append(asyncio.create_task(talk(reader, writer)))

    made = await asyncio.start_server(come, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        await asyncio.gather(*talks, return_exceptions=True)


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted() -> None:
    async with platform("email", security="tls") as fake:
        error = await failed(by(fake, ca_certificate=""))

    assert isinstance(error, TryLater)
    assert error.reason is Reason.UNREACHABLE
    assert "certificate is not trusted" in error.message


async def test_a_certificate_of_another_host_is_not_trusted() -> None:
    async with platform("email", security="starttls") as fake:
        reach = _Elsewhere(by(fake))
        error = await failed(by(fake, host="mail.example.com"), reach)

    assert "certificate is not trusted" in error.message


class _Elsewhere(FakeReach):
    """Leads every name to one place."""

    def __init__(self, to: email.Options) -> None:
        super().__init__()
        self._to = to

    async def connect(self, _host: str, _port: int) -> Any:
        return await super().connect(self._to.host, self._to.port or 0)


async def test_an_address_that_may_not_be_called_is_told_as_it_was() -> None:
    reach = FakeReach()
    refused = GiveUp("no", reason=Reason.ADDRESS_REFUSED)

    async def connect(_host: str, _port: int) -> Any:
        raise refused

    reach.connect = connect  # type: ignore[assignment]  # a world that leads nowhere

    assert await failed(options(), reach) is refused
    assert reach.recorded[0].status is None


def test_a_port_goes_with_the_encryption() -> None:
    ports = [email.addresses(options(security=one)) for one in ("starttls", "tls", "none")]

    assert [one for (one,) in ports] == [
        "https://smtp.example.com:587",
        "https://smtp.example.com:465",
        "https://smtp.example.com:25",
    ]
    assert email.addresses(options(port="2525", host="::1")) == ("https://[::1]:2525",)


def test_mails_are_counted_by_account_else_by_sender() -> None:
    same = [options(username="u"), options(username="u", **{"from": "x@example.com"})]

    assert len({email.destination(one) for one in same}) == 1
    assert email.destination(options()) == "smtp://smtp.example.com:587/t@example.com"
    assert extras_of(CHANNEL).label(options()) == "smtp.example.com"
    assert len(extras_of(CHANNEL).pauses_s(options())) == 8


def test_a_rate_can_be_another() -> None:
    extras = extras_of(CHANNEL)
    assert extras.limits is not None

    assert extras.limits(options()) == email.LIMITS
    assert extras.limits(options(rate_per_minute=5)).rates == (Rate(5, 60.0),)


def test_a_text_may_name_several() -> None:
    made = options(to='"B, A" <a@x.org>; b@x.org\nc@x.org', cc=None)

    assert made.to == ('"B, A" <a@x.org>', "b@x.org", "c@x.org")
    assert made.cc == ()


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"host": ""}, "host: expected"),
        ({"host": "smtp.example.com/x"}, "host: expected"),
        ({"host": "a\r\nb"}, "host: expected"),
        ({"to": []}, "to: expected an address"),
        ({"to": ["nobody"]}, "to: expected an address"),
        ({"cc": ["a@b.c\r\nBcc: x@y.z"]}, "cc: expected an address"),
        ({"from": "Tocsin"}, "from: expected an address"),
        ({"to": [f"{n}@x.org" for n in range(101)]}, "to: expected at most"),
        ({"username": "a\r\nb"}, "username: expected"),
        ({"ca_certificate": "no"}, "ca_certificate: expected"),
        (
            {"ca_certificate": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"},
            "ca_certificate: expected",
        ),
    ],
)
def test_options_that_do_not_fit_are_refused(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^\w+") as caught:
        options(**config)

    assert sentence in str(caught.value)
