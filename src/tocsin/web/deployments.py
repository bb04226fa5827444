"""`/api/v1/deployments`: lists, one with its runs and steps, and its log."""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from tocsin.edge.callers import Callers
from tocsin.errors import Reason, Rejected
from tocsin.model.filters import LineFilter
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.model.runs import Run, runs_of, span_of
from tocsin.model.views import Summary, detail_json, line_json, step_json, summary_json
from tocsin.store import deployments, log_lines
from tocsin.store.database import Database
from tocsin.store.snapshot import hold_snapshot
from tocsin.web.accepted import prefers
from tocsin.web.ambiguous import Ambiguous, ambiguous_responses
from tocsin.web.problems import problem_responses
from tocsin.web.queries import (
    DeploymentsQuery,
    IdPath,
    LogsQuery,
    OneDeploymentQuery,
    StepsQuery,
)
from tocsin.web.reading import JSON, json_response, readers_only
from tocsin.web.reading_shapes import DeploymentsPage, DetailView, LinesPage, StepsPage

TEXT = "text/plain"
LINES = 50
# Lines of a download that are read at once; a caller that is slow holds no connection meanwhile.
LINES_AT_ONCE = 5_000

_DEPLOYMENTS = "deployments"
_LINES = "lines"


def router(*, database: Database, callers: Callers) -> APIRouter:
    """The routes under `/api/v1/deployments`."""
    part = _Deployments(database)
    api = APIRouter(
        prefix="/api/v1/deployments", tags=["deployments"], dependencies=readers_only(callers)
    )
    usual = problem_responses(401, 403, 422, 503)
    of_one = problem_responses(401, 403, 404, 422, 503) | ambiguous_responses()
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=DeploymentsPage,
        summary="List deployments",
        responses=usual,
    )
    api.add_api_route(
        "/{deployment_id}",
        part.show,
        methods=["GET"],
        response_model=DetailView,
        summary="Show a deployment with its runs",
        responses=of_one,
    )
    api.add_api_route(
        "/{deployment_id}/steps",
        part.steps,
        methods=["GET"],
        response_model=StepsPage,
        summary="List the steps of a deployment",
        responses=of_one,
    )
    lines: dict[int | str, dict[str, Any]] = {
        200: {"content": {TEXT: {"schema": {"type": "string"}}}}
    }
    api.add_api_route(
        "/{deployment_id}/logs",
        part.logs,
        methods=["GET"],
        response_model=LinesPage,
        summary="Read or download the log of a deployment",
        responses=of_one | lines,
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
            summary = _the_one(await deployments.with_id(conn, deployment_id, query.project))
            runs = runs_of(await deployments.state_of(conn, summary.pk))
        return json_response(detail_json(summary, runs))

    async def steps(self, deployment_id: IdPath, query: Annotated[StepsQuery, Query()]) -> Response:
        """The steps of one run or of all, in the order in which they began."""
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            summary = _the_one(await deployments.with_id(conn, deployment_id, query.project))
            runs = runs_of(await deployments.state_of(conn, summary.pk))
        if query.run is not None:
            runs = (_run(runs, query.run),)
        items = [step_json(step, run.number) for run in runs for step in run.steps]
        return json_response({"items": items, "next_cursor": None})

    async def logs(
        self, deployment_id: IdPath, query: Annotated[LogsQuery, Query()], request: Request
    ) -> Response:
        """Lines of the log in their order, as JSON or as a text that keeps its colours."""
        after: Any = 0
        if query.cursor is not None:
            (after,) = decode_cursor(_LINES, query.cursor, (int,))
        is_text = query.format == "text" or (
            query.format is None and prefers(request.headers.get("accept", ""), TEXT, JSON)
        )
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            summary = _the_one(await deployments.with_id(conn, deployment_id, query.project))
            span: tuple[int | None, int | None] = None, None
            if query.run is not None:
                runs = runs_of(await deployments.state_of(conn, summary.pk))
                span = span_of(runs, _run(runs, query.run).number)
            wanted = query.filter(span)
            if is_text:
                last = await log_lines.last_line(conn, summary.pk)
                return self._download(summary, wanted, after, last, query.limit)
            found = await log_lines.page(conn, summary.pk, wanted, query.limit or LINES, after)
            total = await log_lines.count(conn, summary.pk, wanted)
        cursor = encode_cursor(_LINES, found.items[-1].line) if found.is_more else None
        items = [line_json(line) for line in found.items]
        return json_response({"items": items, "total": total, "next_cursor": cursor})

    def _download(
        self, summary: Summary, wanted: LineFilter, after: int, last: int, limit: int | None
    ) -> Response:
        name = quote(f"{summary.deployment_id}.log", safe="")
        disposition = f"attachment; filename=\"deployment.log\"; filename*=UTF-8''{name}"
        return StreamingResponse(
            self._text(summary.pk, wanted, after, last, limit),
            media_type=f"{TEXT}; charset=utf-8",
            headers={"Content-Disposition": disposition},
        )

    async def _text(
        self, pk: int, wanted: LineFilter, after: int, last: int, limit: int | None
    ) -> AsyncGenerator[bytes, None]:
        """The lines up to `last`, so that the download of a log that grows has an end."""
        left = last if limit is None else limit
        is_more = True
        while is_more and left > 0 and after < last:
            async with self._database.read() as conn:
                found = await log_lines.page(conn, pk, wanted, min(left, LINES_AT_ONCE), after)
            lines = [line for line in found.items if line.line <= last]
            if lines:
                yield "".join(f"{line.text}\n" for line in lines).encode()
                after = lines[-1].line
            left -= len(lines)
            is_more = found.is_more and len(lines) == len(found.items)


def _the_one(found: Sequence[Summary]) -> Summary:
    """The deployment that is meant.

    Raises:
        Rejected: 404, there is none; 409, several projects have one.
    """
    if not found:
        raise Rejected(404, Reason.NOT_FOUND, "There is no deployment with this id.")
    if len(found) > 1:
        raise Ambiguous(found)
    return found[0]


def _run(runs: Sequence[Run], number: int) -> Run:
    for run in runs:
        if run.number == number:
            return run
    raise Rejected(404, Reason.NOT_FOUND, f"There is nothing of a run {number} of this deployment.")
