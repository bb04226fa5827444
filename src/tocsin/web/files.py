"""`/api/v1/files/{file_id}`: a stored file, to whoever has an address that was signed for it."""

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from tocsin.clock import Clock
from tocsin.errors import Reason, Rejected
from tocsin.model.signed_address import Signer
from tocsin.store import training_files
from tocsin.store.database import Database
from tocsin.store.files import FileStore
from tocsin.store.training_files import FileState
from tocsin.web.problems import problem_responses
from tocsin.web.training_shapes import FileId, SignedQuery

PATH = "/api/v1/files"
_BYTES = "application/octet-stream"


def download_address(file_id: str, signer: Signer, now: datetime) -> tuple[str, datetime]:
    """An address of this server that opens the file, and until when it does."""
    expires, signature = signer.sign(file_id, now)
    address = f"{PATH}/{file_id}?expires={expires}&signature={signature}"
    return address, datetime.fromtimestamp(expires, UTC)


def router(*, database: Database, files: FileStore, clock: Clock, signer: Signer) -> APIRouter:
    """The route; it asks for no sign-in, as the address is what opens the file."""
    part = _Files(database, files, clock, signer)
    api = APIRouter(prefix=PATH, tags=["trainings"])
    api.add_api_route(
        "/{file_id}",
        part.show,
        methods=["GET"],
        response_class=StreamingResponse,
        summary="Download a file of a training",
        responses=problem_responses(403, 404, 422, 503)
        | {200: {"content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}}},
    )
    return api


class _Files:
    def __init__(self, database: Database, files: FileStore, clock: Clock, signer: Signer) -> None:
        self._database = database
        self._files = files
        self._clock = clock
        self._signer = signer

    async def show(
        self, file_id: FileId, query: Annotated[SignedQuery, Query()]
    ) -> StreamingResponse:
        """The file as it came, never anything that a browser would show or run."""
        self._signer.check(file_id, query.expires, query.signature, self._clock.now())
        async with self._database.read() as conn:
            file = await training_files.with_id(conn, file_id)
        if file is None or file.state is not FileState.STORED:
            raise Rejected(404, Reason.NOT_FOUND, "There is no such file.")
        size, chunks = await self._files.read(file.key)
        return StreamingResponse(
            chunks,
            media_type=_BYTES,
            headers={
                "Content-Length": str(size),
                "Content-Disposition": _attachment(file.name),
                # Another tab's page must not make it its own, were it a page or a script.
                "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
                "Cache-Control": "private, no-store",
            },
        )


def _attachment(name: str) -> str:
    """Content-Disposition with the name twice: for old readers, and as it is (RFC 6266, 4.3)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
