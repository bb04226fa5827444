"""Who is awaited until when, and what is said of who did not come."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.appending import after
from tocsin.model.change import Change
from tocsin.model.deployment import Deployment, fold
from tocsin.model.times import to_us
from tocsin.watch.quiet import Expectations, Heard, expectations, stalled_event

INSTANTS = st.integers(0, 10**9).map(after)
HEARD = st.builds(Heard, st.integers(1, 99), st.booleans(), st.integers(1, 999), INSTANTS)


def test_news_of_a_deployment_under_way_are_awaited_and_of_an_ended_one_no_more() -> None:
    found = expectations(
        [Heard(1, True, 7, after(10)), Heard(2, False, 8, after(20))], stalled_after_s=60.5
    )

    assert found == Expectations(((1, 7, after(70.5)),), (2,))


@given(st.lists(HEARD, max_size=20), st.floats(0.001, 10**8))
def test_each_that_is_heard_of_is_awaited_or_settled(
    heard: list[Heard], stalled_after_s: float
) -> None:
    found = expectations(heard, stalled_after_s)

    awaited = [one for one in heard if one.is_under_way]
    assert [(pk, seq) for pk, seq, _ in found.awaited] == [
        (one.pk, one.last_seq) for one in awaited
    ]
    assert found.settled == tuple(one.pk for one in heard if not one.is_under_way)
    for one, (_, _, due_at) in zip(awaited, found.awaited, strict=True):
        assert due_at - one.last_seen_at == timedelta(seconds=stalled_after_s)


def test_what_is_said_names_the_deployment_and_since_when() -> None:
    said = stalled_event("shop", "7", 41, after(0), 7200, after(7200))

    assert (said.source, said.type, said.project, said.subject) == (
        "tocsin",
        "deployment.stalled",
        "shop",
        "7",
    )
    assert said.data == {
        "last_seq": 41,
        "last_seen_at": "2026-01-01T00:00:00.000Z",
        "stalled_after_s": 7200,
    }
    assert said.occurred_at == said.received_at == after(7200)


def test_it_is_said_once_for_one_silence() -> None:
    first = stalled_event("shop", "7", 41, after(0), 60, after(60))

    assert first.dedupe == stalled_event("shop", "7", 41, after(0), 60, after(90)).dedupe
    others = [
        stalled_event(project, deployment_id, seq, after(0), 60, after(60)).dedupe
        for project, deployment_id, seq in (("web", "7", 41), ("shop", "8", 41), ("shop", "7", 42))
    ]
    assert len({first.dedupe, *others}) == 4


@given(st.integers(0, 9), st.integers(0, 9))
def test_it_counts_only_while_nothing_has_come(quiet_since: int, last_seq: int) -> None:
    said = stalled_event("shop", "7", quiet_since, after(0), 60, after(60))
    assert said.change is not None
    news = Change("7", to_us(after(0)))
    before = replace(fold(Deployment(), [(last_seq, news)]), is_stalled=False)

    stalled = fold(before, [(99, said.change)])

    assert stalled.is_stalled is (quiet_since == last_seq)
    assert not fold(stalled, [(100, news)]).is_stalled
