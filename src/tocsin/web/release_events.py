"""`POST /api/v1/release/events`: other release systems tell what they do."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Request

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.access import Role
from tocsin.model.standard_reading import read_standard
from tocsin.store.journal import Journal
from tocsin.web.callers import SECURITY
from tocsin.web.guarded_route import GuardedRoute
from tocsin.web.reading_shapes import Shape
from tocsin.web.release_envelope import PREFIX, WRITING, Answer

MAX_KEY_CHARS = 255

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer", "minimum": 0}


def _named(*more: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(("id", "name", *more), _TEXT)}


# As the document has it; fields that it does not know are kept.
_SCHEMA: dict[str, Any] = {
    "title": "StandardMessage",
    "type": "object",
    "required": ["event_type"],
    "properties": {
        "event_type": {**_TEXT, "minLength": 1, "maxLength": 200, "examples": ["canary_started"]},
        "project": _named("description"),
        "version": _named("description"),
        "task": {
            "type": "object",
            "properties": dict.fromkeys(("id", "type", "strategy", "status"), _TEXT),
        },
        "deployment": {
            "type": "object",
            "properties": {
                "total_count": _NUMBER,
                "canary_count": _NUMBER,
                "completed_count": _NUMBER,
                "failed_count": _NUMBER,
                "hosts": {"type": "array", "items": _TEXT},
            },
        },
        "timestamp": {**_TEXT, "examples": ["2026-01-06T20:00:00Z"]},
        "duration": {**_TEXT, "examples": ["5m30s"]},
        "environment": {**_TEXT, "examples": ["production"]},
    },
}


class StoredEvent(Shape):
    event_id: str
    seq: int
    duplicate: bool


def router(*, journal: Journal, callers: Callers, clock: Clock) -> APIRouter:
    """The route for standard messages."""
    part = _Events(journal, callers, clock)
    api = APIRouter(prefix=PREFIX, tags=["callbacks"], route_class=GuardedRoute)
    api.add_api_route(
        "/events",
        part.take,
        methods=["POST"],
        response_model=Answer[StoredEvent],
        summary="Tell of an event by a standard message",
        dependencies=[Depends(part.sender), *(Depends(way) for way in SECURITY)],
        responses=WRITING,
    )
    return api


class _Events:
    def __init__(self, journal: Journal, callers: Callers, clock: Clock) -> None:
        self._journal = journal
        self._callers = callers
        self._clock = clock

    async def sender(self, request: Request) -> None:
        """Let pass who may send, and whoever calls from this machine, as receivers do.

        Raises:
            Rejected: 401 or 403.
        """
        scope = request.scope
        caller = self._callers.identify_now(scope) or await self._callers.identify(scope)
        if caller.is_local or (caller.kind != "local" and caller.may_send):
            return
        if caller.role is Role.NOBODY:
            message = "Send a token; without one this takes calls from its own machine only."
            raise Rejected(401, Reason.NOT_SIGNED_IN, message)
        raise Rejected(403, Reason.NOT_ALLOWED, "This token's role may not send events.")

    async def take(
        self,
        body: Annotated[dict[str, Any], Body(json_schema_extra=_SCHEMA)],
        idempotency_key: Annotated[str, Header(max_length=MAX_KEY_CHARS)] = "",
    ) -> Answer[StoredEvent]:
        """Store a standard message of any `event_type`; its `task.id` is what lists ask for.

        The same key again is the same message: it is stored once and answered alike.
        """
        event = read_standard(body, self._clock.now(), idempotency_key)
        (receipt,) = await self._journal.append([event])
        stored = StoredEvent(event_id=receipt.id, seq=receipt.seq, duplicate=receipt.is_duplicate)
        return Answer(data=stored)
