"""An address leads to its set-up, those of the settings and those that are stored."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from tocsin.ingest.set_ups import SetUps
from tocsin.ingest.source import find_sources
from tocsin.model.source_setup import KeptSecret, StoredSetUp, rotated
from tocsin.testing.clock import START

SOURCES = {name: find_sources()[name] for name in ("deployment", "github")}
DEPLOYMENT, GITHUB = SOURCES["deployment"].Options, SOURCES["github"].Options
OF_KIND = GITHUB(secret=SecretStr("the kind's"), previous_secret=SecretStr("the kind's before"))
TEAM_A = GITHUB(secret=SecretStr("team a's"))


def set_ups() -> SetUps:
    options = {"deployment": DEPLOYMENT(), "github": OF_KIND}
    return SetUps(SOURCES, options, {"github": {"team-a": TEAM_A}})


def stored(kind: str, name: str, text: str = "stored") -> StoredSetUp:
    return StoredSetUp(kind, name, True, START, (KeptSecret("1", text, START),))


def secrets_at(of: SetUps, path: str) -> tuple[str, ...]:
    found = of.entrance_of(path)
    assert found is not None
    return found[0].secrets


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/webhooks/deployment", (("deployment", ""), "")),
        ("/api/webhooks/deployment/", (("deployment", ""), "")),
        ("/hooks/deployment", (("deployment", ""), "")),
        # Without named set-ups a name marks the call and is no set-up.
        ("/hooks/deployment/ci", (("deployment", ""), "ci")),
        ("/hooks/deployment/ci/east", (("deployment", ""), "ci/east")),
        ("/hooks/github", (("github", ""), "")),
        ("/hooks/github/team-a", (("github", "team-a"), "team-a")),
        ("/hooks/github/team-a/", (("github", "team-a"), "team-a")),
        ("/hooks/github/team-b", None),
        ("/hooks/github/team-a/b", None),
        ("/hooks/deployment/" + 201 * "n", None),
        ("/hooks/forge", None),
        ("/hooks/", None),
        ("/", None),
        ("", None),
    ],
)
def test_an_address_leads_to_its_set_up(
    path: str, found: tuple[tuple[str, str], str] | None
) -> None:
    entrance = set_ups().entrance_of(path)

    assert (entrance and (entrance[0].key, entrance[1])) == found


def test_each_set_up_has_its_own_secrets() -> None:
    of = set_ups()

    assert secrets_at(of, "/hooks/github") == ("the kind's", "the kind's before")
    assert secrets_at(of, "/hooks/github/team-a") == ("team a's",)
    assert of.kinds == ["deployment", "github"]


def test_what_is_stored_is_set_up_beside_the_settings_and_taken_away_again() -> None:
    of = set_ups()

    of.apply([stored("deployment", "west")], START)
    added = secrets_at(of, "/hooks/deployment/west")
    other = of.entrance_of("/hooks/deployment/ci")
    of.apply([], START)

    assert added == ("stored",)
    assert other is None
    assert of.entrance_of("/hooks/deployment/west") is not None
    assert secrets_at(of, "/hooks/deployment/west") == ()


def test_a_stored_set_up_has_its_kinds_options_but_none_of_its_secrets() -> None:
    of = set_ups()

    of.apply([stored("github", "team-b")], START)

    (entrance, _) = of.entrance_of("/hooks/github/team-b") or (None, "")
    assert entrance is not None
    assert entrance.secrets == ("stored",)
    assert entrance.options.secret.get_secret_value() == ""
    assert of.all["github", "team-b"].is_stored
    assert not of.all["github", "team-a"].is_stored


def test_a_rotated_secret_of_the_settings_ends() -> None:
    of = set_ups()
    empty = StoredSetUp("github", "team-a", False, START)
    new = KeptSecret("1", "new", START)
    after = rotated(empty, ["team a's"], new, timedelta(hours=1))

    of.apply([after], START)
    both = secrets_at(of, "/hooks/github/team-a")
    of.apply([after], START + timedelta(hours=1))

    assert both == ("new", "team a's")
    assert secrets_at(of, "/hooks/github/team-a") == ("new",)
    assert not of.all["github", "team-a"].is_stored
    assert set(of.all["github", "team-a"].known_secrets) == {"new", "team a's"}


def test_what_is_stored_of_a_kind_that_is_gone_is_left_alone() -> None:
    of = set_ups()

    of.apply([stored("forge", "west"), StoredSetUp("github", "gone", False, START)], START)

    assert {key for key, one in of.all.items() if one.is_stored} == set()
    assert of.entrance_of("/hooks/forge/west") is None


def test_a_new_set_up_begins_with_the_kinds_options() -> None:
    options = set_ups().options_for_new("github")

    assert options is not None
    assert options.secret.get_secret_value() == options.previous_secret.get_secret_value() == ""
    assert set_ups().options_for_new("forge") is None
