"""The envelope of all answers under `/api/v1/release`: `{code, data, msg}`.

Good answers are made by the routes. What is refused, by whichever part, is turned here from
problem details into the envelope: also unknown addresses and faults of ours. `/api/release` is the
same by a shorter name.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Generic, Literal, Self, TypeVar
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tocsin.edge.answers import PROBLEM, send_json
from tocsin.edge.calls import App, Message, Receive, Scope, Send
from tocsin.web.queries import Query

T = TypeVar("T")

PREFIX = "/api/v1/release"
ALIAS = "/api/release"
# A code is this and the HTTP status.
CODE_BASE = 3000
MAX_PAGE_SIZE = 100

_FIELD = {
    "type": "object",
    "required": ["field", "message"],
    "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
}


class Answer(BaseModel, Generic[T]):
    """A good answer."""

    model_config = ConfigDict(extra="forbid")

    code: Literal[0] = 0
    data: T
    msg: Literal["ok"] = "ok"


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    model_config = ConfigDict(extra="forbid")

    items: list[T]
    total: int = Field(ge=0, description="How many there are on all pages.")
    page: int = Field(ge=1)
    page_size: int = Field(ge=1)

    @classmethod
    def whole(cls, items: list[T]) -> Self:
        """A list that is always given whole."""
        return cls(items=items, total=len(items), page=1, page_size=max(1, len(items)))


class FormQuery(Query):
    """Forms send every field, also those left empty."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, said: Any) -> Any:
        if not isinstance(said, Mapping):
            return said
        filled = {
            name: [one for one in value if one != ""] if isinstance(value, list) else value
            for name, value in said.items()
        }
        return {name: value for name, value in filled.items() if value not in ("", [])}


class PageQuery(FormQuery):
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE)] = 20

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.page_size

    def page_of(self, items: list[T], total: int) -> Answer[Page[T]]:
        page = Page(items=items, total=total, page=self.page, page_size=self.page_size)
        return Answer(data=page)


def code_of(status: int) -> int:
    """What stands in the envelope of an answer of that status."""
    return CODE_BASE + status


def _schema(status: int) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "code": {"const": code_of(status)},
        "data": {"type": "null"},
        "msg": {"type": "string"},
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        properties["errors"] = {"type": "array", "items": _FIELD}
    return {
        "title": f"Refused{status}",
        "type": "object",
        "required": ["code", "data", "msg"],
        "properties": properties,
        "additionalProperties": False,
    }


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares as `responses`, so that the OpenAPI document is true."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": _schema(status)}},
        }
        for status in statuses
    }


READING = refusals(401, 403, 422, 503)
# Of a route that reads one thing, beside READING.
MISSING = refusals(404)
WRITING = refusals(400, 401, 403, 404, 408, 409, 413, 415, 422, 503)


def refusal(said: Mapping[str, Any]) -> dict[str, Any]:
    """Problem details as the envelope has them; `errors` only where fields are wrong."""
    status = said["status"]
    answer = {"code": code_of(status), "data": None, "msg": said["detail"]}
    if status == HTTPStatus.UNPROCESSABLE_ENTITY and said.get("errors"):
        answer["errors"] = said["errors"]
    return answer


class ReleaseEnvelope:
    """ASGI middleware; what is not under the prefix passes as it is."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = _by_full_name(scope)
            if _is_below(scope["path"], PREFIX):
                send = _Enveloping(send).send
        await self._app(scope, receive, send)


class _Enveloping:
    """Passes answers on; one of problem details waits until it is whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if _content_type(message) == PROBLEM:
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._refuse(self._start)
            return
        await self._send(message)

    async def _refuse(self, start: Message) -> None:
        kept = [
            (name, value)
            for name, value in start["headers"]
            if name.lower() not in (b"content-type", b"content-length")
        ]
        answer = refusal(orjson.loads(self._body))
        await send_json(self._send, start["status"], answer, kept)


def is_release(path: str) -> bool:
    """Whether what is answered there has the envelope, by the full name or the shorter one."""
    return _is_below(path, PREFIX) or _is_below(path, ALIAS)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _by_full_name(scope: Scope) -> Scope:
    if not _is_below(scope["path"], ALIAS):
        return scope
    path = PREFIX + scope["path"].removeprefix(ALIAS)
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    # Escapes in the prefix itself are nobody's way to write it.
    raw_path = PREFIX.encode() + raw.removeprefix(ALIAS.encode())
    return {**scope, "path": path, "raw_path": raw_path}


def _content_type(start: Message) -> bytes:
    headers = {name.lower(): value for name, value in start["headers"]}
    content_type: bytes = headers.get(b"content-type", b"")
    return content_type.partition(b";")[0].strip()
