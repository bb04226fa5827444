"""Every failure is problem details, and the OpenAPI document says so."""

from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from tocsin.errors import ConfigError, FieldFault, Reason, Rejected, StoreDown
from tocsin.model.access import Role
from tocsin.web.problems import add_problem_handlers, problem_responses

PEOPLE = "/api/v1/people"


class Body(BaseModel):
    count: int


def failing() -> FastAPI:
    app = FastAPI()
    add_problem_handlers(app)

    @app.get("/{how}", responses=problem_responses(404, 503))
    async def fail(how: str) -> None:
        fields = [FieldFault("a.b", "expected a number")]
        raise {
            "rejected": Rejected(409, Reason.CONFLICT, "Taken.", fields=fields),
            "limited": Rejected(429, Reason.RATE_LIMITED, "Wait.", retry_after_s=7),
            "down": StoreDown("Not now.", retry_after_s=3),
            "config": ConfigError(["key: bad"]),
            "http": HTTPException(418, "teapot"),
        }[how]

    return app


@pytest.fixture
def app(house: Any) -> Any:
    """The same way of calling, onto an application that only fails."""
    return type(house)(failing(), house.database, house.clock, house.passwords)


@pytest.mark.parametrize(
    ("how", "status", "reason", "retry_after"),
    [
        ("rejected", 409, "conflict", None),
        ("limited", 429, "rate_limited", "7"),
        ("down", 503, "store_down", "3"),
        ("config", 500, "bad_config", None),
        ("http", 418, "unreadable", None),
    ],
)
async def test_an_error_is_answered_with_its_status_and_reason(
    app: Any, how: str, status: int, reason: str, retry_after: str | None
) -> None:
    answer = await app.call("GET", f"/{how}")

    assert answer.status == answer.json["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == retry_after
    assert answer.json["reason"] == reason
    assert {"type", "title", "detail"} <= set(answer.json)


async def test_the_fields_that_are_wrong_are_named(app: Any) -> None:
    answer = await app.call("GET", "/rejected")

    assert answer.json["errors"] == [{"field": "a.b", "message": "expected a number"}]


async def test_a_failure_of_ours_tells_nothing_of_its_inside(app: Any) -> None:
    with pytest.raises(KeyError):
        await app.call("GET", "/hunter2")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'"text"', "application/json", 400),
        (b"null", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"a": 1}', "text/plain", 415),
        (b'{"a": 1}', "application/x-www-form-urlencoded", 415),
        (b"{}", "application/json", 422),
        (b"{}", "application/vnd.api+json; charset=utf-8", 422),
    ],
)
async def test_a_body_that_cannot_be_used_has_its_status(
    house: Any, body: bytes, content_type: str, status: int
) -> None:
    headers = {**await house.token(Role.ADMIN), "content-type": content_type}

    answer = await house.call("POST", PEOPLE, body, headers=headers)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_address_and_method_are_problems_too(house: Any) -> None:
    unknown = await house.call("GET", "/api/v1/nothing")
    method = await house.call("PUT", PEOPLE)

    assert (unknown.status, unknown.json["reason"]) == (404, "not_found")
    assert (method.status, method.json["reason"]) == (405, "wrong_method")
    assert method.headers["allow"] == "GET, POST"


async def test_the_document_declares_what_can_happen(house: Any) -> None:
    document = house.app.openapi()

    for path, methods in document["paths"].items():
        for method, route in methods.items():
            failures = {status for status in route["responses"] if int(status) >= 400}
            assert "503" in failures, (path, method)
            for status in failures:
                assert list(route["responses"][status]["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in str(document)
    assert "/sign-in" not in document["paths"]
