"""Answer every failure of the API as RFC 9457 problem details, and declare them in OpenAPI."""

from collections.abc import Mapping, Sequence
from email.message import Message
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from tocsin.edge.answers import PROBLEM, fields_of, problem, refusal_headers, status_of
from tocsin.errors import FieldFault, Reason, TocsinError
from tocsin.web.release_envelope import is_release, refusal

_MEDIA_TYPE = PROBLEM.decode()
_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `reason` is one of a closed list of words.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "reason"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "enum": [reason.value for reason in Reason]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_REASONS = {
    400: Reason.UNREADABLE,
    401: Reason.NOT_SIGNED_IN,
    403: Reason.NOT_ALLOWED,
    404: Reason.NOT_FOUND,
    405: Reason.WRONG_METHOD,
    409: Reason.CONFLICT,
    413: Reason.TOO_LARGE,
    415: Reason.WRONG_CONTENT_TYPE,
    422: Reason.BAD_FIELD,
    429: Reason.RATE_LIMITED,
    503: Reason.STORE_DOWN,
}
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
}
# What a client reads and pydantic calls differently: the words of a JSON document.
_PLACES = ("body", "query", "path", "header", "cookie")
_WHOLE_BODY = frozenset(
    {"missing", "model_attributes_type", "model_type", "dict_type", "dataclass_type"}
)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares as `responses`, so that the OpenAPI document is true."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {_MEDIA_TYPE: {"schema": _SCHEMA}},
        }
        for status in statuses
    }


def add_problem_handlers(app: FastAPI) -> None:
    """Have `app` answer all failures as problem details."""
    app.add_exception_handler(TocsinError, _on_tocsin_error)
    app.add_exception_handler(RequestValidationError, _on_bad_fields)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_our_fault)


def problem_response(
    status: int,
    reason: Reason,
    detail: str,
    fields: Sequence[FieldFault] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One failure as an answer."""
    sent = dict(headers or {})
    if status == 401:
        # RFC 9110, 11.6.1: an answer of 401 has to name a way in.
        sent.setdefault("WWW-Authenticate", 'Bearer realm="tocsin"')
    content = problem(status, reason, detail, fields)
    return JSONResponse(content, status, sent, _MEDIA_TYPE)


async def _on_tocsin_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, TocsinError)  # noqa: S101 - that is how it was registered
    headers = {name.decode(): value.decode() for name, value in refusal_headers(error)}
    fields = fields_of(error)
    return problem_response(status_of(error), error.reason, error.message, fields, headers)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - that is how it was registered
    reason = _REASONS.get(error.status_code, Reason.UNREADABLE)
    detail = _DETAILS.get(error.status_code, str(error.detail))
    headers = error.headers
    if error.status_code == 405:
        # Starlette names the methods of one route, and each of ours takes one method.
        headers = {"Allow": ", ".join(_allowed_methods(request))}
    return problem_response(error.status_code, reason, detail, headers=headers)


def _allowed_methods(request: Request) -> list[str]:
    routes = request.app.routes
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes
        )
    ]


async def _on_our_fault(request: Request, _error: Exception) -> Response:
    # Starlette raises the error on after this answer, so that the server logs it.
    detail = "Tocsin failed; its log says why."
    said = {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": detail,
    }
    if is_release(request.scope["path"]):
        # This answer passes by all that stands in front of the routes.
        return JSONResponse(refusal(said), 500)
    return JSONResponse(said, 500, media_type=_MEDIA_TYPE)


async def _on_bad_fields(request: Request, error: Exception) -> Response:
    """400 when the body is no JSON object, 415 when it does not say it is JSON, else 422."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - that is how it was registered
    faults = error.errors()
    for fault in faults:
        if fault["loc"] and fault["loc"][0] != "body":
            continue
        if fault["type"] == "json_invalid":
            return _unreadable(f"The body is not JSON: {fault['ctx']['error']}.")
        if fault["loc"] == ("body",) and fault["type"] in _WHOLE_BODY:
            if fault["type"] != "missing" and not _is_json(request.headers.get("content-type", "")):
                reason = Reason.WRONG_CONTENT_TYPE
                return problem_response(415, reason, "Expected Content-Type: application/json.")
            return _unreadable("Expected a JSON object as body.")
    fields = [FieldFault(_path(fault["loc"]), sentence_of(fault)) for fault in faults]
    detail = "; ".join(field.sentence for field in fields[:3])
    return problem_response(422, Reason.BAD_FIELD, detail, fields)


def _unreadable(detail: str) -> Response:
    return problem_response(400, Reason.UNREADABLE, detail)


def _is_json(content_type: str) -> bool:
    header = Message()
    header["content-type"] = content_type
    subtype = header.get_content_subtype()
    return header.get_content_maintype() == "application" and (
        subtype == "json" or subtype.endswith("+json")
    )


def _path(place: Sequence[int | str]) -> str:
    inner = place[1:] if place and place[0] in _PLACES else place
    return ".".join(str(part) for part in inner)


def sentence_of(fault: Mapping[str, Any]) -> str:
    """What was expected; never what was sent, which may be a password."""
    text = str(fault["msg"]).removeprefix("Value error, ").replace("Input should be", "expected")
    return text[:1].lower() + text[1:]
