"""Expressions find what is there, tell what is wrong with them at once, and cost little."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import ANY_JSON, ANY_TEXT
from tocsin.ingest.expression import (
    MAX_LOOKED_THROUGH_BYTES,
    Expression,
    Told,
    TooLargeToLookThrough,
    expression_of,
)
from tocsin.model.cel_program import MAX_EXPRESSION_CHARS

BODY = {
    "project": {"name": "shop", "tags": ["a", "b"]},
    "jobs": [{"name": "build", "ok": True}, {"name": "deploy", "ok": False}],
    "n": 7,
    "none": None,
    "at": "2024-01-01T12:00:00Z",
}
TOLD = Told({"x-event": "pushed"}, {"team": "a"}, BODY, 100)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("$.body.project.name", "shop"),
        ("$['body']['project']['tags'][-1]", "b"),
        ("$.headers['x-event']", "pushed"),
        ("$.query.team", "a"),
        ("$.body.jobs[?@.ok == false].name", "deploy"),
        ("$.body.jobs[?length(@.name) == 5].name", "build"),
        ("$..tags[0]", "a"),
        ("$.body.n", 7),
        ("$.body.missing", None),
        ("$.body.none", None),
        ("$.body.n.deeper", None),
        ("body.project.name", "shop"),
        ('headers["x-event"] + "." + query.team', "pushed.a"),
        ("has(body.missing) ? body.missing : 'none'", "none"),
        ("body.jobs.exists(one, one.name == 'build') ? 'build' : ''", "build"),
        ("body.project.name.matches('^s.*p$')", True),
        ("string(body.n)", "7"),
        ("'fixed'", "fixed"),
        ("body.missing", None),
        ("body.n.deeper", None),
        ("body.jobs[9]", None),
        ("body.n / 0", None),
        ("body.n + 'a'", None),
        ("body.project.name.matches(body.at + '(')", None),
        ("int(body.at)", None),
        ("9223372036854775807 + body.n", None),
    ],
)
def test_what_stands_there_is_found(source: str, found: object) -> None:
    assert Expression(source).value(TOLD) == found


def test_a_text_may_be_the_whole_body() -> None:
    told = Told({}, {}, "disk full", 9)

    assert Expression("body").value(told) == "disk full"
    assert Expression("$.body").value(told) == "disk full"
    assert Expression("$.body.a").value(told) is None


def test_cel_makes_instants() -> None:
    assert Expression("timestamp(body.at)").value(TOLD).isoformat() == "2024-01-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("$.body.", "JSONPath such as"),
        ("$body", "JSONPath such as"),
        ("$.body | $.query", "one $"),
        ("$.body[?@.a == $.query.a]", "one $"),
        ("$..a..b", "one .."),
        ("$.body[?match(@.a, 'b')]", "'match' is not defined"),
        ("$.body[?search(@.a, 'b')]", "'search' is not defined"),
        ("$.body ", "JSONPath such as"),
        ("body.", "CEL such as"),
        ("'a' +", "CEL such as"),
        ("bodi.a", "there is no bodi"),
        ("project", "there is no project"),
        ("shout('a')", "there is no shout"),
        ("body.a.all(x, body.b.all(y, x == y))", "one list at most"),
        ("body.a.map(x, x)[0]", "without filter and map"),
        ("body.a.filter (x, x)[0]", "without filter and map"),
        ("body." + "a" * MAX_EXPRESSION_CHARS, "at most"),
        ("(" * 400 + ")" * 99, "CEL such as"),
    ],
)
def test_what_is_wrong_is_said_before_it_is_used(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        Expression(source)


@pytest.mark.parametrize("source", ["$..a", "$.body[*].a", "$.body[?@.a]", "body.n"])
def test_a_large_body_is_not_gone_through(source: str) -> None:
    told = Told({}, {}, BODY, MAX_LOOKED_THROUGH_BYTES + 1)

    with pytest.raises(TooLargeToLookThrough):
        Expression(source).value(told)

    assert Expression("$.body.n").value(told) == 7


def test_an_expression_is_taken_apart_once() -> None:
    assert expression_of("$.body.n") is expression_of("$.body.n")


SOURCES = (
    "$.body.a",
    "$..a",
    "$.body[?@.a > 1].b",
    "$.body[?length(@.a) == count(@.*)]",
    "body.a",
    "body.a + body.b",
    "int(body.a)",
    "timestamp(body.a)",
    "body.a.matches(body.b)",
    "body.a.exists(x, x > 1)",
    "body.a.exists_one(x, x == body.b)",
    "body.a[body.b]",
    "body[string(body.a)]",
    "-body.a",
    "duration(body.a)",
    "double(body.a) / double(body.b)",
    "body == query",
)


@given(
    st.sampled_from(SOURCES),
    st.dictionaries(st.sampled_from(["a", "b"]), ANY_JSON) | ANY_JSON,
    st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2),
)
def test_whatever_a_body_is_nothing_fails(source: str, body: Any, query: dict[str, str]) -> None:
    expression_of(source).value(Told({"x-a": "\xff"}, query, body, 10))
