"""Tell an event of a deployment as `posco_event` does: what happened, and how it stands.

Pure. What happened is read from the event alone, so that it is told alike when it is given
again later. How it stands is as of then.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.live.ws.server_messages import (
    DeploymentEvent,
    DeploymentWord,
    StatusWord,
    StepStatus,
)
from tocsin.model.entry import Entry
from tocsin.model.event import Event
from tocsin.model.runs import Run, Step
from tocsin.model.standing import Standing
from tocsin.model.times import rfc3339, to_us
from tocsin.model.words import DeploymentState, StepState, conclusion_of, deployment_state

# Many lines in one message make one text; a client is advised to expect 64 KiB a message.
MAX_MESSAGE_CHARS = 16_384

# What their events say stands in parts of their own (see `ingest/workflows.py`).
_WORKFLOWS = frozenset({"gitea", "github"})
# And what GitLab's pipelines say (`ingest/sources/gitlab.py`).
_GITLAB = "gitlab"

# Types of messages that can end a run, and what is said by one without a status.
_ENDS = {"deployment_completed": "completed", "deployment": ""}
_BEGINS = frozenset({"step_started", "deployment"})

_STATUS: Mapping[DeploymentState, StatusWord] = {
    DeploymentState.PENDING: "pending",
    DeploymentState.RUNNING: "in_progress",
    DeploymentState.SUCCESS: "completed",
    DeploymentState.FAILED: "failed",
    DeploymentState.CANCELLED: "failed",
}
_STEP_STATUS: Mapping[StepState, StatusWord] = {
    StepState.RUNNING: "in_progress",
    StepState.RETRYING: "in_progress",
    StepState.COMPLETED: "completed",
    StepState.FAILED: "failed",
}
_SENTENCES = {
    "step_started": "started",
    "step_completed": "completed",
    "step_updated": "went on",
    "step_manual": "was reported",
}


def deployment_event(entry: Entry, standing: Standing) -> DeploymentEvent:
    """The data of the message about `entry`."""
    event, run = entry.event, standing.run
    said = entry.data if isinstance(entry.data, dict) else {}
    ending = _ending(event, said)
    return DeploymentEvent(
        event_type=_event_type(event, said, run, ending),
        branch=standing.facts.get("branch"),
        commit_hash=standing.facts.get("commit_hash"),
        deployment_id=standing.deployment_id,
        project=standing.project,
        status=_STATUS[run.state if ending is None else ending],
        progress=run.progress,
        message=_message(event, said, ending)[:MAX_MESSAGE_CHARS],
        steps=tuple(_step_status(step) for step in run.steps),
        run=run.number,
        source_type=event.type,
        occurred_at=rfc3339(event.occurred_at) or "",
        step_name=_step_name(said),
    )


def _ending(event: Event, said: Mapping[str, Any]) -> DeploymentState | None:
    """How the run ended by this event; None when it did not."""
    word = _end_word(event, said)
    state = deployment_state(word) if isinstance(word, str) else None
    return state if state is not None and state.is_final else None


def _end_word(event: Event, said: Mapping[str, Any]) -> Any:
    """The word by which the event ends the run; None when it is no end."""
    if event.source == _GITLAB and event.type == "pipeline":
        return _part(said, "object_attributes").get("status")
    if event.source not in _WORKFLOWS:
        return said.get("status", _ENDS[event.type]) if event.type in _ENDS else None
    if event.type == "workflow_run" and said.get("action") == "completed":
        return _part(said, "workflow_run").get("conclusion")
    # The status of what a workflow run deploys ends a step of it, not the run.
    if event.type == "deployment_status" and _is_about(event, _part(said, "deployment")):
        return _part(said, "deployment_status").get("state")
    return None


def _is_about(event: Event, part: Mapping[str, Any]) -> bool:
    return str(part.get("id")) == event.subject


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _event_type(
    event: Event, said: Mapping[str, Any], run: Run, ending: DeploymentState | None
) -> DeploymentWord:
    if ending is not None:
        return "deployment_completed" if ending is DeploymentState.SUCCESS else "deployment_failed"
    if event.source in _WORKFLOWS:
        is_first = event.type == "workflow_run" and said.get("action") == "requested"
        return "deployment_started" if is_first else "deployment_progress"
    if event.source == _GITLAB:
        is_first = _part(said, "object_attributes").get("status") == "pending"
        return "deployment_started" if is_first else "deployment_progress"
    is_first = (
        event.type in _BEGINS
        and run.started_at == to_us(event.occurred_at)
        and (not run.steps or run.steps[0].name == _step_name(said))
    )
    return "deployment_started" if is_first else "deployment_progress"


def _step_status(step: Step) -> StepStatus:
    last = step.last
    is_timed = last.state.is_final and last.duration_s is not None
    duration_ms = round((last.duration_s or 0) * 1_000) if is_timed else None
    return StepStatus(step.name, _STEP_STATUS[last.state], duration_ms)


def _step_name(said: Mapping[str, Any]) -> str | None:
    """The step that the event is about; of GitHub's and GitLab's, the job."""
    job = said.get("build_name", _part(said, "workflow_job").get("name"))
    name = said.get("step_name", job)
    return name.strip() or None if isinstance(name, str) else None


def _message(event: Event, said: Mapping[str, Any], ending: DeploymentState | None) -> str:
    """The event's own words, else a short sentence."""
    own = said.get("message")
    if isinstance(own, str | int | float) and not isinstance(own, bool) and own != "":
        return str(own)
    error = said.get("errorMessage")
    if isinstance(error, str) and error:
        return error
    if lines := "\n".join(_lines(said.get("logs"))):
        return lines
    if ending is not None:
        word = "completed" if ending is DeploymentState.SUCCESS else ending.value
        return f"Deployment {word}"
    name = _step_name(said)
    if name is not None and event.source == _GITLAB:
        return f"{name}: {said.get('build_status', '')}".removesuffix(": ")
    if name is not None and event.source in _WORKFLOWS:
        job = _part(said, "workflow_job")
        word = next(filter(None, (job.get("conclusion"), said.get("action"))), "")
        return f"{name}: {word}".removesuffix(": ")
    if name is None or event.type not in _SENTENCES:
        return event.type.replace("_", " ").replace(".", " ").capitalize()
    status = said.get("step_status", said.get("status"))
    conclusion = conclusion_of(status) if isinstance(status, str) else None
    return f"{name}: {conclusion or _SENTENCES[event.type]}"


def _lines(logs: Any) -> Iterator[str]:
    """The lines of a text or a list, as far as they are text."""
    left = MAX_MESSAGE_CHARS
    for entry in logs if isinstance(logs, list) else [logs]:
        text = entry.get("message") if isinstance(entry, dict) else entry
        if isinstance(text, str):
            yield text
            left -= len(text)
        if left <= 0:
            return
