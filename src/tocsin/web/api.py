"""The whole API: its routers, how it fails, and the document that describes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from tocsin.web.ambiguous import add_ambiguous_handler
from tocsin.web.one_segment_ids import OneSegmentIds
from tocsin.web.problems import add_problem_handlers
from tocsin.web.release_envelope import ReleaseEnvelope
from tocsin.web.security_headers import SecurityHeaders

_DESCRIPTION = (
    "Takes in what CI jobs and other programs tell, keeps all of it, and shows it live. "
    "What is refused is answered with problem details (RFC 9457)."
)


class Api(FastAPI):
    """FastAPI whose document also has the addresses of the parts in front of it."""

    def __init__(self, version: str, extra_paths: Mapping[str, Mapping[str, Any]]) -> None:
        # The documentation pages would load scripts from somebody else's server.
        super().__init__(
            title="Tocsin",
            description=_DESCRIPTION,
            version=version,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
        )
        self._extra_paths = extra_paths

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for path, operations in self._extra_paths.items():
                document["paths"].setdefault(path, {}).update(operations)
            document["paths"] = dict(sorted(document["paths"].items()))
        return super().openapi()


def build_api(
    *,
    routers: Sequence[APIRouter],
    version: str,
    extra_paths: Mapping[str, Mapping[str, Any]],
) -> FastAPI:
    """The API made of `routers`.

    `extra_paths` are the OpenAPI path items of what stands in front of it, by their address.
    """
    api = Api(version, extra_paths)
    add_problem_handlers(api)
    add_ambiguous_handler(api)
    for router in routers:
        api.include_router(router)
    api.add_middleware(OneSegmentIds)
    api.add_middleware(ReleaseEnvelope)
    api.add_middleware(SecurityHeaders)
    return api
