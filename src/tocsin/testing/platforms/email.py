"""A fake of a mail server, by SMTP on a port of its own.

What it holds senders to: a login, TLS where it is set, lines of 998 octets, 10 MB, recipients
that there are; it refuses some and takes the others. A Message-ID that came before is shown once.
"""

import asyncio
import logging
import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tocsin.testing.certificate import Certificate, self_made
from tocsin.testing.fake import SLOW_S, Fake, Faults, Trouble
from tocsin.testing.mail import drawn
from tocsin.testing.outside import Asked, Reply
from tocsin.testing.rates import Counts, Rate
from tocsin.testing.shelf import Shelf
from tocsin.testing.taken import Taken

MAX_BYTES = 10_000_000
OK = "250 2.0.0 OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`security` is none, starttls or tls; `rate` is in mails a minute.

    A recipient of `refused` there is none of (550), one of `later` may be tried again (450).
    """

    username: str = "tocsin"
    secret: str = field(default="demo0mail0password", repr=False)
    security: str = "none"
    recipients: tuple[str, ...] = ("team@example.org",)
    refused: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    rate: int = 0


class Platform(Fake):
    TITLE = "E-mail"
    FAULTS: ClassVar[Faults] = {
        "busy": Trouble("451, try again later"),
        "rate_limited": Trouble("421, too many, and the connection is closed"),
        "gone": Trouble("550 for every recipient"),
        "content": Trouble("554, refused after all of it was read"),
    }

    def __init__(self, options: Options, shelf: Shelf) -> None:
        super().__init__(shelf)
        if options.security not in {"none", "starttls", "tls"}:
            raise ValueError("security is none, starttls or tls")
        self.options = options
        self.certificate: Certificate | None = None
        self._rates = Counts(*((Rate(options.rate, 60),) if options.rate else ()))
        self._port = 0
        self._seen: set[str] = set()
        self._transports: set[asyncio.BaseTransport] = set()

    def configs(self) -> Mapping[str, Mapping[str, Any]]:
        own = self.options
        config: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self._port,
            "security": own.security,
            "username": own.username,
            "password": own.secret,
            "from": "Tocsin <tocsin@example.org>",
            "to": list(own.recipients),
        }
        if self.certificate is not None:
            config["ca_certificate"] = self.certificate.pem.decode()
        return {"smtp": config}

    def sends(self, _call: Asked) -> bool:
        return False

    def take(self, _call: Asked) -> Reply:
        return Reply(status=404, body=b"mails come by SMTP")

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """The server that speaks SMTP."""
        # The library warns of what is done on purpose here.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        context = None
        if self.options.security != "none":
            self.certificate = self_made("localhost", "127.0.0.1", now=self.shelf.clock.now())
            context = self.certificate.context()
        is_tls = self.options.security == "tls"
        server = await asyncio.get_running_loop().create_server(
            lambda: self._protocol(context), "127.0.0.1", 0, ssl=context if is_tls else None
        )
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for transport in self._transports:
                transport.close()

    def _protocol(self, context: ssl.SSLContext | None) -> SMTP:
        is_starttls = self.options.security == "starttls"
        with warnings.catch_warnings():
            # That a login in clear is none for the world is known here, which is this machine.
            warnings.simplefilter("ignore")
            return self._connection(context, is_starttls=is_starttls)

    def _connection(self, context: ssl.SSLContext | None, *, is_starttls: bool) -> SMTP:
        return _Connection(
            self,
            self._transports,
            hostname="mail.example.org",
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            tls_context=context if is_starttls else None,
            require_starttls=is_starttls,
            auth_required=True,
            # A login in clear is taken where the sender was told that there is no TLS.
            auth_require_tls=is_starttls,
            authenticator=self._login,
        )

    def _login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        own = self.options
        wanted = LoginPassword(own.username.encode(), own.secret.encode())
        return AuthResult(success=data == wanted, handled=False)

    # --- what the server's library calls by these names

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A mail begins: what the next send meets is met by it."""
        fault = _connection(server).fault = self.shelf.next_fault()
        if self._rates.wait_s("", self.shelf.now_s) > 0 or fault == "rate_limited":
            asyncio.get_running_loop().call_soon(_connection(server).leave)
            return "421 4.7.0 Too many messages, try again later"
        if fault == "busy":
            return "451 4.3.0 Try again later"
        if fault is not None and fault.startswith("code:"):
            return f"{fault.removeprefix('code:')} refused"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """A recipient: taken, refused, or perhaps later."""
        if address in self.options.refused or _connection(server).fault == "gone":
            return "550 5.1.1 No such user here"
        if address in self.options.later:
            return "450 4.2.1 Mailbox busy, try again later"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return OK

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """All of it is there; the answer is the sender's only proof."""
        fault = _connection(server).fault
        if fault == "content":
            return "554 5.7.1 Message refused"
        content = envelope.content
        message = message_from_bytes(content if isinstance(content, bytes) else b"", policy=default)
        answer = self._keep(message, envelope.rcpt_tos)
        if fault == "slow":
            await self.shelf.clock.sleep(SLOW_S)
        elif fault == "cut":
            _connection(server).leave()
        return answer

    def _keep(self, message: EmailMessage, recipients: list[str]) -> str:
        missing = [name for name in ("From", "Date", "Message-ID") if not message[name]]
        if missing:
            return f"550 5.6.0 There is no {' and no '.join(missing)}"
        message_id = str(message["Message-ID"])
        if message_id in self._seen:
            self.shelf.lose("its Message-ID came before: shown once", message_id)
            return OK
        self._seen.add(message_id)
        headers = {name: str(value) for name, value in message.items()}
        self.shelf.keep(
            Taken(
                id=f"mail{self.shelf.number()}",
                at=self.shelf.clock.now(),
                kind="mail",
                title=str(message["Subject"] or ""),
                parts=drawn(message),
                raw=headers,
                recipients=tuple(recipients),
            )
        )
        return OK


def _connection(server: SMTP) -> "_Connection":
    if not isinstance(server, _Connection):
        raise TypeError("another server's")
    return server


class _Connection(SMTP):
    """One client's; known to the platform, which ends those that are left."""

    def __init__(
        self, fake: Platform, transports: set[asyncio.BaseTransport], **options: Any
    ) -> None:
        super().__init__(fake, **options)
        self.fault: str | None = None
        self._transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transports.add(transport)
        super().connection_made(transport)

    def leave(self) -> None:
        """Close it without another word."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._transports.discard(self.transport)
        super().connection_lost(error)
