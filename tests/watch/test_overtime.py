"""Which runs are still to be told of, and what is said."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.appending import after
from tocsin.store.long_runs import LongRun, Told
from tocsin.watch.overtime import running_long_event, untold

RUN = LongRun("shop", "7", 2, 41, after(0), "deploy")
RUNS = st.builds(
    LongRun,
    st.sampled_from(["shop", "web"]),
    st.sampled_from(["1", "2"]),
    st.just(1),
    st.integers(1, 9),
    st.just(after(0)),
    st.just(""),
)
TOLD = st.builds(
    Told, st.sampled_from(["shop", "web", "unknown"]), st.sampled_from("12"), st.integers(1, 9)
)


def test_what_is_said_names_the_run_and_how_long_it_takes() -> None:
    said = running_long_event(RUN, 3600, after(3661.5))

    assert (said.source, said.type, said.project, said.subject) == (
        "tocsin",
        "deployment.running_long",
        "shop",
        "7",
    )
    assert said.data == {
        "run": 2,
        "started_at": "2026-01-01T00:00:00.000Z",
        "duration": 3661.5,
        "current_step": "deploy",
        "running_long_after_s": 3600,
    }
    assert said.occurred_at == said.received_at == after(3661.5)
    assert said.change is None


def test_it_is_said_once_for_one_run() -> None:
    others = [replace(RUN, project="web"), replace(RUN, deployment_id="8"), replace(RUN, number=3)]

    keys = [running_long_event(run, 60, after(60)).dedupe for run in (RUN, *others)]

    assert len({*keys}) == 4
    assert running_long_event(RUN, 90, after(99)).dedupe == keys[0]


@given(st.lists(RUNS, max_size=9), st.lists(TOLD, max_size=9))
def test_each_run_is_untold_as_long_as_nothing_was_said_of_it(
    runs: list[LongRun], told: list[Told]
) -> None:
    assert untold(runs, told) == [
        run for run in runs if not [one for one in told if one.is_of(run)]
    ]
