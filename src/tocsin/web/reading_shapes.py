"""The shapes of the reading routes' answers, for the OpenAPI document.

The answers themselves are written by `model/views.py` and its like straight into bytes; tests
hold them against these.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Status = Literal["pending", "running", "success", "failed", "cancelled"]
StepStatus = Literal["running", "completed", "failed", "retrying"]
Rate = Annotated[float, Field(ge=0, le=1)]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SummaryView(Shape):
    id: str
    project: str
    status: Status
    stalled: bool = Field(description="Under way, and nothing has been heard of it for long.")
    conclusion: str | None = Field(description="The sender's own word for how it ended.")
    progress: int = Field(ge=0, le=100, description="Ended of known steps, in per cent.")
    run: int = Field(ge=1, description="The number of the newest run, which all this is about.")
    duration: float | None = Field(description="Seconds.")
    started_at: Instant | None
    completed_at: Instant | None
    first_seen_at: Instant
    last_seen_at: Instant
    steps_known: int
    steps_ended: int
    steps_failed: int
    current_step: str | None
    source: str
    branch: str | None
    commit_hash: str | None
    workflow_name: str | None
    workflow_id: str | None
    log_stream_id: str | None
    source_repo: str | None
    deploy_type: str | None
    server_host: str | None
    error_message: str | None
    environment: str | None
    actor: str | None
    url: str | None = Field(description="Where the sender shows it, http or https.")
    lines: int = Field(description="Log lines, over all runs.")
    seq: int = Field(description="Its newest event.")


class AttemptView(Shape):
    attempt: int
    status: StepStatus
    conclusion: str | None
    started_at: Instant | None
    completed_at: Instant | None
    duration: float | None


class StepView(Shape):
    name: str
    run: int
    status: StepStatus
    conclusion: str | None
    started_at: Instant | None
    completed_at: Instant | None
    duration: float | None
    attempts: list[AttemptView]


class SeenView(Shape):
    total_duration: float | None
    status: Status
    steps_count: int
    successful_steps: int
    failed_steps: int


class FiguresView(Shape):
    sent: dict[str, Any] | None = Field(description="The sender's own figures, as sent.")
    seen: SeenView
    agree: bool | None = Field(description="null when there is nothing to compare.")


class RunView(Shape):
    run: int
    status: Status
    conclusion: str | None
    started_at: Instant | None
    completed_at: Instant | None
    duration: float | None
    progress: int
    steps: list[StepView]
    figures: FiguresView


class DetailView(SummaryView):
    runs: list[RunView] = Field(description="The oldest first.")


class DeploymentsPage(Shape):
    items: list[SummaryView]
    next_cursor: str | None


class StepsPage(Shape):
    items: list[StepView]
    next_cursor: None


class UsualView(Shape):
    """Medians over the latest successful deployments of the project."""

    runs: int = Field(description="How many they are; at most 20.")
    duration: float | None = Field(description="Seconds.")
    steps: dict[str, float] = Field(description="Seconds, by the step's name.")


class LineView(Shape):
    line: int = Field(ge=1, description="Its number in the deployment's log, from 1.")
    at: Instant
    level: str
    step: str
    text: str
    seq: int
    received_at: Instant | None = Field(
        description="When Tocsin received it; null once its event is no longer kept."
    )


class LinesPage(Shape):
    items: list[LineView]
    total: int | None = Field(
        description="How many lines fit, on all pages; null with with_total=false."
    )
    next_cursor: str | None


class OutlineView(Shape):
    """Where the lines are that fit."""

    total: int = Field(description="How many lines fit.")
    first_line: int | None
    last_line: int | None
    every: int = Field(description="Lines that fit from one mark to the next.")
    marks: list[int] = Field(
        description=(
            "Numbers of the first line that fits and of each one so many behind it. "
            "Empty without a filter: numbers have no gap."
        )
    )


class MatchesView(Shape):
    """What one call found; `after_line=scanned_to` goes on."""

    matches: list[int] = Field(description="Line numbers, ascending; at most 100,000.")
    scanned_to: int = Field(description="Up to this line nothing was missed.")
    last_line: int = Field(description="The newest line of the log.")
    is_complete: bool = Field(description="Whether all lines were looked at.")


class EventView(Shape):
    seq: int
    id: str
    source: str
    type: str
    project: str
    subject: str
    occurred_at: Instant
    received_at: Instant
    data: Any
    occurred_text: str | None = Field(
        default=None, description="What was sent as time and is none; left out else."
    )
    attributes: dict[str, Any] | None = Field(
        default=None, description="A CloudEvents sender's attributes; left out else."
    )


class EventsPage(Shape):
    items: list[EventView]
    next_cursor: str | None


class ProjectView(Shape):
    project: str
    deployments: int
    running: int
    success: int
    failed: int
    cancelled: int
    success_rate: Rate | None = Field(description="Of those that succeeded or failed.")
    last_status: Status | None = Field(description="null without deployments.")
    last_seen_at: Instant | None = Field(description="null while nothing was told of it.")


class ProjectsPage(Shape):
    items: list[ProjectView]
    next_cursor: str | None


class DayView(Shape):
    project: str
    day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    runs: int
    success: int
    failed: int
    cancelled: int
    success_rate: Rate | None = Field(description="Of those that succeeded or failed.")
    duration_p50: float | None = Field(description="Seconds, by nearest rank, of ended runs.")
    duration_p95: float | None


class DaysPage(Shape):
    items: list[DayView]
    next_cursor: str | None
