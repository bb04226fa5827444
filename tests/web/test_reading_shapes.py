"""The answers are what the OpenAPI document says they are."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from tests.call import Answer
from tests.journal import at, ended, event, message, reading_in, step
from tocsin.web.reading_shapes import (
    DaysPage,
    DeploymentsPage,
    DetailView,
    EventsPage,
    EventView,
    LinesPage,
    MatchesView,
    OutlineView,
    ProjectsPage,
    Shape,
    StepsPage,
    UsualView,
)


def fits(shape: type[Shape], answer: Answer) -> Any:
    """The answer, read by its shape without any good will."""
    assert answer.status == 200, answer.body
    read: BaseModel = shape.model_validate(answer.json, strict=True)
    return read


async def test_every_answer_has_its_shape(tmp_path: Path) -> None:
    async with reading_in(tmp_path) as reading:
        await reading.told.tell(
            step("step_started", "build", 0, branch="main"),
            step("step_completed", "build", 4, step_status="failure", logs="one\ntwo"),
            step("step_updated", "build", 5, step_status="retrying"),
            step("step_started", "build", 6),
            message("metrics_update", metrics={"steps_count": 2, "more": [1]}),
            ended(9, "success"),
            step("step_started", "again", 20),
            message("log_entry", "2", message="x", timestamp="..."),
        )
        await reading.told.append([event(data=None, attributes={"id": "x"}, id="e-1")])

        detail = fits(DetailView, await reading.get("/api/v1/deployments/1"))
        fits(DetailView, await reading.get("/api/v1/deployments/2"))
        fits(DeploymentsPage, await reading.get("/api/v1/deployments?limit=1"))
        steps = fits(StepsPage, await reading.get("/api/v1/deployments/1/steps"))
        lines = fits(LinesPage, await reading.get("/api/v1/deployments/1/logs"))
        fits(OutlineView, await reading.get("/api/v1/deployments/1/logs/outline?step=build"))
        fits(MatchesView, await reading.get("/api/v1/deployments/1/logs/search?q=o"))
        fits(UsualView, await reading.get("/api/v1/deployments/2/usual"))
        events = fits(EventsPage, await reading.get("/api/v1/events"))
        one = fits(EventView, await reading.get("/api/v1/events/e-1"))
        fits(ProjectsPage, await reading.get("/api/v1/projects"))
        days = fits(DaysPage, await reading.get("/api/v1/metrics/deployments"))

    assert [run.run for run in detail.runs] == [1, 2]
    assert detail.runs[0].figures.agree is False
    assert [step.name for step in steps.items] == ["build", "again"]
    assert lines.total == 2
    assert len(events.items) == 9
    assert one.attributes == {"id": "x"}
    assert days.items[0].day == at(0).date().isoformat()


def test_no_shape_takes_a_field_it_does_not_name() -> None:
    assert Shape.model_config == ConfigDict(extra="forbid")
