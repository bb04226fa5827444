"""The shapes in which the API speaks about calls at the receivers, and about trying one out."""

import shlex
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from tocsin.model.inbound_call import KeptCall, Outcome
from tocsin.model.source_setup import Trial
from tocsin.model.times import rfc3339
from tocsin.web.queries import Cursor, Limit, Query
from tocsin.web.reading_shapes import Instant, Shape

OutcomeWord = Literal["stored", "rejected", "answered"]


class CallsQuery(Query):
    limit: Limit = 50
    cursor: Cursor = Field(default=None, description="`next_cursor` of the page before.")
    outcome: OutcomeWord | None = None


class CallEvent(Shape):
    event_id: str
    seq: int
    type: str


class CallShape(Shape):
    id: str
    at: Instant
    outcome: OutcomeWord = Field(description="answered: taken, and there was nothing to store.")
    reason: str | None
    message: str | None
    status: int
    address: str = Field(description="Who called.")
    bytes: int = Field(description="Size of the body.")
    events: Sequence[CallEvent] = Field(description="Of a batch the first twenty.")
    instance: str

    @classmethod
    def of(cls, one: KeptCall, /, **more: object) -> Self:
        return cls.model_validate(
            {
                "id": one.id,
                "at": rfc3339(one.at),
                "outcome": Outcome(one.outcome).value,
                "reason": one.reason,
                "message": one.message,
                "status": one.status,
                "address": one.address,
                "bytes": one.size_bytes,
                "events": [
                    {"event_id": event.event_id, "seq": event.seq, "type": event.type}
                    for event in one.events
                ],
                "instance": one.instance,
                **more,
            }
        )


class CallsPage(Shape):
    items: Sequence[CallShape]
    next_cursor: str | None


class WholeCall(CallShape):
    """A call with what was sent; secrets are masked."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    body: str | None = Field(description="Null when it is no text.")
    body_base64: str | None
    is_cut: bool = Field(description="The body was longer than what is kept of it.")

    @classmethod
    def whole(cls, one: KeptCall) -> Self:
        sent = one.request
        assert sent is not None  # noqa: S101 - read with it
        return cls.of(
            one,
            method=sent.method,
            path=sent.path,
            headers=dict(sent.headers),
            query=dict(sent.query),
            body=sent.body,
            body_base64=sent.body_base64,
            is_cut=sent.is_cut,
        )


class TrialRequest(Shape):
    method: str
    path: str
    headers: dict[str, str]
    body: str | None


class TrialShape(Shape):
    """What came of an example; `request` and `curl` have their secrets masked."""

    ok: bool
    status: int
    answer: str
    ms: float
    event_ids: Sequence[str]
    request: TrialRequest
    curl: str

    @classmethod
    def of(cls, trial: Trial, base_url: str) -> Self:
        sent = trial.request
        return cls(
            ok=trial.is_ok,
            status=trial.status,
            answer=trial.answer,
            ms=round(trial.seconds * 1000, 1),
            event_ids=trial.event_ids,
            request=TrialRequest(
                method=sent.method, path=sent.path, headers=dict(sent.headers), body=sent.body
            ),
            curl=_curl(base_url, trial),
        )


def _curl(base_url: str, trial: Trial) -> str:
    """The call as people would make it."""
    sent = trial.request
    headers = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in sent.headers.items()]
    parts = [
        f"curl -X {sent.method} {shlex.quote(base_url + sent.path)}",
        *headers,
        f"--data-raw {shlex.quote(sent.body or '')}",
    ]
    return " \\\n  ".join(parts)
