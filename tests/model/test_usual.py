"""What is usual is the median of those that went well."""

from tests.model.stories import completed, end, folded, start, step
from tocsin.model.deployment import Deployment
from tocsin.model.usual import Usual, usual_json, usual_of
from tocsin.model.words import StepState

COMPLETED, FAILED = StepState.COMPLETED, StepState.FAILED


def deployment(whole_s: float, **steps_s: float) -> Deployment:
    """One whose steps took so long, each begun at the beginning."""
    told = [
        step(name, start(0), end(seconds, COMPLETED, seconds)) for name, seconds in steps_s.items()
    ]
    return folded([*told, completed(whole_s, duration_s=whole_s)])


def test_it_is_the_median_of_the_whole_and_of_each_step() -> None:
    usual = usual_of(
        [
            deployment(10, build=4, test=6),
            deployment(40_000, build=39_990, test=10),
            deployment(20, build=5, deploy=15),
        ]
    )

    assert usual == Usual(3, 20, {"build": 5, "test": 8, "deploy": 15})
    assert usual_json(usual) == {
        "runs": 3,
        "duration": 20,
        "steps": {"build": 5, "test": 8, "deploy": 15},
    }


def test_only_the_newest_run_counts() -> None:
    again = folded(
        [
            step("build", start(0), end(100, COMPLETED)),
            completed(100),
            step("build", start(200), end(207, COMPLETED)),
            completed(210),
        ]
    )

    assert usual_of([again]) == Usual(1, 10, {"build": 7})


def test_a_step_that_failed_or_tells_no_time_does_not_count() -> None:
    one = folded(
        [
            step("lint", start(0), end(3, FAILED)),
            step("note", end(4, COMPLETED)),
            step("build", start(0), end(4.5, COMPLETED)),
            completed(5),
        ]
    )

    assert usual_of([one]).steps == {"build": 4.5}


def test_of_nothing_nothing_is_usual() -> None:
    assert usual_of([]) == Usual(0, None, {})
    assert usual_of([folded([completed(5)])]) == Usual(1, None, {})
