"""Where a deployment stands, and which events tell of one."""

import orjson
import pytest

from tests.live.hearing import entry
from tests.model.stories import NOON, start
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.source import InboundCall
from tocsin.ingest.sources import deployment
from tocsin.model.change import Change
from tocsin.model.deployment import Deployment, fold
from tocsin.model.runs import runs_of
from tocsin.model.standing import TELLING, standing_of, tells_of_deployment
from tocsin.testing.clock import START

STATE = fold(
    Deployment(),
    [
        (1, Change("1", NOON, step="build", marks=(start(1),))),
        (2, Change("1", NOON, facts={"branch": "main"})),
    ],
)


def test_it_is_the_newest_run_and_what_is_known() -> None:
    standing = standing_of("shop", "1", STATE)

    assert standing == standing_of("shop", "1", STATE, runs_of(STATE))
    assert (standing.project, standing.deployment_id) == ("shop", "1")
    assert standing.facts == {"branch": "main"}
    assert standing.run == runs_of(STATE)[-1]
    assert [step.name for step in standing.run.steps] == ["build"]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("step_started", {"subject": "1"}, True),
        ("step_started", {"subject": ""}, False),
        ("note", {"subject": "1"}, False),
        ("step_started", {"subject": "1", "source": "github"}, False),
        ("workflow_run", {"subject": "1", "source": "github"}, True),
        ("workflow_run", {"subject": "", "source": "github"}, False),
        ("push", {"subject": "", "source": "github"}, False),
        ("deployment.stalled", {"subject": "1", "source": "tocsin"}, True),
        ("deployment.stalled", {"subject": "1"}, False),
    ],
)
def test_an_event_tells_of_a_deployment_when_its_source_reads_a_change_from_it(
    kind: str, fields: dict[str, str], expected: bool
) -> None:
    assert tells_of_deployment(entry(1, kind, **fields).event) is expected


@pytest.mark.parametrize("kind", [*sorted(TELLING["deployment"]), "request_step", "unheard_of"])
def test_the_list_is_what_the_source_does(kind: str) -> None:
    body = {
        "type": kind,
        "project": "shop",
        "deployment_id": "1",
        "step_name": "build",
        "status": "success",
        "message": "a line",
        "logs": [{"message": "a line"}],
        "metrics": {"steps_count": 1},
    }
    call = InboundCall({}, {}, orjson.dumps(body), "", START, BodyLimits())

    for new in deployment.read(call, deployment.Options()):
        told = entry(1, new.type, source=new.source, subject=new.subject).event
        assert tells_of_deployment(told) is (new.change is not None)
