"""The layers of settings: which one wins, and that everything wrong is told at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.errors import ConfigError
from tocsin.settings import Loaded, Network, Secret, load

NONE = Secret("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeOptions:
    secret: Secret | None = None
    unsigned_networks: tuple[Network, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    retries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StrictOptions:
    secret: Secret
    retries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOptions:
    secret: Secret = NONE
    previous_secret: Secret = NONE
    retries: int = 3


KINDS: Mapping[str, type] = {"forge": ForgeOptions, "strict": StrictOptions}


def problems(
    environ: Mapping[str, str] | None = None,
    *,
    config: Path | None = None,
    env_file: Path | None = None,
    flags: Mapping[str, object] | None = None,
) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(environ=environ or {}, kinds=KINDS, config=config, env_file=env_file, flags=flags)
    return caught.value.problems


def good(environ: Mapping[str, str]) -> Loaded:
    return load(environ=environ, kinds=KINDS)


def forge(loaded: Loaded) -> ForgeOptions:
    options = loaded.settings.sources["forge"]
    assert isinstance(options, ForgeOptions)
    return options


def test_nothing_given_means_the_defaults() -> None:
    loaded = good({"PATH": "/bin", "DATABASE_URL": "postgresql://other"})

    assert loaded.settings.listen == ("127.0.0.1:8000",)
    assert loaded.settings.database_url == ""
    assert set(loaded.origins.values()) == {"default"}


@given(
    layers=st.fixed_dictionaries(
        {}, optional={name: st.integers(1, 500) for name in ("file", "env file", "environment")}
    )
)
def test_the_last_layer_that_says_something_wins(
    layers: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("layers")
    config, env_file = folder / "tocsin.toml", folder / "tocsin.env"
    name = "TOCSIN_INGEST__MAX_DEPTH"
    config.write_text(f"[ingest]\nmax_depth = {layers['file']}\n" if "file" in layers else "")
    env_file.write_text(f"{name}={layers['env file']}\n" if "env file" in layers else "")
    environ = {name: str(layers["environment"])} if "environment" in layers else {}

    loaded = load(environ=environ, config=config, env_file=env_file)

    order = ("environment", "env file", "file")
    last = next((place for place in order if place in layers), None)
    assert loaded.settings.ingest.max_depth == layers.get(str(last), 64)
    origins = {
        "environment": name,
        "env file": f"{name} in {env_file}",
        "file": str(config),
        None: "default",
    }
    assert loaded.origins["ingest.max_depth"] == origins[last]


def test_a_flag_wins_over_the_environment() -> None:
    loaded = load(
        environ={"TOCSIN_LISTEN": "0.0.0.0:1", "TOCSIN_DATA_DIR": "/a"},
        flags={"listen": ["[::1]:2", "127.0.0.1:0"], "data_dir": None},
    )

    assert loaded.settings.listen == ("[::1]:2", "127.0.0.1:0")
    assert loaded.settings.data_dir == Path("/a")
    assert loaded.origins["listen"] == "--listen"


@pytest.mark.parametrize(
    ("name", "text", "key", "expected"),
    [
        ("TOCSIN_AUTH__LOCAL_ROLE", "Operator", "auth.local_role", "operator"),
        ("TOCSIN_LOGS__LEVEL", "WARN", "logs.level", "warning"),
        ("TOCSIN_LIVE__HEARTBEAT_S", "0.5", "live.heartbeat_s", 0.5),
        ("TOCSIN_LISTEN", "a.example:1, [::]:2", "listen", ("a.example:1", "[::]:2")),
        ("TOCSIN_LISTEN", '["a.example:1"]', "listen", ("a.example:1",)),
        ("TOCSIN_AUTH__ALLOWED_ORIGINS", "", "auth.allowed_origins", ()),
        (
            "TOCSIN_AUTH__ALLOWED_ORIGINS",
            "tauri://localhost,https://ci.example.org:8443",
            "auth.allowed_origins",
            ("tauri://localhost", "https://ci.example.org:8443"),
        ),
        (
            "TOCSIN_HTTP__TRUSTED_PROXIES",
            "10.0.0.0/8,::1",
            "http.trusted_proxies",
            (ip_network("10.0.0.0/8"), ip_network("::1/128")),
        ),
        ("TOCSIN_RETENTION__BY_TYPE", '{"log_*": 7}', "retention.by_type", {"log_*": 7}),
        ("TOCSIN_RETENTION__BY_SOURCE__FORGE", "90", "retention.by_source", {"forge": 90}),
        ("TOCSIN_RETENTION", '{"keep_days": 3}', "retention.keep_days", 3),
    ],
)
def test_a_variable_is_read_by_the_type_of_its_setting(
    name: str, text: str, key: str, expected: object
) -> None:
    value: object = good({name: text}).settings
    for part in key.split("."):
        value = getattr(value, part)

    assert value == expected


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "TOCSIN_INGEST__RATE_LIMT_PER_S",
            "1",
            (
                "TOCSIN_INGEST__RATE_LIMT_PER_S: there is no such setting; "
                "did you mean TOCSIN_INGEST__RATE_LIMIT_PER_S?"
            ),
        ),
        (
            "TOCSIN_INGEST_MAX_DEPTH",
            "1",
            (
                "TOCSIN_INGEST_MAX_DEPTH: there is no such setting; "
                "did you mean TOCSIN_INGEST__MAX_DEPTH?"
            ),
        ),
        (
            "TOCSIN_SOURCES__FROGE__SECRET",
            "hunter2",
            (
                "TOCSIN_SOURCES__FROGE__SECRET: there is no such setting; "
                "did you mean TOCSIN_SOURCES__FORGE__SECRET?"
            ),
        ),
        (
            "TOCSIN_HEARTBEAT_S",
            "1",
            "TOCSIN_HEARTBEAT_S: there is no such setting; did you mean TOCSIN_LIVE__HEARTBEAT_S?",
        ),
        ("TOCSIN_XYZZY", "1", "TOCSIN_XYZZY: there is no such setting"),
        (
            "TOCSIN_INGEST__MAX_DEPTH",
            "deep",
            (
                "ingest.max_depth: expected a valid integer, unable to parse string as an integer, "
                "got 'deep' (from TOCSIN_INGEST__MAX_DEPTH)"
            ),
        ),
        (
            "TOCSIN_AUTH__LOCAL_ROLE",
            "root",
            (
                "auth.local_role: expected 'none', 'viewer', 'operator' or 'admin', got 'root' "
                "(from TOCSIN_AUTH__LOCAL_ROLE)"
            ),
        ),
        (
            "TOCSIN_LISTEN",
            "127.0.0.1:8000,::1:8000",
            (
                "listen: item 2: expected HOST:PORT such as 127.0.0.1:8000 or [::1]:8000, "
                "got '::1:8000' (from TOCSIN_LISTEN)"
            ),
        ),
        ("TOCSIN_LISTEN", "", "listen: expected at least one (from TOCSIN_LISTEN)"),
        ("TOCSIN_LISTEN", "[1", "TOCSIN_LISTEN: expected a JSON list"),
        (
            "TOCSIN_HTTP__TRUSTED_PROXIES",
            "10.0.0.1/8",
            (
                "http.trusted_proxies: item 1: expected a network such as 10.0.0.0/8 or ::1, "
                "got '10.0.0.1/8' (from TOCSIN_HTTP__TRUSTED_PROXIES)"
            ),
        ),
        (
            "TOCSIN_AUTH__ALLOWED_ORIGINS",
            "https://a.example/",
            (
                "auth.allowed_origins: item 1: expected an origin in small letters and without a "
                "path, such as https://ci.example.org or tauri://localhost, "
                "got 'https://a.example/' (from TOCSIN_AUTH__ALLOWED_ORIGINS)"
            ),
        ),
        (
            "TOCSIN_DATABASE_URL",
            "mysql://u:hunter2@db/x",
            (
                "database_url: expected sqlite:///FILE, postgresql://…, or nothing "
                "(from TOCSIN_DATABASE_URL)"
            ),
        ),
        (
            "TOCSIN_SOURCES__FORGE",
            "hunter2",
            "TOCSIN_SOURCES__FORGE: expected a JSON object",
        ),
        (
            "TOCSIN_RETENTION",
            "[]",
            "retention: expected a table (from TOCSIN_RETENTION)",
        ),
        (
            "TOCSIN_INGEST",
            '{"max_depth": true}',
            "ingest.max_depth: expected a number, not true or false, got True (from TOCSIN_INGEST)",
        ),
        (
            "TOCSIN_SECRET_KEY_FILE",
            "/nowhere/key",
            "/nowhere/key: cannot be read: No such file or directory (from TOCSIN_SECRET_KEY_FILE)",
        ),
        (
            "TOCSIN_SECRET_KEY_FILE",
            "",
            "secret_key_file: expected a file name (from TOCSIN_SECRET_KEY_FILE)",
        ),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_expected(
    name: str, text: str, problem: str
) -> None:
    assert problems({name: text}) == (problem,)


def test_all_problems_of_all_layers_are_told_at_once(tmp_path: Path) -> None:
    config = tmp_path / "tocsin.toml"
    config.write_text("live = 3\n[ingest]\nmax_depht = 5\n[logs]\nlevel = 'loud'\n")
    env_file = tmp_path / "tocsin.env"
    env_file.write_text("TOCSIN_NOPE_AT_ALL=1\nthis is no variable\n")

    found = problems(
        {"TOCSIN_WATCH__POLL_S": "-1"},
        config=config,
        env_file=env_file,
        flags={"listen": ["x"]},
    )

    assert found == (
        f"live: expected a table (from {config})",
        (
            f"ingest.max_depht: there is no such setting; did you mean ingest.max_depth? "
            f"(from {config})"
        ),
        f"{env_file}, line 2: expected NAME=value",
        f"TOCSIN_NOPE_AT_ALL: there is no such setting (from TOCSIN_NOPE_AT_ALL in {env_file})",
        (
            "listen: item 1: expected HOST:PORT such as 127.0.0.1:8000 or [::1]:8000, got 'x' "
            "(from --listen)"
        ),
        "watch.poll_s: expected greater than 0, got '-1' (from TOCSIN_WATCH__POLL_S)",
        (
            f"logs.level: expected 'debug', 'info', 'warning', 'error' or 'critical', got 'loud' "
            f"(from {config})"
        ),
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[ingest", "not valid TOML: "),
        (b"a = '\xff'", "cannot be read: it is not UTF-8 text"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    config = tmp_path / "tocsin.toml"
    if content is not None:
        config.write_bytes(content)

    (problem,) = problems(config=config)

    assert problem.startswith(f"{config}: {expected}")


def test_a_secret_comes_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b" hunter2 \r\n")
    config = tmp_path / "tocsin.toml"
    config.write_text(f"secret_key_file = '{secret}'\n")
    environ = {
        "TOCSIN_SOURCES__FORGE__SECRET_FILE": str(secret),
        "TOCSIN_DATABASE_URL": "sqlite:///x.db",
    }

    loaded = load(environ=environ, kinds=KINDS, config=config)

    assert loaded.settings.secret_key.get_secret_value() == " hunter2 "
    assert forge(loaded).secret == Secret(" hunter2 ")
    assert loaded.origins["secret_key"] == f"{config} ({secret})"


def test_only_secrets_come_from_files(tmp_path: Path) -> None:
    (problem,) = problems({"TOCSIN_LOGS__LEVEL_FILE": str(tmp_path)})

    assert problem == (
        "TOCSIN_LOGS__LEVEL_FILE: there is no such setting; did you mean TOCSIN_LOGS__LEVEL?"
    )


def test_an_empty_or_huge_secret_file_is_refused(tmp_path: Path) -> None:
    empty, huge = tmp_path / "empty", tmp_path / "huge"
    empty.write_text("\n")
    huge.write_text("x" * 100_000)

    found = problems(
        {"TOCSIN_SECRET_KEY_FILE": str(empty), "TOCSIN_SOURCES__FORGE__SECRET_FILE": str(huge)}
    )

    assert found == (
        f"secret_key: {empty} is empty (from TOCSIN_SECRET_KEY_FILE)",
        f"{huge}: larger than 65536 bytes (from TOCSIN_SOURCES__FORGE__SECRET_FILE)",
    )


def test_a_value_and_its_file_in_one_layer_contradict_each_other(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("hunter2")

    (problem,) = problems({"TOCSIN_SECRET_KEY": "hunter3", "TOCSIN_SECRET_KEY_FILE": str(file)})

    assert problem == (
        f"secret_key: given twice (from TOCSIN_SECRET_KEY and from TOCSIN_SECRET_KEY_FILE ({file}))"
    )


@pytest.mark.parametrize(
    ("environ", "level"),
    [
        ({"LOG_LEVEL": "ERROR"}, "info"),
        ({"LOG_LEVEL": "ERROR", "ENVIRONMENT": "staging"}, "info"),
        ({"LOG_LEVEL": "ERROR", "ENVIRONMENT": "production"}, "error"),
        ({"LOG_LEVEL": "ERROR", "TOCSIN_ENVIRONMENT": "production"}, "error"),
        (
            {
                "LOG_LEVEL": "ERROR",
                "ENVIRONMENT": "production",
                "TOCSIN_ENVIRONMENT": "development",
            },
            "info",
        ),
        (
            {"LOG_LEVEL": "ERROR", "TOCSIN_LOGS__LEVEL": "debug", "ENVIRONMENT": "production"},
            "debug",
        ),
        ({"LOG_LEVEL": "", "ENVIRONMENT": "production"}, "info"),
    ],
)
def test_plain_names_of_the_process_count_in_production_only(
    environ: dict[str, str], level: str
) -> None:
    assert good(environ).settings.logs.level == level


def test_plain_names_count_in_an_env_file_taken_literally(tmp_path: Path) -> None:
    env_file = tmp_path / "tocsin.env"
    env_file.write_text(
        "# of another program\n"
        "export LOG_LEVEL=warning  # words\n"
        "DATABASE_URL='postgresql://u:$HOME@db/x'\n"
        "FAL_API_KEY=abc\n"
        "TOCSIN_TOKEN=mine\n"
        "TOCSIN_LOGS__FORMAT=json\n"
    )

    loaded = load(environ={"LOG_LEVEL": "error", "HOME": "/root"}, env_file=env_file)

    assert loaded.settings.database_url == "postgresql://u:$HOME@db/x"
    assert loaded.settings.logs.level == "warning"
    assert loaded.settings.logs.format == "json"
    assert loaded.origins["logs.level"] == f"LOG_LEVEL in {env_file}"


def test_a_prefixed_name_of_the_env_file_wins_over_a_plain_one_of_the_process(
    tmp_path: Path,
) -> None:
    env_file = tmp_path / "tocsin.env"
    env_file.write_text("TOCSIN_INSTANCE_ID=prefixed\n")

    loaded = load(environ={"INSTANCE_ID": "plain", "ENVIRONMENT": "production"}, env_file=env_file)

    assert loaded.settings.instance_id == "prefixed"


def test_each_kind_gets_its_own_options() -> None:
    loaded = good(
        {
            "TOCSIN_SOURCES__FORGE__UNSIGNED_NETWORKS": "192.168.0.0/16",
            "TOCSIN_SOURCES__FORGE__LABELS": '{"a": "b"}',
            "TOCSIN_SOURCES__FORGE__SECRET": "",
        }
    )

    assert loaded.settings.sources == {
        "forge": ForgeOptions(unsigned_networks=(ip_network("192.168.0.0/16"),), labels={"a": "b"})
    }


def test_a_kind_that_needs_an_option_is_used_once_it_is_given() -> None:
    environ = {"TOCSIN_SOURCES__STRICT__RETRIES": "5"}

    assert problems(environ) == ("sources.strict.secret: is required",)
    loaded = good({**environ, "TOCSIN_SOURCES__STRICT__SECRET": "hunter2"})
    assert loaded.settings.sources["strict"] == StrictOptions(secret=Secret("hunter2"), retries=5)


@given(secret=st.text(st.characters(codec="ascii", min_codepoint=48), min_size=8))
def test_no_problem_shows_a_secret(secret: str) -> None:
    secret = f"S3CR3T{secret}"
    names = (
        "TOCSIN_DATABASE_URL",
        "TOCSIN_SECRT_KEY",
        "TOCSIN_SECRET_KEYS__X",
        "TOCSIN_SOURCES",
        "TOCSIN_SOURCES__FORGE",
        "TOCSIN_SOURCES__FORGE__SECRETS",
        "TOCSIN_SOURCES__STRICT",
        "TOCSIN_RETENTION",
    )

    found = problems({**dict.fromkeys(names, secret), "TOCSIN_INGEST": f'{{"secret": "{secret}"}}'})

    assert len(found) == len(names) + 1
    assert not any("S3CR3T" in problem for problem in found)


# --- named set-ups of a kind


def in_file(tmp_path: Path, text: str) -> Path:
    config = tmp_path / "tocsin.toml"
    config.write_text(text)
    return config


def test_a_named_set_up_has_from_its_kind_what_it_leaves_out(tmp_path: Path) -> None:
    config = in_file(
        tmp_path,
        """
        [sources.forge]
        retries = 7
        [sources.forge.named.team-a]
        secret = "a"
        """,
    )

    loaded = load(
        environ={"TOCSIN_SOURCES__FORGE__NAMED__TEAM_B__RETRIES": "9"}, kinds=KINDS, config=config
    )

    assert loaded.settings.named_sources["forge"] == {
        "team-a": ForgeOptions(secret=Secret("a"), retries=7),
        "team_b": ForgeOptions(retries=9),
    }
    assert forge(loaded) == ForgeOptions(retries=7)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("retries = 1", ("kind", "kind before")),
        ('secret = "a"', ("a", "")),
        ('previous_secret = "b"', ("", "b")),
    ],
)
def test_the_two_secrets_are_inherited_together_or_not_at_all(
    own: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    config = in_file(
        tmp_path,
        f"""
        [sources.pair]
        secret = "kind"
        previous_secret = "kind before"
        [sources.pair.named.a]
        {own}
        """,
    )

    loaded = load(environ={}, kinds={"pair": PairOptions}, config=config)

    options = loaded.settings.named_sources["pair"]["a"]
    assert isinstance(options, PairOptions)
    found = (options.secret.get_secret_value(), options.previous_secret.get_secret_value())
    assert found == expected


def test_a_named_set_up_can_bring_what_its_kind_requires() -> None:
    loaded = good({"TOCSIN_SOURCES__STRICT__NAMED__A__SECRET": "s"})

    assert loaded.settings.named_sources["strict"] == {"a": StrictOptions(secret=Secret("s"))}
    assert "strict" not in loaded.settings.sources


def test_the_secret_of_a_named_set_up_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")

    loaded = good({"TOCSIN_SOURCES__FORGE__NAMED__A__SECRET_FILE": str(tmp_path / "secret")})

    assert loaded.settings.named_sources["forge"] == {
        "a": ForgeOptions(secret=Secret("from a file"))
    }


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"TOCSIN_SOURCES__FORGE__NAMED__A__SECRT": "s"},
            "did you mean TOCSIN_SOURCES__FORGE__NAMED__A__SECRET?",
        ),
        (
            {"TOCSIN_SOURCES__FORGE__NAMED__A__RETRIES": "many"},
            "sources.forge.named.a.retries: expected a valid integer",
        ),
        (
            {"TOCSIN_SOURCES__FORGE__NAMED": '{"a/b": {"retries": 1}}'},
            'sources.forge.named."a/b": ',
        ),
        ({"TOCSIN_SOURCES__FORGE__NAMED": '{"-": {"retries": 1}}'}, "sources.forge.named.-: "),
        ({"TOCSIN_SOURCES__STRICT__NAMED__A__RETRIES": "1"}, "strict.named.a.secret: is required"),
        ({"TOCSIN_NAMED_SOURCES__FORGE__A__RETRIES": "1"}, "there is no such setting"),
    ],
)
def test_what_is_wrong_with_a_named_set_up_is_told(environ: dict[str, str], words: str) -> None:
    (problem,) = problems(environ)

    assert words in problem
