"""Who is let in at a receiver: every line of the contract on receivers, and nothing beside it."""

import hmac
from base64 import b64encode
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from itertools import product

import pytest
import standardwebhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.ingest.samples import RECEIVED_AT
from tocsin.errors import Reason, Rejected
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.signature import (
    MAX_SIGNATURES,
    Encoding,
    bad_signature,
    check_fresh,
    check_standard,
    check_taken,
    decoded,
    ed25519_holds,
    encoded,
    hmac_holds,
    hmac_sha256_hex,
    is_same,
    shown_secrets,
    shows_secret,
    standard_headers,
    standard_id,
    standard_key,
)
from tocsin.ingest.source import InboundCall, Verdict
from tocsin.model.access import Caller, CallerKind, Role
from tocsin.settings.schema import Network, Secret

NONE = SecretStr("")
SECRET = "long and unguessable"
REMOTE, NEIGHBOUR = "203.0.113.9", "192.0.2.7"


@dataclass(frozen=True)
class Options:
    secret: Secret
    previous_secret: Secret = NONE
    unsigned_networks: tuple[Network, ...] = (ip_network("192.0.2.0/24"), ip_network("fd00::/8"))


def options(secret: str = "") -> Options:
    return Options(SecretStr(secret))


def call(headers: dict[str, str] | None = None, query: dict[str, str] | None = None) -> InboundCall:
    return InboundCall(headers or {}, query or {}, b"{}", "", RECEIVED_AT, BodyLimits())


def caller(
    kind: CallerKind, role: Role = Role.NOBODY, address: str = REMOTE, *, is_local: bool = False
) -> Caller:
    return Caller(role, "", kind, address, is_local)


LOCAL = caller("local", Role.VIEWER, "127.0.0.1", is_local=True)
NOBODY = caller("nobody")


def refusal(
    who: Caller, verdict: Verdict = Verdict.NOT_SIGNED, *, is_open: bool = True
) -> Rejected | None:
    try:
        check_taken(verdict, who, options(), is_open=is_open)
    except Rejected as error:
        return error
    return None


# --- the whole table: signed, credentials, place, and whether the source is open

VERDICTS = tuple(Verdict)
PLACES = ("here", "neighbour", "far")


@pytest.mark.parametrize(
    ("verdict", "kind", "role", "place", "is_open"),
    [
        row
        for row in product(
            VERDICTS, ("token", "session", "local", "nobody"), Role, PLACES, (True, False)
        )
        if (row[1] != "local" or row[3] == "here") and (row[1] != "nobody" or not row[2])
    ],
)
def test_a_call_is_taken_by_the_contract_alone(
    verdict: Verdict, kind: CallerKind, role: Role, place: str, *, is_open: bool
) -> None:
    address = {"here": "127.0.0.1", "neighbour": NEIGHBOUR, "far": REMOTE}[place]
    who = caller(kind, role, address, is_local=place == "here")
    has_credential = kind in ("token", "session")
    is_unsigned_taken = is_open and place in ("here", "neighbour") and not has_credential
    expected = (
        verdict is Verdict.VERIFIED or (has_credential and role >= Role.SENDER) or is_unsigned_taken
    )

    error = refusal(who, verdict, is_open=is_open)

    assert (error is None) == expected
    if error is not None:
        assert error.status == (403 if has_credential else 401)


def test_a_local_operator_does_not_open_a_source_that_has_a_secret() -> None:
    operator = caller("local", Role.OPERATOR, "127.0.0.1", is_local=True)

    error = refusal(operator, is_open=False)

    assert error is not None
    assert error.reason is Reason.NOT_SIGNED_IN
    assert "secret" in error.message


def test_a_source_that_does_not_take_this_machine_takes_the_networks_it_names() -> None:
    def taken(who: Caller) -> bool:
        try:
            check_taken(Verdict.NOT_SIGNED, who, options(), is_open=True, takes_local=False)
        except Rejected as error:
            assert "its own machine" not in error.message  # noqa: PT017 - what it must not say
            return False
        return True

    assert not taken(LOCAL)
    assert not taken(NOBODY)
    assert taken(caller("nobody", address=NEIGHBOUR))
    assert taken(caller("token", Role.SENDER))


def test_a_refusal_says_what_would_have_been_taken() -> None:
    error = refusal(NOBODY)

    assert error is not None
    assert "set a secret" in error.message


@pytest.mark.parametrize(
    ("address", "is_in"),
    [("192.0.2.255", True), ("192.0.3.0", False), ("fd00::1", True), ("", False), ("unix:", False)],
)
def test_unsigned_networks_are_looked_at_for_any_address(address: str, *, is_in: bool) -> None:
    assert (refusal(caller("nobody", address=address)) is None) == is_in


# --- the source's own secret


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {SECRET}"}, {}),
        ({"authorization": f"bearer   {SECRET} "}, {}),
        ({"authorization": f"Basic {b64encode(f'any:{SECRET}'.encode()).decode()}"}, {}),
        ({"authorization": f"basic {b64encode(f':{SECRET}'.encode()).decode()}"}, {}),
        ({"x-webhook-token": SECRET}, {}),
        ({"x-webhook-secret": SECRET}, {}),
        ({}, {"token": SECRET}),
        ({"authorization": "Basic abc", "x-webhook-token": "other"}, {"token": SECRET}),
    ],
)
def test_the_secret_may_be_shown_in_several_places(
    headers: dict[str, str], query: dict[str, str]
) -> None:
    assert shows_secret(call(headers, query), (SECRET,))


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"authorization": SECRET}, {}),
        ({"authorization": f"Basic {SECRET}"}, {}),
        ({"authorization": f"Basic {b64encode(SECRET.encode()).decode()}"}, {}),
        ({"authorization": f"Basic {b64encode(f'{SECRET}:any'.encode()).decode()}"}, {}),
        ({"authorization": "Basic /w=="}, {}),
        ({"x-webhook-token": SECRET.upper()}, {}),
        ({"x-webhook-token": SECRET + "x"}, {}),
        ({"x-webhook-token": ""}, {"token": ""}),
        ({"x-webhook-token": "\xff"}, {"token": "日"}),
        ({"cookie": f"token={SECRET}"}, {"secret": SECRET}),
    ],
)
def test_nothing_else_shows_the_secret(headers: dict[str, str], query: dict[str, str]) -> None:
    assert not shows_secret(call(headers, query), (SECRET,))


def test_no_secret_is_shown_by_nothing() -> None:
    assert not shows_secret(call({"x-webhook-token": ""}, {"token": ""}), ())
    assert shown_secrets({"authorization": "Bearer "}, {"token": ""}) == []


# --- signatures


def test_the_digest_is_the_one_in_githubs_documentation() -> None:
    digest = hmac_sha256_hex("It's a Secret to Everybody", b"Hello, World!")

    assert digest == "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


@given(st.binary(min_size=1), st.text(min_size=1), st.data())
def test_any_flipped_bit_breaks_a_signature(body: bytes, secret: str, data: st.DataObject) -> None:
    at, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    flipped = bytearray(body)
    flipped[at] ^= 1 << bit

    assert not is_same(hmac_sha256_hex(secret, body), hmac_sha256_hex(secret, bytes(flipped)))


@given(st.text(), st.text())
def test_secrets_are_the_same_only_when_they_are(one: str, other: str) -> None:
    assert is_same(one, other) == (one == other)


@pytest.mark.parametrize(
    ("text", "encoding", "meant"),
    [
        ("00ff", "hex", b"\x00\xff"),
        ("00FF", "hex", b"\x00\xff"),
        ("00 ff", "hex", b""),
        ("0", "hex", b""),
        ("", "hex", b""),
        ("zz", "hex", b""),
        ("\u0661\u0661", "hex", b""),
        ("+/+/", "base64", b"\xfb\xff\xbf"),
        ("-_-_", "base64url", b"\xfb\xff\xbf"),
        ("-_-_", "base64", b""),
        ("YQ==", "base64", b"a"),
        ("YQ", "base64", b"a"),
        ("YQ=", "base64", b"a"),
        ("Y", "base64", b""),
        ("YQ\n", "base64", b""),
        ("\xff", "base64", b""),
        ("", "base64", b""),
    ],
)
def test_what_is_no_signature_signs_nothing(text: str, encoding: Encoding, meant: bytes) -> None:
    assert decoded(text, encoding) == meant
    assert not hmac_holds([b""], b"{}", [b"key"])


@given(st.binary(min_size=1, max_size=80), st.sampled_from(["hex", "base64", "base64url"]))
def test_a_digest_is_read_as_it_was_written(digest: bytes, encoding: Encoding) -> None:
    assert decoded(encoded(digest, encoding), encoding) == digest
    assert decoded(encoded(digest, encoding).rstrip("="), encoding) == digest


@given(
    st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=3, unique=True),
    st.lists(st.binary(max_size=8), max_size=4),
    st.data(),
)
def test_any_signature_by_any_secret_is_enough(
    keys: list[bytes], others: list[bytes], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(keys))
    right = hmac.digest(key, b"{}", "sha512")
    shown = data.draw(st.permutations([right, *others]))

    assert hmac_holds(shown, b"{}", keys, "sha512")
    assert not hmac_holds(others, b"{}", keys, "sha512")
    assert not hmac_holds(shown, b"[]", keys, "sha512")
    assert not hmac_holds(shown, b"{}", [])


def test_only_so_many_signatures_are_looked_at() -> None:
    right = hmac.digest(b"key", b"{}", "sha256")
    wrong = [bytes([number]) * 32 for number in range(MAX_SIGNATURES)]

    assert hmac_holds([*wrong[1:], right], b"{}", [b"key"])
    assert not hmac_holds([*wrong, right], b"{}", [b"key"])


@pytest.mark.parametrize(
    ("said", "is_fresh"),
    [
        ("1704112200", True),
        ("1704112500", True),
        ("1704111900", True),
        ("1704112501", False),
        ("1704111899", False),
        ("1704112200000", True),
        ("0", False),
        ("", False),
        ("-1704112200", False),
        ("1704112200.5", False),
        (" 1704112200", False),
        ("\u0661\u0662", False),
        ("9" * 400, False),
        ("now", False),
    ],
)
def test_a_signed_time_is_about_now(said: str, *, is_fresh: bool) -> None:
    refused = nullcontext() if is_fresh else pytest.raises(Rejected)

    with refused:
        check_fresh("X-Time", said, RECEIVED_AT)


# --- Standard Webhooks; the first vector is the well-known published one

PUBLISHED = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SEED = bytes(range(32))
PUBLIC_KEY = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
WHPK = "whpk_" + encoded(PUBLIC_KEY, "base64")
BYTES = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
V1 = "v1,VYDbSFf7CVym03xR1CJj4NTi8S2ERnw5g6wiqzsoPKk="
V1A = "v1a,4qVQqq3eEZgwWYJsmal8MDLhx9v2o+qFxuZeFLmf7p5FuhljrGqQ8kNf5N2g8DwBugSsGJ/sDXsfJ91vA6MRCA=="


def standard(
    signature: str,
    *,
    own_id: str = "msg_1",
    at: str = "1700000000",
    body: bytes = b'{"ok":true}',
    family: str = "webhook",
) -> InboundCall:
    """A call that is received when it was signed."""
    said = {"id": own_id, "timestamp": at, "signature": signature}
    headers = {f"{family}-{name}": value for name, value in said.items()}
    now = datetime.fromtimestamp(int(at), UTC) if at.isdigit() else RECEIVED_AT
    return InboundCall(headers, {}, body, "", now, BodyLimits())


VECTORS = [
    (
        standard(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            own_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
            at="1614265330",
            body=b'{"test": 2432232314}',
        ),
        PUBLISHED,
    ),
    (standard(V1), BYTES),
    (standard(V1), BYTES.rstrip("=")),
    (standard(V1, family="svix"), BYTES),
    (standard(V1A), WHPK),
    (standard(V1A, family="svix"), WHPK.rstrip("=")),
    (standard(f"v1,AAAA v2,new {V1}"), BYTES),
    (standard(f"{V1A} {V1}"), BYTES),
    (standard(f"{V1} {V1A}"), WHPK),
]


@pytest.mark.parametrize(("signed", "secret"), VECTORS)
def test_the_published_signatures_hold(signed: InboundCall, secret: str) -> None:
    assert check_standard(signed, [secret]) is Verdict.VERIFIED
    assert check_standard(signed, ["whsec_b3RoZXI=", secret]) is Verdict.VERIFIED
    assert check_standard(signed, []) is Verdict.NOT_SIGNED


@pytest.mark.parametrize(
    ("signature", "secrets"),
    [
        ("", [BYTES]),
        ("v1", [BYTES]),
        ("v1,", [BYTES]),
        (V1.removeprefix("v1,"), [BYTES]),
        (V1.replace("v1", "v2"), [BYTES]),
        (V1.replace("v1", "v1a"), [BYTES]),
        (V1A.replace("v1a", "v1"), [WHPK]),
        (V1, [WHPK]),
        (V1A, [BYTES]),
        (V1, ["whsec_"]),
        (V1, ["whsec_!"]),
        (V1A, ["whpk_"]),
        (V1A, ["whpk_AAAA"]),
        ("v1,\xff", [BYTES]),
    ],
)
def test_no_other_signature_holds(signature: str, secrets: list[str]) -> None:
    with pytest.raises(Rejected) as raised:
        check_standard(standard(signature), secrets)

    assert (raised.value.status, raised.value.reason) == (401, Reason.BAD_SIGNATURE)


@given(st.sampled_from(VECTORS), st.data())
def test_any_change_of_what_is_signed_breaks_it(
    vector: tuple[InboundCall, str], data: st.DataObject
) -> None:
    signed, secret = vector
    name = data.draw(st.sampled_from([*signed.headers, "body"]))
    was = signed.body if name == "body" else signed.headers[name].encode()
    at, bit = data.draw(st.integers(0, len(was) - 1)), data.draw(st.integers(0, 6))
    flipped = bytearray(was)
    flipped[at] ^= 1 << bit
    text = bytes(flipped).decode("latin-1")
    changed = (
        replace(signed, body=bytes(flipped))
        if name == "body"
        else replace(signed, headers={**signed.headers, name: text})
    )
    # Base64 has bits at its end that say nothing, and a version that is not known is passed over.
    assume(not name.endswith("signature") or signatures_of(text) != signatures_of(was.decode()))
    assume(not name.endswith("signature") or " " not in signed.headers[name])

    with pytest.raises(Rejected):
        check_standard(changed, [secret])


def signatures_of(text: str) -> list[tuple[str, bytes]]:
    parted = [one.partition(",") for one in text.split()]
    return [(version, decoded(one, "base64")) for version, _, one in parted]


@pytest.mark.parametrize("missing", ["id", "timestamp"])
def test_a_signature_without_what_it_is_of_is_wrong(missing: str) -> None:
    signed = standard(V1)
    headers = {name: value for name, value in signed.headers.items() if not name.endswith(missing)}

    with pytest.raises(Rejected):
        check_standard(replace(signed, headers=headers), [BYTES])


def test_of_two_sets_of_headers_both_have_to_be_right() -> None:
    right, other = standard(V1), standard("v1,AAAA", family="svix")
    both = replace(right, headers={**right.headers, **other.headers})

    with pytest.raises(Rejected):
        check_standard(both, [BYTES])


def test_the_id_of_a_delivery_is_the_one_that_is_signed() -> None:
    unsigned = {"webhook-id": "said", "svix-id": "signed"}

    assert standard_id({**unsigned, "svix-signature": V1}) == "signed"
    assert standard_id(unsigned) == "said"
    assert standard_id({}) == ""


@given(st.binary(max_size=100), st.text("abc_-", min_size=1, max_size=20))
def test_what_another_client_signs_holds_and_the_other_way_round(body: bytes, own_id: str) -> None:
    text = body.decode("latin-1")
    client = standardwebhooks.Webhook(BYTES)
    now = datetime.now(UTC)
    theirs = client.sign(own_id, now.replace(tzinfo=None), text)
    headers = standard_headers(BYTES, own_id, now, text.encode())
    signed = InboundCall(headers, {}, text.encode(), "", now, BodyLimits())

    assert client.verify(text, headers, json_parse=False) is None
    assert headers["webhook-signature"] == theirs
    assert check_standard(signed, [BYTES]) is Verdict.VERIFIED


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_YQ==", b"a"),
        ("whsec_YQ", b"a"),
        ("YWJj", b"abc"),
        ("the words", b"the words"),
        ("whsec_the words", b""),
    ],
)
def test_a_secret_is_base64_unless_it_cannot_be(secret: str, key: bytes) -> None:
    assert standard_key(secret) == key


# --- Ed25519, with Discord's own vector


def test_the_vector_of_another_sender_by_public_key_holds() -> None:
    signature = decoded(
        "c1098e97d711377f30225d53d94b89d43537f92e5b3afaddc590781b1f9f9d4b"
        "2eeab335d370be3b9a090bc61a85b86448bc140dcd195f1569c2bff181257607"
    )

    assert ed25519_holds([b"", signature], b'1700000000{"type":1}', [b"no key", PUBLIC_KEY])
    assert not ed25519_holds([signature], b'1700000001{"type":1}', [PUBLIC_KEY])


def test_a_wrong_signature_is_401() -> None:
    error = bad_signature("X is not this body's signature.")

    assert (error.status, error.reason) == (401, Reason.BAD_SIGNATURE)
