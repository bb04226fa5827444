"""What an answer that is not success says, read into one of the client's errors."""

import json
import os
import ssl

import aiohttp

from tocsin.client.errors import Answered, Busy, Fault, NotTocsin, Refused
from tocsin.client.retry import read_retry_after

# 502 and 504 come from a proxy whose server is starting anew.
_COME_BACK = frozenset({429, 502, 503, 504})
# Longer texts are pages of a proxy, not something to put before a person.
_MAX_TEXT_CHARS = 300
_MAX_BODY_BYTES = 64 * 1024


async def failure_of(answer: aiohttp.ClientResponse) -> Answered | NotTocsin:
    """The error that `answer` stands for, with the server's own words."""
    if 200 <= answer.status < 400:
        where = answer.headers.get("Location", "")[:_MAX_TEXT_CHARS]
        hint = f" that points to {where}" if where else ""
        return NotTocsin(f"{answer.url.origin()} answers with status {answer.status}{hint}")
    text = (await answer.content.read(_MAX_BODY_BYTES)).decode(errors="replace")
    message, faults = _words(text)
    message = message or f"{answer.status} {answer.reason or ''}".strip()
    if answer.status in _COME_BACK:
        asked_s = read_retry_after(answer.headers.get("Retry-After"))
        return Busy(answer.status, message, asked_s)
    return Refused(answer.status, message, faults)


def reason_of(error: BaseException) -> str:
    """Why a call got no answer, in few words."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not valid: {_verdict(error.certificate_error)}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return "connection closed"
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    said = _in_words(cause) or "no connection"
    return said[0].lower() + said[1:]


def _in_words(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        # asyncio puts "Connect call failed (…)" where the system's words would stand.
        return os.strerror(error.errno)
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _verdict(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return str(error)


def _words(text: str) -> tuple[str, list[Fault]]:
    """The message and faults in an answer of any of the server's envelopes."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return "", []
    if not isinstance(said, dict):
        return "", []
    found = (said.get(key) for key in ("detail", "message", "msg", "title"))
    message = next((word for word in found if isinstance(word, str) and word), "")
    errors = said.get("errors")
    faults = [_fault(one) for one in errors] if isinstance(errors, list) else []
    return message[:_MAX_TEXT_CHARS], [fault for fault in faults if fault is not None]


def _fault(said: object) -> Fault | None:
    if not isinstance(said, dict) or not isinstance(said.get("message"), str):
        return None
    field = said.get("field")
    where = field if isinstance(field, str) else ""
    return Fault(where[:_MAX_TEXT_CHARS], said["message"][:_MAX_TEXT_CHARS])
