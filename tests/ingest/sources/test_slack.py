"""Slack's calls in their three forms, the question at the beginning, and repeats."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.ingest.receiving import REMOTE, Receiving, receiving_in
from tests.ingest.samples import SECRET, call, options_of, read, sample
from tocsin.errors import Rejected
from tocsin.ingest.source import InboundCall, Verdict, extras_of, find_sources
from tocsin.model.times import rfc3339

SOURCE = find_sources()["slack"]
FORM = {"content-type": "application/x-www-form-urlencoded"}
INTERACTION = json.loads(sample("slack", "block_actions").body)
# https://docs.slack.dev/authentication/verifying-requests-from-slack
SLASH = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def signed(body: bytes, at: int, signature: str, **headers: str) -> InboundCall:
    shown = {"x-slack-request-timestamp": str(at), "x-slack-signature": signature}
    told = call(body, {**shown, **{k.replace("_", "-"): v for k, v in headers.items()}})
    return replace(told, received_at=datetime.fromtimestamp(at, UTC))


def signature_of(body: bytes, at: int) -> str:
    digest = hmac.new(SECRET.encode(), f"v0:{at}:".encode() + body, "sha256")
    return f"v0={digest.hexdigest()}"


@pytest.mark.parametrize(
    ("body", "at", "secret", "signature"),
    [
        (
            b"payload=%7B%22type%22%3A%22block_actions%22%7D",
            1_700_000_000,
            "demosecret",
            "v0=8da778ad4ebd9555bb888a9dc33b25203eddffca574e69dc5dd7ed9342343f9d",
        ),
        (
            SLASH,
            1_531_420_618,
            "8f742231b10e8888abcd99yyyzzz85a5",
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ),
    ],
)
def test_the_published_signatures_hold(body: bytes, at: int, secret: str, signature: str) -> None:
    told = signed(body, at, signature)

    assert SOURCE.verify(told, options_of(SOURCE), (secret,)) is Verdict.VERIFIED
    assert SOURCE.verify(told, options_of(SOURCE), ("other", secret)) is Verdict.VERIFIED
    for changed in (
        signed(body + b" ", at, signature),
        signed(body, at + 1, signature),
        signed(body, at, signature.removeprefix("v0=")),
        signed(body, at, ""),
    ):
        with pytest.raises(Rejected):
            SOURCE.verify(changed, options_of(SOURCE), (secret,))


@pytest.mark.parametrize(
    ("told", "kind", "subject"),
    [
        (sample("slack", "app_mention").call(), "app_mention", "C123ABC456"),
        (sample("slack", "block_actions").call(), "block_actions", "C123ABC456"),
        (
            call(urlencode({"payload": json.dumps(INTERACTION)}).encode(), FORM),
            "block_actions",
            "C123ABC456",
        ),
        (call(SLASH, FORM), "slash_command", "G8PSS9T3V"),
        (
            call({"event": {"type": "reaction_added", "item": {"channel": "C1"}}}),
            "reaction_added",
            "C1",
        ),
    ],
)
def test_a_call_is_one_event_about_a_channel(told: InboundCall, kind: str, subject: str) -> None:
    (event,) = read(SOURCE, told)

    assert (event.type, event.subject) == (kind, subject)
    assert "token" not in event.data


def test_an_event_is_of_when_it_was() -> None:
    (event,) = read(SOURCE, sample("slack", "app_mention").call())

    assert rfc3339(event.occurred_at) == "2024-01-01T12:00:00.000Z"
    assert event.dedupe == "slack\n\n\nEv123ABC456"


def test_a_slash_command_keeps_its_fields() -> None:
    (event,) = read(SOURCE, call(SLASH, FORM))

    assert event.data["command"] == "/webhook-collect"
    assert event.data["text"] == ""


@pytest.mark.parametrize(
    "told",
    [
        call(b"", FORM),
        call(b"a=1", FORM),
        call(b"payload=", FORM),
        call(b"payload=%5B%5D", FORM),
        call(b"&".join([b"a=1"] * 1_001), FORM),
        call({"event": {}}),
    ],
)
def test_what_is_none_of_its_calls_is_refused(told: InboundCall) -> None:
    with pytest.raises(Rejected):
        read(SOURCE, told)


# --- the question at the beginning


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"type": "url_verification", "challenge": "3eZb"}, {"challenge": "3eZb"}),
        ({"type": "url_verification", "challenge": 7}, None),
        ({"type": "url_verification"}, None),
        ({"type": "event_callback", "challenge": "3eZb"}, None),
    ],
)
def test_a_challenge_is_answered(body: dict[str, Any], answer: Mapping[str, Any] | None) -> None:
    answer_at_once = extras_of(SOURCE).answer_at_once
    assert answer_at_once is not None

    assert answer_at_once(call(body), options_of(SOURCE)) == answer
    assert answer_at_once(call(SLASH, FORM), options_of(SOURCE)) is None


async def post(receiving: Receiving, body: bytes, **headers: str) -> Any:
    at = int(receiving.clock.now().timestamp())
    shown = {"x-slack-request-timestamp": str(at), "x-slack-signature": signature_of(body, at)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await receiving.post("/hooks/slack", body, {**shown, **named}, peer=REMOTE)


async def test_a_challenge_is_answered_only_when_it_is_signed(tmp_path: Path) -> None:
    body = b'{"type": "url_verification", "challenge": "3eZb"}'
    async with receiving_in(tmp_path, secrets={"slack": SECRET}) as receiving:
        asked = await post(receiving, body)
        forged = await post(receiving, body, x_slack_signature="v0=00")
        unsigned = await receiving.post("/hooks/slack", body, peer=REMOTE)

        assert (asked.status, asked.json) == (200, {"challenge": "3eZb"})
        assert (forged.status, unsigned.status) == (401, 401)
        assert await receiving.stored() == []


def in_capitals(signature: str) -> str:
    return "v0=" + signature.removeprefix("v0=").upper()


async def test_a_call_that_is_played_again_is_stored_once(tmp_path: Path) -> None:
    async with receiving_in(tmp_path, secrets={"slack": SECRET}) as receiving:
        first = await post(receiving, SLASH, content_type=FORM["content-type"])
        signature = signature_of(SLASH, int(receiving.clock.now().timestamp()))
        upper = await post(
            receiving,
            SLASH,
            # Other letters for the same signature, and a key that is not signed.
            x_slack_signature=in_capitals(signature),
            idempotency_key="another",
            content_type=FORM["content-type"],
        )
        receiving.clock.move(1)
        another = await post(receiving, SLASH, content_type=FORM["content-type"])

        assert [one.status for one in (first, upper, another)] == [200, 200, 200]
        assert [one.body for one in (first, upper, another)] == [b"", b"", b""]
        assert len(await receiving.stored()) == 2
