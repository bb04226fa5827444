"""What may not stand in a template is told with its line, and with what may be meant."""

import pytest

from tocsin.notify.wording.templating.checking import MAX_PARTS, Names, check
from tocsin.notify.wording.templating.sandbox import BadTemplate, Sandbox

NAMES = Names(
    frozenset({"project_name", "task_id", "total_count", "event"}),
    frozenset({"id", "type", "data"}),
)
NO_CALLS = "line 1: nothing can be called; there are filters, such as name|upper"
DUNDER = "line 1: there is no __class__; of a value only its own fields can be used"


def checked(source: str) -> tuple[str, ...]:
    """What is wrong with it."""
    tree = Sandbox(lambda text: text).parse(source)
    try:
        check(tree, NAMES)
    except BadTemplate as error:
        return error.problems
    return ()


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
        (
            "{{ event['dat'] }}",
            "line 1: event has no such field: there is no dat; did you mean data?",
        ),
        ("{{ _allowed }}", "line 1: there is no _allowed"),
        ("{{ self }}", "line 1: there is no self"),
        ("{{ loop.index }}", "line 1: there is no loop"),
        ("{% for event in [1] %}{% endfor %}", "line 1: event is taken; expected another name"),
        ("{% for _a in [1] %}{% endfor %}", "line 1: _a is taken; expected another name"),
        ("{{ task_id|nope }}", "line 1: there is no filter nope"),
        ("{{ task_id|uper }}", "line 1: there is no filter uper; did you mean upper?"),
        ("{{ task_id|attr('x') }}", "line 1: there is no filter attr; did you mean trim?"),
        (
            "{{ task_id|center(1000000000) }}",
            "line 1: there is no filter center; did you mean count?",
        ),
        ("{{ event.data|_through(-9) }}", "line 1: there is no filter _through"),
        ("{{ task_id is sameas task_id }}", "line 1: there is no test sameas"),
        ("{{ range(1000000000) }}", NO_CALLS),
        ("{{ task_id.upper() }}", NO_CALLS),
        ("{{ 'a' * 10 ** 9 }}", "line 1: there is no **"),
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
    ],
)
def test_what_may_not_stand_there_is_told_with_its_line(source: str, problem: str) -> None:
    assert checked(source) == (problem,)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__ }}",
        "{{ ''['__class__'] }}",
        "{{ 5.__class__ }}",
        "{{ project_name.__class__ }}",
        "{{ event.data.__class__ }}",
        "{{ event.data.x['__class__'] }}",
        "{{ event.data.hosts[0].__class__ }}",
        "{{ (task_id|upper).__class__ }}",
        "{% for x in event.data.hosts %}{{ x.__class__ }}{% endfor %}",
        "{% if event.data.a.__class__ %}{% endif %}",
    ],
)
def test_what_python_gives_a_value_is_refused_by_name(source: str) -> None:
    assert checked(source) == (DUNDER,)


@pytest.mark.parametrize("source", ["{{ ''.__class__.__mro__ }}", "{{ ''.__class__['__mro__'] }}"])
def test_each_of_several_is_told(source: str) -> None:
    told = checked(source)

    assert sorted(one.split(";")[0] for one in told) == [
        "line 1: there is no __class__",
        "line 1: there is no __mro__",
    ]


@pytest.mark.parametrize("source", ["{{ task_id.upper }}", "{{ 'a'.upper }}", "{{ 5['upper'] }}"])
def test_a_single_value_has_no_fields(source: str) -> None:
    told = "line 1: there is no upper in a single value; there are filters, as name|upper"

    assert checked(source) == (told,)


@pytest.mark.parametrize(
    "source",
    [
        "{{ event.data._id }}{{ event.data['a b'].c }}",
        "{{ task_id[:7] }}{{ task_id[0] }}{{ event.data.hosts[0].name }}",
        "{% for one in event.data %}{{ one.a }}{{ loop.index }}{% endfor %}",
        '{"project": "{project_name}", "class": "{__class__}"}',
    ],
)
def test_a_field_of_the_data_has_any_other_name(source: str) -> None:
    assert checked(source) == ()


def test_all_names_that_there_are_not_are_told_at_once() -> None:
    assert len(checked("{{ a1 }} {{ b2 }} {{ a1 }}\n{{ event.zzz }} {task_i}")) == 4
    assert len(checked("{{ task_id|aa }} {{ task_id|bb }}")) == 2


@pytest.mark.parametrize("part", ["{{ 1 }}", "{task_id}", "{{ task_id|upper }}"])
def test_there_is_an_end_to_how_much_one_says(part: str) -> None:
    told = checked(part * MAX_PARTS)

    assert told == (f"expected at most {MAX_PARTS} values, filters, conditions and so on",)
    assert checked(part * (MAX_PARTS // 3)) == ()
