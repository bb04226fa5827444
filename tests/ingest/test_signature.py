"""Who is let in at a receiver: every line of the contract on receivers, and nothing beside it."""

from dataclasses import dataclass
from ipaddress import ip_network
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.ingest.samples import RECEIVED_AT
from tocsin.errors import Reason, Rejected
from tocsin.ingest.body import BodyLimits
from tocsin.ingest.signature import (
    bad_signature,
    check_taken,
    hmac_sha256_hex,
    is_same,
    shown_secrets,
    shows_secret,
)
from tocsin.ingest.source import InboundCall, Verdict
from tocsin.model.access import Caller, CallerKind, Role
from tocsin.settings.schema import Network, Secret

SECRET = "long and unguessable"
REMOTE, NEIGHBOUR = "203.0.113.9", "192.0.2.7"


@dataclass(frozen=True)
class Options:
    secret: Secret
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
        ({"x-webhook-token": SECRET}, {}),
        ({"x-webhook-secret": SECRET}, {}),
        ({}, {"token": SECRET}),
        ({"authorization": "Basic abc", "x-webhook-token": "other"}, {"token": SECRET}),
    ],
)
def test_the_secret_may_be_shown_in_several_places(
    headers: dict[str, str], query: dict[str, str]
) -> None:
    assert shows_secret(call(headers, query), options(SECRET))


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, {}),
        ({"authorization": SECRET}, {}),
        ({"authorization": f"Basic {SECRET}"}, {}),
        ({"x-webhook-token": SECRET.upper()}, {}),
        ({"x-webhook-token": SECRET + "x"}, {}),
        ({"x-webhook-token": ""}, {"token": ""}),
        ({"x-webhook-token": "\xff"}, {"token": "日"}),
        ({"cookie": f"token={SECRET}"}, {"secret": SECRET}),
    ],
)
def test_nothing_else_shows_the_secret(headers: dict[str, str], query: dict[str, str]) -> None:
    assert not shows_secret(call(headers, query), options(SECRET))


def test_no_secret_is_shown_by_nothing() -> None:
    assert not shows_secret(call({"x-webhook-token": ""}, {"token": ""}), options(""))
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


def test_a_wrong_signature_is_401() -> None:
    error = bad_signature("X is not this body's signature.")

    assert (error.status, error.reason) == (401, Reason.BAD_SIGNATURE)
