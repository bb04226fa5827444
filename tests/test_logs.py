"""Log lines: one form for all, JSON for programs, and no secret in any."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from tocsin.logs import MASK, Format, Level, mask_secrets, masked_text, set_up_logs


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_begins_with_time_level_and_action(out: io.StringIO) -> None:
    set_up_logs("info", "json", out)

    structlog.get_logger("tocsin.x").info("event_stored", seq=7, project="상점")

    (line,) = lines(out)
    assert list(line) == ["timestamp", "level", "action", "seq", "project"]
    assert (line["level"], line["action"], line["seq"]) == ("info", "event_stored", 7)
    assert "상점" in out.getvalue()


def test_each_line_says_which_instance_wrote_it(out: io.StringIO) -> None:
    set_up_logs("info", "json", out, instance="api-1")

    structlog.get_logger("tocsin.x").info("event_stored")
    logging.getLogger("uvicorn.error").warning("odd call")

    assert [line["instance"] for line in lines(out)] == ["api-1", "api-1"]


def test_lines_of_libraries_take_the_same_way(out: io.StringIO) -> None:
    set_up_logs("info", "json", out)

    logging.getLogger("uvicorn.error").warning("odd call %s", "/x?token=hunter2&y=1")
    logging.getLogger("sqlalchemy.engine").info("SELECT 1")

    (line,) = lines(out)
    assert (line["action"], line["logger"]) == ("library", "uvicorn.error")
    assert line["message"] == f"odd call /x?token={MASK}&y=1"


@pytest.mark.parametrize(("level", "actions"), [("debug", ["a", "b", "c"]), ("warning", ["c"])])
def test_lines_below_the_level_are_left_out(
    out: io.StringIO, level: Level, actions: list[str]
) -> None:
    set_up_logs(level, "json", out)
    log = structlog.get_logger("tocsin.x")

    log.debug("a")
    log.info("b")
    log.error("c")

    assert [line["action"] for line in lines(out)] == actions


def test_a_second_set_up_replaces_the_first(out: io.StringIO) -> None:
    log = structlog.get_logger("tocsin.x")
    set_up_logs("info", "json", io.StringIO())
    log.info("before")
    set_up_logs("info", "json", out)

    log.info("after")

    assert [line["action"] for line in lines(out)] == ["after"]


def test_a_file_gets_json_unless_told_otherwise(out: io.StringIO) -> None:
    set_up_logs("info", "auto", out)
    structlog.get_logger("tocsin.x").info("one")
    set_up_logs("info", "console", out)
    structlog.get_logger("tocsin.x").info("two", token="hunter2")

    first, second = out.getvalue().splitlines()
    assert first.startswith("{")
    assert "two" in second
    assert "hunter2" not in second


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_traceback_is_masked_and_shows_no_variables(out: io.StringIO, style: Format) -> None:
    set_up_logs("info", style, out)
    payload = {"field": "in a variable"}

    try:
        raise ValueError(f"cannot reach postgresql://u:hunter2@db/{len(payload)}")
    except ValueError:
        structlog.get_logger("tocsin.x").exception("store_failed")

    assert "ValueError" in out.getvalue()
    assert "hunter2" not in out.getvalue()
    assert "in a variable" not in out.getvalue()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("token", "x", MASK),
        ("X-Tocsin-Token", "x", MASK),
        ("secret_key", "x", MASK),
        ("Authorization", "x", MASK),
        ("code", "x", MASK),
        ("headers", {"Cookie": "x", "accept": "y"}, {"Cookie": MASK, "accept": "y"}),
        ("tried", [{"password": "x"}], [{"password": MASK}]),
        ("exit_code", 3, 3),
        ("dedupe_key", "x", "x"),
        ("token_id", 5, 5),
        ("token", None, None),
        ("error", ValueError("?code=abc"), f"?code={MASK}"),
    ],
)
def test_a_value_is_masked_by_its_name(name: str, value: object, shown: object) -> None:
    assert mask_secrets(None, "info", {name: value}) == {name: shown}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /sign-in?code=abc HTTP/1.1", f"GET /sign-in?code={MASK} HTTP/1.1"),
        ("/ws?a=1&access_token=abc", f"/ws?a=1&access_token={MASK}"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {MASK}"),
        ("postgresql://u:p@db/x", f"postgresql://{MASK}@db/x"),
        ("https://example.org/?page=2", "https://example.org/?page=2"),
    ],
)
def test_a_secret_within_a_text_is_masked(text: str, shown: str) -> None:
    assert masked_text(text) == shown


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just("S3CR3T"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON, st.sampled_from(["password", "TOKEN", "client_secret", "api-key", "cookie"]))
def test_whatever_stands_under_a_secret_name_is_gone(value: object, name: str) -> None:
    line = mask_secrets(None, "info", {"outer": [{name: value}]})

    assert "S3CR3T" not in repr(line)
