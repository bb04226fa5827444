"""People's own words: checked with what may be meant, and put together without being misread."""

import tracemalloc
from contextlib import suppress
from dataclasses import replace
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.telling import template
from tocsin.errors import FieldFault
from tocsin.model.callback import LANGUAGES
from tocsin.model.event import Event
from tocsin.model.message import Block, BlockKind, Span, Tone
from tocsin.notify.drawing.dialect import PLAIN, draw
from tocsin.notify.wording.messages import message_of
from tocsin.notify.wording.template import BadTemplate, check, defaults, render, sample_event


def named(name: str) -> Event:
    """An event whose project has this name."""
    event = sample_event("canary_started")
    return replace(event, data={**event.data, "project": {"id": "p", "name": name}})


def test_title_and_body_are_ones_own_and_the_rest_is_tocsins() -> None:
    made = render(
        template("{project_name} 开始了", "**版本** {{version_name}}\n\n- {{ duration }}"),
        sample_event("canary_started"),
        "zh",
        "https://tocsin.example.com",
    )

    assert made.full_title == "my-app 开始了"
    assert made.body == (
        Block(BlockKind.PARAGRAPH, (Span("版本", is_bold=True), Span(" v1.2.3"))),
        Block(BlockKind.ITEM, (Span("30s"),)),
    )
    assert (made.tone, made.fields, len(made.links)) == (Tone.RUNNING, (), 1)


def test_without_a_title_or_a_body_tocsins_own_stays() -> None:
    event = sample_event("canary_started")
    own = message_of(event, "zh")

    titled, worded = (render(one, event, "zh") for one in (template("Hi"), template(body="Hi")))

    assert (titled.full_title, titled.fields, titled.body) == ("Hi", own.fields, own.body)
    assert (worded.full_title, worded.fields) == (own.full_title, ())
    assert draw(worded.body, PLAIN) == "Hi"


def test_a_body_of_which_nothing_is_left_does_not_send_an_empty_message() -> None:
    event = sample_event("canary_started")

    made = render(template(body="{% if is_failed %}Help!{% endif %}"), event, "zh")

    assert made == message_of(event, "zh")


def test_a_strangers_text_is_neither_markdown_nor_a_template() -> None:
    evil = "**a** [b](https://c) <at user_id=all> {{task_id}} {task_id} # x"

    made = render(template("{project_name}", "{project_name}"), named(evil), "zh")

    assert made.body == (Block(BlockKind.PARAGRAPH, (Span(evil),)),)
    assert made.full_title == evil


def test_a_title_is_one_line_and_of_a_length() -> None:
    made = render(template("a\n{project_name}\nb"), named("x\ny" * 500), "zh")

    assert "\n" not in made.full_title
    assert len(made.full_title) <= 200


def test_what_fails_for_an_event_is_raised_so_that_tocsins_own_words_are_used() -> None:
    with pytest.raises(BadTemplate):
        render(template(body="{% if event.data.n > 5 %}x{% endif %}"), with_data(n="many"), "zh")


def test_values_that_cannot_be_worked_out_are_raised_in_the_same_way() -> None:
    event = sample_event("full_completed")
    counts = {"completed_count": 1e308, "failed_count": 1e308}

    with pytest.raises(BadTemplate):
        render(template("Hi"), replace(event, data={**event.data, "deployment": counts}), "zh")


def with_data(**data: Any) -> Event:
    return replace(sample_event("note"), data=data)


@pytest.mark.parametrize(
    ("title", "body", "faults"),
    [
        ("{project_name}", "", []),
        ("", "Done in {{ duration }}", []),
        (" ", "\n", [FieldFault("title", "expected a title or a body")]),
        (
            "{{ projet_name }}",
            "ok",
            [FieldFault("title", "line 1: there is no projet_name; did you mean project_name?")],
        ),
        (
            "{{ a_b }}",
            "{% if %}",
            [
                FieldFault("title", "line 1: there is no a_b"),
                FieldFault("body", "line 1: Expected an expression, got 'end of statement block'"),
            ],
        ),
        ("x", "{{ total_count + environment }}", [FieldFault("body", "+ is for numbers")]),
        ("x", '{"rate": {success_rate}, "of": "{color}"}', []),
        ("x", "{{ completed_count / total_count * 100 }}", []),
    ],
)
def test_what_is_wrong_is_told_before_it_is_saved(
    title: str, body: str, faults: list[FieldFault]
) -> None:
    assert check(title, body) == faults


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel_type", ["feishu", "email"])
@pytest.mark.parametrize(
    "event_type", ["canary_started", "full_completed", "deployment_completed", "alert.firing", ""]
)
def test_what_one_begins_with_is_right_for_its_events(
    language: str, event_type: str, channel_type: str
) -> None:
    begun = defaults(language, event_type, channel_type)

    made = render(template(**begun), sample_event(event_type), language)

    assert check(**begun) == []
    assert "my-app" in draw(made.body, PLAIN)
    assert ("my-app" in made.full_title) is (channel_type == "email")


def test_the_documents_events_begin_with_its_words() -> None:
    begun = defaults("zh", "canary_started")

    made = render(template(**begun), sample_event("canary_started"), "zh")

    assert made.full_title == "发布通知：金丝雀发布开始"
    assert draw(made.body, PLAIN).startswith("项目: my-app\n版本: v1.2.3\n状态: 发布中...\n")


HOSTS = [f"host-{number}" for number in range(250)]
FULL = {"text": "x" * 4_000, "marks": "发<*é`\x00" * 600, "hosts": HOSTS, "many": ["y" * 100] * 250}


@pytest.mark.parametrize(
    "body",
    [
        *("{{ event.data.text }}" * 400, "{{ event.data.marks }}" * 400, "{{ event|json }}" * 140),
        *("{{ event.data.many|join }}" * 100, "{total_count}" * 700, "{{ 1 }}" * 1_400),
        "{{ event.data.text" + "|replace('x', 'xxxxxxxxxxxx')" * 9 + " }}",
        "{{ event.data.many|join('" + "z" * 9_000 + "') }}",
        "{{ 'a' * 1000000000 }}",
        "{% for a in event.data.hosts %}" * 3 + "{{ a }}" + "{% endfor %}" * 3,
        "{% for a in event.data.hosts %}{% for b in event.data.hosts %}{% endfor %}{% endfor %}",
        "{% for a in event.data.many %}{{ event|json|upper|lower|length }}{% endfor %}",
        "{% for a in event.data.hosts %}" + "- t\n" * 2_400 + "{% endfor %}",
        *("**a** " * 1_660, "[a](" * 2_500, "![a](" * 2_000, "- a\n" * 2_500, "a\n\n" * 3_300),
        *("`" * 10_000, "[" * 10_000, "> " * 5_000, "<https://x.y/>" * 700, "{{" * 5_000),
    ],
)
def test_no_template_takes_long_or_much_memory(body: str) -> None:
    event = replace(sample_event("note"), data=FULL)
    began = process_time()
    check("x", body)
    with suppress(BadTemplate):
        render(template("x", body), event, "en", "https://tocsin.example")
    took_s = process_time() - began

    tracemalloc.start()
    with suppress(BadTemplate):
        render(template("x", body), event, "en", "https://tocsin.example")
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Some hundredths of a second for both as a rule; without bounds some take seconds, or for ever.
    assert took_s < 0.5
    assert most_bytes < 8_000_000


@given(st.text(max_size=60))
def test_whatever_a_value_holds_it_stands_there_as_one_text(name: str) -> None:
    made = render(template(body="<{project_name}> **{project_name}**"), named(name), "en")

    (block,) = made.body
    assert block.kind is BlockKind.PARAGRAPH
    assert not any(span.href for span in block.spans)
