"""An entrance knows its secrets, and whether anybody on this machine may use it without one."""

from dataclasses import dataclass

import pytest
from pydantic import SecretStr

from tocsin.ingest.entrance import make_entrance
from tocsin.ingest.source import find_sources
from tocsin.settings.schema import Network, Secret

NONE = SecretStr("")
SOURCE = find_sources()["deployment"]


@dataclass(frozen=True)
class Options:
    """Those of a source that says how it verifies."""

    verify: str
    secret: Secret = NONE
    previous_secret: Secret = NONE
    unsigned_networks: tuple[Network, ...] = ()


def test_both_secrets_of_the_settings_are_good() -> None:
    options = SOURCE.Options(secret=SecretStr("new"), previous_secret=SecretStr("old"))

    assert make_entrance("deployment", SOURCE, options).secrets == ("new", "old")


def test_a_source_is_open_without_a_secret() -> None:
    without, former = SOURCE.Options(), SOURCE.Options(previous_secret=SecretStr("old"))

    assert make_entrance("deployment", SOURCE, without).is_open
    assert not make_entrance("deployment", SOURCE, former).is_open


@pytest.mark.parametrize(("verify", "is_open"), [("auto", True), ("signature", False)])
def test_a_source_that_is_told_to_verify_is_not_open(verify: str, *, is_open: bool) -> None:
    assert make_entrance("deployment", SOURCE, Options(verify)).is_open == is_open


def test_in_production_a_source_that_verifies_does_so_for_this_machine_too() -> None:
    verifying, plain = Options("auto"), SOURCE.Options()

    def takes_local(options: object, *, is_production: bool) -> bool:
        made = make_entrance("deployment", SOURCE, options, is_production=is_production)  # type: ignore[arg-type] # as options of a kind are
        return made.takes_local

    assert takes_local(verifying, is_production=False)
    assert not takes_local(verifying, is_production=True)
    assert takes_local(plain, is_production=True)


@pytest.mark.parametrize(
    ("name", "path", "is_shared"),
    [
        ("cloudevents", "/api/v1/events", True),
        ("cloudevents", "/hooks/cloudevents", False),
        ("deployment", "/api/webhooks/deployment", False),
    ],
)
def test_the_api_answers_readers_at_its_own_addresses(
    name: str, path: str, *, is_shared: bool
) -> None:
    source = find_sources()[name]

    assert make_entrance(name, source, source.Options()).shares(path) == is_shared
