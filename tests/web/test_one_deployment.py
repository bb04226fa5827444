"""Which deployment and run is meant, and what is said when none or several are."""

import pytest

from tests.model.stories import completed, folded, start, step
from tocsin.errors import Rejected
from tocsin.model.runs import runs_of
from tocsin.model.views import Summary
from tocsin.model.words import DeploymentState
from tocsin.web.ambiguous import Ambiguous
from tocsin.web.one_deployment import the_one, the_run


def summary(project: str) -> Summary:
    return Summary(
        pk=1,
        project=project,
        deployment_id="1",
        status=DeploymentState.RUNNING,
        is_stalled=False,
        conclusion="",
        run=1,
        progress=0,
        steps_known=0,
        steps_ended=0,
        steps_failed=0,
        current_step=None,
        started_at=None,
        completed_at=None,
        duration_s=None,
        source="test",
        first_seen_at=0,
        last_seen_at=0,
        opened_seq=1,
        last_seq=1,
        line_count=0,
        facts={},
    )


def test_the_only_one_is_the_one() -> None:
    shop = summary("shop")

    assert the_one([shop]) is shop


def test_of_several_none_is_the_one() -> None:
    both = [summary("bank"), summary("shop")]

    with pytest.raises(Ambiguous) as refused:
        the_one(both)

    assert refused.value.status == 409
    assert refused.value.candidates == both


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(Rejected) as no_deployment:
        the_one([])
    with pytest.raises(Rejected) as no_run:
        the_run(runs_of(folded([])), 2)

    assert (no_deployment.value.status, no_run.value.status) == (404, 404)
    assert "run 2" in no_run.value.message


def test_a_run_is_found_by_its_number() -> None:
    runs = runs_of(folded([step("build", start(0)), completed(5), step("build", start(9))]))

    assert [the_run(runs, number).number for number in (1, 2)] == [1, 2]
