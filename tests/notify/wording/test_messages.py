"""Every event there is has its message, in every language, whatever its data is."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import samples_of
from tests.notify.telling import ANY_DATA, event, events_of, lines_of
from tocsin.ingest.source import find_sources
from tocsin.model.callback import LANGUAGES
from tocsin.model.event import Event
from tocsin.model.message import Field, Link, Message, Tone
from tocsin.notify.wording.messages import (
    _BY_SOURCE,
    _BY_TYPE,
    MAX_DIGEST_ITEMS,
    digest_of,
    message_of,
)
from tocsin.notify.wording.values import MAX_VALUE_CHARS

MAX_BODY_CHARS = 4_000
# Each type that is worded in a way of its own, with the source that sends it, and some more.
KNOWN = [
    *((source, kind) for source, kinds in _BY_SOURCE.items() for kind in kinds),
    *(("tocsin", kind) for kind in _BY_TYPE),
    *(("tocsin", f"{noun}.x") for noun in ("source", "destination", "setting", "person")),
    *(("tocsin", kind) for kind in ("instance.x", "test", "delivery.failed")),
    *(("fal", f"training.{verb}") for verb in ("completed", "failed", "x")),
    *(("grafana", f"alert.{verb}") for verb in ("firing", "resolved", "x")),
    ("generic", "anything"),
    ("generic", "alert."),
]
PLAIN = st.text(max_size=300)


def assert_fits(message: Message) -> None:
    assert message.title
    assert len(message.full_title) <= 250
    assert len(message.fields) <= 10
    assert all(0 < len(one.value) <= MAX_VALUE_CHARS for one in message.fields)
    assert all(0 < len(one.name) <= 60 for one in message.fields)
    spans = [span for block in message.body for span in block.spans]
    assert sum(len(span.text) for span in spans) <= MAX_BODY_CHARS
    addresses = [*(one.url for one in message.links), *(span.href or "https://" for span in spans)]
    assert all(url.startswith(("https://", "http://")) for url in addresses)


@given(
    st.sampled_from(KNOWN),
    ANY_DATA,
    st.sampled_from(LANGUAGES),
    PLAIN,
    PLAIN,
    st.sampled_from(["", "https://t.example/"]),
)
def test_whatever_the_data_is_a_message_of_some_size_comes_out(
    known: tuple[str, str], data: Any, language: str, project: str, subject: str, url: str
) -> None:
    source, kind = known

    told = event(kind, data, source=source, project=project, subject=subject)

    assert_fits(message_of(told, language, url))


@given(st.sampled_from(["canary_started", "full_completed", "x"]), ANY_DATA, ANY_DATA, ANY_DATA)
def test_standard_messages_with_rubbish_in_them_are_told(
    kind: str, task: Any, deployment: Any, project: Any
) -> None:
    data = {"event_type": kind, "task": task, "deployment": deployment, "project": project}

    assert_fits(message_of(event(kind, data, source="release"), "zh"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("source", [*find_sources()])
def test_every_captured_call_is_told_in_every_language(source: str, language: str) -> None:
    names = [one.name for one in samples_of(source) if not one.is_wrong]

    for told in (one for name in names for one in events_of(source, name)):
        message = message_of(told, language, "https://t.example")
        assert_fits(message)
        assert message.language == language
        assert message.links


@pytest.mark.parametrize(
    ("told", "first"),
    [
        (event("canary_started", source="deployment"), "running | 发布通知：金丝雀发布开始"),
        (event("step_started", {"step_name": "a"}), "running | 部署通知：步骤“a”开始 · shop"),
        (event("deployment", {"status": "success"}), "good | 部署通知：部署成功 · shop"),
        (event("deployment", source="github"), "running | 部署通知：部署等待中 · shop"),
        (
            event("deployment", {"status": "failed"}, source="gitlab"),
            "bad | 部署通知：部署失败 · shop",
        ),
        (event("deployment.stalled", source="tocsin"), "warning | 部署通知：部署无响应 · shop"),
        (event("training.failed", source="fal"), "bad | 训练通知：训练失败 · shop"),
        (event("alert.firing", source="grafana"), "bad | 告警通知：告警触发 · 未命名告警"),
        (event("source.rejected", source="tocsin"), "warning | 系统通知：来源 42 拒绝了请求"),
        (event("test", source="tocsin"), "good | 发布通知：测试消息"),
        # What others call alike is theirs.
        (
            event("deployment.stalled", source="cloudevents"),
            "neutral | 事件通知：deployment.stalled · shop",
        ),
        (event("delivery.failed", source="release"), "neutral | 事件通知：delivery.failed · shop"),
        (event("source.rejected", source="generic"), "neutral | 事件通知：source.rejected · shop"),
        (event("step_started", source="generic"), "neutral | 事件通知：step_started · shop"),
        (event("test"), "neutral | 事件通知：test · shop"),
        (event("alert", source="generic"), "neutral | 事件通知：alert · shop"),
    ],
)
def test_each_event_gets_the_notice_that_is_for_it(told: Event, first: str) -> None:
    assert lines_of(message_of(told, "zh"))[0] == first


def test_the_example_of_a_source_is_marked_as_one() -> None:
    told = event("alert.firing", source="grafana", attributes={"tocsintest": True})

    assert message_of(told, "en").title == "[Test] Firing · Unnamed"
    assert message_of(replace(told, attributes={"a": 1}), "en").title == "Firing · Unnamed"


# --- several as one


def told(title: str, tone: Tone = Tone.GOOD, project: str = "shop", link: str = "") -> Message:
    links = (Link("a", link),) if link else ()
    return Message("Deployment", title, tone, (Field("Project", project),), (), links, (), "en")


def test_a_digest_counts_and_names_what_it_stands_for() -> None:
    messages = [
        told("Failed · shop", Tone.BAD, link="https://t.example/1"),
        told("Succeeded", project="till"),
        told("Failed · shop", Tone.BAD, link="https://t.example/2"),
        told("Started", Tone.RUNNING),
    ]

    made = digest_of(messages, "en")

    assert lines_of(made) == [
        "bad | Summary: 4 messages",
        "Failures and alerts: 2",
        "Succeeded or resolved: 1",
        "Running: 1",
        "item | Deployment: Succeeded · till",
        "item | Deployment: Failed · shop (2 times)",
        "item | Deployment: Started · shop",
    ]
    assert made.body[1].spans[0].href == "https://t.example/2"


def test_a_digest_of_one_is_that_one() -> None:
    assert digest_of([told("Failed")], "en") == told("Failed")
    assert digest_of([], "en").title == "0 messages"


def test_a_digest_that_is_too_long_keeps_the_gravest_and_says_how_many_more() -> None:
    messages = [told(f"News {n}", Tone.NEUTRAL) for n in range(100)]
    messages.insert(3, told("Failed", Tone.BAD))

    made = lines_of(digest_of(messages, "zh"))

    assert made[0] == "bad | 通知汇总：101 条通知"
    assert made[3].endswith("Failed")
    assert made[-2].endswith("News 99")
    assert made[-1] == f"paragraph | 另有 {101 - MAX_DIGEST_ITEMS} 条"


@given(
    st.lists(
        st.tuples(st.text(max_size=200), st.sampled_from(Tone), st.text(max_size=9)), min_size=2
    )
)
def test_nothing_is_left_out_of_a_digests_figures(said: list[tuple[str, Tone, str]]) -> None:
    messages = [told(title, tone, project) for title, tone, project in said]

    made = digest_of(messages, "ru")

    counted = Counter(tone for _, tone, _ in said)
    assert sorted(int(one.value) for one in made.fields) == sorted(counted.values())
    assert_fits(made)
