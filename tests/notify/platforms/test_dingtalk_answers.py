"""What follows from DingTalk's codes and texts, and from what its edge says without a code."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.notify.reaching import answer
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.notify.platforms.dingtalk_answers import read

AT = datetime(2026, 1, 6, 12, 0, tzinfo=UTC)


def failure(given: Answer, now: datetime = AT) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        read(given, now)
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "reason", "after_s"),
    [
        (-1, TryLater, Reason.BUSY, 30.0),
        (130101, TryLater, Reason.RATE_LIMITED, 600.0),
        (410100, TryLater, Reason.RATE_LIMITED, 600.0),
        (300001, Disable, Reason.BAD_CREDENTIALS, None),
        (300005, Disable, Reason.BAD_CREDENTIALS, None),
        (400101, Disable, Reason.BAD_CREDENTIALS, None),
        (400013, Disable, Reason.GONE, None),
        (400102, Disable, Reason.GONE, None),
        (400106, Disable, Reason.GONE, None),
        (400105, GiveUp, Reason.REFUSED, None),
        (40035, GiveUp, Reason.REFUSED, None),
        (43002, GiveUp, Reason.REFUSED, None),
        (43004, GiveUp, Reason.REFUSED, None),
        (430101, GiveUp, Reason.CONTENT_REFUSED, None),
        (430102, GiveUp, Reason.CONTENT_REFUSED, None),
        (430103, GiveUp, Reason.CONTENT_REFUSED, None),
        (430104, GiveUp, Reason.CONTENT_REFUSED, None),
        (460101, GiveUp, Reason.TOO_LARGE, None),
        (101002, GiveUp, Reason.TOO_LARGE, None),
        (999999, GiveUp, Reason.REFUSED, None),
    ],
)
def test_each_code_leads_to_the_right_end(
    code: int, kind: type[DeliveryFailed], reason: Reason, after_s: float | None
) -> None:
    error = failure(answer({"errcode": code, "errmsg": "why"}))

    assert (type(error), error.reason) == (kind, reason)
    assert getattr(error, "after_s", None) == after_s


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("keywords not in content, more: [https://a]", Reason.KEYWORD_MISSING),
        ("关键词不匹配", Reason.KEYWORD_MISSING),
        ("sign not match, more: [https://a]", Reason.BAD_SIGNATURE),
        ("签名不匹配", Reason.BAD_SIGNATURE),
        ("invalid timestamp", Reason.BAD_SIGNATURE),
        ("ip 192.0.2.1 not in whitelist", Reason.NOT_ALLOWED),
        ("不在IP地址白名单中", Reason.NOT_ALLOWED),
        ("something new", Reason.REFUSED),
    ],
)
def test_of_a_security_setting_the_text_says_which(text: str, reason: Reason) -> None:
    error = failure(answer({"errcode": 310000, "errmsg": text}))

    assert type(error) is GiveUp
    assert error.reason is reason
    assert text in error.message


def test_a_refused_signature_tells_how_far_the_clock_is_off() -> None:
    date = format_datetime(AT - timedelta(hours=2), usegmt=True)
    error = failure(answer({"errcode": 310000, "errmsg": "sign not match"}, headers={"Date": date}))

    assert type(error) is GiveUp
    assert "7200 s ahead" in error.message


def test_the_edges_throttle_has_no_code_and_says_how_long_to_wait() -> None:
    error = failure(
        answer({"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "u"})
    )

    assert isinstance(error, TryLater)
    assert (error.reason, error.after_s) == (Reason.RATE_LIMITED, 5.0)


def test_a_page_in_place_of_an_answer_is_no_success() -> None:
    throttled = failure(answer("<html>Too many</html>", 429, {"Retry-After": "8"}))
    page = failure(answer("<html>hello</html>"))

    assert isinstance(throttled, TryLater)
    assert (throttled.reason, throttled.after_s) == (Reason.RATE_LIMITED, 8.0)
    assert page.reason is Reason.BAD_ANSWER


def test_what_is_too_much_for_a_day_waits_for_the_next_in_china() -> None:
    # 20:00 UTC are 4 in the morning of the next day there.
    error = failure(answer({"errcode": 90030}), datetime(2026, 1, 6, 20, 0, tzinfo=UTC))

    assert isinstance(error, TryLater)
    assert (error.reason, error.after_s) == (Reason.RATE_LIMITED, 20 * 3600)


def test_zero_is_all_that_is_well() -> None:
    read(answer({"errcode": 0, "errmsg": "ok"}), AT)
