"""Speaks SMTP over a socket that is open, and says what an answer means.

RFC 5321 and 3207. A 4yz may be taken later, a 5yz never. What providers say to a wrong password
(535) or to too many mails (421) is about everything that comes by that account.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import socket
from typing import Literal, cast

import aiosmtplib
from aiosmtplib import SMTP

from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.model.logline import clean_text

# For each answer.
TIMEOUT_S = 30.0
# After "too many": a server does not say for how long.
THROTTLED_S = 300.0
_MAX_TEXT_CHARS = 300

Security = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class Account:
    """A server by the name that its certificate has, and who signs in there; "" for nobody."""

    host: str
    security: Security
    context: ssl.SSLContext
    username: str
    password: str


async def post(
    opened: socket, account: Account, sender: str, recipients: Sequence[str], mail: bytes
) -> tuple[Mapping[str, str], str]:
    """Send a mail: who was refused, with the answers, and the server's answer to the rest.

    Raises:
        TryLater: it may be taken later, or nobody speaks SMTP there now.
        GiveUp: the server takes none of it.
        Disable: nobody may sign in with this password.
    """
    client = SMTP(
        hostname=account.host,
        sock=opened,
        use_tls=account.security == "tls",
        start_tls=account.security == "starttls",
        tls_context=account.context,
        timeout=TIMEOUT_S,
        # As RFC 5321, 4.1.3 says; to ask for one's own name could take long.
        local_hostname=_literal(opened),
    )
    try:
        await client.connect()
        if account.username:
            await client.login(account.username, account.password)
        refused, answer = await client.sendmail(sender, recipients, mail)
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise _failure(error) from error
    finally:
        # The socket is the transport's by now; a polite end could be waited for in vain.
        if client.transport is not None:
            cast("asyncio.Transport", client.transport).abort()
        client.close()
    return {who: f"{one.code} {_line(one.message)}" for who, one in refused.items()}, answer


def _literal(opened: socket) -> str:
    address = str(opened.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _failure(error: Exception) -> DeliveryFailed:
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            return _no_recipient(error)
        case aiosmtplib.SMTPResponseException():
            return _refusal(error)
        case aiosmtplib.SMTPTimeoutError() | TimeoutError():
            return TryLater("The server did not answer in time.", reason=Reason.TIMED_OUT)
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        text = f"The server's certificate is not trusted: {cause.verify_message}."
        return TryLater(text, reason=Reason.UNREACHABLE)
    if isinstance(cause, ssl.SSLError):
        text = "The server does not speak TLS here; starttls and tls have ports of their own."
        return TryLater(text, reason=Reason.UNREACHABLE)
    if isinstance(error, ConnectionError | OSError):
        return TryLater("The connection to the server was lost.", reason=Reason.UNREACHABLE)
    # The rest is what a server does not offer: TLS, or a way to sign in.
    return TryLater(f"{_line(str(error))}", reason=Reason.REFUSED)


def _no_recipient(error: aiosmtplib.SMTPRecipientsRefused) -> DeliveryFailed:
    first = error.recipients[0]
    waiting = [one for one in error.recipients if one.code < 500]
    if waiting:
        return _refusal(waiting[0])
    text = f"No recipient was taken: {first.code} {_line(first.message)}"
    return GiveUp(text, reason=Reason.NO_RECIPIENT)


def _refusal(error: aiosmtplib.SMTPResponseException) -> DeliveryFailed:
    text = f"The server answers {error.code} {_line(error.message)}"
    if error.code < 200:
        return TryLater("This is no mail server's answer.", reason=Reason.BAD_ANSWER)
    if error.code == 421:
        return TryLater(text, reason=Reason.RATE_LIMITED, after_s=THROTTLED_S)
    is_sign_in = isinstance(error, aiosmtplib.SMTPAuthenticationError)
    if error.code < 500:
        return TryLater(text, reason=Reason.BUSY)
    if is_sign_in or error.code in (530, 534, 535, 538):
        return Disable(text, reason=Reason.BAD_CREDENTIALS)
    return GiveUp(text, reason=_reason(error))


def _reason(error: aiosmtplib.SMTPResponseException) -> Reason:
    if error.code == 552:
        return Reason.TOO_LARGE
    match error:
        case aiosmtplib.SMTPDataError():
            return Reason.CONTENT_REFUSED
        case aiosmtplib.SMTPSenderRefused() | aiosmtplib.SMTPConnectResponseError():
            return Reason.NOT_ALLOWED
        case _:
            return Reason.REFUSED


def _line(text: str) -> str:
    """One line of a text; bytes that are no UTF-8 come as what no database keeps."""
    return " ".join(clean_text(text).split())[:_MAX_TEXT_CHARS]
