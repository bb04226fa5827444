"""What single values may be, and how they are understood."""

import pytest

from tocsin.errors import ConfigError
from tocsin.settings import load


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8000",
        "0.0.0.0:0",
        "[::1]:8001",
        "[fe80::1%eth0.7]:1",
        "localhost:80",
        "ci.example.org:65535",
        "webhook_1.lan.:9",
    ],
)
def test_an_address_is_a_host_and_a_port(address: str) -> None:
    assert load(environ={"TOCSIN_LISTEN": f'["{address}"]'}).settings.listen == (address,)


@pytest.mark.parametrize(
    "address",
    [
        "8000",
        "::1:8000",
        ":8000",
        "[]:8000",
        "[127.0.0.1]:8000",
        "[fe80::1%]:8000",
        "[::1:8000",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.256:8000",
        "127.1:8000",
        "*:8000",
        "a b:8000",
        "a..b:8000",
        "-a:8000",
        "a\u0000b:8000",
        "a?b:8000",
        f"{'a' * 64}:8000",
        "http://127.0.0.1:8000",
    ],
)
def test_what_cannot_be_listened_on_anywhere_is_no_address(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ={}, flags={"listen": [address]})

    (problem,) = caught.value.problems
    assert problem.startswith("listen: item 1: expected HOST:PORT such as ")


def test_one_address_twice_is_a_slip_but_for_ports_that_are_chosen() -> None:
    with pytest.raises(ConfigError, match=r"listen: 127\.0\.0\.1:8000 stands there twice"):
        load(environ={"TOCSIN_LISTEN": "127.0.0.1:8000,[::1]:8000,127.0.0.1:8000"})

    assert len(load(environ={"TOCSIN_LISTEN": "a:0,a:0"}).settings.listen) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOCSIN_HTTP__TRUSTED_PROXIES", "10.0.0.1/8"),
        ("TOCSIN_AUTH__ALLOWED_ORIGINS", "https://ci.example.org/path"),
        ("TOCSIN_AUTH__LOCAL_ROLE", "root"),
        ("TOCSIN_DATABASE_URL", "mysql://db/tocsin"),
        ("TOCSIN_INGEST__MAX_DEPTH", "0"),
        ("TOCSIN_INGEST__RATE_LIMIT_PER_S", "-1"),
        ("TOCSIN_WATCH__STALLED_AFTER_S", "nan"),
        ("TOCSIN_RETENTION__KEEP_DAYS", "9999999"),
    ],
)
def test_a_value_that_cannot_be_meant_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(environ={name: value})

    assert len(caught.value.problems) == 1
    assert name in caught.value.problems[0]


@pytest.mark.parametrize(("said", "meant"), [("WARN", "warning"), ("fatal", "critical")])
def test_other_programs_words_for_a_log_level_are_understood(said: str, meant: str) -> None:
    assert load(environ={"TOCSIN_LOGS__LEVEL": said}).settings.logs.level == meant


def test_a_secret_shows_in_no_repr() -> None:
    settings = load(environ={"TOCSIN_SECRET_KEY": "canary-0123456789"}).settings

    assert "canary" not in repr(settings)
