"""Who an instance is, and what it runs, by its settings."""

import socket
from pathlib import Path

import pytest

from tests.appending import settings_with
from tocsin.errors import ConfigError
from tocsin.settings import STAGES, instance_of, is_run, stages_of

SOURCE = Path(__file__).parents[2] / "src" / "tocsin"
ROW = ("ingest", "live", "notify", "release", "watch", "report", "web")


def test_each_stage_that_has_code_can_be_run_by_name() -> None:
    has_code = [name for name in ROW if len(list((SOURCE / name).glob("*.py"))) > 1]

    assert sorted(STAGES) == sorted(has_code)


def test_an_instance_has_the_name_it_was_given_else_the_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "机器 1.example")

    assert instance_of(settings_with(INSTANCE_ID="api-1")) == "api-1"
    assert instance_of(settings_with()) == "---1.example"


@pytest.mark.parametrize("name", ["a b", "a/b", "名", "x" * 65, 'a"', "a\n"])
def test_a_name_that_fits_no_header_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="instance_id: expected letters"):
        settings_with(INSTANCE_ID=name)


@pytest.mark.parametrize(
    ("said", "stages"),
    [
        ("", STAGES),
        ("live", ("live",)),
        ("web, LIVE", ("live", "web")),
        ('["ingest"]', ("ingest",)),
    ],
)
def test_all_stages_are_run_unless_some_are_named(said: str, stages: tuple[str, ...]) -> None:
    assert stages_of(settings_with(STAGES=said)) == stages


def test_an_unknown_stage_stops_the_start_and_the_nearest_is_named() -> None:
    with pytest.raises(ConfigError) as told:
        settings_with(STAGES="ingest,wach")

    assert told.value.problems == (
        (
            "stages: item 2: expected one of ingest, live, notify, watch, web "
            "(did you mean watch?), "
            "got 'wach' (from TOCSIN_STAGES)"
        ),
    )


@pytest.mark.parametrize(
    ("loop", "stages"),
    [
        ("bus.send", set(STAGES)),
        ("store.leases", set(STAGES)),
        ("ingest.set_ups", set(STAGES)),
        ("bus.hear", {"live", "notify"}),
        ("live.hub", {"live"}),
        ("ingest.inbox", {"ingest"}),
        # Callbacks are shown and tried out where nobody is told of anything.
        ("notify.known", set(STAGES)),
        ("notify.feed", {"notify"}),
        ("notify.spread", {"notify"}),
        ("notify.7", {"notify"}),
        ("watch.stalled", {"watch"}),
        ("store.retention", {"watch"}),
        ("store.trainings", {"watch"}),
    ],
)
def test_a_loop_goes_on_where_its_stage_is_run(loop: str, stages: set[str]) -> None:
    assert {one for one in STAGES if is_run(loop, (one,))} == stages


def test_a_loop_of_no_stage_would_never_go_on() -> None:
    with pytest.raises(ValueError, match=r"odd\.loop belongs to no stage"):
        is_run("odd.loop", STAGES)
