"""Mail, by somebody's own SMTP server.

RFC 5321; 587 with STARTTLS, 465 with TLS from the beginning, 25 without. A 4yz is tried again
within hours, a 5yz never. What providers say to a wrong password (535) or to too many mails (421)
holds up everything, since to go on would have them shut the account.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import formataddr, getaddresses
from functools import lru_cache
from ipaddress import ip_address
from typing import Annotated, Any

import orjson
from pydantic import BeforeValidator, Field, SecretStr

from tocsin.errors import DeliveryFailed
from tocsin.model.message import Outgoing
from tocsin.notify.channel import Limits, Rate, Reach, Receipt
from tocsin.notify.platforms.mail import MAX_BODY_BYTES, address_of, mail_of
from tocsin.notify.platforms.smtp import Account, Security, post
from tocsin.settings.schema import Secret

DEFAULT_RATE = 30
MAX_RECIPIENTS = 100
LIMITS = Limits(max_size=MAX_BODY_BYTES, rates=(Rate(DEFAULT_RATE, 60.0),), concurrency=2)
# RFC 5321, 4.5.4.1: half an hour and more, after some shorter ones for what is soon over.
PAUSES_S = (30.0, 300.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 14_400.0, 14_400.0)
EXAMPLE: Mapping[str, Any] = {
    "host": "smtp.example.com",
    "username": "tocsin",
    "password": "example-password",
    "from": "Tocsin <tocsin@example.com>",
    "to": ["team@example.com"],
}
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_NO_SECRET = SecretStr("")


def _addresses(value: Any) -> Any:
    """A list, also of a text with commas between addresses."""
    if isinstance(value, str):
        pairs = getaddresses([value.replace(";", ",").replace("\n", ",")])
        return [formataddr(pair) for pair in pairs if pair[1]]
    return value or ()


_List = Annotated[tuple[str, ...], BeforeValidator(_addresses)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A mail server, an account on it, and who is written to."""

    host: Annotated[str, Field(title="Server", description="Its name, as smtp.example.com.")]
    port: Annotated[
        Annotated[int, Field(ge=1, le=65_535)] | None,
        BeforeValidator(lambda value: value or None),
        Field(
            title="Port",
            description="Without one 587, 465 or 25, as the encryption needs.",
            examples=[587],
        ),
    ] = None
    security: Annotated[
        Security,
        Field(title="Encryption", description="starttls, tls from the beginning, or none."),
    ] = "starttls"
    username: Annotated[
        str, Field(title="Account", description="Without one nobody signs in.", max_length=320)
    ] = ""
    password: Annotated[
        Secret, Field(title="Password", description="The account's, or one for applications.")
    ] = _NO_SECRET
    sender: Annotated[
        str, Field(alias="from", title="From", description="As Tocsin <tocsin@example.com>.")
    ]
    to: Annotated[_List, Field(title="To", description="Addresses, one or several.")]
    cc: Annotated[
        _List, Field(title="Copies to", description="Addresses.", examples=[["boss@example.com"]])
    ] = ()
    ca_certificate: Annotated[
        str,
        Field(
            title="Own certificate authority",
            description="In PEM, if the server's certificate is of one that nobody else knows.",
            examples=["-----BEGIN CERTIFICATE-----"],
            max_length=100_000,
        ),
    ] = ""
    rate_per_minute: Annotated[
        int,
        Field(title="Mails a minute", description="More than that go out as one.", ge=1, le=6_000),
    ] = DEFAULT_RATE


def check(options: Options) -> None:
    """Refuse what is no server, no address, or no certificate."""
    if not _HOST.fullmatch(options.host) and not _is_address(options.host):
        raise ValueError("host: expected the name of a server such as smtp.example.com")
    if not options.to:
        raise ValueError("to: expected an address")
    if len(options.to) + len(options.cc) > MAX_RECIPIENTS:
        raise ValueError(f"to: expected at most {MAX_RECIPIENTS} addresses")
    for name, said in (
        ("from", (options.sender,)),
        ("to", options.to),
        ("cc", options.cc),
    ):
        for one in said:
            try:
                address_of(one)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    if options.username and not options.username.isprintable():
        raise ValueError("username: expected one line")
    if options.ca_certificate:
        try:
            _context(options.ca_certificate)
        except (ssl.SSLError, TypeError, ValueError) as error:
            raise ValueError("ca_certificate: expected a certificate in PEM") from error


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def destination(options: Options) -> str:
    """The account; without one, the sender on that server."""
    who = options.username or address_of(options.sender).addr_spec
    return f"smtp://{options.host.lower()}:{_port(options)}/{who}"


def label(options: Options) -> str:
    """The server."""
    return options.host


def addresses(options: Options) -> Sequence[str]:
    """The server, in the form in which addresses are looked at."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    return (f"https://{host}:{_port(options)}",)


def limits(options: Options) -> Limits:
    """With the rate that the account may have."""
    rates = (Rate(options.rate_per_minute, 60.0),)
    return Limits(max_size=LIMITS.max_size, rates=rates, concurrency=LIMITS.concurrency)


def pauses_s(_options: Options) -> Sequence[float]:
    return PAUSES_S


def _port(options: Options) -> int:
    return options.port or _PORTS[options.security]


@lru_cache(maxsize=100)
def _context(ca_certificate: str) -> ssl.SSLContext:
    """What verifies a server: to read all that the machine trusts takes a while."""
    context = ssl.create_default_context()
    if ca_certificate:
        context.load_verify_locations(cadata=ca_certificate)
    return context


async def send(outgoing: Outgoing, options: Options, reach: Reach) -> Receipt:
    """Send one mail to all; that some were refused is noted."""
    sender = address_of(options.sender)
    to, cc = ([address_of(one) for one in some] for some in (options.to, options.cc))
    # It is drawn in two forms, and encoded: of a long one that takes a while.
    mail = await asyncio.to_thread(mail_of, outgoing, sender, to, cc, reach.now())
    recipients = list(dict.fromkeys(one.addr_spec for one in (*to, *cc)))
    account = await _account(options)
    status, said = None, ""
    try:
        opened = await reach.connect(options.host, _port(options))
        refused, said = await post(opened, account, sender.addr_spec, recipients, mail.raw)
        status = 250
    except DeliveryFailed as error:
        said = error.message
        raise
    finally:
        reach.record(
            "MAIL",
            f"smtp://{options.host}:{_port(options)}",
            headers=mail.headers,
            body=orjson.dumps({"text": mail.text, "html": mail.html}),
            status=status,
            # A server may say it in letters of its own, whatever becomes of the mail.
            answer=said.encode(errors="replace"),
        )
    left_out = "; ".join(f"{who}: {answer}" for who, answer in refused.items())
    notes = (f"Not taken for {left_out}." if left_out else "", mail.note)
    return Receipt(note=" ".join(filter(None, notes)))


async def _account(options: Options) -> Account:
    return Account(
        options.host,
        options.security,
        await asyncio.to_thread(_context, options.ca_certificate),
        options.username,
        options.password.get_secret_value(),
    )
