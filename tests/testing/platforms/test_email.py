"""The fake mail server takes, refuses and breaks off as mail servers do."""

import asyncio
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

from tests.testing.platforms.calling import PNG
from tocsin.testing.clock import HandClock
from tocsin.testing.platform import Running, platform

CLOCK = HandClock()


def mail(message_id: str = "<1@tocsin.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "tocsin@example.org"
    message["To"] = "team@example.org"
    message["Subject"] = "发布通知"
    message["Date"] = "Thu, 01 Jan 2026 00:00:00 +0000"
    message["Message-ID"] = message_id
    message.set_content("项目: my-app\n")
    message.add_alternative('<p>my-app</p><img src="cid:chart">', subtype="html")
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    page.add_related(PNG, "image", "png", cid="<chart>", filename="chart.png")
    return message


async def send(
    fake: Running, message: EmailMessage, to: Sequence[str] = ("team@example.org",), **change: Any
) -> Any:
    config = fake.config
    login = {"username": config["username"], "password": config["password"], **change}
    return await aiosmtplib.send(
        message, hostname="127.0.0.1", port=config["port"], recipients=to, start_tls=False, **login
    )


async def test_a_mail_is_seen_with_its_page_and_its_images() -> None:
    async with platform("email") as fake:
        refused, _ = await send(fake, mail())

    assert refused == {}
    (one,) = fake.taken
    assert (one.title, one.text, one.recipients) == (
        "发布通知",
        "项目: my-app",
        ("team@example.org",),
    )
    assert one.images[0].data == PNG


async def test_who_is_not_there_is_refused_and_the_others_have_it() -> None:
    async with platform(
        "email", refused=("gone@example.org",), later=("full@example.org",)
    ) as fake:
        to = ("team@example.org", "gone@example.org", "full@example.org")
        refused, _ = await send(fake, mail(), to)

    assert {name: answer.code for name, answer in refused.items()} == {
        "gone@example.org": 550,
        "full@example.org": 450,
    }
    assert fake.taken[0].recipients == ("team@example.org",)


async def test_a_wrong_password_is_refused() -> None:
    async with platform("email") as fake:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refused:
            await send(fake, mail(), password="other")

    assert refused.value.code == 535


async def test_nothing_goes_without_a_login() -> None:
    async with platform("email") as fake:
        with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
            await send(fake, mail(), username=None, password=None)

    assert refused.value.code == 530


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_its_certificate_is_good_for_who_trusts_it_and_for_nobody_else(security: str) -> None:
    async with platform("email", security=security) as fake:
        made = fake.fake.certificate  # type: ignore[attr-defined]  # of this platform only
        trusting = ssl.create_default_context(cadata=made.pem.decode())
        way = {"start_tls": True} if security == "starttls" else {"use_tls": True}
        common = {
            "hostname": "127.0.0.1",
            "port": fake.config["port"],
            "username": fake.config["username"],
            "password": fake.config["password"],
            **way,
        }

        await aiosmtplib.send(mail(), **common, tls_context=trusting)
        with pytest.raises((ssl.SSLCertVerificationError, aiosmtplib.SMTPConnectError)):
            await aiosmtplib.send(mail(), **common)

    assert len(fake.taken) == 1


async def test_a_message_id_that_came_before_is_shown_once() -> None:
    async with platform("email") as fake:
        for one in ("<1@x>", "<1@x>", "<2@x>"):
            await send(fake, mail(one))

    assert (len(fake.taken), len(fake.lost)) == (2, 1)


async def test_a_mail_without_an_id_is_refused() -> None:
    message = mail()
    del message["Message-ID"]
    async with platform("email") as fake:
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await send(fake, message)

    assert "Message-ID" in refused.value.message


@pytest.mark.parametrize(
    ("fault", "code"),
    [("busy", 451), ("rate_limited", 421), ("content", 554), ("code:552", 552)],
)
async def test_a_fault_has_its_reply_and_is_over_then(fault: str, code: int) -> None:
    async with platform("email") as fake:
        fake.script(fault)

        with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
            await send(fake, mail())
        await send(fake, mail())

    assert (refused.value.code, len(fake.taken)) == (code, 1)


async def test_a_recipient_who_left_is_refused_with_550() -> None:
    async with platform("email") as fake:
        fake.script("gone")

        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await send(fake, mail())

    assert [one.code for one in refused.value.recipients] == [550]


async def test_a_connection_may_be_lost_after_the_mail_was_taken() -> None:
    async with platform("email") as fake:
        fake.script("cut")

        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await send(fake, mail())

    assert len(fake.taken) == 1


async def test_a_slow_one_takes_it_and_answers_when_the_clock_says() -> None:
    clock = HandClock()
    async with platform("email", clock) as fake:
        fake.script("slow")
        sending = asyncio.create_task(send(fake, mail()))
        async with asyncio.timeout(5):
            while not clock.sleepers:  # noqa: ASYNC110 - nothing tells that it is asleep
                await asyncio.sleep(0)
        is_there_before = len(fake.taken)
        clock.move(60)
        await sending

    assert is_there_before == 1


async def test_more_than_the_rate_is_for_later() -> None:
    async with platform("email", HandClock(), rate=1) as fake:
        await send(fake, mail())
        with pytest.raises(aiosmtplib.SMTPResponseException) as refused:
            await send(fake, mail("<2@x>"))

    assert refused.value.code == 421
