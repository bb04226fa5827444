"""What is said of the settings: the values and their origins, never a secret."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.settings import Explained, Secret, explain, load
from tocsin.settings.explain import MASK, masked


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeOptions:
    secret: Secret | None = None
    former_secrets: tuple[Secret, ...] = ()


def test_only_what_is_not_default_is_told_unless_all_is_asked_for() -> None:
    loaded = load(environ={"TOCSIN_LIVE__HEARTBEAT_S": "20", "TOCSIN_DATA_DIR": "/var/lib/t"})

    assert explain(loaded) == [
        Explained("data_dir", "/var/lib/t", "TOCSIN_DATA_DIR"),
        Explained("live.heartbeat_s", 20, "TOCSIN_LIVE__HEARTBEAT_S"),
    ]
    everything = explain(loaded, with_defaults=True)
    assert Explained("auth.local_role", "viewer", "default") in everything


def test_an_entry_of_a_table_is_written_as_in_a_file(tmp_path: Path) -> None:
    config = tmp_path / "tocsin.toml"
    config.write_text('[retention.by_type]\n"log.*" = 7\nalerts = 8\n')

    assert explain(load(environ={}, config=config)) == [
        Explained('retention.by_type."log.*"', 7, str(config)),
        Explained("retention.by_type.alerts", 8, str(config)),
    ]


def test_a_named_set_up_is_told_below_its_kind_and_what_it_inherits_by_its_kinds_origin() -> None:
    environ = {
        "TOCSIN_SOURCES__FORGE__SECRET": "the kind's own",
        "TOCSIN_SOURCES__FORGE__NAMED__TEAM_A__FORMER_SECRETS": "hunter2,hunter3",
    }
    loaded = load(environ=environ, kinds={"forge": ForgeOptions})

    told = {one.key: one for one in explain(loaded, with_defaults=True)}

    assert told["sources.forge.named.team_a.former_secrets"] == Explained(
        "sources.forge.named.team_a.former_secrets",
        [MASK, MASK],
        "TOCSIN_SOURCES__FORGE__NAMED__TEAM_A__FORMER_SECRETS",
        is_secret=True,
    )
    assert told["sources.forge.named.team_a.secret"].origin == "TOCSIN_SOURCES__FORGE__SECRET"
    assert not [key for key in told if key.startswith("named")]
    assert "hunter" not in str(told)
    assert "the kind" not in str(told)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("", ""),
        ("sqlite:///data/tocsin.db", "sqlite:///data/tocsin.db"),
        ("postgresql://db:5432/tocsin", "postgresql://db:5432/tocsin"),
        ("postgresql://u:p@db/tocsin", f"postgresql://{MASK}@db/tocsin"),
        ("postgresql://u:p@/?#q@db/tocsin", f"postgresql://{MASK}@db/tocsin"),
        ("postgresql://db/t?password=p", f"postgresql://db/t?{MASK}"),
        ("hunter2", MASK),
    ],
)
def test_of_a_database_address_the_server_stays(url: str, shown: str) -> None:
    assert masked(url) == shown


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map("S3CR3T".__add__)


@given(secret=WORDS, password=WORDS)
def test_no_secret_is_ever_told(secret: str, password: str) -> None:
    loaded = load(
        environ={
            "TOCSIN_SECRET_KEY": secret,
            "TOCSIN_SOURCES__FORGE__SECRET": secret,
            "TOCSIN_DATABASE_URL": f"postgresql://user:{password}@db/tocsin",
        },
        kinds={"forge": ForgeOptions},
    )

    told = repr(explain(loaded, with_defaults=True)) + repr(loaded)

    assert "S3CR3T" not in told


def test_secrets_in_a_list_are_masked_one_by_one() -> None:
    loaded = load(
        environ={"TOCSIN_SOURCES__FORGE__FORMER_SECRETS": "one,two"}, kinds={"forge": ForgeOptions}
    )

    (row,) = explain(loaded)

    assert row.value == [MASK, MASK]
    assert row.is_secret
