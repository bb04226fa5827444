"""`/api/v1/deployments`: lists, and one with its runs and steps."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from tocsin.edge.callers import Callers
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.model.runs import runs_of
from tocsin.model.usual import usual_json, usual_of
from tocsin.model.views import detail_json, step_json, summary_json
from tocsin.store import deployments
from tocsin.store.database import Database
from tocsin.store.snapshot import hold_snapshot
from tocsin.web.one_deployment import OF_ONE, the_one, the_run
from tocsin.web.problems import problem_responses
from tocsin.web.queries import DeploymentsQuery, IdPath, OneDeploymentQuery, StepsQuery
from tocsin.web.reading import json_response, readers_only
from tocsin.web.reading_shapes import DeploymentsPage, DetailView, StepsPage, UsualView

# As many as tell what is usual now, and not what was a year ago.
USUAL_OF = 20

_DEPLOYMENTS = "deployments"


def router(*, database: Database, callers: Callers) -> APIRouter:
    """The routes under `/api/v1/deployments`."""
    part = _Deployments(database)
    api = APIRouter(
        prefix="/api/v1/deployments", tags=["deployments"], dependencies=readers_only(callers)
    )
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=DeploymentsPage,
        summary="List deployments",
        responses=problem_responses(401, 403, 422, 503),
    )
    api.add_api_route(
        "/{deployment_id}",
        part.show,
        methods=["GET"],
        response_model=DetailView,
        summary="Show a deployment with its runs",
        responses=OF_ONE,
    )
    api.add_api_route(
        "/{deployment_id}/usual",
        part.usual,
        methods=["GET"],
        response_model=UsualView,
        summary="Tell how long it usually takes",
        responses=OF_ONE,
    )
    api.add_api_route(
        "/{deployment_id}/steps",
        part.steps,
        methods=["GET"],
        response_model=StepsPage,
        summary="List the steps of a deployment",
        responses=OF_ONE,
    )
    return api


class _Deployments:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: Annotated[DeploymentsQuery, Query()]) -> Response:
        """Deployments, the one whose newest run began last on top."""
        before: Any = None
        if query.cursor is not None:
            (before,) = decode_cursor(_DEPLOYMENTS, query.cursor, (int,))
        async with self._database.read() as conn:
            found = await deployments.page(conn, query.filter(), query.limit, before)
        last = found.items[-1].opened_seq if found.is_more else None
        return json_response(
            {
                "items": [summary_json(one) for one in found.items],
                "next_cursor": None if last is None else encode_cursor(_DEPLOYMENTS, last),
            }
        )

    async def show(
        self, deployment_id: IdPath, query: Annotated[OneDeploymentQuery, Query()]
    ) -> Response:
        """One deployment, with all its runs, their steps and figures."""
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            summary = the_one(await deployments.with_id(conn, deployment_id, query.project))
            runs = runs_of(await deployments.state_of(conn, summary.pk))
        return json_response(detail_json(summary, runs))

    async def usual(
        self, deployment_id: IdPath, query: Annotated[OneDeploymentQuery, Query()]
    ) -> Response:
        """Medians over the project's latest deployments that succeeded, without this one."""
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            summary = the_one(await deployments.with_id(conn, deployment_id, query.project))
            found = await deployments.latest_successes(
                conn, summary.project, USUAL_OF, without=summary.pk
            )
        usual = await asyncio.to_thread(lambda: usual_of(one.unpack() for one in found))
        return json_response(usual_json(usual))

    async def steps(self, deployment_id: IdPath, query: Annotated[StepsQuery, Query()]) -> Response:
        """The steps of one run or of all, in the order in which they began."""
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            summary = the_one(await deployments.with_id(conn, deployment_id, query.project))
            runs = runs_of(await deployments.state_of(conn, summary.pk))
        if query.run is not None:
            runs = (the_run(runs, query.run),)
        items = [step_json(step, run.number) for run in runs for step in run.steps]
        return json_response({"items": items, "next_cursor": None})
