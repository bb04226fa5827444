"""Standard Webhooks: what another client signs is taken, once for each id."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import standardwebhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ingest.receiving import REMOTE, receiving_in
from tests.ingest.samples import RECEIVED_AT, call, options_of, read, sample, verify
from tocsin.errors import ConfigError
from tocsin.ingest.signature import encoded, standard_headers
from tocsin.ingest.source import Verdict, extras_of, find_sources
from tocsin.model.times import rfc3339
from tocsin.settings import load

SOURCE = find_sources()["standard"]
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_bodys_type_and_time_are_the_events() -> None:
    (event,) = read(SOURCE, sample("standard", "invoice_paid").call())

    assert event.type == "invoice.paid"
    assert rfc3339(event.occurred_at) == "2024-01-01T12:10:00.000Z"
    assert event.dedupe == "standard\n\n\nmsg_2KWPBgLlAfxdpx2AI54pPJ85f4W"


def test_what_has_no_type_is_a_message() -> None:
    (event,) = read(SOURCE, call({}))

    assert (event.type, event.occurred_at, event.dedupe) == ("message", RECEIVED_AT, None)


async def test_what_another_client_signs_is_stored_once(tmp_path: Path) -> None:
    async with receiving_in(tmp_path, secrets={"standard": SECRET}) as receiving:
        body = orjson.dumps({"type": "invoice.paid", "data": {}})
        now = receiving.clock.now()
        signature = standardwebhooks.Webhook(SECRET).sign("m-1", now, body.decode())
        headers = {
            "webhook-id": "m-1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        # An attempt has a time, and so a signature, of its own.
        receiving.clock.move(60)
        later = receiving.clock.now()
        signature = standardwebhooks.Webhook(SECRET).sign("m-1", later, body.decode())
        again = {
            "webhook-id": "m-1",
            "webhook-timestamp": str(int(later.timestamp())),
            "webhook-signature": f"v1,AAAA {signature}",
            # Not signed, so that anybody could have put it in.
            "idempotency-key": "another",
        }

        answers = [
            await receiving.post("/hooks/standard", body, one, peer=REMOTE)
            for one in (headers, again, headers)
        ]

        assert [answer.status for answer in answers] == [200, 200, 200]
        assert len({answer.body for answer in answers}) == 1
        assert len(await receiving.stored()) == 1


def test_a_public_key_is_a_secret_like_another() -> None:
    seed = bytes(range(32))
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = "whpk_" + encoded(key.public_key().public_bytes_raw(), "base64")
    now = datetime.now(UTC)
    headers = standard_headers(SECRET, "m-1", now, b"{}")
    at = headers["webhook-timestamp"]
    signature = encoded(key.sign(f"m-1.{at}.{{}}".encode()), "base64")
    told = call(b"{}", {**headers, "webhook-signature": f"v1a,{signature}"})

    assert verify(SOURCE, replace(told, received_at=now), public) is Verdict.VERIFIED


def test_for_a_public_key_alone_nothing_can_be_signed() -> None:
    make = extras_of(SOURCE).sample
    assert make is not None

    made = make(options_of(SOURCE), ("whpk_AAAA",), RECEIVED_AT)

    assert "webhook-signature" not in made.headers


@pytest.mark.parametrize("key", ["secret", "previous_secret"])
@pytest.mark.parametrize("text", ["whsec_not-Base64!", "whsec_", "whpk_", "whpk_AAAA"])
def test_a_secret_that_can_hold_for_no_call_stops_the_start(key: str, text: str) -> None:
    environ = {f"TOCSIN_SOURCES__STANDARD__{key.upper()}": text}

    with pytest.raises(ConfigError) as caught:
        load(environ=environ, kinds={"standard": SOURCE.Options})

    (problem,) = caught.value.problems
    assert problem.startswith(f"sources.standard.{key}: expected ")


def test_such_a_secret_is_not_shown() -> None:
    environ = {"TOCSIN_SOURCES__STANDARD__SECRET": "whsec_hunter2!"}

    with pytest.raises(ConfigError) as caught:
        load(environ=environ, kinds={"standard": SOURCE.Options})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "plain text!", SECRET, "whpk_" + "A" * 43])
def test_any_other_secret_is_taken(text: str) -> None:
    environ = {"TOCSIN_SOURCES__STANDARD__SECRET": text}

    loaded = load(environ=environ, kinds={"standard": SOURCE.Options})

    assert isinstance(loaded.settings.sources["standard"], SOURCE.Options)
