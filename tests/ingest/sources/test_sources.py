"""What holds for every source in the folder; a new one is tested by having samples.

Each sample is read, or refused if its name begins with `wrong_`; whatever is made of one is read
or refused, never anything else. Then the source stands behind the receiver, over a real journal.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.call import Answer
from tests.ingest.receiving import REMOTE, Receiving, receiving_in
from tests.ingest.samples import (
    RECEIVED_AT,
    SECRET,
    Sample,
    mutated,
    options_of,
    read,
    samples_of,
    verify,
)
from tocsin.errors import Reason, Rejected
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.signature import shows_secret
from tocsin.ingest.source import (
    MAX_KEY_BYTES,
    Envelope,
    InboundCall,
    Source,
    Verdict,
    extras_of,
    find_sources,
)
from tocsin.model.access import Role
from tocsin.model.event import OWN_SOURCE, NewEvent
from tocsin.model.logline import clean_text

SOURCES: Mapping[str, Source] = find_sources()
SAMPLES = [one for name in SOURCES for one in samples_of(name)]
GOOD = [one for one in SAMPLES if not one.is_wrong]
WRONG = [one for one in SAMPLES if one.is_wrong]
ONE_EACH = [next(one for one in GOOD if one.source == name) for name in SOURCES]


def named(one: Sample) -> str:
    return f"{one.source}-{one.name}"


def signed_with_the_secret(one: Sample) -> bool:
    """Whether the sample carries a signature, so that its source can verify it."""
    source = SOURCES[one.source]
    return verify(source, one.call(), SECRET) is Verdict.VERIFIED


# A secret that a signing token, a key of Standard Webhooks and a text may all be.
OTHER = "whsec_c2Vjb25kIHNlY3JldCBvZiB0aGUgc2FtcGxlcw"
SIGNING = "whsec_dGhlIHNpZ25pbmcgc2VjcmV0IG9mIHRoZSBzYW1wbGVz"
SIGNED = [one for one in GOOD if signed_with_the_secret(one)]


def read_or_refused(source: str, call: InboundCall) -> list[NewEvent] | Rejected:
    """What a source makes of a call; anything but `Rejected` fails the test."""
    try:
        return read(SOURCES[source], call)
    except Rejected as error:
        return error


def check_refusal(error: Rejected) -> None:
    assert error.status in {400, 415, 422}
    assert error.fields, error.message
    texts = [error.message, *(text for one in error.fields for text in (one.field, one.message))]
    assert all(clean_text(text) == text for text in texts)


def check_events(source: str, events: list[NewEvent]) -> None:
    """That the store and every reader can hold them."""
    for event in events:
        assert event.source == source
        assert event.type
        assert event.id
        names = (event.id, event.type, event.project, event.subject, event.occurred_text or "")
        assert all(len(name) <= 200 and clean_text(name) == name for name in names)
        assert len((event.dedupe or "").encode()) <= MAX_KEY_BYTES
        assert event.occurred_at.tzinfo is not None
        assert 1970 <= event.occurred_at.year <= 9998
        assert b"\\u0000" not in orjson.dumps(event.data)
        assert b"\\u0000" not in orjson.dumps(event.attributes)
        if event.change is not None:
            assert event.change.deployment_id == event.subject
            assert all(clean_text(line.text) == line.text for line in event.change.lines)


# --- reading, which is pure


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_has_samples_of_what_is_taken_and_of_what_is_wrong(source: str) -> None:
    assert [one for one in GOOD if one.source == source]
    assert [one for one in WRONG if one.source == source]


def test_no_source_is_called_as_tocsin_itself() -> None:
    assert OWN_SOURCE not in SOURCES


@pytest.mark.parametrize("one", GOOD, ids=named)
def test_a_sample_is_read(one: Sample) -> None:
    events = read_or_refused(one.source, one.call())

    assert isinstance(events, list)
    assert events
    check_events(one.source, events)


@pytest.mark.parametrize("one", WRONG, ids=named)
def test_a_wrong_sample_is_refused_and_the_fault_is_named(one: Sample) -> None:
    error = read_or_refused(one.source, one.call())

    assert isinstance(error, Rejected)
    check_refusal(error)


@pytest.mark.parametrize("source", SOURCES)
@given(data=st.data())
def test_whatever_is_made_of_a_sample_is_read_or_refused(source: str, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from([one for one in SAMPLES if one.source == source]))

    found = read_or_refused(source, data.draw(mutated(one)))

    if isinstance(found, Rejected):
        check_refusal(found)
    else:
        check_events(source, found)


@pytest.mark.parametrize("one", GOOD, ids=named)
def test_the_same_delivery_has_the_same_key_and_another_has_another(one: Sample) -> None:
    source, keyed = SOURCES[one.source], one.call(idempotency_key="k-1")
    # At another instance, to which a proxy has handed it on.
    later = replace(keyed, received_at=keyed.received_at + timedelta(seconds=30))

    first, again = ([event.dedupe for event in read(source, call)] for call in (keyed, later))
    other = [event.dedupe for event in read(source, one.call())]

    assert first == again
    assert None not in first
    assert len(set(first)) == len(first)
    # A delivery id of the source's own counts before the header.
    assert other in (first, [None] * len(first))


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.UNREADABLE),
        (b"{", Reason.UNREADABLE),
        (b"[1, 2", Reason.UNREADABLE),
        (b'"text"', Reason.UNREADABLE),
        (b'{"a": "\xff"}', Reason.UNREADABLE),
        (b"[" * 65 + b"]" * 65, Reason.TOO_DEEP),
        (b'{"a":' * 65 + b"1" + b"}" * 65, Reason.TOO_DEEP),
        (b"[" * 100_000, Reason.TOO_DEEP),
    ],
    ids=lambda value: value[:12] if isinstance(value, bytes) else value,
)
def test_what_is_no_message_is_400(one: Sample, body: bytes, reason: Reason) -> None:
    call = replace(one.call(body), headers={**one.headers, "content-type": "application/json"})
    call = replace(call, headers={k: v for k, v in call.headers.items() if not k.startswith("ce-")})

    error = read_or_refused(one.source, call)

    assert isinstance(error, Rejected)
    assert (error.status, error.reason) == (400, reason)
    check_refusal(error)


@pytest.mark.parametrize("source", SOURCES)
def test_what_says_that_it_is_something_else_is_415(source: str) -> None:
    (one,) = (one for one in ONE_EACH if one.source == source)
    headers = {k: v for k, v in one.headers.items() if not k.startswith("ce-")}

    image = {**headers, "content-type": "image/png"}
    error = read_or_refused(source, replace(one.call(), headers=image))

    assert isinstance(error, Rejected)
    assert error.status == 415
    check_refusal(error)


# --- signatures, where a source has them


@pytest.mark.parametrize("one", SIGNED, ids=named)
@given(data=st.data())
def test_a_flipped_bit_of_the_body_breaks_the_signature(one: Sample, data: st.DataObject) -> None:
    at, bit = data.draw(st.integers(0, len(one.body) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(one.body)
    flipped[at] ^= 1 << bit
    source = SOURCES[one.source]

    with pytest.raises(Rejected) as raised:
        verify(source, one.call(bytes(flipped)), SECRET)

    assert (raised.value.status, raised.value.reason) == (401, Reason.BAD_SIGNATURE)


@pytest.mark.parametrize("one", SIGNED, ids=named)
def test_another_secret_breaks_the_signature_and_none_verifies_nothing(one: Sample) -> None:
    source = SOURCES[one.source]

    with pytest.raises(Rejected) as raised:
        verify(source, one.call(), SECRET + "x")

    assert raised.value.reason is Reason.BAD_SIGNATURE
    assert verify(source, one.call()) is Verdict.NOT_SIGNED


# --- calls that sources make to try themselves


def made(source: str, secret: str, at: datetime = RECEIVED_AT) -> Sample:
    """The call that a source makes to be tried, with the headers as they arrive."""
    make = extras_of(SOURCES[source]).sample
    assert make is not None
    call = make(options_of(SOURCES[source], secret), (secret,), at)
    headers = {name.lower(): value for name, value in call.headers.items()}
    return Sample(source, "made", headers, call.body)


MADE = [name for name, source in SOURCES.items() if extras_of(source).sample]
MADE_SIGNED = [
    name
    for name in MADE
    if verify(SOURCES[name], made(name, SIGNING).call(), SIGNING) is Verdict.VERIFIED
]
# A secret token is shown as it stands, so that it says nothing of the body.
MADE_TIMED = [name for name in MADE_SIGNED if name in {"gitlab", "slack", "standard", "stripe"}]


@pytest.mark.parametrize("secret", [SECRET, SIGNING])
@pytest.mark.parametrize("source", MADE)
def test_what_a_source_makes_is_taken_and_read(source: str, secret: str) -> None:
    call = made(source, secret).call()

    is_taken = verify(SOURCES[source], call, secret) is Verdict.VERIFIED
    assert is_taken or shows_secret(call, (secret,))
    assert read(SOURCES[source], call)
    assert verify(SOURCES[source], call) is Verdict.NOT_SIGNED


@pytest.mark.parametrize("source", MADE_SIGNED)
@given(data=st.data())
def test_a_flipped_bit_of_what_is_made_breaks_the_signature(
    source: str, data: st.DataObject
) -> None:
    one = made(source, SIGNING)
    at, bit = data.draw(st.integers(0, len(one.body) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(one.body)
    flipped[at] ^= 1 << bit

    with pytest.raises(Rejected) as raised:
        verify(SOURCES[source], one.call(bytes(flipped)), SIGNING)

    assert (raised.value.status, raised.value.reason) == (401, Reason.BAD_SIGNATURE)


@pytest.mark.parametrize("source", MADE_SIGNED)
def test_while_a_secret_is_replaced_both_are_good(source: str) -> None:
    call = made(source, SIGNING).call()
    options = options_of(SOURCES[source])

    found = {SOURCES[source].verify(call, options, both) for both in permutations((SIGNING, OTHER))}

    assert found == {Verdict.VERIFIED}
    with pytest.raises(Rejected):
        SOURCES[source].verify(call, options, (OTHER,))


@pytest.mark.parametrize("source", MADE_TIMED)
@pytest.mark.parametrize(
    ("late_s", "is_taken"), [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_what_is_signed_with_a_time_is_taken_within_five_minutes(
    source: str, late_s: int, *, is_taken: bool
) -> None:
    call = made(source, SIGNING).call()
    late = replace(call, received_at=RECEIVED_AT + timedelta(seconds=late_s))

    refused = nullcontext() if is_taken else pytest.raises(Rejected, match="away from now")
    with refused:
        assert verify(SOURCES[source], late, SIGNING) is Verdict.VERIFIED


@pytest.mark.parametrize("source", MADE)
async def test_what_is_made_is_stored_once_from_anywhere(source: str, tmp_path: Path) -> None:
    async with receiving_in(tmp_path, secrets={source: SIGNING}) as receiving:
        one = made(source, SIGNING, receiving.clock.now())

        first, again = [
            await receiving.post(f"/hooks/{source}", one.body, one.headers, peer=REMOTE)
            for _ in range(2)
        ]

        assert (first.status, again.status) == (200, 200), first.body
        has_id = read(SOURCES[source], one.call())[0].dedupe is not None
        assert len(await receiving.stored()) == (1 if has_id else 2)


# --- behind the receiver


@pytest.fixture
async def open_(tmp_path: Path) -> AsyncIterator[Receiving]:
    """Sources without secrets."""
    async with receiving_in(tmp_path) as receiving:
        yield receiving


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Receiving]:
    """Sources that all have a secret."""
    async with receiving_in(tmp_path, secrets=dict.fromkeys(SOURCES, SECRET)) as receiving:
        yield receiving


def check_envelope(one: Sample, answer: Answer) -> None:
    told = answer.json
    if SOURCES[one.source].ENVELOPE is Envelope.WEBHOOK:
        assert told["success"] is False
        assert set(told) == {"success", "message", "errors"}
    elif SOURCES[one.source].ENVELOPE is Envelope.AVATAR:
        assert set(told) == {"detail", "status_code"}
        assert told["status_code"] == answer.status
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert told["status"] == answer.status


def unsigned(one: Sample) -> dict[str, str]:
    return {name: value for name, value in one.headers.items() if "signature" not in name}


@pytest.mark.parametrize("one", GOOD, ids=named)
async def test_a_sample_is_stored_and_its_repeat_is_answered_alike(
    one: Sample, open_: Receiving
) -> None:
    headers = {**one.headers, "idempotency-key": "k-1"}

    first = await open_.post(f"/hooks/{one.source}", one.body, headers)
    stored = await open_.stored()
    again = await open_.post(f"/hooks/{one.source}", one.body, headers)

    assert (first.status, again.status) == (200, 200)
    assert first.body == again.body
    assert await open_.stored() == stored
    assert stored


@pytest.mark.parametrize("one", WRONG, ids=named)
async def test_a_wrong_sample_stores_nothing(one: Sample, open_: Receiving) -> None:
    answer = await open_.post(f"/hooks/{one.source}", one.body, one.headers)

    assert 400 <= answer.status < 500
    assert SOURCES[one.source].ENVELOPE is Envelope.AVATAR or answer.json["errors"]
    check_envelope(one, answer)
    assert await open_.stored() == []


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
async def test_a_remote_call_that_shows_nothing_is_refused(one: Sample, open_: Receiving) -> None:
    answer = await open_.post(f"/hooks/{one.source}", one.body, unsigned(one), peer=REMOTE)
    handed_on = await open_.post(
        f"/hooks/{one.source}", one.body, {**unsigned(one), "x-forwarded-for": "127.0.0.1"}
    )

    assert (answer.status, handed_on.status) == (401, 401)
    check_envelope(one, answer)
    assert await open_.stored() == []


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
async def test_nobody_who_may_not_learns_anything_about_what_was_sent(
    one: Sample, open_: Receiving
) -> None:
    wrong: list[tuple[bytes, dict[str, str]]] = [
        (b"", {}),
        (b"{", {"content-type": "application/json"}),
        (b"[]", {"content-type": "application/json"}),
        (b"{}", {"content-type": "image/png"}),
        (b"{}", {"idempotency-key": "k" * 1_000}),
    ]

    answers = [
        await open_.post(f"/hooks/{one.source}", body, {**unsigned(one), **more}, peer=REMOTE)
        for body, more in wrong
    ]

    assert [answer.status for answer in answers] == [401] * len(wrong)


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
async def test_with_a_secret_this_machine_is_refused_too(one: Sample, guarded: Receiving) -> None:
    answer = await guarded.post(f"/hooks/{one.source}", one.body, unsigned(one))

    assert answer.status == 401
    assert await guarded.stored() == []


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
@pytest.mark.parametrize("how", ["bearer", "x-webhook-token", "x-webhook-secret", "query", "token"])
async def test_the_secret_or_a_token_opens_it_from_anywhere(
    how: str, one: Sample, guarded: Receiving
) -> None:
    shown = {
        "bearer": {"authorization": f"Bearer {SECRET}"},
        "query": {},
        "token": {"x-tocsin-token": await guarded.token(Role.SENDER)},
    }.get(how, {how: SECRET})

    answer = await guarded.post(
        f"/hooks/{one.source}",
        one.body,
        {**unsigned(one), **shown},
        peer=REMOTE,
        query=f"token={SECRET.replace(' ', '+')}" if how == "query" else "",
    )

    assert answer.status == 200, answer.body


@pytest.mark.parametrize("one", SIGNED, ids=named)
async def test_a_signature_opens_it_from_anywhere(one: Sample, guarded: Receiving) -> None:
    answer = await guarded.post(f"/hooks/{one.source}", one.body, one.headers, peer=REMOTE)

    assert answer.status == 200, answer.body


@pytest.mark.parametrize("one", SIGNED, ids=named)
async def test_a_wrong_signature_is_refused_whatever_else_is_right(
    one: Sample, guarded: Receiving
) -> None:
    rights = {
        "authorization": f"Bearer {SECRET}",
        "x-webhook-token": SECRET,
        "x-webhook-secret": SECRET,
        "x-tocsin-token": await guarded.token(Role.ADMIN),
    }

    answer = await guarded.post(
        f"/hooks/{one.source}", one.body + b" ", {**one.headers, **rights}, query=f"token={SECRET}"
    )

    assert answer.status == 401
    assert guarded.counted(one.source, "bad_signature") == 1
    assert await guarded.stored() == []


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
async def test_a_body_over_the_limit_is_413(one: Sample, tmp_path: Path) -> None:
    limits = BodyLimits(max_body_bytes=len(one.body))
    async with receiving_in(tmp_path, limits=limits) as receiving:
        fits = await receiving.post(f"/hooks/{one.source}", one.body, one.headers)
        stored = await receiving.stored()
        too_large = await receiving.post(f"/hooks/{one.source}", one.body + b" ", one.headers)

        assert (fits.status, too_large.status) == (200, 413)
        check_envelope(one, too_large)
        assert await receiving.stored() == stored


@pytest.mark.parametrize("one", ONE_EACH, ids=named)
async def test_an_invented_token_is_401(one: Sample, guarded: Receiving) -> None:
    invented = {**unsigned(one), "x-tocsin-token": "invented"}

    unknown = await guarded.post(f"/hooks/{one.source}", one.body, invented)

    assert unknown.status == 401
    check_envelope(one, unknown)
    assert await guarded.stored() == []
