"""`/api/v1/settings`: what is set, where each value came from and what it means; for admins."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from tocsin.edge.callers import Callers
from tocsin.model.access import Role
from tocsin.settings import Explained, Loaded, explain
from tocsin.settings.reference import description_of
from tocsin.web.callers import at_role
from tocsin.web.problems import problem_responses
from tocsin.web.reading import json_response
from tocsin.web.reading_shapes import Shape


class SettingView(Shape):
    key: str = Field(description="As it is written in a file, such as http.trusted_proxies.")
    value: str = Field(description="Secrets are masked.")
    origin: str = Field(description="default, or the file or variable it came from.")
    is_secret: bool
    description: str


class SettingsList(Shape):
    items: list[SettingView]


def router(*, loaded: Loaded, callers: Callers) -> APIRouter:
    """The route `/api/v1/settings`."""
    items = [_json(one) for one in explain(loaded, with_defaults=True)]
    gate = at_role(callers, Role.ADMIN)
    api = APIRouter(tags=["system"], dependencies=gate)

    async def show() -> Response:
        """All settings as they were read at the start, secrets masked."""
        return json_response({"items": items})

    api.add_api_route(
        "/api/v1/settings",
        show,
        methods=["GET"],
        response_model=SettingsList,
        summary="Show the settings",
        responses=problem_responses(401, 403, 503),
    )
    return api


def _json(one: Explained) -> dict[str, Any]:
    return {
        "key": one.key,
        "value": _text(one.value),
        "origin": one.origin,
        "is_secret": one.is_secret,
        "description": description_of(one.key),
    }


def _text(value: object) -> str:
    """A value as it is written in the environment."""
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
