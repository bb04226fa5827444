"""That all routers together make one API in which no address is taken twice."""

from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from tests.journal import told_in
from tests.web.systems import system_over
from tocsin.clock import SystemClock
from tocsin.edge.callers import Callers
from tocsin.settings import load
from tocsin.store.access import StoredCredentials
from tocsin.web.api import build_api
from tocsin.web.routers import Parts, routers_of


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[FastAPI, None]:
    loaded, clock = load(environ={}), SystemClock()
    settings = loaded.settings
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


async def test_every_part_of_the_api_is_there(api: FastAPI) -> None:
    tags = {
        tag
        for item in api.openapi()["paths"].values()
        for one in item.values()
        for tag in one["tags"]
    }

    assert tags == {
        *("deployments", "events", "health", "metrics"),
        *("people", "projects", "session", "system", "tokens"),
    }
