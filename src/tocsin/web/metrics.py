"""Figures: of deployments by day for people, and of Tocsin itself for Prometheus."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import choose_encoder

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.model.figures import day_json
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.store import figures
from tocsin.store.database import Database
from tocsin.web.callers import require
from tocsin.web.problems import problem_responses
from tocsin.web.queries import FiguresQuery
from tocsin.web.reading import json_response, readers_only
from tocsin.web.reading_shapes import DaysPage

_DAYS = "days"


def router(
    *, database: Database, callers: Callers, registry: CollectorRegistry, is_whole: bool = True
) -> APIRouter:
    """The routes `/metrics` and, where it `is_whole`, `/api/v1/metrics/deployments`."""
    part = _Metrics(database, callers, registry)
    api = APIRouter(tags=["metrics"])
    if is_whole:
        api.add_api_route(
            "/api/v1/metrics/deployments",
            part.deployments,
            methods=["GET"],
            response_model=DaysPage,
            summary="Count runs and measure their durations, by project and day",
            responses=problem_responses(401, 403, 422, 503),
            dependencies=readers_only(callers),
        )
    api.add_api_route(
        "/metrics",
        part.of_tocsin,
        methods=["GET"],
        response_class=Response,
        summary="Show Tocsin's own figures, for Prometheus",
        responses=problem_responses(401, 403, 503)
        | {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    return api


def show_instance(registry: CollectorRegistry, instance: str, version: str) -> None:
    """Say who gives these figures; not a label of each, as Prometheus has one of its own."""
    shown = Gauge(
        "tocsin_instance_info",
        "1; the labels say which instance this is.",
        ("instance_id", "version"),
        registry=registry,
    )
    shown.labels(instance, version).set(1)


class _Metrics:
    def __init__(self, database: Database, callers: Callers, registry: CollectorRegistry) -> None:
        self._database = database
        self._callers = callers
        self._registry = registry

    async def deployments(self, query: Annotated[FiguresQuery, Query()]) -> Response:
        """Runs of deployments by project and by the day on which they began (UTC)."""
        after: Any = None
        if query.cursor is not None:
            after = tuple(decode_cursor(_DAYS, query.cursor, (int, str)))
        async with self._database.read() as conn:
            found = await figures.page(conn, query.filter(), query.limit, after)
        cursor = None
        if found.is_more:
            last = found.items[-1]
            cursor = encode_cursor(_DAYS, figures.day_number(last), last.project)
        items = [day_json(one) for one in found.items]
        return json_response({"items": items, "next_cursor": cursor})

    async def of_tocsin(self, request: Request) -> Response:
        """Tocsin's own figures; callers at this machine need not sign in."""
        caller = await self._callers.identify(request.scope)
        if not caller.is_local:
            require(caller, Role.VIEWER)
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self._registry), headers={"Content-Type": content_type})
