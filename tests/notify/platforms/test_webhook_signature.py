"""Calls are signed as Standard Webhooks says, by its vectors and by its own library."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tocsin.notify.platforms.webhook_signature import check_secret, signed_headers

SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key()
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def private(key: bytes) -> str:
    return "whsk_" + base64.b64encode(key).decode()


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


VECTORS = [
    (
        OTHER,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
    (
        SECRET,
        "msg_1",
        1700000000,
        b'{"ok":true}',
        "v1,VYDbSFf7CVym03xR1CJj4NTi8S2ERnw5g6wiqzsoPKk=",
    ),
    (
        private(SEED),
        "msg_1",
        1700000000,
        b'{"ok":true}',
        "v1a,4qVQqq3eEZgwWYJsmal8MDLhx9v2o+qFxuZeFLmf7p5FuhljrGqQ8kNf5N2g8DwBugSsGJ/sDXsfJ91vA6MRCA==",
    ),
]


@pytest.mark.parametrize(("secret", "message_id", "seconds", "body", "signature"), VECTORS)
def test_what_is_signed_is_signed_as_published(
    secret: str, message_id: str, seconds: int, body: bytes, signature: str
) -> None:
    assert signed_headers([secret], message_id, at(seconds), body) == {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature,
    }


def test_the_schemes_own_library_takes_it_by_either_secret_while_they_change() -> None:
    headers = signed_headers([SECRET, OTHER], "msg_1", datetime.now(UTC), b'{"n":1}')

    taken = [Webhook(secret).verify('{"n":1}', headers) for secret in (SECRET, OTHER)]
    assert taken == [{"n": 1}] * 2


def test_a_try_has_its_own_time_and_the_id_of_all() -> None:
    first = signed_headers([SECRET], "msg_1", at(1700000000), b"{}")
    second = signed_headers([SECRET], "msg_1", at(1700000005), b"{}")

    assert first["webhook-id"] == second["webhook-id"]
    assert first["webhook-signature"] != second["webhook-signature"]


def test_without_a_secret_there_are_the_id_and_the_time() -> None:
    assert signed_headers([], "msg_1", at(1700000000), b"{}") == {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
    }


def test_any_other_secret_signs_the_body_as_github_does() -> None:
    headers = signed_headers(["sesame", "former"], "msg_1", at(1700000000), b'{"n":1}')

    digest = hmac.new(b"sesame", b'{"n":1}', hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={digest}"
    assert "webhook-signature" not in headers


def test_from_one_kind_of_secret_to_another_both_are_there() -> None:
    headers = signed_headers([SECRET, "former"], "msg_1", at(1700000000), b"{}")

    assert {"webhook-signature", "X-Hub-Signature-256"} <= set(headers)


def test_a_private_key_may_have_its_public_one_behind_it() -> None:
    both = private(SEED + PUBLIC.public_bytes_raw())

    signed = [signed_headers([one], "m", at(1), b"{}") for one in (private(SEED), both)]
    assert signed[0] == signed[1]


@pytest.mark.parametrize(
    "secret", ["", "sesame", SECRET, SECRET.rstrip("="), OTHER, private(SEED), "whpk_x"]
)
def test_a_secret_of_any_form_is_taken(secret: str) -> None:
    check_secret(secret)


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_",
        "whsec_not base64",
        "whsec_AAEC",
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsk_",
        "whsk_!!!!",
        private(SEED[:31]),
        private(SEED + bytes(32)),
    ],
)
def test_what_only_says_that_it_is_one_is_refused_without_telling_it(secret: str) -> None:
    with pytest.raises(ValueError, match="behind wh") as caught:
        check_secret(secret)

    assert secret.partition("_")[2] not in str(caught.value) or secret.endswith("_")


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_flipped_byte_breaks_each_signature(body: bytes, data: st.DataObject) -> None:
    headers = signed_headers([SECRET, private(SEED)], "msg_1", datetime.now(UTC), body)
    place = data.draw(st.integers(0, len(body) - 1))
    flipped = bytes([*body[:place], body[place] ^ 1, *body[place + 1 :]])
    content = f"msg_1.{headers['webhook-timestamp']}.".encode()
    signature = base64.b64decode(headers["webhook-signature"].split()[1].removeprefix("v1a,"))

    PUBLIC.verify(signature, content + body)
    with pytest.raises(InvalidSignature):
        PUBLIC.verify(signature, content + flipped)
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(SECRET).verify(flipped, headers)
