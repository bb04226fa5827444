"""The database's address, in the forms in which people have it."""

from pathlib import Path

import pytest

from tocsin.errors import ConfigError
from tocsin.store.address import address_of, address_or_file, is_postgres, shown


def test_an_empty_address_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    url = address_of("", tmp_path)

    assert url.database == str(tmp_path / "tocsin.db")
    assert not is_postgres(url)


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("sqlite:///data/x.db", "data/x.db"),
        ("sqlite:////var/lib/x.db", "/var/lib/x.db"),
        ("sqlite+aiosqlite:///x.db", "x.db"),
    ],
)
def test_an_address_names_the_file(said: str, file: str, tmp_path: Path) -> None:
    url = address_of(said, tmp_path)

    assert (url.drivername, url.database) == ("sqlite", file)


@pytest.mark.parametrize(
    "kind",
    ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2", "postgres+asyncpg"],
)
def test_whatever_driver_an_address_was_written_for_ours_is_used(kind: str, tmp_path: Path) -> None:
    url = address_of(f"{kind}://u:p%40ss@db.example:5433/tocsin", tmp_path)

    assert is_postgres(url)
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        *("u", "p@ss", "db.example", 5433, "tocsin"),
    )


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", {}),
        ("ssl=require", {"sslmode": "require"}),
        (
            "ssl=verify-full&sslrootcert=/ca.pem",
            {"sslmode": "verify-full", "sslrootcert": "/ca.pem"},
        ),
        ("ssl=true", {"sslmode": "require"}),
        ("ssl=False", {"sslmode": "disable"}),
        ("timeout=7", {"connect_timeout": "7"}),
        ("prepared_statement_cache_size=0&statement_cache_size=0&command_timeout=5", {}),
        ("sslmode=prefer&target_session_attrs=read-write", None),
    ],
)
def test_what_only_the_driver_asyncpg_knows_is_said_otherwise_or_left_out(
    said: str, meant: dict[str, str] | None, tmp_path: Path
) -> None:
    url = address_of(f"postgresql+asyncpg://h/d?{said}", tmp_path)

    as_it_was = dict(part.split("=") for part in said.split("&")) if meant is None else meant
    assert dict(url.query) == as_it_was


def test_a_parameter_that_nobody_knows_is_named_without_its_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        address_of("postgresql://u:p@h/d?pasword=hunter2", tmp_path)

    assert "pasword" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "said",
    [
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "my:/x",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h:port/d",
    ],
)
def test_any_other_address_is_refused_by_its_key_and_without_its_password(
    said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError) as refused:
        address_of(said, tmp_path)

    assert refused.value.problems[0].startswith("database_url: ")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("sqlite:////data/tocsin.db", "sqlite:////data/tocsin.db"),
        ("postgresql://u:hunter2@db:5433/x", "postgresql://u:***@db:5433/x"),
        ("postgres://db/x?password=hunter2&user=u", "postgresql://db/x"),
    ],
)
def test_people_are_shown_no_password(said: str, seen: str) -> None:
    assert shown(address_of(said, Path())) == seen


def test_an_argument_may_be_the_path_of_a_file(tmp_path: Path) -> None:
    assert address_or_file("TO", str(tmp_path / "a.db")) == address_of(
        f"sqlite:///{tmp_path / 'a.db'}", Path()
    )
    assert is_postgres(address_or_file("TO", "postgresql://u@db/x"))


def test_a_fault_of_an_argument_is_told_by_its_name() -> None:
    with pytest.raises(ConfigError) as refused:
        address_or_file("TO", "mysql://u:hunter2@db/x")

    (problem,) = refused.value.problems
    assert problem.startswith("TO: ")
    assert "hunter2" not in problem
