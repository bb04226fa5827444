"""The queries that the reading routes take, validated into the filters of `model`.

An unknown parameter is refused: a misspelt filter that is passed over shows everything, which
looks like an answer.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from tocsin.model.filters import (
    MAX_VALUE_CHARS,
    MAX_VALUES,
    DeploymentFilter,
    EventFilter,
    LineFilter,
    RunFilter,
    parse_query_instant,
)
from tocsin.model.logline import level_of
from tocsin.model.paging import LARGEST_INT, MAX_CURSOR_CHARS
from tocsin.model.words import DeploymentState

MAX_TEXT_CHARS = 200
MAX_PATTERN_CHARS = 1_000


def _instant(said: Any) -> Any:
    return parse_query_instant(said) if isinstance(said, str) and said else said or None


def _without_empty(values: list[str]) -> list[str]:
    """Forms send every field, also those left empty."""
    return [value for value in values if value]


Instant = Annotated[
    datetime | None,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Texts = Annotated[
    list[Annotated[str, Field(max_length=MAX_VALUE_CHARS)]],
    AfterValidator(_without_empty),
    Field(max_length=MAX_VALUES),
]
Text = Annotated[str, Field(max_length=MAX_TEXT_CHARS)]
Count = Annotated[int, Field(ge=0, le=LARGEST_INT)]
Limit = Annotated[int, Field(ge=1, le=1000)]
# The format tells programs that make up queries that no invented text will do.
CursorText = Annotated[
    str,
    Field(
        max_length=MAX_CURSOR_CHARS,
        pattern=r"^[A-Za-z0-9_-]+$",
        json_schema_extra={"format": "cursor"},
    ),
]
Cursor = CursorText | None
# The path's id stands encoded in one segment, see `web.one_segment_ids`.
IdPath = Annotated[str, Path(min_length=1), AfterValidator(unquote)]


class Query(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PageQuery(Query):
    limit: Limit = 50
    cursor: Cursor = Field(default=None, description="`next_cursor` of the page before.")


class DeploymentsQuery(PageQuery):
    project: Texts = Field(default=[], description="Several mean any of them.")
    status: list[DeploymentState] = Field(
        default=[], max_length=MAX_VALUES, description="Several mean any of them."
    )
    stalled: bool | None = None
    attention: bool | None = Field(
        default=None,
        description=(
            "true: those that stalled, or failed without a later success of their project; "
            "false: all others."
        ),
    )
    since: Instant = Field(default=None, description="Newest run first heard of then or later.")
    until: Instant = Field(default=None, description="Newest run first heard of before then.")
    q: Text = Field(default="", description="A text in the id, the project or a fact.")

    def filter(self) -> DeploymentFilter:
        return DeploymentFilter(
            tuple(self.project),
            tuple(self.status),
            self.stalled,
            self.since,
            self.until,
            self.q,
            self.attention,
        )


class OneDeploymentQuery(Query):
    project: Annotated[str | None, Field(max_length=MAX_VALUE_CHARS)] = Field(
        default=None, description="Decides, when several projects have the id."
    )


class StepsQuery(OneDeploymentQuery):
    run: Annotated[int | None, Field(ge=1, le=LARGEST_INT)] = Field(
        default=None, description="A run's number; all runs when left out."
    )


class LinesQuery(StepsQuery):
    step: Texts = Field(default=[], description="Several mean any of them.")
    level: Texts = Field(default=[], description="Several mean any of them.")

    def filter(self, span: tuple[int | None, int | None]) -> LineFilter:
        """What is wanted of lines; `span` are the times of the run."""
        from_at, to_at = span
        return LineFilter(
            steps=tuple(self.step),
            levels=tuple(level_of(level) for level in self.level),
            from_at=from_at,
            to_at=to_at,
        )


class LogsQuery(LinesQuery):
    q: Text = Field(default="", description="A text in the line.")
    from_line: Count | None = Field(default=None, description="The first line, inclusive.")
    to_line: Count | None = Field(default=None, description="The last line, inclusive.")
    limit: Limit | None = Field(
        default=None, description="50 when left out; for format=text then all lines."
    )
    cursor: Cursor = Field(default=None, description="`next_cursor` of the page before.")
    with_total: bool = Field(default=True, description="false: `total` is null, nothing counted.")
    format: Literal["json", "text"] | None = Field(
        default=None, description="`text` downloads the lines; so does Accept: text/plain."
    )
    colours: bool = Field(
        default=True,
        description="false: a text without escape sequences, and without what was written over.",
    )

    def filter(self, span: tuple[int | None, int | None]) -> LineFilter:
        """What is wanted of lines; `span` are the times of the run."""
        return replace(
            super().filter(span), text=self.q, from_line=self.from_line, to_line=self.to_line
        )


class SearchQuery(LinesQuery):
    q: Annotated[str, Field(min_length=1, max_length=MAX_PATTERN_CHARS)] = Field(
        description="What to look for in the lines."
    )
    case: bool = Field(default=False, description="true: tell upper from lower case.")
    regex: bool = Field(default=False, description="true: `q` is a regular expression (RE2).")
    after_line: Count = Field(default=0, description="`scanned_to` of the call before.")


class EventsQuery(PageQuery):
    source: Texts = Field(default=[], description="Several mean any of them.")
    type: Texts = Field(
        default=[], description="`*` stands for any characters. Several mean any of them."
    )
    project: Texts = Field(default=[], description="Several mean any of them.")
    subject: Texts = Field(default=[], description="Several mean any of them.")
    since: Instant = Field(default=None, description="Received then or later.")
    until: Instant = Field(default=None, description="Received before then.")
    after_seq: Count = Field(default=0, description="Only events behind this seq.")
    order: Literal["asc", "desc"] = Field(default="desc", description="desc: the newest first.")

    def filter(self) -> EventFilter:
        return EventFilter(
            sources=tuple(self.source),
            types=tuple(self.type),
            projects=tuple(self.project),
            subjects=tuple(self.subject),
            since=self.since,
            until=self.until,
        )


class FiguresQuery(PageQuery):
    project: Texts = Field(default=[], description="Several mean any of them.")
    since: Instant = Field(default=None, description="Runs that began then or later.")
    until: Instant = Field(default=None, description="Runs that began before then.")

    def filter(self) -> RunFilter:
        return RunFilter(tuple(self.project), self.since, self.until)
