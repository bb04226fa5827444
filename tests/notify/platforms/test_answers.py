"""What follows from a platform's answer: the code decides, then the status."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.notify.reaching import answer
from tocsin.edge.outbound import Answer
from tocsin.errors import DeliveryFailed, Disable, GiveUp, Reason, TryLater
from tocsin.notify.platforms.answers import (
    Answers,
    certain_meaning,
    clock_compared,
    gone,
    later,
    never,
    object_in,
    wait_s,
    with_token,
)
from tocsin.notify.platforms.answers import (
    failure as failure_of,
)

NOW = datetime(2026, 1, 6, 20, 0, tzinfo=UTC)
ANSWERS = Answers(
    platform="Pigeon",
    code="code",
    text="msg",
    wait_headers=("retry-after", "x-wait"),
    by_text=lambda code, text: (
        never(Reason.KEYWORD_MISSING) if (code, text) == (5, "word") else None
    ),
    meanings={
        5: never(Reason.NOT_ALLOWED, "Ask the pigeon's owner."),
        6: later(Reason.RATE_LIMITED, 60.0),
        7: gone(Reason.GONE),
        8: never(Reason.BAD_SIGNATURE),
        9: later(Reason.RATE_LIMITED),
    },
)


def failure(given: Answer) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        ANSWERS.read(given, NOW)
    return caught.value


@pytest.mark.parametrize("code", [0, "0"])
def test_a_code_of_0_is_the_only_success(code: object) -> None:
    assert ANSWERS.read(answer({"code": code, "id": "x"}), NOW) == {"code": code, "id": "x"}


@pytest.mark.parametrize(
    ("given", "kind", "reason"),
    [
        (answer({"code": 5}), GiveUp, Reason.NOT_ALLOWED),
        (answer({"code": "5"}), GiveUp, Reason.NOT_ALLOWED),
        (answer({"code": 5, "msg": "word"}), GiveUp, Reason.KEYWORD_MISSING),
        (answer({"code": 7}), Disable, Reason.GONE),
        (answer({"code": 9}, 500), TryLater, Reason.RATE_LIMITED),
        (answer({"code": 5}, 429), GiveUp, Reason.NOT_ALLOWED),
        (answer({"code": 123}), GiveUp, Reason.REFUSED),
        (answer({"code": 123}, 400), GiveUp, Reason.REFUSED),
        (answer({"code": 123}, 502), TryLater, Reason.BUSY),
        (answer({"code": 0}, 500), TryLater, Reason.BUSY),
        (answer({"code": 0}, 404), TryLater, Reason.BAD_ANSWER),
        (answer("<html>429</html>", 429), TryLater, Reason.RATE_LIMITED),
        (answer("<html>502</html>", 502), TryLater, Reason.BUSY),
        (answer("too large", 413), GiveUp, Reason.TOO_LARGE),
        (answer("late", 408), TryLater, Reason.TIMED_OUT),
        (answer("ok"), TryLater, Reason.BAD_ANSWER),
        (answer(b""), TryLater, Reason.BAD_ANSWER),
        (answer(b"\xff\xfe"), TryLater, Reason.BAD_ANSWER),
        (answer([]), TryLater, Reason.BAD_ANSWER),
        (answer({}), TryLater, Reason.BAD_ANSWER),
        (answer({"code": True}), TryLater, Reason.BAD_ANSWER),
        (answer({"code": None}), TryLater, Reason.BAD_ANSWER),
        (answer({"code": "9" * 5_000}), TryLater, Reason.BAD_ANSWER),
        (answer("moved", 302), TryLater, Reason.BAD_ANSWER),
    ],
)
def test_each_answer_leads_to_the_right_end(
    given: Answer, kind: type[DeliveryFailed], reason: Reason
) -> None:
    error = failure(given)

    assert type(error) is kind
    assert error.reason is reason


@pytest.mark.parametrize(
    ("given", "after_s"),
    [
        (answer({"code": 6}), 60.0),
        (answer({"code": 6}, headers={"Retry-After": "5"}), 60.0),
        (answer({"code": 6}, headers={"Retry-After": "90"}), 90.0),
        (answer({"code": 9}, headers={"X-Wait": "7", "Retry-After": "3"}), 7.0),
        (answer({"code": 9}), None),
        (answer("<html>", 503, {"Retry-After": "12"}), 12.0),
    ],
)
def test_a_platforms_own_wish_only_lengthens_the_pause(
    given: Answer, after_s: float | None
) -> None:
    error = failure(given)

    assert isinstance(error, TryLater)
    assert error.after_s == after_s


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        (format_datetime(NOW + timedelta(seconds=40), usegmt=True), 40.0),
        (format_datetime(NOW - timedelta(seconds=40), usegmt=True), 0.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Mon, 05 Jan 2026 00:00:00 +99999999999999999999", None),
        ("", None),
        (None, None),
    ],
)
def test_a_wait_is_read_as_a_number_or_an_instant(
    header: str | None, seconds: float | None
) -> None:
    assert wait_s(header, NOW) == seconds


def test_an_error_tells_the_code_the_platforms_words_and_what_to_do() -> None:
    assert failure(answer({"code": 5, "msg": "not\nyou."})).message == (
        "Pigeon answers 5: not you. Ask the pigeon's owner."
    )
    assert failure(answer({"code": 77})).message == "Pigeon answers 77."


def test_a_platforms_words_are_cut() -> None:
    assert len(failure(answer({"code": 77, "msg": "x" * 9_000})).message) < 400


@pytest.mark.parametrize(
    ("ahead_s", "sentence"),
    [
        (0, "This machine's clock is right, so the secret is wrong."),
        (-30, "This machine's clock is right, so the secret is wrong."),
        (4000, "This machine's clock is 4000 s ahead of the platform's."),
        (-4000, "This machine's clock is 4000 s behind the platform's."),
    ],
)
def test_a_refused_signature_is_told_with_the_clocks_offset(ahead_s: int, sentence: str) -> None:
    date = format_datetime(NOW - timedelta(seconds=ahead_s), usegmt=True)

    assert failure(answer({"code": 8}, headers={"Date": date})).message.endswith(sentence)


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Jan 2026 20:00:00 GMT"])
def test_without_a_date_both_may_be_wrong(date: str) -> None:
    told = clock_compared(answer({}, headers={"Date": date}), NOW)

    assert told == "The secret is wrong, or this machine's clock."


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, GiveUp, Reason.REFUSED),
        (401, Disable, Reason.BAD_CREDENTIALS),
        (403, GiveUp, Reason.NOT_ALLOWED),
        (404, Disable, Reason.GONE),
        (410, Disable, Reason.GONE),
        (413, GiveUp, Reason.TOO_LARGE),
        (429, TryLater, Reason.RATE_LIMITED),
        (503, TryLater, Reason.BUSY),
        (200, TryLater, Reason.BAD_ANSWER),
    ],
)
def test_a_status_alone_may_have_to_do(
    status: int, kind: type[DeliveryFailed], reason: Reason
) -> None:
    error = failure_of("Pigeon", status, certain_meaning(status))

    assert (type(error), error.reason) == (kind, reason)
    assert error.message.startswith(f"Pigeon answers {status}.")


def test_a_body_that_is_no_object_is_an_empty_one() -> None:
    assert object_in(answer([1])) == object_in(answer(b"{")) == {}


@pytest.mark.parametrize(("good", "used"), [("a", ["a"]), ("b", ["a", "b"]), ("c", ["a", "b"])])
async def test_a_refused_token_is_replaced_once(good: str, used: list[str]) -> None:
    shown: list[str] = []

    async def call(token: str) -> Answer:
        shown.append(token)
        return answer({"code": 0 if token == good else 8})

    async def token(refused: str) -> str:
        return {"": "a", "a": "b"}[refused]

    told = await with_token(call, token, lambda given: ANSWERS.code_of(given) == 8)

    assert shown == used
    assert ANSWERS.code_of(told) == (8 if good == "c" else 0)
