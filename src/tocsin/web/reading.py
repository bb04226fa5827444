"""What all routes that read have in common: who may, and how an answer is written."""

from typing import Any

import orjson
from fastapi import Response
from fastapi.params import Depends as Dependency

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.web.callers import at_role

JSON = "application/json"


def readers_only(callers: Callers) -> list[Dependency]:
    """Dependencies of a router that viewers and higher roles may use."""
    return at_role(callers, Role.VIEWER)


def json_response(answer: Any, media_type: str = JSON) -> Response:
    """`answer` as JSON; the framework would look at each field of it again."""
    return Response(orjson.dumps(answer), media_type=media_type)
