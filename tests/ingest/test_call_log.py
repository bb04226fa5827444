"""The last calls are remembered, of each sort and set-up; whatever comes, that stays bounded."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.ingest import call_log
from tocsin.ingest.call_log import CallLog, NotedCall, added, kept, stored_events
from tocsin.ingest.masking import MAX_BODY_BYTES
from tocsin.model.event import NewEvent, Receipt
from tocsin.model.inbound_call import Counts, Outcome, SetUpKey, StoredEvent
from tocsin.model.masks import MASK
from tocsin.testing.clock import START

GITHUB, TEAM = ("github", ""), ("github", "team-a")
STORED, REJECTED, ANSWERED = Outcome.STORED, Outcome.REJECTED, Outcome.ANSWERED


def call(
    number: int = 0,
    outcome: Outcome = STORED,
    set_up: SetUpKey = GITHUB,
    body: bytes = b"{}",
    reason: str = "unreadable",
) -> NotedCall:
    is_rejected = outcome is REJECTED
    return NotedCall(
        set_up,
        START + timedelta(seconds=number),
        outcome,
        reason if is_rejected else None,
        "The body is not JSON." if is_rejected else None,
        400 if is_rejected else 200,
        "192.0.2.7",
        "POST",
        "/hooks/github",
        {"content-type": "application/json", "authorization": "Bearer abc"},
        {"token": "abc"},
        body,
        len(body),
    )


def test_calls_are_given_in_their_order_and_then_forgotten() -> None:
    log = CallLog(5)
    for number, outcome in enumerate((STORED, REJECTED, ANSWERED)):
        log.note(call(number, outcome))

    assert [one.outcome for one in log.take().calls] == [STORED, REJECTED, ANSWERED]
    assert log.take() == call_log.Drained([])


def test_the_last_ones_are_kept_and_refused_ones_drive_out_no_others() -> None:
    log = CallLog(2)
    log.note(call(0))
    for number in range(1, 100):
        log.note(call(number, REJECTED))

    drained = log.take()

    assert [(one.outcome, (one.at - START).seconds) for one in drained.calls] == [
        (STORED, 0),
        (REJECTED, 98),
        (REJECTED, 99),
    ]
    assert drained.counts[GITHUB].rejected == 99


def test_all_are_counted_of_each_set_up() -> None:
    log = CallLog(0)
    for one in (call(1), call(2), call(3, REJECTED, TEAM), call(4, ANSWERED, TEAM)):
        log.note(one)
    log.note(call(5, REJECTED, TEAM, reason="bad_signature"))

    drained = log.take()

    assert drained.calls == []
    assert drained.counts == {
        GITHUB: Counts(2, 0, last_stored_at=call(2).at),
        TEAM: Counts(0, 2, None, call(5).at, "bad_signature"),
    }
    assert drained.rejections[TEAM].reasons == {"unreadable": 1, "bad_signature": 1}
    assert drained.rejections[TEAM].address == "192.0.2.7"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 3_000)), max_size=80))
def test_it_never_holds_more_than_it_may(calls: list[tuple[bool, int, int]]) -> None:
    log = CallLog(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(call_log, "MAX_BYTES", 5_000)
        patch.setattr(call_log, "MAX_BODY_BYTES", 2_000)
        for number, (is_rejected, set_up, size) in enumerate(calls):
            outcome = REJECTED if is_rejected else STORED
            log.note(call(number, outcome, ("github", f"{set_up}"), b"x" * size))

        held = log.take().calls

    assert sum(len(one.body) for one in held) <= 5_000
    assert all(len(one.body) <= 2_000 for one in held)
    for key in {(one.set_up, one.outcome) for one in held}:
        assert sum((one.set_up, one.outcome) == key for one in held) <= 3


def test_room_is_given_back_with_what_is_driven_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "MAX_BYTES", 100)
    log = CallLog(1)
    for number in range(20):
        log.note(call(number, body=b"x" * 60 if number % 2 else b""))

    (last,) = log.take().calls

    assert last.body == b"x" * 60


def test_counts_of_two_times_are_added_and_the_later_ones_words_count() -> None:
    one = Counts(1, 2, call(1).at, call(2).at, "unreadable")
    other = Counts(3, 0, call(3).at)

    assert added(one, other) == Counts(4, 2, call(3).at, call(2).at, "unreadable")


def test_of_a_batch_the_first_events_are_told() -> None:
    event = NewEvent("n", "any", "noon", "", "", START, START, {})
    receipts = [Receipt(number, f"{number}", is_duplicate=False) for number in range(1, 31)]

    told = stored_events([event] * 30, receipts)

    assert len(told) == call_log.MAX_EVENTS
    assert told[0] == StoredEvent("1", 1, "noon")


def test_what_is_kept_has_no_secret_in_it() -> None:
    secret = "a secret of this source"
    one = call(1, REJECTED, body=f'{{"note": "{secret}"}}'.encode())

    shown = kept(one._replace(message=f"not {secret}"), (secret,), "i-1")

    assert shown.message == f"not {MASK}"
    assert shown.request is not None
    assert shown.request.query == {"token": MASK}
    assert secret not in str(shown)
    assert "abc" not in str(replace(shown, id=""))
    assert (shown.instance, shown.size_bytes, shown.request.is_cut) == ("i-1", 35, False)


def test_what_was_longer_than_is_kept_says_so() -> None:
    log = CallLog(1)
    log.note(call(body=b'"' + b"x" * MAX_BODY_BYTES + b'"'))
    (one,) = log.take().calls

    shown = kept(one, (), "i-1")

    assert shown.request is not None
    assert shown.request.is_cut
    assert shown.size_bytes == MAX_BODY_BYTES + 2
