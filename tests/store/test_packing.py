"""A folded deployment comes out of its columns as it went in."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.change import Change, Mark, Move, RunEnd
from tocsin.model.deployment import Deployment, StepLog, fold
from tocsin.model.logline import LogLine
from tocsin.model.words import DeploymentState, StepState
from tocsin.store.packing import pack_marks, pack_state, unpack_marks, unpack_state

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
INSTANTS = st.integers(0, 2**53)
DURATIONS = st.one_of(st.just(-1.0), st.floats(0, 1e9))
MARKS = st.builds(
    Mark,
    INSTANTS,
    st.booleans(),
    st.sampled_from(Move),
    st.one_of(st.none(), st.sampled_from(StepState)),
    TEXTS,
    DURATIONS,
)
ENDS = st.builds(
    RunEnd,
    INSTANTS,
    st.sampled_from(DeploymentState),
    TEXTS,
    DURATIONS,
    st.integers(-1, 2**53),
    st.integers(-1, 2**53),
)
FIGURES = st.dictionaries(
    TEXTS, st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXTS, DURATIONS)
)
CHANGES = st.builds(
    Change,
    st.just("1"),
    INSTANTS,
    step=TEXTS,
    marks=st.lists(MARKS, max_size=3).map(tuple),
    end=st.one_of(st.none(), ENDS),
    begins=st.booleans(),
    figures=st.one_of(st.none(), FIGURES),
    facts=st.one_of(st.none(), st.dictionaries(TEXTS, TEXTS)),
    lines=st.lists(st.just(LogLine("x", "info", "", None)), max_size=2).map(tuple),
    quiet_since=st.one_of(st.none(), st.integers(0, 5)),
)


@given(st.lists(CHANGES, max_size=12))
def test_any_deployment_comes_back_as_it_was(changes: list[Change]) -> None:
    deployment = fold(Deployment(), enumerate(changes, 1))

    facts, packed = pack_state(deployment)
    steps = [(name, pack_marks(log)) for name, log in deployment.steps.items()]

    assert unpack_state(packed, steps) == deployment
    assert list(unpack_state(packed, steps).steps) == list(deployment.steps)
    assert orjson.loads(facts) == {name: fact.text for name, fact in deployment.facts.items()}


@given(st.lists(MARKS, max_size=5), st.integers(0, 10_000))
def test_what_was_dropped_of_a_step_is_still_counted(marks: list[Mark], dropped: int) -> None:
    log = StepLog(tuple(marks), dropped)

    assert unpack_marks(pack_marks(log)) == log
