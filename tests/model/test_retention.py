"""Events are kept as long as the rules say: the shortest of what fits, 0 for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.retention import FOR_EVER, KeepRules

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES = KeepRules(
    keep_days=30,
    by_source={"github": 7, "deployment": 0, "tocsin": 365},
    by_type={"log_*": 3, "person.signed_in": 90, "release.*": 0, "[draft]": 1},
)


@pytest.mark.parametrize(
    ("source", "kind", "days"),
    [
        ("cloudevents", "built", 30),
        ("github", "push", 7),
        ("deployment", "step_started", FOR_EVER),
        ("deployment", "log_entry", 3),
        ("github", "log_entry", 3),
        ("tocsin", "person.signed_in", 90),
        ("tocsin", "setting.changed", 365),
        ("cloudevents", "release.done", FOR_EVER),
        ("github", "release.done", 7),
        ("cloudevents", "LOG_entry", 30),
    ],
)
def test_the_shortest_of_what_fits_counts(source: str, kind: str, days: int) -> None:
    assert RULES.days_for(source, kind) == days


def test_an_event_is_kept_to_its_last_moment() -> None:
    limit = NOW - timedelta(days=30)

    assert not RULES.is_expired("cloudevents", "built", limit, NOW)
    assert RULES.is_expired("cloudevents", "built", limit - timedelta(microseconds=1), NOW)
    assert not RULES.is_expired("deployment", "step_started", datetime(1970, 1, 1, tzinfo=UTC), NOW)


def test_nothing_is_expired_before_the_shortest_time() -> None:
    assert RULES.newest_expired(NOW) == NOW - timedelta(days=1)
    assert KeepRules(keep_days=FOR_EVER).newest_expired(NOW) is None


_days = st.integers(0, 36_500)
_rules = st.builds(
    KeepRules,
    keep_days=_days,
    by_source=st.dictionaries(st.sampled_from(["github", "tocsin"]), _days),
    by_type=st.dictionaries(st.sampled_from(["log_*", "log_entry", "*", "push"]), _days),
)


@given(
    _rules,
    st.sampled_from(["github", "tocsin", "deployment"]),
    st.sampled_from(["log_entry", "push", "x"]),
    st.timedeltas(timedelta(0), timedelta(days=40_000)),
)
def test_no_event_younger_than_the_newest_expired_is_expired(
    rules: KeepRules, source: str, kind: str, age: timedelta
) -> None:
    received_at = NOW - age
    newest = rules.newest_expired(NOW)

    if rules.is_expired(source, kind, received_at, NOW):
        assert newest is not None
        assert received_at <= newest
        assert age > timedelta(days=rules.days_for(source, kind)) > timedelta(0)


@given(_rules, st.timedeltas(timedelta(0), timedelta(days=40_000)), st.timedeltas(timedelta(0)))
def test_what_is_expired_stays_expired(rules: KeepRules, age: timedelta, passed: timedelta) -> None:
    later = NOW + min(passed, timedelta(days=40_000))

    if rules.is_expired("github", "push", NOW - age, NOW):
        assert rules.is_expired("github", "push", NOW - age, later)
