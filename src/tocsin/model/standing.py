"""Where a deployment stands, handed on with each event that tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tocsin.model.deployment import Deployment
from tocsin.model.event import OWN_SOURCE, Event
from tocsin.model.runs import Run, runs_of

# Which events tell of a deployment, by source: those that the source reads a change from.
TELLING: Mapping[str, frozenset[str]] = {
    "deployment": frozenset(
        {
            "step_started",
            "step_completed",
            "step_updated",
            "step_manual",
            "deployment_completed",
            "log_entry",
            "log_batch",
            "metrics_update",
            "deployment",
        }
    ),
    "gitea": frozenset({"workflow_run", "workflow_job"}),
    "github": frozenset({"workflow_run", "workflow_job", "deployment", "deployment_status"}),
    "gitlab": frozenset({"pipeline", "build", "deployment"}),
    OWN_SOURCE: frozenset({"deployment.stalled"}),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A deployment's newest run and what is known of it (see `model.views.FACTS`)."""

    project: str
    deployment_id: str
    facts: Mapping[str, str]
    run: Run


def standing_of(
    project: str, deployment_id: str, state: Deployment, runs: tuple[Run, ...] | None = None
) -> Standing:
    """The standing that `state` means; `runs` are its runs, where they are known already."""
    facts = {name: fact.text for name, fact in state.facts.items()}
    return Standing(project, deployment_id, facts, (runs or runs_of(state))[-1])


def tells_of_deployment(event: Event) -> bool:
    """Whether `event` has a part in what a deployment looks like."""
    return bool(event.subject) and event.type in TELLING.get(event.source, ())
