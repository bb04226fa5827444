"""Who may not is told so before anything that was sent is looked at."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel

from tests.call import Answer, called
from tests.web.wrong_bodies import WRONG
from tocsin.errors import Reason, Rejected
from tocsin.web.api import build_api
from tocsin.web.callers import SECURITY
from tocsin.web.guarded_route import MAX_BODY_BYTES, GuardedRoute


class Body(BaseModel):
    count: int


async def known(request: Request) -> None:
    if request.headers.get("x-tocsin-token") != "known":
        raise Rejected(401, Reason.NOT_SIGNED_IN, "Sign in.")


@pytest.fixture
def api() -> FastAPI:
    guards = [Depends(known), *(Depends(way) for way in SECURITY)]
    router = APIRouter(route_class=GuardedRoute, dependencies=guards)

    async def take(body: Body, request: Request) -> dict[str, Any]:
        return {"count": body.count, "is_gone": await request.is_disconnected()}

    router.add_api_route("/take", take, methods=["POST"])
    router.add_api_route("/show", lambda: {"shown": True}, methods=["GET"])
    return build_api(routers=[router], version="1", extra_paths={})


async def post(api: FastAPI, body: bytes, content_type: str, who: str = "known") -> Answer:
    sent = {"x-tocsin-token": who, "content-length": str(len(body))}
    return await called(api, "POST", "/take", body, headers={**sent, "content-type": content_type})


@pytest.mark.parametrize(("body", "content_type", "status"), WRONG.values(), ids=WRONG)
async def test_what_is_wrong_is_told_to_who_may_know(
    api: FastAPI, body: bytes, content_type: str, status: int
) -> None:
    stranger = await post(api, body, content_type, "unknown")
    answer = await post(api, body, content_type)

    assert (stranger.status, stranger.json["detail"]) == (401, "Sign in.")
    assert (answer.status, answer.json["status"]) == (status, status)


async def test_a_body_arrives_as_it_was_sent(api: FastAPI) -> None:
    answer = await post(api, b'{"count": "12"}', "application/json")

    assert (answer.status, answer.json) == (200, {"count": 12, "is_gone": False})


async def test_a_route_without_a_body_is_an_ordinary_one(api: FastAPI) -> None:
    stranger = await called(api, "GET", "/show")
    answer = await called(api, "GET", "/show", headers={"x-tocsin-token": "known"})

    assert (stranger.status, answer.status) == (401, 200)


class Slow:
    """A caller whose body comes in parts; counts those that were asked for."""

    def __init__(self, parts: Iterator[Any], who: str) -> None:
        self._parts = parts
        self.read = 0
        self.answered: list[Any] = []
        headers = {"content-type": "application/json", "x-tocsin-token": who}
        self.scope = {
            "type": "http",
            "method": "POST",
            "path": "/take",
            "raw_path": b"/take",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

    async def receive(self) -> Any:
        self.read += 1
        return next(self._parts)

    async def send(self, part: Any) -> None:
        self.answered.append(part)


def endless() -> Iterator[Any]:
    while True:
        yield {"type": "http.request", "body": b" " * 65_536, "more_body": True}


async def test_of_a_body_without_an_end_no_more_is_read_than_fits(api: FastAPI) -> None:
    stranger, caller = Slow(endless(), "unknown"), Slow(endless(), "known")

    for one in (stranger, caller):
        await api(one.scope, one.receive, one.send)

    assert (stranger.answered[0]["status"], stranger.read) == (401, 0)
    assert (caller.answered[0]["status"], caller.read) == (413, MAX_BODY_BYTES // 65_536 + 1)


async def test_who_goes_away_in_the_midst_of_it_changes_nothing(api: FastAPI) -> None:
    parts = iter(
        [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    )
    caller = Slow(parts, "known")

    await api(caller.scope, caller.receive, caller.send)

    assert caller.answered[0]["status"] == 400
