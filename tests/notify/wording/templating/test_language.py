"""What may stand in a template is put together; everything else is told with its line."""

import string
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.notify.wording.templating.checking import Names
from tocsin.notify.wording.templating.language import MAX_SOURCE_CHARS, Language
from tocsin.notify.wording.templating.sandbox import BadTemplate

NAMES = Names(
    frozenset({"project_name", "task_id", "total_count", "event"}),
    frozenset({"id", "type", "data"}),
)
LANGUAGE = Language(NAMES, lambda text: text)
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
        ("{{ qqq }}", "line 1: there is no qqq"),
        ("{% if %}", "line 1: Expected an expression, got 'end of statement block'"),
        ("{{ " + "9" * 5000 + " }}", "a number is too large"),
        ("{{" + "(" * 3000, "it is nested too deep"),
        ("{{ " + "not " * 2000 + "1 }}", "it is nested too deep"),
        ("{{ task_id" + "|upper" * 1500 + " }}", "it is nested too deep"),
        ("{% if 1 %}" * 200 + "{% endif %}" * 200, "it is nested too deep"),
        ("x" * (MAX_SOURCE_CHARS + 1), "expected at most 10000 characters"),
    ],
)
def test_what_cannot_be_read_is_told(source: str, problem: str) -> None:
    assert problems(source) == (problem,)


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
        "{{ event }}" * 500,
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
