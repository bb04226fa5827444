"""FAL's signature, the traps in it, and what its calls say of a training."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.samples import SECRET, call, read, verify
from tocsin.errors import Reason, Rejected
from tocsin.ingest.source import InboundCall, Verdict, find_sources
from tocsin.ingest.sources import fal
from tocsin.model.training import TrainingStatus

FAL = find_sources()["fal"]
# A published example: the seed is 00..1f.
SEED = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = KEY.public_key().public_bytes_raw()
BODY = b'{"request_id":"req-1","gateway_request_id":"req-1","status":"OK","payload":{"ok":true}}'
SIGNED_AT = 1700000000
SIGNATURE = (
    "d7ad069615e81252a5c5a5cf4fa44f361d57bf36f3cdb451a8b7fd197395faaf"
    "73a6ed85662aa8f43cf84c318a6aa1f4e11ecf70e7dda3f2ca0c450316d3e406"
)
HEADERS = {
    "content-type": "application/json",
    "x-fal-webhook-request-id": "req-1",
    "x-fal-webhook-user-id": "user-1",
    "x-fal-webhook-timestamp": str(SIGNED_AT),
    "x-fal-webhook-signature": SIGNATURE,
}
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()


def signed(
    body: bytes = BODY,
    headers: Mapping[str, str] = HEADERS,
    *,
    late_s: float = 0,
    keys: tuple[bytes, ...] = (PUBLIC,),
) -> InboundCall:
    """The example's call, received so long after it was signed."""
    received_at = datetime.fromtimestamp(SIGNED_AT, UTC) + timedelta(seconds=late_s)
    return replace(call(body, headers), received_at=received_at, keys=keys)


def sign(body: bytes, request_id: str = "req-1") -> InboundCall:
    """A call that is signed as FAL does."""
    digest = hashlib.sha256(body).hexdigest()
    message = f"{request_id}\nuser-1\n{SIGNED_AT}\n{digest}".encode()
    more = {
        "x-fal-webhook-request-id": request_id,
        "x-fal-webhook-signature": KEY.sign(message).hex(),
    }
    return signed(body, {**HEADERS, **more})


def told(body: Mapping[str, Any], training_type: str = "") -> Any:
    """What a call says of its training."""
    query = {"training_type": training_type} if training_type else {}
    (event,) = read(FAL, replace(call(body), query=query))
    return event.training


# --- the signature


def test_the_published_example_is_verified() -> None:
    assert hashlib.sha256(BODY).hexdigest().startswith("7ea45c9a90979014")
    assert verify(FAL, signed()) is Verdict.VERIFIED


def test_any_of_the_keys_may_have_signed() -> None:
    assert verify(FAL, signed(keys=(OTHER_KEY, PUBLIC))) is Verdict.VERIFIED
    assert verify(FAL, signed(keys=(b"short", OTHER_KEY))) is Verdict.NEEDS_KEYS
    assert verify(FAL, signed(keys=())) is Verdict.NEEDS_KEYS


@given(st.integers(0, len(BODY) - 1), st.integers(0, 7))
def test_no_key_has_signed_a_body_with_a_flipped_bit(at: int, bit: int) -> None:
    flipped = bytearray(BODY)
    flipped[at] ^= 1 << bit

    assert verify(FAL, signed(bytes(flipped))) is Verdict.NEEDS_KEYS


@pytest.mark.parametrize("name", ["request-id", "user-id"])
def test_no_key_has_signed_another_header(name: str) -> None:
    forged = {**HEADERS, f"x-fal-webhook-{name}": "forged"}

    assert verify(FAL, signed(headers=forged)) is Verdict.NEEDS_KEYS


@pytest.mark.parametrize("late_s", [-300, 0, 300])
def test_it_may_be_five_minutes_late_or_early(late_s: int) -> None:
    assert verify(FAL, signed(late_s=late_s)) is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("changed", "late_s"),
    [
        ({}, 301),
        ({}, -301),
        ({"x-fal-webhook-timestamp": "soon"}, 0),
        ({"x-fal-webhook-timestamp": "-1700000000"}, 0),
        ({"x-fal-webhook-timestamp": "1" * 400}, 0),
        ({"x-fal-webhook-timestamp": "\u0661\u0667"}, 0),
        ({"x-fal-webhook-signature": ""}, 0),
        ({"x-fal-webhook-signature": "zz" * 64}, 0),
        ({"x-fal-webhook-signature": SIGNATURE[:-2]}, 0),
        ({"x-fal-webhook-signature": " " + SIGNATURE[1:]}, 0),
    ],
)
def test_what_cannot_be_a_signature_of_now_is_refused(
    changed: Mapping[str, str], late_s: int
) -> None:
    with pytest.raises(Rejected) as raised:
        verify(FAL, signed(headers={**HEADERS, **changed}, late_s=late_s))

    assert (raised.value.status, raised.value.reason) == (401, Reason.BAD_SIGNATURE)


@pytest.mark.parametrize("name", [name for name in HEADERS if name.startswith("x-fal")])
def test_a_part_of_a_signature_is_a_wrong_one(name: str) -> None:
    headers = {one: value for one, value in HEADERS.items() if one != name}

    with pytest.raises(Rejected) as raised:
        verify(FAL, signed(headers=headers), SECRET)

    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_the_header_and_the_body_have_to_mean_one_request() -> None:
    inner = b'{"request_id":"req-1","gateway_request_id":"req-2","status":"OK"}'

    assert verify(FAL, sign(inner, "req-2")) is Verdict.VERIFIED
    with pytest.raises(Rejected) as raised:
        verify(FAL, sign(inner, "req-3"))
    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_a_signed_body_that_is_no_json_is_refused_when_it_is_read() -> None:
    broken = sign(b"{")

    assert verify(FAL, broken) is Verdict.VERIFIED
    with pytest.raises(Rejected) as raised:
        read(FAL, broken)
    assert raised.value.status == 400


def test_auto_leaves_what_is_not_signed_to_the_secret() -> None:
    assert verify(FAL, call(BODY), SECRET) is Verdict.NOT_SIGNED


def test_secret_looks_at_no_signature() -> None:
    forged = {**HEADERS, "x-fal-webhook-signature": "00" * 64}

    assert verify(FAL, signed(headers=forged), SECRET, verify="secret") is Verdict.NOT_SIGNED


def test_signature_takes_no_secret_for_one() -> None:
    shown = call(BODY, {"x-webhook-secret": SECRET})

    assert verify(FAL, signed(), SECRET, verify="signature") is Verdict.VERIFIED
    assert verify(FAL, call(BODY), SECRET, verify="signature") is Verdict.NOT_SIGNED
    with pytest.raises(Rejected) as raised:
        verify(FAL, shown, SECRET, verify="signature")
    assert raised.value.reason is Reason.BAD_SIGNATURE


def test_a_repeat_is_known_by_its_body_as_its_signature_is_another() -> None:
    later = {**HEADERS, "x-fal-webhook-timestamp": "1700000600", "x-fal-webhook-signature": "ab"}

    first, again = (read(FAL, signed(headers=headers))[0].dedupe for headers in (HEADERS, later))
    other = read(FAL, signed(BODY + b" "))[0].dedupe

    assert first == again
    assert first is not None
    assert other != first


# --- the test address


def test_the_test_address_answers_whatever_it_is_sent_and_stores_nothing() -> None:
    asked = replace(call({"request_id": "r-1"}), path=fal.TEST)
    options = fal.Options()

    answer = fal.answer_at_once(asked, options)
    nothing = fal.answer_at_once(replace(asked, body=b"\xff"), options)
    real = fal.answer_at_once(replace(asked, path=fal.ENTRANCES[0]), options)

    assert answer is not None
    assert (answer["status"], answer["request_id"]) == ("received", "r-1")
    assert nothing is not None
    assert "request_id" not in nothing
    assert real is None


# --- what a call says


@pytest.mark.parametrize(
    ("said", "training_id"),
    [
        ({"request_id": "r", "finetune_id": "f", "id": "i"}, "r"),
        ({"request_id": "", "finetune_id": "f", "id": "i"}, "f"),
        ({"request_id": None, "finetune_id": " ", "id": "i"}, "i"),
        ({"id": 17}, "17"),
    ],
)
def test_the_id_is_the_first_of_three(said: Mapping[str, Any], training_id: str) -> None:
    assert told(said).training_id == training_id


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"request_id": None},
        {"request_id": "x" * 201},
        {"request_id": ["r"]},
        {"request_id": {"a": 1}},
        {"request_id": "r", "status": ["OK"]},
        {"request_id": "r", "finetune_id": "a\x00b"},
        {"request_id": "r", "training_type": "landscape"},
    ],
)
def test_a_field_that_is_wrong_is_422(said: Mapping[str, Any]) -> None:
    with pytest.raises(Rejected) as raised:
        told(said)

    assert (raised.value.status, raised.value.reason) == (422, Reason.BAD_FIELD)
    assert raised.value.fields


LORA = {"diffusers_lora_file": {"url": "https://v3.fal.media/l.safetensors", "file_name": "l"}}


@pytest.mark.parametrize(
    ("training_type", "payload", "status"),
    [
        ("portrait", LORA, TrainingStatus.COMPLETED),
        ("portrait", {}, TrainingStatus.ERROR),
        ("portrait", None, TrainingStatus.ERROR),
        ("portrait", {"diffusers_lora_file": {"url": "nothing"}}, TrainingStatus.ERROR),
        ("portrait", {"finetune_id": "f"}, TrainingStatus.ERROR),
        ("style", {"finetune_id": "f"}, TrainingStatus.COMPLETED),
        ("style", LORA, TrainingStatus.ERROR),
        ("style", None, TrainingStatus.ERROR),
        ("", None, TrainingStatus.COMPLETED),
        ("", LORA, TrainingStatus.COMPLETED),
    ],
)
def test_a_training_has_to_bring_what_its_type_brings(
    training_type: str, payload: Any, status: TrainingStatus
) -> None:
    change = told({"request_id": "r", "status": "OK", "payload": payload}, training_type)

    assert change.status is status
    assert bool(change.error) == (status is TrainingStatus.ERROR)
    assert change.result == (payload if status is TrainingStatus.COMPLETED else None)
    assert change.word == "OK"


def test_the_finetune_id_may_stand_beside_the_payload() -> None:
    change = told({"request_id": "r", "finetune_id": "f", "status": "completed"}, "style")

    assert (change.status, change.facts["finetune_id"]) == (TrainingStatus.COMPLETED, "f")


def test_the_files_of_a_result_are_named() -> None:
    change = told({"request_id": "r", "status": "OK", "payload": LORA}, "portrait")

    assert [(file.name, file.url) for file in change.files] == [
        ("l", "https://v3.fal.media/l.safetensors")
    ]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"status": "ERROR", "error": "out of memory"}, "out of memory"),
        (
            {"status": "FAILED", "payload": {"detail": [{"msg": "bad"}, {"msg": "worse"}]}},
            "bad; worse",
        ),
        ({"status": "OK", "payload": None, "payload_error": "no JSON"}, "no JSON"),
        ({"status": "payload_error"}, ""),
    ],
)
def test_what_went_wrong_is_told_as_it_was_said(said: Mapping[str, Any], error: str) -> None:
    change = told({"request_id": "r", **said})

    assert (change.status, change.error) == (TrainingStatus.ERROR, error)


def test_a_word_that_is_not_known_keeps_the_state_and_is_shown() -> None:
    change = told({"request_id": "r", "status": "warming up", "progress": 7.9})

    assert (change.status, change.word, change.progress) == (None, "warming up", 7)


@pytest.mark.parametrize("progress", [True, -1, 101, "7", None, [1]])
def test_what_is_no_progress_is_passed_over(progress: Any) -> None:
    assert told({"request_id": "r", "progress": progress}).progress is None


def test_the_event_has_the_type_of_what_it_tells_and_the_body_as_sent() -> None:
    body = {"request_id": "r", "status": "CANCELLED", "more": [1]}

    (event,) = read(FAL, replace(call(body), query={"training_type": "style"}))

    assert (event.source, event.type, event.subject) == ("fal", "training.cancelled", "r")
    assert event.data == {"training_type": "style", **body}
    assert event.dedupe is None
