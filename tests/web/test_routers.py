"""That all routers together make one API in which no address is taken twice."""

import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import NoReturn
from uuid import UUID

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tests.call import called
from tests.journal import told_in
from tests.web.callbacks.desks import StandInDesk
from tests.web.systems import system_over
from tests.web.wrong_bodies import WRONG
from tocsin.clock import SystemClock
from tocsin.edge.callers import Callers
from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.stored_set_ups import StoredSetUps
from tocsin.model.signed_address import Signer
from tocsin.settings import load
from tocsin.store.access import StoredCredentials
from tocsin.store.files import open_files
from tocsin.store.key import SecretKey, Vault
from tocsin.web.api import build_api
from tocsin.web.routers import Parts, routers_of


async def _nothing(*_: object) -> NoReturn:
    raise AssertionError


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[FastAPI, None]:
    loaded, clock = load(environ={}), SystemClock()
    settings = loaded.settings
    vault = Vault([SecretKey.new()])
    async with told_in(tmp_path) as told:
        credentials = StoredCredentials(told.database, clock)
        parts = Parts(
            loaded=loaded,
            database=told.database,
            journal=told.journal,
            callers=Callers(credentials, settings.auth, settings.http),
            credentials=credentials,
            clock=clock,
            system=system_over(told, clock),
            registry=CollectorRegistry(),
            version="1",
            files=open_files(settings.files, tmp_path),
            signer=Signer((b"k" * 32,), timedelta(minutes=15)),
            desk=StoredSetUps(SetUps({}, {}, {}), told.database, told.journal, vault, clock),
            try_out=_nothing,
            vault=vault,
            callback_desk=StandInDesk(),
        )
        yield build_api(routers=routers_of(parts), version="1", extra_paths={})


async def test_no_address_is_answered_by_two_routers(api: FastAPI) -> None:
    routes = [
        (method, route.path)
        for router in (api.router,)
        for route in router.routes
        if hasattr(route, "path") and hasattr(route, "methods")
        for method in route.methods or ()
    ]

    assert [place for place, count in Counter(routes).items() if count > 1] == []


# What anybody may send who is not signed in: that is how one signs in.
OPEN = {("POST", "/api/v1/session")}
REMOTE = "192.0.2.7"


def bodies_of(api: FastAPI) -> Iterator[tuple[str, str]]:
    """Every route that takes a body, with an address of it."""
    for path, item in api.openapi()["paths"].items():
        for method, said in item.items():
            if "requestBody" in said:
                yield method.upper(), re.sub(r"{\w+}", str(UUID(int=1)), path)


@pytest.mark.parametrize(("body", "content_type", "status"), WRONG.values(), ids=WRONG)
async def test_who_is_not_signed_in_learns_nothing_about_what_was_sent(
    api: FastAPI, body: bytes, content_type: str, status: int
) -> None:
    routes = list(bodies_of(api))
    sent = {"content-type": content_type, "content-length": str(len(body))}

    answers = {
        one: (await called(api, *one, body, peer=REMOTE, headers=sent)).status for one in routes
    }

    assert answers == {one: status if one in OPEN else 401 for one in routes}
    assert len(routes) > 20


async def test_every_part_of_the_api_is_there(api: FastAPI) -> None:
    tags = {
        tag
        for item in api.openapi()["paths"].values()
        for one in item.values()
        for tag in one["tags"]
    }

    assert tags == {
        *("deployments", "events", "health", "metrics"),
        *("people", "projects", "session", "sources", "system", "tokens"),
        *("callbacks", "trainings"),
    }
