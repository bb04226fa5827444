"""Under `/api/v1/release` each role has the routes that were added for it, and for lower ones."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.web.callbacks.house import CallbackHouse, callback_house
from tocsin.model.access import Role
from tocsin.web.api import build_api
from tocsin.web.release_envelope import MISSING, PREFIX, Answer
from tocsin.web.release_routes import ReleaseRoutes

ROLES = (Role.SENDER, Role.VIEWER, Role.OPERATOR, Role.ADMIN)
READ = "/callbacks/channels"
OPERATED = ("/callbacks/batch", {"action": "test", "ids": ["x"]})
ADMINISTERED = ("/callbacks/export", {"passphrase": "correct horse"})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[CallbackHouse, None]:
    async with callback_house(tmp_path) as house:
        yield house


async def test_a_role_may_what_lower_ones_may(house: CallbackHouse) -> None:
    seen = {}
    for role in ROLES:
        read = await house.call("GET", READ, role=role)
        operated = await house.call("POST", *OPERATED, role=role)
        administered = await house.call("POST", *ADMINISTERED, role=role)
        seen[role] = tuple(one.status for one in (read, operated, administered))

    assert seen == {
        Role.SENDER: (403, 403, 403),
        Role.VIEWER: (200, 403, 403),
        Role.OPERATOR: (200, 200, 403),
        Role.ADMIN: (200, 200, 200),
    }


async def test_a_route_is_described_by_what_its_function_gives(house: CallbackHouse) -> None:
    routes = ReleaseRoutes.for_callers(house.callers)

    async def count() -> Answer[int]:
        return Answer(data=1)

    routes.readers.get("/count", summary="Count", responses=MISSING)(count)
    routes.operators.post("/count", summary="Count anew")(count)
    document = build_api(routers=routes.routers, version="1", extra_paths={}).openapi()

    described = document["paths"][f"{PREFIX}/count"]
    read, written = (set(described[method]["responses"]) for method in ("get", "post"))
    content = described["get"]["responses"]["200"]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/Answer_int_"}
    assert read == {"200", "401", "403", "404", "422", "503"}
    assert read | {"400", "408", "409", "413", "415"} == written
