"""Who may do what to callbacks: every route there is, for everybody who may call it.

The routes are those of the OpenAPI document; one that is missing here fails.
"""

from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio

from tests.system.release import FORWARDED, PREFIX, ROLES, People, Route, people_at
from tests.system.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERYBODY = ("", *ROLES)
# From which role on; `sender` is for `POST /events` alone.
MAY: Mapping[str, frozenset[str]] = {
    "viewer": frozenset(
        {
            "GET /callbacks",
            "GET /callbacks/channels",
            "GET /callbacks/destinations",
            "GET /callbacks/export",
            "GET /callbacks/history",
            "GET /callbacks/history/{delivery_id}",
            "GET /callbacks/stats",
            "GET /callbacks/template/defaults",
            "GET /callbacks/template/variables",
            "GET /callbacks/{callback_id}",
            "GET /callbacks/{callback_id}/history",
            "GET /projects/{project_id}/callbacks",
            "GET /tasks/{task_id}/callbacks",
            "GET /templates",
            "GET /templates/{template_id}",
            "POST /callbacks/template/preview",
            "POST /callbacks/template/validate",
        }
    ),
    "operator": frozenset(
        {
            "POST /callbacks/batch",
            "POST /callbacks/destinations/{destination_id}/pause",
            "POST /callbacks/destinations/{destination_id}/resume",
            "POST /callbacks/history/replay",
            "POST /callbacks/history/{delivery_id}/retry",
            "POST /callbacks/test-direct",
            "POST /callbacks/{callback_id}/test",
        }
    ),
    "admin": frozenset(
        {
            "DELETE /callbacks/{callback_id}",
            "DELETE /templates/{template_id}",
            "POST /callbacks/export",
            "POST /callbacks/import",
            "POST /projects/{project_id}/callbacks",
            "POST /templates",
            "POST /templates/{template_id}/copy",
            "PUT /callbacks/{callback_id}",
            "PUT /templates/{template_id}",
        }
    ),
    "sender": frozenset({"POST /events"}),
}
NOBODYS: Mapping[str, str] = {
    "project_id": "p",
    "task_id": "t",
    "callback_id": str(uuid4()),
    "delivery_id": str(uuid4()),
    "template_id": str(uuid4()),
    "destination_id": "d",
}
# What is wrong with it is told to nobody who may not.
WRONG = b'{"of": "nothing"}'
CUSTOM = {"type": "custom", "config": {"url": "https://93.184.216.34/a"}}
SIGN_IN = {"name": "mina", "password": "correct horse battery"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    settings = {"TOCSIN_AUTH__LOCAL_ROLE": "admin", "TOCSIN_INGEST__RATE_LIMIT_PER_S": "0"}
    made = Server(tmp_path_factory.mktemp("roles"), settings)
    try:
        yield made.start()
    finally:
        made.clean_up()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def people(server: Server) -> AsyncIterator[People]:
    async with people_at(server) as made:
        yield made


def least_role(route: Route) -> str:
    (role,) = (role for role, routes in MAY.items() if str(route) in routes)
    return role


def is_let_in(role: str, route: Route) -> bool:
    return bool(role) and ROLES.index(role) >= ROLES.index(least_role(route))


async def test_every_route_has_its_role_here(people: People) -> None:
    told = sorted(map(str, await people.routes()))

    assert told == sorted(route for routes in MAY.values() for route in routes)


@pytest.mark.parametrize("prefix", [PREFIX, "/api/release"])
async def test_each_route_lets_in_from_its_role_on(people: People, prefix: str) -> None:
    wrong = {}
    for route in await people.routes():
        path = prefix + route.at(NOBODYS).removeprefix(PREFIX)
        for role in EVERYBODY:
            body = WRONG if route.has_body else None
            told = await people.ask(route.method, path, body, role=role)
            kept_out = 403 if role else 401
            is_right = told.status == kept_out, told.status not in {401, 403, 500}
            if not is_right[is_let_in(role, route)]:
                wrong[f"{role or 'nobody'}: {route}"] = f"{told.status} {told.text}"
            if told.status in {401, 403}:
                assert told.json()["data"] is None
                assert told.json()["code"] == 3000 + told.status

    assert wrong == {}


@pytest.mark.parametrize(
    "path",
    [
        f"/api/v1//release{'/callbacks'}",
        f"{PREFIX}//callbacks",
        f"{PREFIX}/callbacks/",
        f"{PREFIX}/Callbacks",
        f"{PREFIX}/%63allbacks",
        f"{PREFIX}/callbacks%2Fhistory",
        f"{PREFIX}/x/../callbacks",
        f"{PREFIX}/%2e%2e/release/callbacks",
        f"{PREFIX}/callbacks;a=b",
        f"{PREFIX}/callbacks%00",
        "/api/v1/deployments/..%2Frelease%2Fcallbacks",
        "/project-dashboard/api/v1/release/callbacks",
        "/API/V1/RELEASE/CALLBACKS",
    ],
)
async def test_no_other_way_to_write_an_address_opens_it(people: People, path: str) -> None:
    for role in ("", "sender"):
        told = await people.ask("GET", path, role=role)

        assert told.status in {400, 401, 403, 404}, told.text
        assert "page_size" not in told.text


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", "Bearer wrong"),
        ("Authorization", "Bearer "),
        ("Authorization", "Basic YWRtaW46YWRtaW4="),
        ("X-Tocsin-Token", "tsn_wrong"),
        ("Cookie", "tocsin_session=wrong"),
        ("X-HTTP-Method-Override", "GET"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Original-URL", "/health"),
    ],
)
async def test_what_is_no_credential_opens_nothing(people: People, header: str, value: str) -> None:
    told = await people.ask("GET", "/callbacks", role="", headers={header: value})

    assert told.status == 401, told.text


async def test_a_token_in_the_address_opens_nothing(people: People) -> None:
    """There it would stand in logs."""
    told = await people.ask("GET", f"/callbacks?token={people.tokens['admin']}", role="")

    assert told.status == 401, told.text


async def test_of_many_at_once_an_operator_may_what_he_may_one_by_one(people: People) -> None:
    ids = [NOBODYS["callback_id"]]
    statuses = {
        action: (
            await people.ask("POST", "/callbacks/batch", {"action": action, "ids": ids}, role=role)
        ).status
        for action, role in {
            **dict.fromkeys(("enable", "disable", "delete"), "operator"),
            **dict.fromkeys(("test", "retry"), "operator"),
        }.items()
    }

    assert statuses == {"enable": 403, "disable": 403, "delete": 403, "test": 200, "retry": 200}


async def test_nobody_but_an_admin_sends_kept_secrets_to_an_address_of_his_own(
    people: People,
) -> None:
    secret = {**CUSTOM["config"], "headers": {"Authorization": "Bearer of-somebody-else"}}  # type: ignore[dict-item] # of two kinds
    wish = {"channels": [{"type": "custom", "config": secret}]}
    made = await people.data("POST", "/projects/p/callbacks", wish)
    (shown,) = made["channels"]
    stolen = {**shown["config"], "url": "https://93.184.216.34/mine"}
    kept = {"callback_id": made["id"], "channel_id": shown["id"]}
    direct = {"type": "custom", "config": stolen}

    with_ids = await people.ask(
        "POST", "/callbacks/test-direct", {**direct, **kept}, role="operator"
    )
    without = await people.ask("POST", "/callbacks/test-direct", direct, role="operator")
    drawn = {"channel_type": "custom", "config": stolen}
    preview = await people.ask("POST", "/callbacks/template/preview", drawn, role="viewer")

    assert (with_ids.status, without.status) == (403, 422), (with_ids.text, without.text)
    assert "of-somebody-else" not in with_ids.text + without.text + preview.text


async def test_a_page_of_another_origin_changes_and_reads_nothing(
    server: Server, people: People
) -> None:
    """A browser on this machine, whose callers are admins, shows somebody's page."""
    routes = await people.routes()
    foreign = (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": f"evil.example:{server.port}", "Origin": f"http://evil.example:{server.port}"},
    )
    async with aiohttp.ClientSession(server.url) as session:
        for headers in foreign:
            for route in routes:
                # A form's own type needs no leave of the browser.
                sent = {**headers, "Content-Type": "text/plain"}
                async with session.request(
                    route.method, route.at(NOBODYS), headers=sent, data=b"{}"
                ) as response:
                    assert response.status in {401, 403, 415, 421}, (route, headers)
                    assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_session_changes_nothing_without_its_proof(server: Server, people: People) -> None:
    async with (
        aiohttp.ClientSession(server.url) as local,
        local.post("/api/v1/people", json={**SIGN_IN, "role": "admin"}) as response,
    ):
        assert response.status == 201, await response.text()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(server.url, cookie_jar=jar, headers=FORWARDED) as session:
        async with session.post("/api/v1/session", json=SIGN_IN) as response:
            assert response.status == 200, await response.text()
            csrf = (await response.json())["csrf"]
        for route in await people.routes():
            for shown in ("", "wrong", csrf[:-1], csrf):
                async with session.request(
                    route.method,
                    route.at(NOBODYS),
                    data=WRONG,
                    headers={"X-CSRF-Token": shown, "Content-Type": "application/json"},
                ) as response:
                    is_open = route.method == "GET" or shown == csrf
                    assert (response.status != 403) == is_open, (str(route), shown)
        away = {"Origin": "https://evil.example", "X-CSRF-Token": csrf}
        async with session.get(f"{PREFIX}/callbacks", headers=away) as response:
            assert response.status == 403


async def test_a_token_that_was_revoked_opens_nothing_at_once(
    server: Server, people: People
) -> None:
    async with aiohttp.ClientSession(server.url) as local:
        wish = {"name": "short", "role": "viewer"}
        async with local.post("/api/v1/tokens", json=wish) as response:
            token = (await response.json())["token"]
        shown = {"X-Tocsin-Token": token}
        before = await people.ask("GET", "/callbacks", role="", headers=shown)
        async with local.delete("/api/v1/tokens/short") as response:
            assert response.status == 204
        after = await people.ask("GET", "/callbacks", role="", headers=shown)

    assert (before.status, after.status) == (200, 401)
