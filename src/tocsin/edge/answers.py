"""Answer an HTTP call in ASGI: JSON, and RFC 9457 problem details for what is refused."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson

from tocsin.edge.calls import Send
from tocsin.errors import FieldFault, Reason, Rejected, StoreDown, TocsinError

Headers = Sequence[tuple[bytes, bytes]]

JSON = b"application/json"
PROBLEM = b"application/problem+json"
# A message of a hundred thousand unknown names is not answered with as many, nor whole.
MAX_FAULTS = 100
MAX_NAME_CHARS = 200
MAX_DETAIL_CHARS = 2_000


async def send_bytes(
    send: Send, status: int, body: bytes, content_type: bytes, headers: Headers = ()
) -> None:
    """Answer with `body`."""
    start: list[tuple[bytes, bytes]] = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, status: int, answer: Any, headers: Headers = ()) -> None:
    """Answer with `answer` as JSON."""
    await send_bytes(send, status, orjson.dumps(answer), JSON, headers)


async def send_problem(send: Send, error: TocsinError) -> None:
    """Answer with what went wrong, as problem details."""
    status = status_of(error)
    body = orjson.dumps(problem(status, error.reason, error.message, fields_of(error)))
    await send_bytes(send, status, body, PROBLEM, refusal_headers(error))


def problem(
    status: int, reason: Reason, detail: str, fields: Sequence[FieldFault] = ()
) -> dict[str, Any]:
    """An RFC 9457 object; `reason` is the word that also stands in logs and metrics."""
    answer: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail[:MAX_DETAIL_CHARS],
        "reason": reason.value,
    }
    if fields:
        answer["errors"] = [
            {"field": fault.field[:MAX_NAME_CHARS], "message": fault.message[:MAX_DETAIL_CHARS]}
            for fault in fields[:MAX_FAULTS]
        ]
    return answer


def status_of(error: TocsinError) -> int:
    """The HTTP status an error is answered with."""
    if isinstance(error, Rejected):
        return error.status
    return 503 if isinstance(error, StoreDown) else 500


def fields_of(error: TocsinError) -> Sequence[FieldFault]:
    """The fields that are wrong, if the error names any."""
    return error.fields if isinstance(error, Rejected) else ()


def refusal_headers(error: TocsinError) -> Headers:
    """Retry-After (RFC 9110, 10.2.3) where trying again makes sense, and Allow with a 405."""
    headers: list[tuple[bytes, bytes]] = []
    after_s = error.retry_after_s if isinstance(error, Rejected | StoreDown) else None
    if after_s is not None:
        headers.append((b"retry-after", b"%d" % after_s))
    if isinstance(error, Rejected) and error.allow:
        headers.append((b"allow", error.allow.encode()))
    return headers
