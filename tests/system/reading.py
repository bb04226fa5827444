"""What a reader of the API sees, taken apart so that two states can be compared."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.system.wire import Answer, Connection, connected

SAMPLES = Path(__file__).parent.parent / "samples" / "deployment"
RECEIVER = "/api/webhooks/deployment"

Json = dict[str, Any]

# What depends on when and in which order messages came, not on what they say.
OF_THE_ARRIVAL = frozenset({"seq", "line", "first_seen_at", "last_seen_at", "received_at"})


def sample(name: str, **changes: Any) -> Json:
    """A captured message; None as a change leaves the field out."""
    message = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    message |= changes
    return {field: value for field, value in message.items() if value is not None}


class Reader:
    """Reads over one kept-alive connection; what is not answered 200 fails the test."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, path: str, **query: str | int) -> Any:
        answer = await self._connection.get(path, **query)
        assert answer.status == 200, f"GET {path} {query}: {answer.status} {answer.body!r}"
        return answer.json()

    async def all(self, path: str, **query: str | int) -> list[Any]:
        """All items of a list, over all its pages."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=1000, **query, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

    async def events(self, source: str = "deployment", **query: str | int) -> list[Json]:
        """Events in the order of their commits."""
        found = await self.all("/api/v1/events", source=source, **query)
        return found[::-1]

    async def deployment(self, deployment_id: str, **query: str | int) -> Json:
        found: Json = await self.get(address(deployment_id), **query)
        return found

    async def steps(self, deployment_id: str, **query: str | int) -> list[Json]:
        found: Json = await self.get(f"{address(deployment_id)}/steps", **query)
        return list(found["items"])

    async def lines(self, deployment_id: str, **query: str | int) -> list[Json]:
        return await self.all(f"{address(deployment_id)}/logs", **query)

    async def state(self, deployment_id: str, **query: str | int) -> Json:
        """All that its messages add up to, without what depends on their arrival.

        Steps are sorted by name: which of two began first in the same second is known from
        their arrival only.
        """
        detail = await self.deployment(deployment_id, **query)
        for run in detail["runs"]:
            run["steps"].sort(key=lambda step: step["name"])
        lines = await self.lines(deployment_id, **query)
        return {
            "deployment": settled(detail, but={"id"}),
            "lines": sorted(json.dumps(settled(line), ensure_ascii=False) for line in lines),
        }


@asynccontextmanager
async def reading(port: int) -> AsyncIterator[Reader]:
    """A reader on a connection of its own."""
    async with connected(port) as connection:
        yield Reader(connection)


def address(deployment_id: str) -> str:
    return f"/api/v1/deployments/{quote(deployment_id, safe='')}"


def settled(value: Any, but: frozenset[str] | set[str] = frozenset()) -> Any:
    """The value without the fields that depend on the arrival, at any depth."""
    if isinstance(value, Mapping):
        left_out = OF_THE_ARRIVAL | but
        return {name: settled(one) for name, one in value.items() if name not in left_out}
    if isinstance(value, list):
        return [settled(one) for one in value]
    return value


def receipt_of(answer: Answer) -> tuple[str, int]:
    """Event id and seq out of a good answer of the receiver."""
    assert answer.status == 200, f"{answer.status} {answer.body!r}"
    told = answer.json()
    assert told["success"] is True
    assert isinstance(told["message"], str)
    return told["event_id"], told["seq"]


def faults_of(answer: Answer) -> list[Json]:
    """The faults out of a refusal of the receiver, its envelope checked."""
    told = answer.json()
    assert set(told) == {"success", "message", "errors"}, told
    assert told["success"] is False
    assert isinstance(told["message"], str)
    assert told["message"]
    for fault in told["errors"]:
        assert set(fault) == {"field", "message"}
        assert all(isinstance(one, str) for one in fault.values())
    return list(told["errors"])
