"""Answer 409 with the candidates when an id stands for deployments of several projects."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from tocsin.edge.answers import PROBLEM, problem
from tocsin.errors import Reason, Rejected
from tocsin.model.views import Summary, summary_json
from tocsin.web.problems import problem_responses

_SHOWN = ("project", "id", "status", "last_seen_at")


class Ambiguous(Rejected):
    """Several projects have the id; `candidates` are theirs."""

    def __init__(self, candidates: Sequence[Summary]) -> None:
        message = "Several projects have a deployment with this id; name one with ?project=."
        super().__init__(409, Reason.AMBIGUOUS, message)
        self.candidates = candidates


def ambiguous_responses() -> dict[int | str, dict[str, Any]]:
    """What a route declares beside its other `responses`."""
    media_type = PROBLEM.decode()
    usual = problem_responses(409)[409]["content"][media_type]["schema"]
    text = {"type": "string"}
    candidate = {
        "type": "object",
        "required": [*_SHOWN],
        "properties": dict.fromkeys(_SHOWN, text),
    }
    schema = {
        **usual,
        "title": "Ambiguous",
        "required": [*usual["required"], "candidates"],
        "properties": {
            **usual["properties"],
            "candidates": {"type": "array", "items": candidate},
        },
    }
    content = {media_type: {"schema": schema}}
    return {409: {"description": HTTPStatus.CONFLICT.phrase, "content": content}}


def add_ambiguous_handler(app: FastAPI) -> None:
    """Have `app` answer it as problem details with `candidates`."""
    app.add_exception_handler(Ambiguous, _on_ambiguous)


async def _on_ambiguous(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Ambiguous)  # noqa: S101 - that is how it was registered
    answer = problem(error.status, error.reason, error.message)
    shown = [summary_json(one) for one in error.candidates]
    answer["candidates"] = [{name: one[name] for name in _SHOWN} for one in shown]
    return Response(orjson.dumps(answer), error.status, media_type=PROBLEM.decode())
