"""A training as it is shown."""

from tests.trainings import ended, registered, said
from tocsin.model.event import Event, NewEvent
from tocsin.model.training import Training, fold
from tocsin.model.training_view import told_json, training_json
from tocsin.testing.clock import START


def told(*events: NewEvent) -> Training:
    return fold(None, [one.training for one in events if one.training is not None])


def test_what_nobody_said_is_null() -> None:
    shown = training_json("r-1", told(said()), ())

    unknown = ("finetune_id", "endpoint", "progress", "registered_at", "error", "duration_s")
    assert all(shown[name] is None for name in unknown)
    assert (shown["id"], shown["status"], shown["meta"], shown["files"]) == (
        "r-1",
        "training",
        {},
        [],
    )


def test_a_training_that_has_ended_tells_how_long_it_took() -> None:
    story = (
        registered(meta={"project": "ava"}),
        said(seconds=5, queue_position=3),
        ended("r-1", 65),
    )

    shown = training_json("r-1", told(*story), [{"name": "l"}])

    assert (shown["duration_s"], shown["progress"], shown["queue_position"]) == (65.0, 100, None)
    assert (shown["status_text"], shown["result"]) == ("OK", {"ok": True})
    assert (shown["project"], shown["files"]) == ("ava", [{"name": "l"}])
    assert shown["completed_at"] == "2026-01-01T00:01:05.000Z"


def test_an_event_tells_the_status_it_told() -> None:
    def event(event_type: str) -> Event:
        return Event(7, "e", "fal", event_type, "", "r-1", START, START, {}, None, None)

    assert told_json(event("training.failed"))["status"] == "error"
    assert told_json(event("training.registered"))["status"] is None
