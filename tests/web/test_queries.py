"""Queries become filters, and what is wrong with one is told by its field."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.journal import at
from tocsin.model.filters import DeploymentFilter, EventFilter, LineFilter, RunFilter
from tocsin.model.words import DeploymentState
from tocsin.web.queries import (
    DeploymentsQuery,
    EventsQuery,
    FiguresQuery,
    LogsQuery,
    PageQuery,
    Query,
    StepsQuery,
)

START = "2026-01-01T00:00:00Z"


def test_each_query_becomes_its_filter() -> None:
    deployments = DeploymentsQuery.model_validate(
        {"project": ["a", ""], "status": ["running"], "stalled": "true", "since": START, "q": "x"}
    )
    events = EventsQuery.model_validate({"type": ["step_*"], "subject": ["1"], "until": START})
    logs = LogsQuery.model_validate({"level": ["WARN"], "step": ["b"], "from_line": "3"})
    figures = FiguresQuery.model_validate({"project": ["a"], "since": "", "until": START})

    assert deployments.filter() == DeploymentFilter(
        ("a",), (DeploymentState.RUNNING,), True, at(0), None, "x"
    )
    assert events.filter() == EventFilter(types=("step_*",), subjects=("1",), until=at(0))
    assert logs.filter((1, None)) == LineFilter(("b",), ("warning",), from_line=3, from_at=1)
    assert figures.filter() == RunFilter(("a",), None, at(0))


@pytest.mark.parametrize(
    ("query", "said", "field"),
    [
        (PageQuery, {"limit": "0"}, "limit"),
        (PageQuery, {"limit": "1001"}, "limit"),
        (PageQuery, {"limit": "9" * 5_000}, "limit"),
        (PageQuery, {"cursor": "a b"}, "cursor"),
        (PageQuery, {"cursr": "x"}, "cursr"),
        (DeploymentsQuery, {"status": ["done"]}, "status"),
        (DeploymentsQuery, {"stalled": "perhaps"}, "stalled"),
        (DeploymentsQuery, {"since": "soon"}, "since"),
        (DeploymentsQuery, {"q": "x" * 201}, "q"),
        (EventsQuery, {"after_seq": "9223372036854775808"}, "after_seq"),
        (EventsQuery, {"after_seq": "-1"}, "after_seq"),
        (EventsQuery, {"type": ["x"] * 51}, "type"),
        (EventsQuery, {"order": "up"}, "order"),
        (StepsQuery, {"run": "0"}, "run"),
        (LogsQuery, {"from_line": "1e3"}, "from_line"),
        (LogsQuery, {"to_line": "9" * 30}, "to_line"),
        (LogsQuery, {"format": "html"}, "format"),
    ],
)
def test_a_wrong_field_is_named(query: type[Query], said: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        query.model_validate(said)

    assert {fault["loc"][0] for fault in refused.value.errors()} == {field}
