"""Call a fake platform as a sender would, without any of Tocsin's own."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import ClientSession, FormData
from yarl import URL

from tocsin.testing.clock import HandClock

PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of a fake."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def clock_at(timestamp_s: float) -> HandClock:
    """A clock that stands at this Unix time."""
    return HandClock(datetime.fromtimestamp(timestamp_s, UTC))


async def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    data: FormData | bytes | Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Told:
    """One call; JSON is written as UTF-8 with no escapes, and the address goes as it stands."""
    headers = dict(headers or {})
    if json is not None:
        data = orjson.dumps(json)
        headers.setdefault("Content-Type", "application/json")
    target = URL(url, encoded=True)
    async with (
        ClientSession() as session,
        session.request(
            method, target, data=data, headers=headers, allow_redirects=False
        ) as answer,
    ):
        return Told(answer.status, answer.headers, await answer.read())


async def post(url: str, json: Any, **headers: str) -> Told:
    """One POST of JSON; a name's underscores are hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await call("POST", url, json=json, headers=named)


def file_form(name: str, data: bytes, filename: str = "chart.png", **fields: str) -> FormData:
    """A form with a file."""
    form = FormData()
    for key, value in fields.items():
        form.add_field(key, value)
    form.add_field(name, data, filename=filename, content_type="image/png")
    return form
