"""`/api/v1/deployments/{deployment_id}/logs`: pages of a log, where its lines are, and a search."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from tocsin.clock import Clock
from tocsin.edge.callers import Callers
from tocsin.model.filters import LineFilter
from tocsin.model.line_pattern import LinePattern
from tocsin.model.paging import decode_cursor, encode_cursor
from tocsin.model.runs import runs_of, span_of
from tocsin.model.terminal import plain
from tocsin.model.views import Line, Summary, line_json
from tocsin.store import deployments, log_lines, log_search
from tocsin.store.database import Database
from tocsin.store.snapshot import hold_snapshot
from tocsin.web.accepted import prefers
from tocsin.web.one_deployment import OF_ONE, the_one, the_run
from tocsin.web.queries import IdPath, LinesQuery, LogsQuery, SearchQuery
from tocsin.web.reading import JSON, json_response, readers_only
from tocsin.web.reading_shapes import LinesPage, MatchesView, OutlineView

TEXT = "text/plain"
LINES = 50
# Lines of a download that are read at once; a caller that is slow holds no connection meanwhile.
LINES_AT_ONCE = 5_000

_LINES = "lines"


def router(*, database: Database, callers: Callers, clock: Clock) -> APIRouter:
    """The routes of a deployment's log."""
    part = _Logs(database, clock)
    api = APIRouter(
        prefix="/api/v1/deployments/{deployment_id}/logs",
        tags=["deployments"],
        dependencies=readers_only(callers),
    )
    lines: dict[int | str, dict[str, Any]] = {
        200: {"content": {TEXT: {"schema": {"type": "string"}}}}
    }
    api.add_api_route(
        "",
        part.page,
        methods=["GET"],
        response_model=LinesPage,
        summary="Read or download the log of a deployment",
        responses=OF_ONE | lines,
    )
    api.add_api_route(
        "/outline",
        part.outline,
        methods=["GET"],
        response_model=OutlineView,
        summary="Tell where the lines of a log are",
        responses=OF_ONE,
    )
    api.add_api_route(
        "/search",
        part.search,
        methods=["GET"],
        response_model=MatchesView,
        summary="Search the log of a deployment",
        responses=OF_ONE,
    )
    return api


class _Logs:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self, deployment_id: IdPath, query: Annotated[LogsQuery, Query()], request: Request
    ) -> Response:
        """Lines of the log in their order, as JSON or as a text, with their colours or without."""
        after: Any = 0
        if query.cursor is not None:
            (after,) = decode_cursor(_LINES, query.cursor, (int,))
        is_text = query.format == "text" or (
            query.format is None and prefers(request.headers.get("accept", ""), TEXT, JSON)
        )
        summary, wanted = await self._meant(deployment_id, query)
        if is_text:
            return await self._download(summary, wanted, after, query)
        total = None
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            found = await log_lines.page(conn, summary.pk, wanted, query.limit or LINES, after)
            received_at = await log_lines.received_at(conn, found.items)
            if query.with_total:
                total = await log_lines.count(conn, summary.pk, wanted)
        cursor = encode_cursor(_LINES, found.items[-1].line) if found.is_more else None
        items = [line_json(line, received_at.get(line.seq)) for line in found.items]
        return json_response({"items": items, "total": total, "next_cursor": cursor})

    async def outline(
        self, deployment_id: IdPath, query: Annotated[LinesQuery, Query()]
    ) -> Response:
        """How many lines fit, and where: so that a page at any place among them can be read."""
        summary, wanted = await self._meant(deployment_id, query)
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            found = await log_lines.outline(conn, summary.pk, wanted)
        return json_response(
            {
                "total": found.total,
                "first_line": found.first_line,
                "last_line": found.last_line,
                "every": log_lines.MARKED_LINES,
                "marks": list(found.marks),
            }
        )

    async def search(
        self, deployment_id: IdPath, query: Annotated[SearchQuery, Query()]
    ) -> Response:
        """The lines in which `q` stands: as many as are found in a moment; go on from there."""
        pattern = LinePattern(query.q, is_regex=query.regex, is_case_sensitive=query.case)
        summary, wanted = await self._meant(deployment_id, query)
        found = await log_search.search(
            self._database, summary.pk, wanted, pattern, query.after_line, self._clock
        )
        return json_response(
            {
                "matches": list(found.matches),
                "scanned_to": found.scanned_to,
                "last_line": found.last_line,
                "is_complete": found.is_complete,
            }
        )

    async def _meant(self, deployment_id: str, query: LinesQuery) -> tuple[Summary, LineFilter]:
        """The deployment, and what is wanted of its lines."""
        async with self._database.read() as conn:
            await hold_snapshot(conn)
            summary = the_one(await deployments.with_id(conn, deployment_id, query.project))
            if query.run is None:
                return summary, query.filter((None, None))
            runs = runs_of(await deployments.state_of(conn, summary.pk))
        return summary, query.filter(span_of(runs, the_run(runs, query.run).number))

    async def _download(
        self, summary: Summary, wanted: LineFilter, after: int, query: LogsQuery
    ) -> Response:
        async with self._database.read() as conn:
            last = await log_lines.last_line(conn, summary.pk)
        name = quote(f"{summary.deployment_id}.log", safe="")
        disposition = f"attachment; filename=\"deployment.log\"; filename*=UTF-8''{name}"
        parts = self._parts(summary.pk, wanted, after, last, query.limit)
        return StreamingResponse(
            _encoded(parts, has_colours=query.colours),
            media_type=f"{TEXT}; charset=utf-8",
            headers={"Content-Disposition": disposition},
        )

    async def _parts(
        self, pk: int, wanted: LineFilter, after: int, last: int, limit: int | None
    ) -> AsyncGenerator[Sequence[Line], None]:
        """The lines up to `last`, so that the download of a log that grows has an end."""
        left = last if limit is None else limit
        is_more = True
        while is_more and left > 0 and after < last:
            async with self._database.read() as conn:
                found = await log_lines.page(conn, pk, wanted, min(left, LINES_AT_ONCE), after)
            lines = [line for line in found.items if line.line <= last]
            if lines:
                yield lines
                after = lines[-1].line
            left -= len(lines)
            is_more = found.is_more and len(lines) == len(found.items)


async def _encoded(
    parts: AsyncGenerator[Sequence[Line], None], *, has_colours: bool
) -> AsyncGenerator[bytes, None]:
    async for lines in parts:
        if has_colours:
            yield "".join(f"{line.text}\n" for line in lines).encode()
        else:
            # A line of some megabytes would hold up everybody else.
            yield await asyncio.to_thread(_without_colours, lines)


def _without_colours(lines: Sequence[Line]) -> bytes:
    return "".join(f"{plain(line.text)}\n" for line in lines).encode()
