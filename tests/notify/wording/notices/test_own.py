"""What goes on in Tocsin itself is told to those who run it."""

from tests.ingest.samples import RECEIVED_AT
from tests.notify.telling import event, lines_of, noticed, stored
from tocsin.model.audit import instance_event, person_signed_in, setting_changed, source_rejected
from tocsin.notify.wording.notices import own
from tocsin.notify.wording.notices.telling import Telling
from tocsin.notify.wording.words import words_of


def test_refused_calls_are_told_with_the_commonest_reason_first() -> None:
    reasons = {"bad_signature": 2, "rate_limited": 10}
    told = stored(source_rejected("github/team-a", reasons, "203.0.113.9", RECEIVED_AT))

    made = own.rejected(Telling(told, words_of("zh"), "zh", "https://t.example"))

    assert lines_of(made) == [
        "warning | 系统通知：来源 github/team-a 拒绝了请求",
        "来源: github/team-a",
        "次数: 12",
        "原因: 请求过于频繁 (10), 签名错误 (2)",
        "地址: 203.0.113.9",
        "[查看来源] https://t.example/sources/github/team-a",
        f"[查看事件] https://t.example/events/{told.id}",
    ]


def test_a_destination_that_was_paused_tells_why() -> None:
    data = {"channel": "feishu", "label": "open.feishu.cn", "by": "", "reason": "bad_credentials"}

    assert noticed(own.destination, event("destination.paused", data)) == [
        "bad | Tocsin: Destination paused · open.feishu.cn",
        "Destination: open.feishu.cn",
        "Channel: feishu",
        "Reason: wrong secret or token",
        f"paragraph | {words_of('en')['text_paused']}",
    ]


def test_who_paused_or_resumed_a_destination_is_told() -> None:
    data = {"channel": "feishu", "label": "", "by": "mina", "reason": None}

    assert noticed(own.destination, event("destination.paused", data)) == [
        "warning | Tocsin: Destination paused · 42",
        "Destination: 42",
        "Channel: feishu",
        "By: mina",
    ]
    assert noticed(own.destination, event("destination.resumed", data))[0].startswith("good | ")


def test_changes_by_people_are_told() -> None:
    changed = stored(setting_changed("token.created", "ci", "mina", RECEIVED_AT))
    unknown = stored(setting_changed("colour.changed", "a", "mina", RECEIVED_AT))
    signed_in = stored(person_signed_in("mina", "code", "10.0.0.1", RECEIVED_AT))

    assert noticed(own.setting, changed, "ko") == [
        "neutral | 시스템 알림: 설정 변경 · 토큰 생성",
        "변경: 토큰 생성",
        "이름: ci",
        "작업자: mina",
    ]
    assert noticed(own.setting, unknown)[0] == "neutral | Tocsin: Setting changed · colour.changed"
    assert noticed(own.sign_in, signed_in) == [
        "neutral | Tocsin: mina signed in",
        "Name: mina",
        "Signed in by: one-time code",
        "Address: 10.0.0.1",
    ]


def test_processes_are_told() -> None:
    started = stored(instance_event("instance.started", "a-1", RECEIVED_AT))

    assert noticed(own.instance, started) == [
        "neutral | Tocsin: Instance a-1 started",
        "Instance: a-1",
    ]
    assert noticed(own.instance, event("instance.lost"))[0] == "neutral | Tocsin: instance.lost"


def test_a_trial_says_that_the_channel_works_and_leads_nowhere() -> None:
    told = Telling(event("test", {"by": "mina"}), words_of("zh"), "zh", "https://t.example")
    everywhere = event("test", project="*")

    assert lines_of(own.trial(told)) == [
        "good | 发布通知：测试消息",
        "项目: shop",
        "状态: 测试",
        "操作者: mina",
        "paragraph | 能看到这条消息，说明此渠道可用。",
    ]
    assert noticed(own.trial, everywhere)[1] == "Status: Test"
