"""Figures of deployments for readers, and of Tocsin itself for Prometheus."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from tests.journal import REMOTE, Reading, ended, reading_in, step
from tocsin.model.access import Role
from tocsin.web.metrics import show_instance

PATH = "/api/v1/metrics/deployments"


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncGenerator[Reading, None]:
    async with reading_in(tmp_path) as reading:
        yield reading


async def test_days_are_counted_and_paged(reading: Reading) -> None:
    for project in ("a", "b"):
        await reading.told.tell(
            step("step_started", "build", 1, project=project),
            ended(31, "failure", project=project),
        )

    first = (await reading.get(f"{PATH}?limit=1")).json
    second = (await reading.get(f"{PATH}?limit=1&cursor={first['next_cursor']}")).json
    none = (await reading.get(f"{PATH}?since=2026-01-02")).json
    wrong = await reading.get(f"{PATH}?until=x")

    assert first["items"] == [
        {
            "project": "a",
            "day": "2026-01-01",
            "runs": 1,
            "success": 0,
            "failed": 1,
            "cancelled": 0,
            "success_rate": 0.0,
            "duration_p50": 30.0,
            "duration_p95": 30.0,
        }
    ]
    assert [one["project"] for one in second["items"]] == ["b"]
    assert second["next_cursor"] is None
    assert none["items"] == []
    assert wrong.status == 422


async def test_tocsins_own_figures_are_free_at_this_machine_only(reading: Reading) -> None:
    sender, viewer = await reading.token(Role.SENDER), await reading.token(Role.VIEWER)

    local = await reading.get("/metrics")
    nobody = await reading.get("/metrics", peer=REMOTE)
    refused = await reading.get("/metrics", peer=REMOTE, headers=sender)
    shown = await reading.get("/metrics", peer=REMOTE, headers=viewer)

    assert (local.status, nobody.status, refused.status, shown.status) == (200, 401, 403, 200)
    assert b"tocsin_journal_events_total" in local.body
    assert local.headers["content-type"].startswith("text/plain")


async def test_the_newer_format_is_given_to_who_asks(reading: Reading) -> None:
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    answer = await reading.get("/metrics", headers=accept)

    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.body.endswith(b"# EOF\n")


def test_an_instance_shows_its_name_beside_its_figures() -> None:
    registry = CollectorRegistry()
    show_instance(registry, "api-1", "1.2.3")

    labels = {"instance_id": "api-1", "version": "1.2.3"}
    assert registry.get_sample_value("tocsin_instance_info", labels) == 1
