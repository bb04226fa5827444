"""`/api/v1/settings`: all of them, with where they came from, and no secret."""

from pathlib import Path
from typing import Any

import pytest

from tests.journal import AUTH, HTTP
from tocsin.edge.callers import Callers
from tocsin.ingest.source import find_sources
from tocsin.model.access import Role
from tocsin.settings import load
from tocsin.settings.explain import MASK
from tocsin.store.access import StoredCredentials
from tocsin.web import settings
from tocsin.web.settings import SettingsList

PATH = "/api/v1/settings"


@pytest.fixture
async def admin(house: Any, tmp_path: Path) -> Any:
    """Asks as an admin of a house with some settings."""
    config = tmp_path / "tocsin.toml"
    config.write_text('[retention.by_type]\n"log.*" = 7\n')
    environ = {
        "TOCSIN_HTTP__TRUSTED_PROXIES": "10.0.0.0/8,::1",
        "TOCSIN_SOURCES__DEPLOYMENT__SECRET": "hunter2",
        "TOCSIN_DATABASE_URL": "postgresql://mina:hunter2@db/tocsin",
        "TOCSIN_SECRET_KEY": "hunter2",
    }
    kinds = {name: kind.Options for name, kind in find_sources().items()}
    loaded = load(environ=environ, config=config, kinds=kinds)
    callers = Callers(StoredCredentials(house.database, house.clock), AUTH, HTTP)
    house.app.include_router(settings.router(loaded=loaded, callers=callers))
    token = await house.token(Role.ADMIN)

    async def ask() -> Any:
        return await house.call("GET", PATH, headers=token)

    return ask


async def test_every_setting_is_told_with_its_origin_and_meaning(admin: Any) -> None:
    answer = await admin()

    told = SettingsList.model_validate(answer.json, strict=True)
    by_key = {one.key: one for one in told.items}
    proxies = by_key["http.trusted_proxies"]
    assert (proxies.value, proxies.origin, proxies.is_secret) == (
        "10.0.0.0/8, ::1/128",
        "TOCSIN_HTTP__TRUSTED_PROXIES",
        False,
    )
    assert proxies.description.startswith("Networks of the proxies in front of Tocsin.")
    assert (by_key["auth.session_days"].value, by_key["auth.session_days"].origin) == (
        "14",
        "default",
    )
    assert by_key['retention.by_type."log.*"'].value == "7"
    assert by_key["sources.github.secret"].value == ""
    assert all(one.description for one in told.items)


async def test_no_secret_is_told(admin: Any) -> None:
    answer = await admin()

    values = {one["key"]: one["value"] for one in answer.json["items"] if one["is_secret"]}
    assert b"hunter2" not in answer.body
    assert values["sources.deployment.secret"] == values["secret_key"] == MASK
    assert values["database_url"] == f"postgresql://{MASK}@db/tocsin"


@pytest.mark.parametrize("role", [Role.SENDER, Role.VIEWER, Role.OPERATOR])
async def test_only_admins_are_told(house: Any, admin: Any, role: Role) -> None:
    refused = await house.call("GET", PATH, headers=await house.token(role))
    local = await house.call("GET", PATH)

    assert (refused.status, local.status) == (403, 403)
