"""Random bodies give no 5xx and leave nothing half kept."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest

from tests.system.conftest import Launch
from tests.system.mutation import Mutations
from tests.system.reading import RECEIVER, Reader, faults_of, reading, receipt_of
from tests.system.wire import connected

pytestmark = pytest.mark.long

CONNECTIONS = 8
BODIES = 12_000
SOAK_BODIES = 100_000
EXPECTED = {200, 400, 413, 415}


@dataclass
class Outcome:
    """What came back, over all connections."""

    statuses: Counter[int] = field(default_factory=Counter)
    event_ids: list[str] = field(default_factory=list)
    seqs: list[int] = field(default_factory=list)


@pytest.mark.timeout(600)
async def test_random_bodies_are_kept_whole_or_not_at_all(launch: Launch, is_soak: bool) -> None:
    server = launch()
    share = (SOAK_BODIES if is_soak else BODIES) // CONNECTIONS
    outcome = Outcome()

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(pour(server.port, share, random.getrandbits(64), outcome))

    assert set(outcome.statuses) <= EXPECTED
    assert outcome.statuses[200] > share
    assert outcome.statuses[400] > share
    assert len(set(outcome.event_ids)) == len(outcome.event_ids)
    async with reading(server.port) as reader:
        events = await reader.events()
        kept = {(event["id"], event["seq"]) for event in events}
        assert kept == set(zip(outcome.event_ids, outcome.seqs, strict=True))
        assert len(events) == outcome.statuses[200]
        await read_every_deployment(reader)
    assert "Traceback" not in server.log()


async def pour(port: int, count: int, seed: int, outcome: Outcome) -> None:
    """Send so many bodies over one connection that is never given up."""
    mutations = Mutations(random.Random(seed))  # noqa: S311 - no secret
    async with connected(port) as sender:
        for _ in range(count):
            body = mutations.body()
            kind = mutations.content_type()
            answer = await sender.post(RECEIVER, body, content_type=kind)
            outcome.statuses[answer.status] += 1
            assert answer.status in EXPECTED, (seed, kind, body, answer)
            if answer.status == 200:
                event_id, seq = receipt_of(answer)
                outcome.event_ids.append(event_id)
                outcome.seqs.append(seq)
            else:
                faults_of(answer)


async def read_every_deployment(reader: Reader) -> None:
    """Each that is listed has its detail, its steps and its lines, and they fit together."""
    listed = await reader.all("/api/v1/deployments")
    assert listed
    for summary in listed:
        query = {"project": summary["project"]}
        path = f"/api/v1/deployments/{quote(summary['id'], safe='')}"
        detail = await reader.get(path, **query)
        assert {name: detail[name] for name in summary} == summary
        steps = await reader.get(f"{path}/steps", **query)
        assert len(steps["items"]) == sum(len(run["steps"]) for run in detail["runs"])
        newest = [run for run in detail["runs"] if run["run"] == detail["run"]]
        assert [len(run["steps"]) for run in newest] == [detail["steps_known"]]
        lines = await reader.get(f"{path}/logs", limit=1, **query)
        assert lines["total"] == detail["lines"]
