"""The standard message goes out as it is, signed, and what is answered is understood."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from tests.notify.reaching import ID, FakeReach, answer, options_of, outgoing
from tocsin.errors import DeliveryFailed, Disable, Reason, TryLater
from tocsin.notify.channel import Rate, extras_of, find_channels
from tocsin.notify.channels import custom
from tocsin.testing.clock import HandClock

URL = "https://hooks.example.com/take?token=open-sesame"
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
FORMER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHANNEL = find_channels()["custom"]
STANDARD = {"event_type": "canary_started", "project": {"id": "我的应用"}, "duration": "5m30s"}


def options(**config: Any) -> custom.Options:
    made = options_of(CHANNEL, **{"url": URL, **config})
    assert isinstance(made, custom.Options)
    return made


async def failure(status: int, body: Any = b"", **headers: str) -> DeliveryFailed:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reach = FakeReach(answer(body, status, named))
    with pytest.raises(DeliveryFailed) as caught:
        await custom.send(outgoing(standard=STANDARD), options(), reach)
    return caught.value


async def test_the_standard_message_is_the_body() -> None:
    reach = FakeReach(answer("", 204))

    receipt = await custom.send(outgoing(standard=STANDARD), options(), reach)

    call = reach.call_made
    assert (call.method, call.url, call.timeout_s) == ("POST", URL, 30)
    assert call.body.decode() == orjson.dumps(STANDARD).decode()
    assert call.headers == {
        "Content-Type": "application/json",
        "webhook-id": ID,
        "webhook-timestamp": str(int(reach.now().timestamp())),
    }
    assert (receipt.handle, receipt.note) == (None, "")


async def test_it_goes_out_as_the_options_say() -> None:
    reach = FakeReach(answer())
    config = {
        "method": "put",
        "headers": {"Authorization": "Bearer x", "content-type": "application/vnd.x+json"},
        "timeout": "7",
    }

    await custom.send(outgoing(standard=STANDARD), options(**config), reach)

    call = reach.call_made
    assert (call.method, call.timeout_s) == ("PUT", 7)
    assert call.headers["Authorization"] == "Bearer x"
    assert [name for name in call.headers if name.lower() == "content-type"] == ["content-type"]


async def test_the_schemes_own_library_takes_what_is_sent_at_each_try() -> None:
    clock = HandClock(datetime.now(UTC))
    reach = FakeReach(always=answer(), clock=clock)
    signed = options(sign_secret=SECRET, previous_sign_secret=FORMER)
    for _ in range(2):
        await custom.send(outgoing(standard=STANDARD), signed, reach)
        clock.move(5)

    for call in reach.calls:
        for secret in (SECRET, FORMER):
            assert Webhook(secret).verify(call.body, dict(call.headers)) == STANDARD
    first, second = (call.headers for call in reach.calls)
    assert first["webhook-id"] == second["webhook-id"] == ID
    assert first["webhook-signature"] != second["webhook-signature"]
    assert first["webhook-signature"] in reach.hidden


async def test_another_form_of_secret_signs_the_body_alone() -> None:
    reach = FakeReach(answer())

    await custom.send(outgoing(standard=STANDARD), options(sign_secret="sesame"), reach)

    assert reach.call_made.headers["X-Hub-Signature-256"].startswith("sha256=")
    assert "webhook-signature" not in reach.call_made.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_taken_whatever_the_body_says(status: int) -> None:
    reach = FakeReach(answer({"code": 1, "error": "no"}, status))

    await custom.send(outgoing(standard=STANDARD), options(), reach)

    assert len(reach.calls) == 1


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (100, Reason.REFUSED),
        (301, Reason.REFUSED),
        (304, Reason.REFUSED),
        (400, Reason.REFUSED),
        (401, Reason.BAD_CREDENTIALS),
        (403, Reason.NOT_ALLOWED),
        (404, Reason.NOT_FOUND),
        (408, Reason.TIMED_OUT),
        (413, Reason.TOO_LARGE),
        (422, Reason.REFUSED),
        # It does not say for how long.
        (429, Reason.BUSY),
        (500, Reason.BUSY),
        (502, Reason.BUSY),
        (503, Reason.BUSY),
        (504, Reason.BUSY),
    ],
)
async def test_anything_else_is_tried_again(status: int, reason: Reason) -> None:
    error = await failure(status)

    assert isinstance(error, TryLater)
    assert (error.reason, error.after_s) == (reason, None)
    assert f"answers {status}" in error.message


async def test_gone_is_taken_at_its_word() -> None:
    error = await failure(410)

    assert isinstance(error, Disable)
    assert error.reason is Reason.GONE


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    ("said", "after_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("Thu, 01 Jan 2026 00:02:00 GMT", 120.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("99999999", 99_999_999.0),
        ("soon", None),
    ],
)
async def test_what_a_receiver_says_of_when_is_handed_on(
    status: int, said: str, after_s: float | None
) -> None:
    error = await failure(status, Retry_After=said)

    assert isinstance(error, TryLater)
    assert error.after_s == after_s


async def test_what_a_receiver_says_is_told_in_one_line_that_is_not_too_long() -> None:
    error = await failure(400, b"<html>\n no\xff " + b"x" * 9000)

    assert error.message.startswith("The receiver answers 400: <html> no\ufffd x")
    assert len(error.message) < 400


async def test_an_event_that_is_too_large_goes_without_its_data() -> None:
    reach = FakeReach(answer())
    event = {"id": "e-1", "data": "x" * custom.MAX_BODY_BYTES}

    receipt = await custom.send(outgoing(standard={**STANDARD, "event": event}), options(), reach)

    assert orjson.loads(reach.call_made.body) == {
        **STANDARD,
        "event": {"id": "e-1", "data_left_out": True},
    }
    assert "left out" in receipt.note


def test_pauses_are_those_of_the_schedule_or_all_alike_and_exact() -> None:
    extras = extras_of(CHANNEL)
    usual, asked, never = (
        options(),
        options(retry_count=3, retry_interval=10),
        options(retry_count=0),
    )

    assert [timedelta(seconds=one) for one in extras.pauses_s(usual)] == [
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
    ]
    assert [extras.pauses_s(one) for one in (asked, never)] == [(10.0, 10.0, 10.0), ()]
    assert [extras.has_exact_pauses(one) for one in (usual, asked, never)] == [False, True, True]


def test_what_a_program_leaves_empty_is_not_given() -> None:
    empty = {
        "method": "",
        "headers": None,
        "timeout": 0,
        "retry_count": None,
        "retry_interval": 0,
        "rate_per_minute": 0,
    }

    assert options(**empty) == options()


def test_a_rate_is_kept_only_where_one_is_asked_for() -> None:
    extras = extras_of(CHANNEL)
    assert extras.limits is not None

    assert extras.limits(options()) == custom.LIMITS
    limits = extras.limits(options(rate_per_minute="90", timeout=60))
    assert (limits.rates, limits.timeout_s, limits.concurrency) == ((Rate(90, 60.0),), 60.0, 8)
    assert not limits.can_fold


def test_a_destination_is_its_address_and_its_host_may_be_shown() -> None:
    extras = extras_of(CHANNEL)

    assert custom.destination(options(url=URL + "#a")) == custom.destination(options())
    assert custom.destination(options(url=URL + "&b=1")) != custom.destination(options())
    assert extras.label(options()) == "hooks.example.com"
    assert extras.addresses(options()) == (URL,)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"url": ""}, "url: expected an address"),
        ({"url": "ftp://example.com/"}, "url: expected an address"),
        ({"url": "https:///sesame"}, "url: expected an address"),
        ({"url": "https://[sesame/"}, "url: expected an address"),
        ({"url": "https://example.com/sesame x"}, "url: expected an address"),
        ({"url": "https://example.com/sesame\r\nx"}, "url: expected an address"),
        ({"url": "https://me:sesame@example.com/"}, "Authorization"),
        ({"headers": {"X Y": "sesame"}}, "headers: expected names"),
        ({"headers": {"": "sesame"}}, "headers: expected names"),
        ({"headers": {"X-A": "sesame\r\nX-B: 1"}}, "headers.X-A: expected one line"),
        ({"headers": {"Webhook-Id": "sesame"}}, "is set by Tocsin"),
        ({"headers": {"content-length": "sesame"}}, "is set by Tocsin"),
        ({"sign_secret": "whsec_sesame!"}, "sign_secret: expected 8 to 64 bytes"),
        ({"previous_sign_secret": "whsk_sesame"}, "previous_sign_secret: expected an Ed25519"),
    ],
)
def test_options_that_do_not_fit_are_refused_without_telling_them(
    config: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=r"^\w+") as caught:
        options(**config)

    assert sentence in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "config",
    [
        {"method": "GET"},
        {"timeout": 121},
        {"timeout": -1},
        {"retry_count": -1},
        {"retry_interval": 90_000},
        {"rate_per_minute": -1},
        {"headers": {f"X-{n}": "1" for n in range(51)}},
        {"headers": ["X-A: 1"]},
        {"url": None},
    ],
)
def test_options_out_of_their_bounds_are_refused(config: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        options(**config)
