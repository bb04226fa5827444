"""All that is answered under `/api/v1/release` is in its envelope, whoever answers."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from tests.call import Answer, called
from tocsin.errors import FieldFault, Reason, Rejected, StoreDown
from tocsin.web.api import build_api
from tocsin.web.guarded_route import MAX_BODY_BYTES, GuardedRoute
from tocsin.web.release_envelope import (
    ALIAS,
    PREFIX,
    Page,
    PageQuery,
    ReleaseEnvelope,
    code_of,
    refusals,
)


class Body(BaseModel):
    count: int


def failing() -> FastAPI:
    router = APIRouter(route_class=GuardedRoute)

    async def fail(how: str) -> None:
        raise {
            "conflict": Rejected(409, Reason.CONFLICT, "Taken."),
            "fields": Rejected(
                422, Reason.BAD_FIELD, "a: wrong", fields=[FieldFault("a", "wrong")]
            ),
            "down": StoreDown("Not now.", retry_after_s=3),
            "ours": RuntimeError("a secret"),
        }[how]

    async def take(body: Body) -> dict[str, int]:
        return {"count": body.count}

    async def show(one: str) -> dict[str, str]:
        return {"one": one}

    for prefix in (PREFIX, "/api/v1/other"):
        router.add_api_route(f"{prefix}/fail/{{how}}", fail, methods=["GET"])
        router.add_api_route(f"{prefix}/take", take, methods=["POST"])
        router.add_api_route(f"{prefix}/tasks/{{one}}/callbacks", show, methods=["GET"])
    return build_api(routers=[router], version="1", extra_paths={})


async def get(path: str, prefix: str = PREFIX) -> Answer:
    return await called(failing(), "GET", prefix + path)


async def post(body: bytes, content_type: str = "application/json") -> Answer:
    headers = {"content-type": content_type, "content-length": str(len(body))}
    return await called(failing(), "POST", f"{PREFIX}/take", body, headers=headers)


@pytest.mark.parametrize("prefix", [PREFIX, ALIAS])
@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/fail/conflict", 409, {"msg": "Taken."}),
        ("/fail/down", 503, {"msg": "Not now."}),
        (
            "/fail/fields",
            422,
            {"msg": "a: wrong", "errors": [{"field": "a", "message": "wrong"}]},
        ),
        ("/nowhere", 404, {"msg": "There is nothing at this address."}),
        ("", 404, {"msg": "There is nothing at this address."}),
        ("/take", 405, {"msg": "This address does not take this method."}),
    ],
)
async def test_what_is_refused_has_its_status_and_its_code(
    prefix: str, path: str, status: int, said: Any
) -> None:
    answer = await get(path, prefix)

    assert answer.status == status
    assert answer.json == {"code": 3000 + status, "data": None, **said}
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)


async def test_headers_of_a_refusal_stay() -> None:
    down, wrong_method = await get("/fail/down"), await get("/take")

    assert down.headers["retry-after"] == "3"
    assert wrong_method.headers["allow"] == "POST"
    assert wrong_method.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'{"count": "many"}', "application/json", 422),
        (b"x" * (MAX_BODY_BYTES + 1), "application/json", 413),
    ],
)
async def test_a_body_that_cannot_be_taken_is_refused(
    body: bytes, content_type: str, status: int
) -> None:
    answer = await post(body, content_type)

    assert (answer.status, answer.json["code"]) == (status, 3000 + status)
    assert answer.json["data"] is None


async def test_a_body_arrives_as_it_was_sent() -> None:
    answer = await post(b'{"count": "12"}')

    assert (answer.status, answer.json) == (200, {"count": 12})


@pytest.mark.parametrize("prefix", [PREFIX, ALIAS])
async def test_a_fault_of_ours_is_answered_and_goes_on_to_the_log(prefix: str) -> None:
    sent: list[Any] = []

    async def send(part: Any) -> None:
        sent.append(part)

    with pytest.raises(RuntimeError):
        await called_with(send, f"{prefix}/fail/ours")

    assert sent[0]["status"] == 500
    assert b'"code":3500' in sent[1]["body"]
    assert b"secret" not in sent[1]["body"]


async def called_with(send: Any, path: str) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    await failing()(scope, receive, send)


async def test_other_addresses_keep_their_answers() -> None:
    other = await get("/fail/conflict", "/api/v1/other")
    near = await called(failing(), "GET", "/api/v1/released")

    assert other.headers["content-type"] == "application/problem+json"
    assert near.json["status"] == 404


@pytest.mark.parametrize("prefix", [PREFIX, ALIAS])
async def test_an_id_is_one_part_of_the_address(prefix: str) -> None:
    answer = await get("/tasks/a%2Fb/callbacks", prefix)

    assert answer.status == 200
    assert answer.json == {"one": "a%2Fb"}


async def test_an_answer_in_parts_is_put_together() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"Content-Type", b"application/problem+json; charset=utf-8")]
        await send({"type": "http.response.start", "status": 409, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"status":409,', "more_body": True})
        await send({"type": "http.response.body", "body": b'"detail":"no"}'})

    answer = await called(ReleaseEnvelope(app), "GET", PREFIX)

    assert answer.json == {"code": 3409, "data": None, "msg": "no"}


def test_a_list_has_pages() -> None:
    query = PageQuery(page=3, page_size=10)

    assert query.offset == 20
    assert query.page_of(["a"], 21).model_dump() == {
        "code": 0,
        "data": {"items": ["a"], "total": 21, "page": 3, "page_size": 10},
        "msg": "ok",
    }
    assert Page[str].whole([]).page_size == 1


@pytest.mark.parametrize("empty", ["", [], [""]])
def test_what_a_form_leaves_empty_is_left_out(empty: object) -> None:
    assert PageQuery.model_validate({"page": empty, "page_size": "10"}).page == 1


def test_refusals_are_described_with_their_code() -> None:
    described = refusals(404, 422)

    schema = described[404]["content"]["application/json"]["schema"]
    assert schema["properties"]["code"] == {"const": code_of(404)}
    assert "errors" not in schema["properties"]
    assert "errors" in described[422]["content"]["application/json"]["schema"]["properties"]
