"""A value has nothing but what is in it, and working something out has a price."""

from typing import Any

import pytest

from tocsin.notify.wording.templating.sandbox import (
    ALLOWANCE,
    ALLOWED,
    Allowance,
    BadTemplate,
    Sandbox,
)

SANDBOX = Sandbox(lambda text: f"<{text}>")
VALUES: dict[str, Any] = {
    "name": "my-app",
    "none": None,
    "zero": 0,
    "five": 5,
    "list": ["a", "b"],
    "long": "x" * 4_000,
    "data": {"items": 5, "keys": {"get": "x"}, "null": None},
}


def worked_out(source: str, left: int = ALLOWANCE) -> str:
    values = {**VALUES, ALLOWED: Allowance(left)}
    return SANDBOX.from_string(source).render(values)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ name }}", "<my-app>"),
        ("{{ 'x' }}", "<x>"),
        ("{{ data.items }}", "<5>"),
        ("{{ data['keys'].get }}", "<x>"),
        ("{{ list[1] }}{{ list[-1] }}{{ list[9] }}{{ list['x'] }}", "<b><b><><>"),
        ("{{ name[:2] }}", "<my>"),
        ("{{ data }}", '<{"items":5,"keys":{"get":"x"},"null":null}>'),
        ("{{ none }}{{ missing }}{{ missing.a.b }}{{ data.null.x }}", "<><><><>"),
        ("{{ missing + 1 }}{{ 1 - missing }}", "<><>"),
        ("{{ five / zero }}{{ five % zero }}", "<><>"),
        ("{{ five / 2 + 1 * 3 }}", "<5.5>"),
        ("{{ -five }}", "<-5>"),
        ("{% if missing > 5 or missing <= 5 %}yes{% else %}no{% endif %}", "no"),
        ("{% if five > missing %}yes{% else %}no{% endif %}", "no"),
        ("{% if missing is defined %}yes{% else %}no{% endif %}", "no"),
        ("{{ missing|default('x') }}{{ none|default('x') }}", "<x><x>"),
        ("{{ 'a' in list }}", "<true>"),
    ],
)
def test_a_value_is_reached_by_what_is_in_it(source: str, text: str) -> None:
    assert worked_out(source) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ name.__class__ }}",
        "{{ name['__class__'] }}",
        "{{ name.upper }}",
        "{{ name.format }}",
        "{{ data.__init__ }}",
        "{{ data.pop }}",
        "{{ list.append }}",
        "{{ five.real }}",
        "{{ missing.__class__.__mro__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__ }}",
        "{{ list[data] }}",
        "{{ data[list] }}",
    ],
)
def test_there_is_nothing_else_in_it(source: str) -> None:
    assert worked_out(source) == "<>"


def test_a_loop_tells_where_it_is_and_nothing_of_itself() -> None:
    source = "{% for _ in list %}{{ loop.index }}{{ loop.last }}{{ loop._iterable }}{% endfor %}"

    assert worked_out(source) == "<1><false><><2><true><>"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("{{ 'a' * 5 }}", "* is for numbers"),
        ("{{ '%s' % five }}", "% is for numbers"),
        ("{{ 'a' + 'b' }}", "+ is for numbers"),
        ("{{ 999999999999 * 999999999999 }}", "too large a number"),
        ("{{ 1e308 * 10 }}", "too large a number"),
        ("{{ name|round }}", "filter round cannot"),
        ("{{ name|replace('', long) }}", "filter replace gives too much"),
    ],
)
def test_what_cannot_be_worked_out_is_said(source: str, problem: str) -> None:
    with pytest.raises(BadTemplate) as caught:
        worked_out(source)

    assert problem in str(caught.value)


def test_there_are_no_functions() -> None:
    assert SANDBOX.globals == {}
    assert "attr" not in SANDBOX.filters
    assert "map" not in SANDBOX.filters
    assert "sameas" not in SANDBOX.tests


@pytest.mark.parametrize("source", ["{{ name }}", "{{ data|json|length }}", "{{ list|sort }}"])
def test_everything_costs_something(source: str) -> None:
    assert worked_out(source)
    with pytest.raises(BadTemplate, match="too much"):
        worked_out(source, left=0)


def test_a_long_text_costs_more_than_a_short_one() -> None:
    short, long = Allowance(), Allowance()
    template = SANDBOX.from_string("{{ text }}")

    template.render({"text": "a", ALLOWED: short})
    template.render({"text": "a" * 6400, ALLOWED: long})

    assert (ALLOWANCE - long.left) > 50 * (ALLOWANCE - short.left)
