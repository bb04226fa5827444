"""GitHub's webhooks over HTTP: signed deliveries in any order become a deployment with its runs."""

import json
from collections.abc import Generator, Iterable

import pytest

from tests.ingest.sources.github_stories import (
    Delivery,
    Part,
    deliveries_of,
    said,
    status_delivery,
)
from tests.system.conftest import WITHOUT_LIMIT
from tests.system.reading import Json, Reader, reading
from tests.system.server import Server
from tests.system.wire import Connection, connected
from tocsin.ingest.signature import hmac_sha256_hex

SECRET = "the webhook's secret"

BUILD = Part(
    "build",
    2,
    30,
    "success",
    (Part("Set up job", 2, 3, "success"), Part("Compile", 3, 30, "success")),
)
BAD = Part("deploy", 31, 50, "failure", (Part("Upload", 32, 49, "failure"),))
GOOD = Part("deploy", 101, 120, "success", (Part("Upload", 102, 119, "success"),))
ATTEMPTS = (Part("", 0, 51, "failure", (BUILD, BAD)), Part("", 100, 121, "success", (GOOD,)))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server, None, None]:
    """A server that knows the webhook's secret."""
    settings = {**WITHOUT_LIMIT, "TOCSIN_SOURCES__GITHUB__SECRET": SECRET}
    made = Server(tmp_path_factory.mktemp("server"), settings)
    try:
        yield made.start()
    finally:
        made.clean_up()


async def deliver(
    connection: Connection, told: Iterable[Delivery], secret: str = SECRET
) -> list[int]:
    """Send the deliveries as GitHub does, each with an id of its own; gives the statuses."""
    statuses = []
    for number, (kind, body) in enumerate(told):
        payload = json.dumps(body).encode()
        headers = (
            ("X-GitHub-Event", kind),
            ("X-GitHub-Delivery", f"delivery-{number}"),
            ("X-Hub-Signature-256", f"sha256={hmac_sha256_hex(secret, payload)}"),
        )
        answer = await connection.post("/hooks/github", payload, headers)
        statuses.append(answer.status)
    return statuses


def told_of(steps: Iterable[Json]) -> dict[str, tuple[str, str | None, str | None]]:
    return {one["name"]: (one["status"], one["started_at"], one["completed_at"]) for one in steps}


async def test_a_workflow_run_told_in_any_order_is_what_it_was(guarded: Server) -> None:
    deliveries = [*deliveries_of(ATTEMPTS), status_delivery("success", 120, of_run=True)]
    shuffled = [*deliveries[::-2], *deliveries[::2], *deliveries[1::2]]

    async with connected(guarded.port) as connection:
        statuses = await deliver(connection, shuffled)
        # Redelivered by hand: the same ids again.
        statuses += await deliver(connection, shuffled)
        deployment = await Reader(connection).deployment("42", project="shop-team/shop")
        events = await Reader(connection).events(source="github", subject="42")

    assert set(statuses) == {200}
    assert len(events) == len(shuffled)
    assert (deployment["status"], deployment["run"]) == ("success", 2)
    assert (deployment["actor"], deployment["environment"]) == ("mina", "production")
    first, second = deployment["runs"]
    assert (first["status"], first["started_at"], first["duration"]) == ("failed", said(0), 51)
    assert told_of(first["steps"]) == {
        "build": ("completed", said(2), said(30)),
        "build / Set up job": ("completed", said(2), said(3)),
        "build / Compile": ("completed", said(3), said(30)),
        "deploy": ("failed", said(31), said(50)),
        "deploy / Upload": ("failed", said(32), said(49)),
    }
    assert (second["status"], second["completed_at"]) == ("success", said(121))
    assert told_of(second["steps"]) == {
        "deploy": ("completed", said(101), said(120)),
        "deploy / Upload": ("completed", said(102), said(119)),
        "environment: production": ("completed", None, said(120)),
    }


async def test_a_forged_delivery_is_never_taken(guarded: Server) -> None:
    told = [("push", {"ref": "refs/heads/main"})]

    async with connected(guarded.port) as connection, reading(guarded.port) as reader:
        forged = await deliver(connection, told, secret=SECRET + "x")
        unsigned = await connection.post("/hooks/github", b"{}", [("X-GitHub-Event", "push")])
        events = await reader.events(source="github", type="push")

    assert (forged, unsigned.status) == ([401], 401)
    assert not events
