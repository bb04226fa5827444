"""What may stand in a template is put together; everything else is told with its line."""

import string
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.notify.templating.language import MAX_SOURCE_CHARS, Language
from tocsin.notify.templating.sandbox import BadTemplate

LANGUAGE = Language(
    frozenset({"project_name", "task_id", "total_count", "event"}),
    frozenset({"id", "type", "data"}),
    lambda text: text,
)
VALUES: dict[str, Any] = {
    "project_name": "my-app",
    "task_id": "task-1",
    "total_count": 3,
    "event": {
        "id": "e-1",
        "type": "note",
        "data": {
            "hosts": ["a", "b"],
            "labels": {"team": "shop"},
            "many": ["y" * 100] * 250,
            "text": "x" * 4_000,
        },
    },
}


def written(source: str) -> str:
    return LANGUAGE.written(source, VALUES)


def problems(source: str) -> tuple[str, ...]:
    with pytest.raises(BadTemplate) as caught:
        LANGUAGE.check(source)
    return caught.value.problems


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{project_name}} and {project_name}", "my-app and my-app"),
        ("{{ project_name|upper }}", "MY-APP"),
        (
            '{"name": "{project_name}", "n": {"m": {total_count}}}',
            '{"name": "my-app", "n": {"m": 3}}',
        ),
        (
            "{ project_name } {other} {} {{'{project_name}'}}",
            "{ project_name } {other} {} {project_name}",
        ),
        ("{% if total_count > 2 %}many{% elif total_count %}few{% else %}none{% endif %}", "many"),
        (
            "{% for one in event.data.hosts %}{{ loop.index }}. {{ one }}\n{% endfor %}",
            "1. a\n2. b\n",
        ),
        ("{% for k, v in event.data.labels|items %}{{ k }}={{ v }}{% endfor %}", "team=shop"),
        ("{% for k in event.data.labels %}{{ k }}{% endfor %}", "team"),
        ("{% for k in event.data.nothing %}{{ k }}{% else %}none{% endfor %}", "none"),
        ("{% for one in event.data.hosts if one != 'a' %}{{ one }}{% endfor %}", "b"),
        ("{{ 'yes' if task_id in ['task-1', 'x'] else 'no' }}", "yes"),
        ("{{ event.data.hosts[:1]|join(', ') }}", "a"),
        ("{{ event.data.anything.at.all }}", ""),
        ("{# not told #}{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
        ("a\n  {% if 1 %}\nb\n  {% endif %}\nc", "a\nb\nc"),
        ("", ""),
    ],
)
def test_what_may_stand_there_is_put_together(source: str, text: str) -> None:
    assert written(source) == text


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{{ projet_name }}", "line 1: there is no projet_name; did you mean project_name?"),
        ("\n\n{{ qqq }}", "line 3: there is no qqq"),
        ("{projct_name}", "line 1: there is no projct_name; did you mean project_name?"),
        (
            "{{ event.dat.x }}",
            "line 1: event has no such field: there is no dat; did you mean data?",
        ),
        ("{{ event.__class__ }}", "line 1: event has no such field: there is no __class__"),
        ("{{ _allowed }}", "line 1: there is no _allowed"),
        ("{{ self }}", "line 1: there is no self"),
        ("{{ loop.index }}", "line 1: there is no loop"),
        ("{% for event in [1] %}{% endfor %}", "line 1: event is taken; expected another name"),
        ("{% for _a in [1] %}{% endfor %}", "line 1: _a is taken; expected another name"),
        ("{% if %}", "line 1: Expected an expression, got 'end of statement block'"),
        ("{{ task_id|nope }}", "line 1: No filter named 'nope'."),
        ("{{ task_id|attr('x') }}", "line 1: No filter named 'attr'."),
        ("{{ task_id is sameas task_id }}", "line 1: No test named 'sameas'."),
        ("{{ range(5) }}", "line 1: nothing can be called; there are filters, such as name|upper"),
        (
            "{{ task_id.upper() }}",
            "line 1: nothing can be called; there are filters, such as name|upper",
        ),
        ("{{ 2 ** 9 }}", "line 1: there is no **"),
        (
            "{{ task_id ~ 1 }}",
            "line 1: there is no ~; texts are joined by standing beside each other",
        ),
        ("{% set x = 1 %}", "line 1: there is no set"),
        ("{% macro a() %}{% endmacro %}", "line 1: there is no macro here"),
        ("{% include 'x' %}", "line 1: there is no include here"),
        ("{% import 'os' as os %}", "line 1: there is no import here"),
        ("{% extends 'x' %}", "line 1: there is no extends here"),
        ("{% filter upper %}x{% endfilter %}", "line 1: there is no filterblock here"),
        ("{% with a = 1 %}{% endwith %}", "line 1: there is no with here"),
        ("{% block a %}{% endblock %}", "line 1: there is no block here"),
        ("{{ [task_id] }}", "line 1: a list here has texts and numbers only"),
        ("{{ {'a': 1} }}", "line 1: there is no dict here"),
        ("{% for x in [1] recursive %}{% endfor %}", "line 1: there is no recursive here"),
        (
            "{% for a in [1] %}" * 4 + "{% endfor %}" * 4,
            "line 1: expected at most 3 loops in each other",
        ),
        ("{{ " + "9" * 5000 + " }}", "a number is too large"),
        ("{{" + "(" * 3000, "it is nested too deep"),
        ("{{ " + "not " * 2000 + "1 }}", "it is nested too deep"),
        ("{{ task_id" + "|upper" * 1500 + " }}", "it is nested too deep"),
        ("{% if 1 %}" * 200 + "{% endif %}" * 200, "it is nested too deep"),
        ("x" * (MAX_SOURCE_CHARS + 1), "expected at most 10000 characters"),
    ],
)
def test_what_may_not_is_told_with_its_line(source: str, problem: str) -> None:
    assert problems(source) == (problem,)


def test_all_names_that_there_are_not_are_told_at_once() -> None:
    assert len(problems("{{ a1 }} {{ b2 }} {{ a1 }}\n{{ event.zzz }} {task_i}")) == 4


@pytest.mark.parametrize(
    "source",
    [
        "{{ event.data }}",
        "{{ event.data.text }}" * 6,
        "{% for x in event.data.many %}{% for y in event.data.many %}{{x}}{% endfor %}{% endfor %}",
        "{% for x in event.data.many %}{% for y in event.data.many %}{% endfor %}{% endfor %}",
        "{% for x in event.data.many %}" + "t" * 9000 + "{% endfor %}",
        "{{ event.data.text" + "|replace('x', 'xx')" * 20 + " }}",
        "{{ event.data.many|join('" + "z" * 9000 + "') }}",
        "{{ event.data.many|json|replace('y', 'yyyyyyyyyy') }}",
        "{% for x in event.data.many %}{{ event|json|length }}{% endfor %}",
        "{{ event }}" * 700,
    ],
)
def test_what_would_take_long_or_become_large_is_stopped(source: str) -> None:
    LANGUAGE.check(source)
    begun = time.process_time()
    with pytest.raises(BadTemplate):
        written(source)

    # Some hundredths of a second as a rule.
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "source",
    [
        "{{ 1 < 'a' }}",
        "{{ -'a' }}",
        "{{ event.data.hosts[::0] }}",
        "{% for x in 'ab' %}{% endfor %}",
    ],
)
def test_what_fails_with_these_values_is_told_too(source: str) -> None:
    with pytest.raises(BadTemplate):
        written(source)


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "(", ")", "[", "]", "|", ".", ",", " "),
        *("if ", "for ", "x", " in ", "endif", "endfor", "else", "not ", "and ", "event", "data"),
        *("project_name", "upper", "__class__", "'a'", "1", "+", "*", "==", "\n", "set ", "raw"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(string.printable, max_size=40))
def test_whatever_stands_there_is_a_text_or_a_problem(source: str) -> None:
    try:
        found = written(source)
    except BadTemplate as error:
        found = str(error)

    assert isinstance(found, str)
