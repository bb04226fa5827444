"""A rotation opens with the new secret at once, and closes the former ones in time."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.model.source_setup import (
    EndedSetting,
    KeptSecret,
    StoredSetUp,
    digest_of_secret,
    ends_of_settings,
    good_secrets,
    hint_of,
    new_secret,
    rotated,
    without_former,
)
from tocsin.testing.clock import START

EMPTY = StoredSetUp("github", "", False, START)
DAY = timedelta(days=1)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def kept(text: str, hours: float = 0) -> KeptSecret:
    return KeptSecret(f"id of {text}", text, at(hours))


def test_what_is_in_the_settings_is_good_while_nothing_is_stored() -> None:
    assert good_secrets(None, ["a", "b"], START) == ("a", "b")
    assert good_secrets(EMPTY, ["a", "b"], START) == ("a", "b")


def test_after_a_rotation_both_are_good_for_a_while() -> None:
    after = rotated(EMPTY, ["setting"], kept("new"), DAY)

    assert good_secrets(after, ["setting"], at(23.9)) == ("new", "setting")
    assert good_secrets(after, ["setting"], at(24)) == ("new",)
    assert ends_of_settings(after, "setting") == at(24)
    assert after.ended_settings == (EndedSetting(digest_of_secret("setting"), at(24)),)


def test_another_text_in_the_settings_is_another_secret() -> None:
    after = rotated(EMPTY, ["setting"], kept("new"), timedelta(0))

    assert good_secrets(after, ["other"], at(99)) == ("new", "other")


def test_a_second_rotation_does_not_make_the_first_secret_live_longer() -> None:
    once = rotated(EMPTY, ["setting"], kept("one"), timedelta(hours=1))
    twice = rotated(once, ["setting"], kept("two", 0.5), DAY)

    assert good_secrets(twice, ["setting"], at(0.9)) == ("two", "one", "setting")
    assert good_secrets(twice, ["setting"], at(1)) == ("two", "one")
    assert good_secrets(twice, ["setting"], at(24.5)) == ("two",)


def test_a_secret_that_has_ended_is_forgotten_at_the_next_rotation() -> None:
    once = rotated(EMPTY, [], kept("one"), DAY)
    twice = rotated(once, [], kept("two", 1), timedelta(0))

    assert [one.text for one in twice.secrets] == ["two"]


def test_the_former_ones_can_be_ended_at_once() -> None:
    after = rotated(rotated(EMPTY, ["setting"], kept("one"), DAY), ["setting"], kept("two", 1), DAY)

    alone = without_former(after, ["setting"], at(2))

    assert good_secrets(alone, ["setting"], at(2)) == ("two",)


def test_of_two_in_the_settings_the_first_is_the_present_one() -> None:
    alone = without_former(EMPTY, ["now", "before"], START)

    assert good_secrets(alone, ["now", "before"], START) == ("now",)


@pytest.mark.parametrize(
    ("text", "hint"), [("short", "…"), ("x" * 16, "…xxxx"), ("whsec_abcdefghijklmno=", "…lmno")]
)
def test_a_hint_tells_little(text: str, hint: str) -> None:
    assert hint_of(text) == hint


def test_a_new_secret_passes_through_a_query_and_is_unlike_others() -> None:
    made = [new_secret() for _ in range(50)]

    assert len(set(made)) == 50
    assert all(one.startswith("whsec_") and len(one) == 50 for one in made)
    assert not any(mark in one for one in made for mark in "+/ &%")


_steps = st.lists(
    st.tuples(st.floats(0, 48), st.floats(0, 48), st.sampled_from(["rotate", "end"])), max_size=6
)


@given(_steps, st.floats(0, 100))
def test_the_newest_is_always_good_and_none_comes_back(
    steps: list[tuple[float, float, str]], later: float
) -> None:
    stored, hours, settings = EMPTY, 0.0, ["setting", "before"]
    present = "setting"
    ended: set[str] = set()
    for number, (pause, keep, what) in enumerate(steps):
        hours += pause
        before = set(good_secrets(stored, settings, at(hours)))
        ended |= {"setting", "before"} - before
        if what == "rotate":
            present = f"kept {number}"
            stored = rotated(stored, settings, kept(present, hours), timedelta(hours=keep))
        else:
            stored = without_former(stored, settings, at(hours))
            assert good_secrets(stored, settings, at(hours)) == (present,)
        now = good_secrets(stored, settings, at(hours))
        assert now[0] == present
        assert set(now) <= before | {present}
        assert not ended & set(now)
    assert good_secrets(stored, settings, at(hours + later))[0] == present
