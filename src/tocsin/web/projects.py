"""`/api/v1/projects`: what projects there are and how their deployments stand."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from tocsin.edge.callers import Callers
from tocsin.model.figures import project_json
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.store import projects
from tocsin.store.database import Database
from tocsin.web.problems import problem_responses
from tocsin.web.queries import PageQuery
from tocsin.web.reading import json_response, readers_only
from tocsin.web.reading_shapes import ProjectsPage

_PROJECTS = "projects"


def router(*, database: Database, callers: Callers) -> APIRouter:
    """The route `/api/v1/projects`."""
    part = _Projects(database)
    api = APIRouter(
        prefix="/api/v1/projects", tags=["projects"], dependencies=readers_only(callers)
    )
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=ProjectsPage,
        summary="List projects",
        responses=problem_responses(401, 403, 422, 503),
    )
    return api


class _Projects:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: Annotated[PageQuery, Query()]) -> Response:
        """Projects by name, each with its deployments counted by how their newest run stands."""
        after: Any = None
        if query.cursor is not None:
            (after,) = decode_cursor(_PROJECTS, query.cursor, (str,))
        async with self._database.read() as conn:
            found = await projects.page(conn, query.limit, after)
        last = found.items[-1].project if found.is_more else None
        return json_response(
            {
                "items": [project_json(one) for one in found.items],
                "next_cursor": None if last is None else encode_cursor(_PROJECTS, last),
            }
        )
